"""Carries out all trials of a proof, some at a time, and keeps each record as soon as it is made."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path

from ..console import counted, say, seconds
from ..planning import ALONE, Plan
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
        private: For what must not outlive the proof.
    """

    def __init__(self, plan: Plan, env_file: Path, store: Store, jobs: int, private: Path) -> None:
        self._store, self._jobs = store, jobs
        self._measuring = {test.name for test in plan.tagged(ALONE)}
        self._runs = store.folder / "runs"
        self._bench = Bench(plan, env_file, self._runs, private)
        self._told = self._all = 0

    def carry_out(
        self,
        claimed: Mapping[str, Sequence[str]],
        tests: Mapping[str, Sequence[str]],
        *,
        by_chance: Collection[str] = (),
        waiting: Collection[str] = (),
        fresh: bool,
    ) -> dict[str, Trial]:
        """Tries faults, but for those whose records still hold.

        Trials of many tests come first, and those that wait before others of as many, so that no long one is
        left at the end. Tests that measure run after all others, with nothing beside them. So does, at the
        very end, what missed a fault that it claims: on a busy machine a race may have ended the other way.
        A catch at the second try is told as such.

        Args:
            claimed: The tests that claim each fault; its keys are what is tried.
            tests: The tests to run with each.
            by_chance: The faults that not each of the claiming tests can see.
            waiting: The faults with which tests mostly wait.
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
            trials[name].by_chance = name in by_chance
            if whole or half:
                others[name] = []
            if whole:
                measuring[name] = []
        first = [(trials[name], few) for name, few in others.items() if few]
        first.sort(
            key=lambda work: (
                work[0].fault == CONTROL,
                len(work[1]),
                work[0].fault in waiting,
            ),
            reverse=True,
        )
        last = [(trials[name], few) for name, few in measuring.items() if few]
        if done := len(claimed) - len({trial.fault for trial, _ in [*first, *last]}):
            say(f"{counted(done, 'trial')} made earlier: nothing has changed since (or use --fresh)")
        self._in_threads(
            self._jobs, [(trial, partial(self._bench.carry_out, tests=few)) for trial, few in first]
        )
        if last:
            say(f"Tests that measure, by themselves, with {counted(len(last), 'fault')}:")
        self._in_threads(1, [(trial, partial(self._bench.carry_out, tests=few)) for trial, few in last])
        missed = [trial for trial in trials.values() if trial.missed_by and not trial.problem]
        if missed:
            say(f"What missed a fault that it claims, once more, with {counted(len(missed), 'fault')}:")
        self._in_threads(1, [(trial, self._bench.once_more) for trial in missed])
        return trials

    def _keep(self, trial: Trial) -> None:
        self._told += 1
        if not trial.problem:  # what could not be tried is tried again
            self._store.keep(trial, tuple(trial.ended))
        text = described(trial) if trial.fault == CONTROL else report.described(trial)
        say(f"  [{self._told:3}/{self._all}] {text:72}  {seconds(trial.seconds)}")
        if trial.caught and not trial.missed_by and not trial.unrelated:
            shutil.rmtree(self._runs / trial.fault, ignore_errors=True)

    def _in_threads(self, jobs: int, work: Sequence[tuple[Trial, Callable[[Trial], None]]]) -> None:
        """Works on trials; an interrupt ends those that run and drops the others."""
        self._told, self._all = 0, len(work)
        with ThreadPoolExecutor(jobs) as pool:
            futures = {pool.submit(do, trial): trial for trial, do in work}
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
