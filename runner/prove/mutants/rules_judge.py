"""Judges mutants of the library's rules by the unit tests that execute the changed statement."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Final

from ...console import Stop, first_line
from .copies import Workplace
from .generator import Change, Mutant
from .planting import Planting
from .records import How, Judged, Records
from .unit_tests import PRELOADED, Orders, carry_out

TESTS: Final = "utest/library"
FOLDER: Final = "libraries/AgentChatLibrary/rules"
TIMES_AS_LONG: Final = 10
"""A mutant's tests are ended when they take so many times what they take with healthy code ..."""
START_SECONDS: Final = 20.0
"""... and this on top, for starting."""
_FAILED_TESTS: Final = 1
_MEASURE_SECONDS: Final = 900.0


class RulesJudge:
    """Knows which unit test executes which line of the rules.

    Args:
        workplace: Where the tests run.
        records: Keeps what was measured.
    """

    def __init__(self, workplace: Workplace, records: Records) -> None:
        self._workplace, self._records = workplace, records
        self._seconds: dict[str, float] = {}
        self._lines: dict[str, dict[str, list[str]]] = {}
        self._killers: Counter[tuple[str, str]] = Counter()

    def prepare(self, *, fresh: bool) -> str:
        """Runs all tests once without a mutant, to see that they pass and what each executes.

        Args:
            fresh: Whether an earlier measurement is ignored.

        Returns:
            A line about it.

        Raises:
            Stop: A test fails without any mutant.
        """
        kept = self._records.measured(self._measure, fresh=fresh)
        self._seconds, self._lines = kept["seconds"], kept["lines"]
        return f"{len(self._seconds)} unit tests, {sum(self._seconds.values()):.0f} s without a mutant"

    def judge(self, mutant: Mutant, change: Change) -> Judged:
        """Runs the tests that execute the changed statement until one fails: first those of its own file."""
        tests = self._executing(mutant)
        if not tests:
            return Judged(How.SURVIVED, message="no test executes it")
        own = f"/test_rules_{Path(mutant.module).stem}.py::"
        closest = [name for name in tests if own in name or self._killers[mutant.module, name]]
        others = [name for name in tests if name not in closest]
        with self._workplace.scratch() as scratch:
            planting = Planting.of(self._workplace.root, mutant.module, change.text)
            for few in (closest, others):
                judged = self._round(scratch, few, planting)
                if judged.how.dead:
                    self._killers[mutant.module, judged.by] += 1
                    return judged
        return Judged(How.SURVIVED)

    def _round(self, scratch: Path, tests: list[str], planting: Planting) -> Judged:
        """Runs some tests until one fails."""
        if not tests:  # the other round has them all
            return Judged(How.SURVIVED)
        limit = START_SECONDS + TIMES_AS_LONG * sum(self._seconds[name] for name in tests)
        tests = sorted(tests, key=lambda name: self._seconds[name])
        status, told = self._run(scratch, limit, tests, planting)
        if status is None:
            return Judged(How.TIMEOUT, message=f"more than {limit:.0f} s")
        if status == 0:
            return Judged(How.SURVIVED)
        name, message = (told.get("failed") or [("", "pytest did not come to an end")])[0]
        return Judged(How.KILLED if status == _FAILED_TESTS else How.STARTLESS, name, first_line(message))

    def _executing(self, mutant: Mutant) -> list[str]:
        """The tests that execute a mutant's statement; all of them where only an import does."""
        lines = self._lines.get(mutant.module, {})
        numbers = [str(number) for number in range(mutant.lines[0], mutant.lines[1] + 1)]
        executed = [number for number in numbers if number in lines]
        tests = {name for number in executed for name in lines[number]}
        if not tests and executed:
            return list(self._seconds)  # a constant, a decorator: who needs it is not known
        return [name for name in self._seconds if name in tests]

    def _measure(self) -> dict[str, Any]:
        with self._workplace.scratch() as scratch:
            status, told = self._run(scratch, _MEASURE_SECONDS, measure=FOLDER)
            if status != 0:
                failed = [f"{name}: {first_line(message)}" for name, message in told.get("failed", [])]
                tail = (scratch / "output.txt").read_text("utf-8", "replace").splitlines()[-5:]
                raise Stop("The unit tests fail without any mutant:\n" + "\n".join(failed or tail))
            lines = json.loads((scratch / "lines.json").read_text("utf-8"))
        root = self._workplace.root
        below = {Path(file).relative_to(root).as_posix(): found for file, found in lines.items()}
        return {"seconds": told["seconds"], "lines": below}

    def _run(
        self,
        scratch: Path,
        limit: float,
        tests: list[str] | None = None,
        planting: Planting | None = None,
        measure: str = "",
    ) -> tuple[int | None, dict[str, Any]]:
        root = self._workplace.root
        files = tuple(dict.fromkeys(name.partition("::")[0] for name in tests or [TESTS]))
        orders = Orders(
            root=str(root),
            files=files,
            tests=tuple(tests or ()),
            scratch=str(scratch),
            planting=planting,
            measure=str(root / measure) if measure else "",
        )
        result = scratch / "result.json"
        result.unlink(missing_ok=True)
        status = self._workplace.fork(carry_out, orders, limit, preloaded=PRELOADED)
        told = json.loads(result.read_text("utf-8")) if result.exists() else {}
        return status, told
