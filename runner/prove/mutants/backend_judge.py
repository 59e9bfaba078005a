"""Judges mutants of the backend by the acceptance suites, the closest tests first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from ...console import Stop, say
from .. import verdicts
from .copies import Workplace
from .generator import Change, Mutant
from .planting import Planting
from .records import How, Judged, Records
from .suites import Ran, Suites

CLOSEST: Final = 10
"""So many tests run first: a mutant that they notice is decided in seconds."""
CLOSEST_SECONDS: Final = 30.0
"""Tests of the first round take no longer than this together, with healthy code."""
TIMES_AS_LONG: Final = 4
"""A round is ended when it takes so many times what it takes with healthy code ..."""
START_SECONDS: Final = 60.0
"""... and this on top: two starts of a backend that never comes up, and a wait that gives up by itself."""
_TELL_EVERY: Final = 10


class BackendJudge:
    """Knows which acceptance test executes which line of the backend.

    Args:
        workplace: Where the tests run.
        records: Keeps what was measured.
        env: The environment's name.
        jobs: Tests at the same time while measuring.
    """

    def __init__(self, workplace: Workplace, records: Records, env: str, jobs: int) -> None:
        self._workplace, self._records, self._jobs = workplace, records, jobs
        self._suites = Suites(workplace, env)
        self._seconds: dict[str, float] = {}
        self._lines: dict[str, dict[str, set[int]]] = {}
        self._killers: Counter[tuple[str, str]] = Counter()

    def prepare(self, *, fresh: bool) -> str:
        """Runs each test once without a mutant, to see that it passes and what it executes.

        Args:
            fresh: Whether an earlier measurement is ignored.

        Returns:
            A line about it.

        Raises:
            Stop: A test fails without any mutant.
        """
        kept = self._records.measured(self._measure, fresh=fresh)
        self._seconds = kept["seconds"]
        self._lines = {
            test: {module: set(lines) for module, lines in found.items()}
            for test, found in kept["lines"].items()
        }
        return f"{len(self._seconds)} acceptance tests, {sum(self._seconds.values()):.0f} s without a mutant"

    def judge(self, mutant: Mutant, change: Change) -> Judged:
        """Runs the closest tests, then those that execute the changed statement too, then all others."""
        executing = self._executing(mutant)
        rest = [test for test in self._seconds if test not in executing]
        closest = _few(executing, self._seconds)
        with self._workplace.scratch() as scratch:
            planting = Planting.of(self._workplace.root, mutant.module, change.text)
            variables = planting.tell(scratch / "mutant.json")
            for tests in (closest, executing[len(closest) :], rest):
                if not tests:
                    continue
                limit = START_SECONDS + TIMES_AS_LONG * sum(self._seconds[name] for name in tests)
                judged = _judged(self._suites.run(scratch, tests, variables, limit), limit)
                if judged.how.dead:
                    self._killers[mutant.module, judged.by] += 1
                    return judged
        return Judged(How.SURVIVED, message="" if executing else "no test executes it")

    def _executing(self, mutant: Mutant) -> list[str]:
        """The tests that execute a mutant's statement; first those that execute most of its file."""
        wanted = set(range(mutant.lines[0], mutant.lines[1] + 1))
        executing = [name for name, found in self._lines.items() if wanted & found.get(mutant.module, set())]

        def distance(name: str) -> tuple[int, int, float]:
            lines = len(self._lines[name].get(mutant.module, ()))
            return -self._killers[mutant.module, name], -lines, self._seconds[name]

        return sorted(executing, key=distance)

    def _measure(self) -> dict[str, Any]:
        tests = self._suites.tests
        say(f"  Measuring what each of {len(tests)} acceptance tests executes, once")
        seconds: dict[str, float] = {}
        lines: dict[str, dict[str, list[int]]] = {}
        failed: list[str] = []
        with ThreadPoolExecutor(self._jobs) as pool:
            try:
                for number, (test, ran) in enumerate(
                    zip(tests, pool.map(self._alone, tests), strict=True), 1
                ):
                    if ran.failure:
                        failed.append(f"  {test}: {ran.failure.message}")
                    seconds |= ran.passed  # a skipped test judges nothing
                    lines[test] = {module: sorted(found) for module, found in ran.lines.items()}
                    if number % _TELL_EVERY == 0:
                        say(f"  {number} of {len(tests)}")
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self._workplace.close()
                raise
        if failed:
            raise Stop("These tests fail without any mutant:\n" + "\n".join(failed))
        return {"seconds": seconds, "lines": {test: lines[test] for test in seconds}}

    def _alone(self, test: str) -> Ran:
        """Runs one test, a second time where the first failed: measuring slows the backend down."""
        with self._workplace.scratch() as scratch:
            ran = self._suites.run(scratch, [test], {}, START_SECONDS * TIMES_AS_LONG, measure=True)
            if ran.failure is None:
                return ran
            again = self._suites.run(scratch, [test], {}, START_SECONDS * TIMES_AS_LONG)
            return Ran(again.timely, again.passed, again.failure, ran.lines)


def _judged(ran: Ran, limit: float) -> Judged:
    if ran.failure is None:
        return Judged(How.SURVIVED) if ran.timely else Judged(How.TIMEOUT, message=f"more than {limit:.0f} s")
    meaning = {verdicts.How.HARNESS: How.STARTLESS, verdicts.How.TIMEOUT: How.TIMEOUT}
    return Judged(meaning.get(ran.failure.how, How.KILLED), ran.failure.test, ran.failure.message)


def _few(tests: Sequence[str], seconds: Mapping[str, float]) -> list[str]:
    """The first tests, as many as one round takes."""
    few: list[str] = []
    for name in tests[:CLOSEST]:
        if few and sum(seconds[one] for one in (*few, name)) > CLOSEST_SECONDS:
            break
        few.append(name)
    return few
