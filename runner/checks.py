"""The checks that need no backend of a run: linters, types, house rules, a dry run, unit tests."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from . import children
from .console import counts, say, seconds
from .project import ROOT
from .skipping import SKIPPED

PYTHON: Final = ("libraries", "backend", "runner", "targets", "bench")
"""What mypy checks strictly."""
SUITES: Final = ("tests", "resources", "judging")
AT_A_TIME: Final = 2
"""Checks at the same time: most keep one core busy, and two is what small machines have."""

_SIDE_BY_SIDE: Final = ("--numprocesses", str(AT_A_TIME), "--dist", "loadfile")
"""Unit tests, some at a time; those of a file share what is started for them."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        name: What people call it.
        command: How to run it, after ``python -m``.
        counted: Whether it is pytest, whose tests count one by one.
        alone: Whether it runs with nothing beside it, since it keeps all cores busy by itself and starts
            services that must answer in time.
    """

    name: str
    command: tuple[str, ...]
    counted: bool = False
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """A check that is over.

    Attributes:
        passed: What passed: the check itself, or tests.
        failed: What failed.
    """

    passed: int
    failed: int


def all_checks() -> list[Check]:
    """The checks, the slowest first so that none is waited for at the end; then the unit tests."""
    nothing = ("--output", "NONE", "--log", "NONE", "--report", "NONE")
    return [
        Check("types (mypy)", ("mypy", *(name for name in PYTHON if (ROOT / name).exists()))),
        Check("suites (robocop check)", ("robocop", "check", *SUITES)),
        Check("suites (robocop format)", ("robocop", "format", "--check", "--diff", *SUITES)),
        Check("suites (robotcode)", ("robotcode.cli", "analyze", "code", *SUITES)),
        Check("suites (dry run)", ("robot", "--dryrun", "--console", "dotted", *nothing, "tests")),
        Check("suites in Markdown (robocop)", ("runner.markdown_suites",)),
        Check("house rules", ("runner.house",)),
        Check("promises (coverage)", ("runner.coverage",)),
        Check("documentation (links, code)", ("runner.docs.check",)),
        Check("reports in a browser", ("runner.pages",)),
        Check("Python (ruff check)", ("ruff", "check", ".")),
        Check("Python (ruff format)", ("ruff", "format", "--check", ".")),
        Check("examples of keywords", ("runner.examples",), alone=True),
        Check("unit tests (pytest)", ("pytest", "utest", *_SIDE_BY_SIDE), counted=True, alone=True),
    ]


def run(checks: Sequence[Check]) -> list[Checked]:
    """Runs checks, some at a time, with a line for each as it ends and the output of those that fail.

    Args:
        checks: What to run.

    Returns:
        What each came to.
    """
    waiting, running, done = list(checks), list[_Running](), list[Checked]()
    pause = threading.Event()
    with tempfile.TemporaryDirectory(prefix="agent-chat-checks-") as private:
        try:
            while waiting or running:
                while waiting and len(running) < (1 if waiting[0].alone else AT_A_TIME):
                    running.append(_Running(waiting.pop(0), Path(private) / str(len(waiting))))
                for one in [one for one in running if one.process.poll() is not None]:
                    running.remove(one)
                    done.append(one.tell())
                pause.wait(0.05)
        finally:
            for one in running:
                children.end(one.process)
    return done


class _Running:
    """A check that runs.

    Args:
        check: The check.
        file: Where its output goes; its unit test results go beside it.
    """

    def __init__(self, check: Check, file: Path) -> None:
        self.check, self.output, self.junit = check, file, file.with_suffix(".xml")
        command = [sys.executable, "-m", *check.command]
        if check.counted:
            command.append(f"--junit-xml={self.junit}")
        self.begun = time.monotonic()
        self.process = children.start(command, output=file)

    def tell(self) -> Checked:
        """Says how the check ended, and shows its output if it failed."""
        if self.process.returncode == SKIPPED:
            say(f"  skip  {self.check.name}: {self.output.read_text('utf-8', 'replace').strip()}")
            return Checked(0, 0)
        good = self.process.returncode == 0
        verdict = Checked(int(good), int(not good))
        counted = ""
        if self.check.counted and self.junit.exists():
            verdict = _unit_tests(self.junit, good=good)
            counted = f": {counts(verdict.passed, verdict.failed)}"
        spent = seconds(time.monotonic() - self.begun)
        say(f"  {'ok' if good else 'FAIL':4}  {self.check.name + counted:44}  {spent}")
        if not good:
            for line in self.output.read_text("utf-8", "replace").strip().splitlines():
                say(f"        {line}")
        return verdict


def _unit_tests(junit: Path, *, good: bool) -> Checked:
    suites = list(ET.parse(junit).getroot().iter("testsuite"))  # noqa: S314 -- pytest wrote it
    number = {name: sum(int(suite.get(name, 0)) for suite in suites) for name in _COUNTED}
    failed = number["failures"] + number["errors"]
    passed = number["tests"] - failed - number["skipped"]
    return Checked(passed, failed or int(not good))


_COUNTED: Final = ("tests", "failures", "errors", "skipped")
