"""Executes examples in one Robot Framework process, against a backend that is started for them."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from AgentChatLibrary import environment
from robot.run import run as robot

from ..project import RESOURCES
from . import suite
from .suite import Shown

EMBEDDED: Final = "embedded"
"""The environment of examples: the one that can do all that they show."""
BESIDE: Final = "../resources/"
"""How a suite in tests/ names a resource file."""


@dataclass(frozen=True, slots=True)
class Written:
    """A suite that stands in a page.

    Attributes:
        place: The page, and the line.
        text: The suite.
        dry: Whether it can only be tried dry.
    """

    place: str
    text: str
    dry: bool = False


@dataclass(slots=True)
class Told:
    """What became of the examples.

    Attributes:
        passed: How many were executed and are right.
        failures: The others, each with where it stands and why.
        skipped: What could not be executed here, with the reason.
    """

    passed: int = 0
    failures: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def add(self, where: str, status: str, message: str) -> None:
        """Notes how one of them ended.

        Args:
            where: What it is, and where it stands.
            status: Robot Framework's word.
            message: Why it ended so.
        """
        if status == "PASS":
            self.passed += 1
        elif status == "SKIP":
            self.skipped.append(f"{where} was skipped: {message}")
        else:
            self.failures.append(f"{where} fails: {message}")


class _Listener:
    """Notes how each test ends, by its suite and name."""

    ROBOT_LISTENER_API_VERSION = 3

    def __init__(self) -> None:
        self.ended: dict[tuple[str, str], tuple[str, str]] = {}

    def end_test(self, data: Any, result: Any) -> None:  # noqa: ANN401 -- Robot Framework has no types
        self.ended[data.parent.name, data.name] = (result.status, result.message)


def execute(examples: Sequence[Shown], written: Sequence[Written] = ()) -> Told:
    """Executes examples.

    Args:
        examples: The examples of keywords.
        written: Suites that stand in pages.

    Returns:
        What became of them.
    """
    told = Told()
    os.environ[environment.VARIABLE] = EMBEDDED
    with tempfile.TemporaryDirectory(prefix="agent-chat-examples-") as private:
        real, dry = Path(private) / "real", Path(private) / "dry"
        for folder in (real, dry):
            folder.mkdir()
        tests = suite.write(examples, real)
        places = _write((one for one in written if not one.dry), real)
        tried = _write((one for one in written if one.dry), dry)
        ended, errors = _run(real, Path(private)) if tests or places else ({}, [])
        dryly, wrong = _run(dry, Path(private), dryrun=True) if tried else ({}, [])
    for name, one in tests.items():
        where = f"{one.places[0]}: the example of {' and '.join(one.keywords)}"
        told.add(where, *ended.get(name, ("FAIL", "It was not executed.")))
    for page, place in (*places.items(), *tried.items()):
        found = [(test, how) for (owner, test), how in {**ended, **dryly}.items() if owner == page]
        for test, how in found or [("it", ("FAIL", "It has no test that was executed."))]:
            told.add(f"{place}: {test}", *how)
    told.failures += [*errors, *wrong]
    return told


def _write(written: Iterable[Written], folder: Path) -> Mapping[str, str]:
    """Writes the suites of pages as if they stood in tests/; returns their places by their names."""
    places = {}
    for number, one in enumerate(written, 100):
        text = one.text.replace(BESIDE, f"{RESOURCES.as_posix()}/")
        (folder / f"{number}_page.robot").write_text(text, "utf-8")
        places[f"{number} Page"] = one.place
    return places


def _run(
    folder: Path, private: Path, *, dryrun: bool = False
) -> tuple[dict[tuple[str, str], tuple[str, str]], list[str]]:
    """Runs what a folder holds; returns how each test ended, and errors outside of tests."""
    listener, output = _Listener(), io.StringIO()
    robot(
        str(folder),
        **{"outputdir": str(private / "results"), "output": None, "log": None, "report": None},
        **{"listener": listener, "console": "quiet", "stderr": output, "dryrun": dryrun},
    )
    return listener.ended, [line for line in output.getvalue().splitlines() if line.startswith("[ ERROR ]")]
