"""Runs acceptance tests in a copy of the project, with a backend that a judge watches."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from AgentChatLibrary import environment
from coverage import CoverageData
from robot.api import ExecutionResult
from robot.errors import DataError

from ... import children, planning
from ...console import Stop, first_line
from ...planning import ALONE, SOAK, Plan
from ..verdicts import How, how
from .copies import Workplace
from .watched import MEASURE, PROCESSES

_END_SECONDS: Final = 20.0
"""Longest time for a measured backend to end and write its lines."""
_CUT: Final = "Failure occurred and exit-on-failure mode is in use."


@dataclass(frozen=True, slots=True)
class Failure:
    """The first test that failed.

    Attributes:
        test: Its full name.
        how: How it failed.
        message: The first line of its message.
    """

    test: str
    how: How
    message: str


@dataclass(frozen=True, slots=True)
class Ran:
    """A run of some tests.

    Attributes:
        timely: Whether it came to an end by itself.
        passed: Seconds that each passed test took.
        failure: The first that failed, if one did.
        lines: The executed lines of each of the backend's files, if measured.
    """

    timely: bool
    passed: dict[str, float]
    failure: Failure | None
    lines: dict[str, set[int]]


class Suites:
    """The acceptance suites of a copy of the project.

    Args:
        workplace: The copy.
        env: The environment's name; its file must start backends.

    Raises:
        Stop: The environment starts none.
    """

    def __init__(self, workplace: Workplace, env: str) -> None:
        self._workplace, self._env = workplace, env
        file = workplace.root / "variables" / f"{env}.py"
        if environment.load(file).url is not None or not environment.load(file).command:
            raise Stop(f"Mutants need an environment that starts backends; {env} starts none.")
        command = [sys.executable, "-m", "runner.prove.mutants.watched"]
        with file.open("a", encoding="utf-8") as out:
            out.write(f"\nCOMMAND = {command!r}\n")
        folder = workplace.root / "tests"
        self._plan: Plan = planning.discover(planning.select((), tests=folder, results=workplace.root))

    @property
    def tests(self) -> list[str]:
        """The full names of the tests that judge: all but those that measure or take long on purpose."""
        slow = {test.name for test in self._plan.tagged(ALONE, SOAK)}
        return [test.name for test in self._plan.tests if test.name not in slow]

    def run(
        self,
        scratch: Path,
        tests: Sequence[str],
        variables: Mapping[str, str],
        limit: float,
        *,
        measure: bool = False,
    ) -> Ran:
        """Runs tests until one fails.

        Args:
            scratch: A folder for what the run writes.
            tests: Full names.
            variables: Environment variables, such as those that plant a mutant.
            limit: Longest time in seconds.
            measure: Whether the executed lines are wanted.
        """
        processes, lines = scratch / "processes", scratch / "lines"
        output = scratch / "output.xml"
        for folder in (processes, lines):
            folder.mkdir(exist_ok=True)
        output.unlink(missing_ok=True)
        given = {environment.VARIABLE: self._env, PROCESSES: str(processes), **variables}
        if measure:
            given[MEASURE] = str(lines)
        command = [sys.executable, "-m", "robot", "--exitonfailure", "--skipteardownonexit"]
        command += [*self._plan.keeping(tests, scratch / "tests.txt"), "--outputdir", str(scratch)]
        command += ["--output", output.name, "--log", "NONE", "--report", "NONE", "--console", "none"]
        try:
            status = self._workplace.run([*command, "tests"], scratch, given, limit)
            if measure:
                children.wait_until(lambda: not any(processes.iterdir()), _END_SECONDS)
        finally:
            for file in processes.iterdir():
                children.kill_group(int(file.name))  # backends lead groups of their own
                file.unlink(missing_ok=True)
        passed, failure = _read(output)
        if status is not None and failure is None and (status != 0 or not output.exists()):
            tail = (scratch / "output.txt").read_text("utf-8", "replace").strip().splitlines()[-5:]
            raise Stop(f"Robot Framework gave {status} and no failed test:\n" + "\n".join(tail))
        return Ran(status is not None, passed, failure, self._lines(lines) if measure else {})

    def _lines(self, folder: Path) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        for file in folder.iterdir():
            data = CoverageData(str(file))
            data.read()
            for measured in data.measured_files():
                module = Path(measured).relative_to(self._workplace.root).as_posix()
                found.setdefault(module, set()).update(data.lines(measured) or ())
        return found


def _read(output: Path) -> tuple[dict[str, float], Failure | None]:
    try:
        result = ExecutionResult(output, include_keywords=False)
    except DataError:
        return {}, None
    passed: dict[str, float] = {}
    for test in result.suite.all_tests:
        if test.status == "FAIL" and _CUT not in test.message:
            return passed, Failure(test.full_name, how(test.status, test.message), first_line(test.message))
        if test.status == "PASS":
            passed[test.full_name] = round(test.elapsed_time.total_seconds(), 3)
    return passed, None
