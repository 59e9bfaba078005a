"""Carries out all trials of a proof, some at a time, and keeps each record as soon as it is made."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from ..console import counted, say, seconds
from ..planning import ALONE, SOAK, Plan
from . import report
from .store import Store
from .trial import CONTROL, Bench
from .verdicts import How, Trial


class Campaign:
    """The trials of one proof.

    Args:
        plan: All tests.
        env_file: The environment's file.
        store: Keeps the records.
        jobs: Trials at the same time.
    """

    def __init__(self, plan: Plan, env_file: Path, store: Store, jobs: int) -> None:
        self._store, self._jobs = store, jobs
        self._measuring = {test.name for test in plan.tagged(ALONE, SOAK)}
        self._runs = store.folder / "runs"
        self._bench = Bench(plan, env_file, self._runs)
        self._told = self._all = 0

    def carry_out(
        self, claimed: Mapping[str, Sequence[str]], tests: Mapping[str, Sequence[str]], *, fresh: bool
    ) -> dict[str, Trial]:
        """Tries faults, but for those whose records still hold.

        Tests that measure run after all others, with nothing beside them.

        Args:
            claimed: The tests that claim each fault; its keys are what is tried.
            tests: The tests to run with each.
            fresh: Whether all are tried again.

        Returns:
            The trials by the fault's name.
        """
        measuring = {name: [t for t in tests[name] if t in self._measuring] for name in claimed}
        others = {name: [t for t in tests[name] if t not in self._measuring] for name in claimed}
        trials: dict[str, Trial] = {}
        for name in claimed:
            claiming = claimed[name]
            whole = None if fresh else self._store.trial(name, claiming, tests[name])
            half = None if fresh or whole else self._store.trial(name, claiming, others[name])
            trials[name] = whole or half or Trial(name, tuple(claiming))
            if whole or half:
                others[name] = []
            if whole:
                measuring[name] = []
        first = [(trials[name], few) for name, few in others.items() if few]
        last = [(trials[name], few) for name, few in measuring.items() if few]
        if done := len(claimed) - len({trial.fault for trial, _ in [*first, *last]}):
            say(f"{counted(done, 'trial')} made earlier: nothing has changed since (or use --fresh)")
        self._told, self._all = 0, len(first)
        self._in_threads(self._jobs, first)
        if last:
            say(f"Tests that measure, by themselves, with {counted(len(last), 'fault')}:")
        self._told, self._all = 0, len(last)
        self._in_threads(1, last)
        return trials

    def _keep(self, trial: Trial) -> None:
        self._told += 1
        if not trial.problem:  # what could not be tried is tried again
            self._store.keep(trial, tuple(trial.ended))
        text = described(trial) if trial.fault == CONTROL else report.described(trial)
        say(f"  [{self._told:3}/{self._all}] {text:72}  {seconds(trial.seconds)}")
        if trial.caught and not trial.missed_by and not trial.unrelated:
            shutil.rmtree(self._runs / trial.fault, ignore_errors=True)

    def _in_threads(self, jobs: int, work: Sequence[tuple[Trial, Sequence[str]]]) -> None:
        """Carries out trials; an interrupt ends those that run and drops the others."""
        with ThreadPoolExecutor(jobs) as pool:
            futures = {pool.submit(self._bench.carry_out, trial, tests): trial for trial, tests in work}
            try:
                for future in as_completed(futures):
                    future.result()
                    self._keep(futures[future])
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self._bench.stop()
                raise


def described(control: Trial) -> str:
    """One line about the trial without a fault."""
    bad = broken(control)
    return f"{'FAIL' if bad else 'ok':8}  {CONTROL}: {counted(len(control.ended), 'test')}, {len(bad)} failed"


def broken(control: Trial) -> list[str]:
    """What fails without a fault, and so says nothing about any."""
    if control.problem:
        return [f"a backend without a fault could not be started: {control.problem.splitlines()[0]}"]
    return [
        f"{name} fails in a trial without a fault: {end.message}"
        for name, end in control.ended.items()
        if end.how not in {How.PASSED, How.SKIPPED}
    ]
