"""Known failures: promises that a backend is known to break, with the reason. They do not break the build.

They stand in ``variables/known_failures/ENVIRONMENT.yaml``. A known failure is skipped with its reason; one
that passes again fails the build, and so does one of which anything is broken that the file does not name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .failures import AMBIENT, parts

FOLDER: Final = "known_failures"
"""Where the files lie, below ``variables/``."""
TAG: Final = "known-failure"
"""The tag that a test gets whose failure was known."""
FIELDS: Final = frozenset({"test", "reason", "says"})
MEND: Final = "add it in a few words"
MENDS: Final = {"says": "add what its message says, one text or a list: a part of each failure in it"}
"""What to do about a field that is not there."""


class KnownProblem(Exception):
    """A file of known failures is wrong; the message names the file, the line and the mend."""


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """One promise that a backend is known to break.

    Attributes:
        test: The test's name, or its full name.
        reason: Why it fails, for whoever reads the report.
        says: What its failures say: each must hold one of these texts, so that no other is taken for it. One
            that the listener finds is only known by a text that begins with ``Ambient:``.
        file: Where it stands.
        line: In which line.
    """

    test: str
    reason: str
    says: tuple[str, ...]
    file: Path
    line: int

    def is_about(self, full_name: str) -> bool:
        """Whether this is about the test of this full name."""
        return full_name == self.test or full_name.endswith(f".{self.test}")

    def names(self, failure: str) -> bool:
        """Whether one failure of the test is among those that are known."""
        ambient = failure.startswith(AMBIENT)
        named = [text for text in self.says if text.startswith(AMBIENT) == ambient and text != AMBIENT]
        return any(text in failure for text in named)

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.file.parent.name}/{self.file.name}, line {self.line}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What becomes of a test that is known to fail.

    Attributes:
        status: ``PASS``, ``FAIL`` or ``SKIP``.
        message: What the report says.
        known: Whether it failed as it is known to.
    """

    status: str
    message: str
    known: bool


def load(name: str, variables: Path) -> tuple[KnownFailure, ...]:
    """The known failures of an environment; none where it has no file.

    Args:
        name: The environment's name.
        variables: The folder of environment files.

    Raises:
        KnownProblem: The file is wrong.
    """
    file = variables / FOLDER / f"{name}.yaml"
    if not file.is_file():
        return ()
    import yaml  # noqa: PLC0415 -- only environments that have such a file pay for reading it

    try:
        root = yaml.compose(file.read_text("utf-8"), Loader=yaml.SafeLoader)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        raise KnownProblem(f"{file}{line}: this is no YAML.") from problem
    if root is None:
        return ()
    if not isinstance(root, yaml.SequenceNode):
        raise KnownProblem(f"{file}, line 1: write a list; each entry has `test`, `reason`, `says`.")
    return tuple(_entry(file, node) for node in root.value)


def _entry(file: Path, node: Any) -> KnownFailure:  # noqa: ANN401 -- a YAML node, which has no types
    line = node.start_mark.line + 1
    pairs = {k.value: v.value for k, v in node.value} if node.id == "mapping" else {}
    strange = sorted(set(pairs) - FIELDS)
    if strange:
        raise KnownProblem(
            f"{file}, line {line}: {strange[0]!r} means nothing; it has `test`, `reason`, `says`."
        )
    for name in ("test", "reason", "says"):
        if not _texts(pairs.get(name)) or (name != "says" and not isinstance(pairs[name], str)):
            raise KnownProblem(f"{file}, line {line}: it has no `{name}`; {MENDS.get(name, MEND)}.")
    says = tuple(_texts(pairs["says"]))
    return KnownFailure(pairs["test"].strip(), pairs["reason"].strip(), says, file, line)


def _texts(value: Any) -> list[str]:  # noqa: ANN401 -- what YAML holds
    """The texts of a field: one, or a list; none when any of them is empty or no text."""
    found = [getattr(one, "value", one) for one in (value if isinstance(value, list) else [value])]
    stripped = [one.strip() for one in found if isinstance(one, str)]
    return stripped if all(stripped) and len(stripped) == len(found) else []


def judge(
    failures: Sequence[KnownFailure],
    full_name: str,
    status: str,
    message: str,
    told: Sequence[str] | None = None,
) -> Judgement | None:
    """What becomes of a test.

    Args:
        failures: The environment's known failures.
        full_name: The test's full name.
        status: How it ended.
        message: What it says.
        told: Its failures, one by one; taken out of the message when omitted.

    Returns:
        The judgement; None when nothing is known of it, or it was skipped.
    """
    known = next((failure for failure in failures if failure.is_about(full_name)), None)
    if known is None or status == "SKIP":
        return None
    if status == "PASS":
        again = f"It passes, though it is known to fail ({known.reason}). Take it out of {known.place}."
        return Judgement("FAIL", again, known=False)
    other = next((one for one in (parts(message) if told is None else told) if not known.names(one)), None)
    if other is not None:
        first = other.strip().partition("\n")[0]
        new = f"It fails in another way than is known ({known.place} does not name this): {first}"
        return Judgement("FAIL", f"{new}\n\n{message}", known=False)
    return Judgement("SKIP", f"Known failure: {known.reason}\n\n{message}", known=True)
