"""Known failures: promises that a backend is known to break, with the reason. They do not break the build.

They stand in ``variables/known_failures/ENVIRONMENT.yaml``. A known failure is skipped with its reason; one
that passes again, or fails in another way, fails the build.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FOLDER: Final = "known_failures"
"""Where the files lie, below ``variables/``."""
TAG: Final = "known-failure"
"""The tag that a test gets whose failure was known."""
FIELDS: Final = frozenset({"test", "reason", "says"})


class KnownProblem(Exception):
    """A file of known failures is wrong; the message names the file, the line and the mend."""


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """One promise that a backend is known to break.

    Attributes:
        test: The test's name, or its full name.
        reason: Why it fails, for whoever reads the report.
        says: What its message must hold, so that no other failure is taken for it; empty when any will do.
        file: Where it stands.
        line: In which line.
    """

    test: str
    reason: str
    says: str
    file: Path
    line: int

    def is_about(self, full_name: str) -> bool:
        """Whether this is about the test of this full name."""
        return full_name == self.test or full_name.endswith(f".{self.test}")

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
        raise KnownProblem(f"{file}, line 1: write a list; each entry has `test` and `reason`.")
    return tuple(_entry(file, node) for node in root.value)


def _entry(file: Path, node: Any) -> KnownFailure:  # noqa: ANN401 -- a YAML node, which has no types
    line = node.start_mark.line + 1
    pairs = {k.value: v.value for k, v in node.value} if node.id == "mapping" else {}
    strange = sorted(set(pairs) - FIELDS)
    if strange:
        raise KnownProblem(
            f"{file}, line {line}: {strange[0]!r} means nothing; it has `test`, `reason`, `says`."
        )
    for name in ("test", "reason"):
        if not isinstance(pairs.get(name), str) or not pairs[name].strip():
            raise KnownProblem(f"{file}, line {line}: it has no `{name}`; add it in a few words.")
    return KnownFailure(
        pairs["test"].strip(), pairs["reason"].strip(), str(pairs.get("says", "")).strip(), file, line
    )


def judge(failures: Sequence[KnownFailure], full_name: str, status: str, message: str) -> Judgement | None:
    """What becomes of a test.

    Args:
        failures: The environment's known failures.
        full_name: The test's full name.
        status: How it ended.
        message: What it says.

    Returns:
        The judgement; None when nothing is known of it, or it was skipped.
    """
    known = next((failure for failure in failures if failure.is_about(full_name)), None)
    if known is None or status == "SKIP":
        return None
    if status == "PASS":
        told = f"It passes, though it is known to fail ({known.reason}). Take it out of {known.place}."
        return Judgement("FAIL", told, known=False)
    if known.says and known.says not in message:
        told = f"It fails in another way than is known ({known.place} expects {known.says!r}).\n\n{message}"
        return Judgement("FAIL", told, known=False)
    return Judgement("SKIP", f"Known failure: {known.reason}\n\n{message}", known=True)
