"""Executes examples with Robot Framework, against backends that are started for them."""

from __future__ import annotations

import importlib.util
import io
import os
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from AgentChatLibrary import environment
from robot.run import run as robot

from .. import postgres_programs
from ..project import RESOURCES
from . import suite
from .suite import Shown

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
    with tempfile.TemporaryDirectory(prefix="agent-chat-examples-") as private:
        folder = Path(private)
        tests, files = suite.write(examples, folder)
        places = _write((one for one in written if not one.dry), folder, 100)
        tried = _write((one for one in written if one.dry), folder, 200)
        batches = [_Batch(), _Batch(), _Batch(environment=suite.SEVERAL), _Batch(dry=True)]
        # Those that want a world of their own mostly wait, so the others are executed meanwhile.
        for file, world in files.items():
            several = suite.WORLDS[world].environment == suite.SEVERAL
            batches[2 if several else int(bool(world))].files.append(file)
        batches[1].files += [file for _, file in places]
        batches[3].files += [file for _, file in tried]
        with ProcessPoolExecutor(len(batches), get_context("spawn")) as pool:
            wanted = [batch for batch in batches if batch.files]
            done = [pool.submit(_run, batch, folder / f"results-{n}") for n, batch in enumerate(wanted)]
            ended = {name: how for one in done for name, how in one.result()[0].items()}
            told.failures += [line for one in done for line in one.result()[1]]
    for name, one in tests.items():
        where = f"{one.places[0]}: the example of {' and '.join(one.keywords)}"
        told.add(where, *ended.get(name, ("FAIL", "It was not executed.")))
    pages = {f"{file.stem.replace('_', ' ').title()}": place for place, file in (*places, *tried)}
    for page, place in pages.items():
        found = [(test, how) for (owner, test), how in ended.items() if owner == page]
        for test, how in found or [("it", ("FAIL", "It has no test that was executed."))]:
            told.add(f"{place}: {test}", *how)
    return told


def _write(written: Iterable[Written], folder: Path, first: int) -> list[tuple[str, Path]]:
    """Writes the suites of pages as if they stood in tests/; returns their places and files."""
    placed = []
    for number, one in enumerate(written, first):
        file = folder / f"{number}_page.robot"
        file.write_text(one.text.replace(BESIDE, f"{RESOURCES.as_posix()}/"), "utf-8")
        placed.append((one.place, file))
    return placed


@dataclass(slots=True)
class _Batch:
    """Suites that one Robot Framework process runs."""

    files: list[Path] = field(default_factory=list)
    environment: str = suite.EMBEDDED
    dry: bool = False


def _run(batch: _Batch, output: Path) -> tuple[dict[tuple[str, str], tuple[str, str]], list[str]]:
    """Runs suites; returns how each test ended, and errors outside of tests."""
    several = batch.environment == suite.SEVERAL
    if several and not (
        postgres_programs.installed() or importlib.util.find_spec(postgres_programs.PACKAGE_NAME)
    ):
        batch.environment = suite.EMBEDDED  # which skips them, and says what they need
    os.environ[environment.VARIABLE] = batch.environment
    listener, told = _Listener(), io.StringIO()
    robot(
        *map(str, batch.files),
        **{"outputdir": str(output), "output": None, "log": None, "report": None},
        **{"listener": listener, "console": "quiet", "stderr": told},
        **{"dryrun": batch.dry, "runemptysuite": True},
    )
    return listener.ended, [line for line in told.getvalue().splitlines() if line.startswith("[ ERROR ]")]
