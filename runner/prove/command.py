"""The command: from the catalogue of faults to the kill matrix."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from AgentChatLibrary.environment import Environment

from .. import accept, children, environments, hidden, planning, surroundings
from ..arguments import USAGE_ERROR
from ..command_options import JOBS
from ..console import INTERRUPTED, Clock, Stop, counted, say
from ..planning import Plan, Selection
from ..project import RESULTS, shown
from ..results import Outcome
from . import catalogue, listing, report
from .asked import counting
from .campaign import Campaign, broken
from .report import Proof
from .store import Store, fingerprint
from .trial import CONTROL

FOLDER: Final = RESULTS / "proof"
SEEDS: Final = 10_000
"""Seeds are small, so that people can type them again."""
WAITING: Final = frozenset({"timing", "resilience", "health"})
"""Groups of faults with which tests mostly wait: for what comes late, or for a service that comes back."""
SEVERAL: Final = "several_processes"
"""The capability of an environment where not everybody is served by the same process."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be proven.

    Attributes:
        env: The environment's name, if given.
        robot: Arguments for Robot Framework.
        faults: Only these faults; all when empty.
        only: Only tests with this tag.
        sample: Only so many faults.
        seed: Decides which.
        full: Whether every test runs with every fault.
        jobs: Faults at the same time.
        fresh: Whether earlier records are ignored.
    """

    env: str | None
    robot: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    only: str | None = None
    sample: int | None = None
    seed: int | None = None
    full: bool = False
    jobs: int = JOBS
    fresh: bool = False

    @property
    def everything(self) -> bool:
        """Whether the whole catalogue meets all tests, so that a test that catches nothing shows."""
        return not (self.faults or self.only or self.sample or self.robot)


def main(options: argparse.Namespace) -> int:
    """Proves what the command line asks for.

    Args:
        options: The command line.

    Returns:
        The exit status.
    """
    if options.list is None:
        surroundings.without_fault("prove")
    if options.mutants:
        from .mutants import command as mutants  # noqa: PLC0415 -- it needs the development requirements

        with children.interruptible():
            return mutants.main(options)
    if options.list is not None:
        plan = planning.discover(planning.select(options.robot, category=options.only))
        return listing.tell(plan, options.list)
    wanted = Wanted(
        env=options.env,
        robot=tuple(options.robot),
        faults=tuple(options.fault),
        only=options.only,
        sample=options.sample,
        seed=options.seed,
        full=options.full,
        jobs=options.jobs,
        fresh=options.fresh,
    )
    with children.interruptible():
        return prove(wanted)


def prove(wanted: Wanted, healthy: Outcome | None = None) -> int:
    """Runs tests against faults and writes what came of it.

    Args:
        wanted: What to prove.
        healthy: A run of all tests without a fault that has just been made as ``wanted`` has it, if there is
            one.

    Returns:
        The exit status.

    Raises:
        Stop: The environment starts no backends, or the command line names what does not exist, or asks for
            a dry run.
    """
    clock = Clock()
    env = environments.chosen(wanted.env)
    if env.url is not None or not env.command:
        raise Stop(
            f"A proof starts backends with faults; the environment {env.name} "
            + ("has one that runs already (is AGENT_CHAT_URL set?)." if env.url else "cannot start any.")
        )
    seed = wanted.seed if wanted.seed is not None else secrets.randbelow(SEEDS)
    plan = planning.discover(planning.select(wanted.robot, category=wanted.only))
    plan.must_try("prove")
    everything = catalogue.read_faults()
    known = _showing(everything, env, wanted)
    claims = catalogue.claims(plan, known)
    if wanted.only and not wanted.faults:  # some tests alone are tried against what they claim
        known = [fault for fault in known if claims[fault.name]]
    faults = catalogue.chosen(known, wanted.faults, sample=wanted.sample, seed=seed)
    tests = {f.name: catalogue.selection(plan, claims[f.name], full=wanted.full) for f in faults}
    tests[CONTROL] = catalogue.selection(plan, (), full=False)
    of_sample = f", a sample (--seed {seed})" if wanted.sample else ""
    say(f"{counted(len(faults), 'fault')}{of_sample}; {len(plan.tests)} tests, {wanted.jobs} at a time")
    store = Store(FOLDER, fingerprint(*counting(plan.selection, env)), everything)
    if healthy is not None:
        store.keep_healthy(_statuses(healthy))
    wanted_tests = set(plan.names) if wanted.everything else {name for few in tests.values() for name in few}
    needed = [name for name in plan.names if name in wanted_tests]
    try:
        with clock.part("healthy run"):
            failing = _run_healthy(store, plan, env, needed)
        with clock.part("trials"), hidden.folder() as private:
            passing = store.healthy()
            tests = {name: tuple(test for test in few if test in passing) for name, few in tests.items()}
            claimed = {CONTROL: (), **{fault.name: claims[fault.name] for fault in faults}}
            campaign = Campaign(plan, env.file, store, wanted.jobs, private)
            by_chance = [fault.name for fault in faults if fault.local and env.offers(SEVERAL)]
            waiting = [fault.name for fault in faults if fault.group in WAITING]
            trials = campaign.carry_out(
                claimed, tests, by_chance=by_chance, waiting=waiting, fresh=wanted.fresh
            )
    except KeyboardInterrupt:
        say("Interrupted: what has been proven is kept; the same command goes on from there.")
        return INTERRUPTED
    problems = catalogue.unknown_claims(plan, everything)
    problems += [f"{name} fails with a backend that has no fault" for name in failing]
    problems += broken(trials[CONTROL])
    proof = Proof.of(plan, faults, trials, store.healthy(), problems, everything=wanted.everything)
    files = report.write(proof, FOLDER)
    for line in [*proof.late, *proof.complaints]:
        say(f"  {line}")
    say("Kill matrix: " + ", ".join(shown(file) for file in files))
    say(proof.precision_line)
    say(clock.line())
    say(proof.last_line)
    return 0 if proof.good else 1


def _showing(known: Sequence[catalogue.Fault], env: Environment, wanted: Wanted) -> list[catalogue.Fault]:
    """The faults that can show in the environment; those that are left out are told.

    Raises:
        Stop: One of them was asked for by its name.
    """
    few = catalogue.showing(known, env.capabilities)
    hidden = [fault for fault in known if fault not in few]
    asked = {catalogue.normal(name) for name in wanted.faults}
    for fault in hidden:
        if catalogue.normal(fault.name) in asked:
            raise Stop(
                f"The fault {fault.name} does not show in the environment {env.name}: it needs "
                f"{fault.needs!r}, which is not offered. Try --env real_services.",
                USAGE_ERROR,
            )
    if hidden and not wanted.faults:
        needs = ", ".join(sorted({fault.needs for fault in hidden}))
        say(f"Left out, because they cannot show in {env.name} ({needs}): {len(hidden)} faults")
    return few


def _statuses(outcome: Outcome) -> dict[str, str]:
    return {test.full_name: test.status for test in outcome.result.suite.all_tests}


def _run_healthy(store: Store, plan: Plan, env: Environment, needed: Sequence[str]) -> list[str]:
    """Runs tests without a fault unless it is known that they pass.

    Returns:
        Those that fail.
    """
    unknown = [name for name in needed if name not in store.healthy()]
    if not unknown:
        return []
    folder = store.folder / "healthy"
    folder.mkdir(parents=True, exist_ok=True)
    further = (*plan.keeping(unknown, folder / "tests.txt"), "--outputdir", str(folder))
    say(f"Without a fault: {len(unknown)} tests")
    selection = Selection((*plan.selection.options, *further), plan.selection.sources)
    finished = accept.run(planning.discover(selection), env, Clock())
    if finished.interrupted:
        raise KeyboardInterrupt
    store.keep_healthy(_statuses(finished.outcome))
    return [name for name in unknown if name not in store.healthy()]
