"""``run.py test``: everything that must be well before a change is shared, in one go."""

from __future__ import annotations

import argparse

from . import accept, checks, children, environments, planning, surroundings
from .command_options import JOBS
from .console import INTERRUPTED, Clock, Stop, say
from .prove import command as proof


def main(options: argparse.Namespace) -> int:
    """Runs the checks, the acceptance suites and the proof on a sample; goes on after a failure.

    Args:
        options: The command line.

    Returns:
        The exit status.

    Raises:
        Stop: A fault is set for every backend; the proof would take what is broken for whole.
    """
    surroundings.without_fault("test")
    clock = Clock()
    passed = failed = 0
    with children.interruptible():
        say("Checks")
        with clock.part("checks"):
            for checked in checks.run(checks.all_checks()):
                passed, failed = passed + checked.passed, failed + checked.failed
        say()
        say("Acceptance")
        with clock.part("acceptance"):
            finished = _accept(options)
        if finished is None:
            failed += 1
        else:
            passed, failed = passed + finished.outcome.passed, failed + finished.outcome.failed
            say(finished.last_line)
            if finished.interrupted:
                return INTERRUPTED
            failed += int(finished.status != 0 and not finished.outcome.failed)  # an error outside of tests
        say()
        say("Proof")
        with clock.part("proof"):
            status = _prove(options, finished)
    if status == INTERRUPTED:
        return INTERRUPTED
    passed, failed = passed + int(status == 0), failed + int(status != 0)
    say()
    say(clock.line())
    say(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def _accept(options: argparse.Namespace) -> accept.Finished | None:
    clock = Clock()
    try:
        env = environments.chosen(options.env)
        plan = planning.discover(planning.select(options.robot))
        plan.must_try("test")
        return accept.run(plan, env, clock, accept.Wanted(options.processes))
    except Stop as stop:
        say(f"  FAIL  {stop}")
        return None


def _prove(options: argparse.Namespace, finished: accept.Finished | None) -> int:
    wanted = proof.Wanted(
        env=options.env, sample=options.sample, seed=options.seed, jobs=min(JOBS, options.processes or JOBS)
    )
    try:
        same = finished is not None and not options.robot  # else it ran with options that the proof has not
        return proof.prove(wanted, finished.outcome if finished and same else None)
    except Stop as stop:
        say(f"  FAIL  {stop}")
        return 1
