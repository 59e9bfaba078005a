"""``run.py prove --mutants``: from the code to the list of mutants that no test notices."""

from __future__ import annotations

import argparse
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ... import environments
from ...arguments import USAGE_ERROR
from ...console import INTERRUPTED, Clock, Stop, say
from ...project import LIBRARIES, RESULTS, ROOT, shown
from ..store import fingerprint
from . import report
from .backend_judge import BackendJudge
from .campaign import Campaign, drawn
from .copies import Workplace, copied
from .generator import Mutant, mutants
from .records import Record, Records
from .report import Tally
from .rules_judge import FOLDER as RULES
from .rules_judge import TESTS, RulesJudge
from .scope import Scope

RESULT: Final = RESULTS / "proof" / "mutants"
FOLDERS: Final = {"backend": "backend", "rules": RULES}
"""Where the mutants of each kind stand."""
NOT_MUTATED: Final = ("backend/faults/",)
"""Broken on purpose, so nothing to break."""
BOTH: Final = "both"
_SEEDS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be tried.

    Attributes:
        what: ``backend``, ``rules``, ``both``, or a file or folder below theirs.
        env: The environment's name, if given.
        sample: How many of each kind; all when None.
        seed: Decides which; a new one when None.
        jobs: Mutants at the same time.
        fresh: Whether earlier records are ignored.
    """

    what: str
    env: str | None = None
    sample: int | None = None
    seed: int | None = None
    jobs: int = 2
    fresh: bool = False


def main(options: argparse.Namespace) -> int:
    """Tries the mutants that the command line asks for.

    Args:
        options: The command line.

    Returns:
        The exit status.
    """
    return prove(
        Wanted(options.mutants, options.env, options.sample, options.seed, options.jobs, options.fresh)
    )


def prove(wanted: Wanted) -> int:
    """Tries mutants and writes what became of them.

    Args:
        wanted: What to try.

    Returns:
        The exit status: 0 when the goals are met, 1 when one is not, 130 when interrupted.

    Raises:
        Stop: There is nothing to try, or the tests fail without any mutant.
    """
    clock = Clock()
    scope = Scope.read()
    seed = wanted.seed if wanted.seed is not None else secrets.randbelow(_SEEDS)
    files = {kind: found for kind in FOLDERS if (found := _files(kind, wanted.what))}
    if not files:
        raise Stop(f"There is nothing to mutate at {wanted.what!r}. Choose {', '.join(FOLDERS)}, or a file "
                   "of theirs.", USAGE_ERROR)  # fmt: skip
    told = [f"Drawn with --seed {seed}." if wanted.sample else "All mutants.", *scope.stale(ROOT)]
    records: list[Record] = []
    try:
        with copied() as root:
            for kind, modules in files.items():
                with clock.part(kind):
                    records += _try(kind, modules, Workplace(root), scope, wanted, seed)
    except KeyboardInterrupt:
        say("Interrupted: what has been tried is kept; the same command goes on from there.")
        say(f"(--seed {seed})" if wanted.sample else "")
        return INTERRUPTED
    tally = Tally(tuple(records))
    written = report.write(tally, RESULT, told)
    for line in (*tally.missed, *told[1:]):
        say(f"  {line}")
    for kind in tally.kinds:
        say(f"{kind}: {tally.of(kind).line}: {tally.of(kind).ways}")
    say("Survivors: " + ", ".join(shown(file) for file in written))
    say(clock.line())
    say(tally.line)
    return 1 if tally.missed or told[1:] else 0


def _files(kind: str, what: str) -> list[str]:
    """The files of a kind that are asked for."""
    folder = FOLDERS[kind]
    found = sorted(file.relative_to(ROOT).as_posix() for file in (ROOT / folder).rglob("*.py"))
    found = [file for file in found if not file.startswith(NOT_MUTATED)]
    if what in {kind, BOTH}:
        return found
    if what in FOLDERS:
        return []
    place = (Path.cwd() / what).resolve()
    return [file for file in found if (ROOT / file).is_relative_to(place)]


def _try(
    kind: str, modules: list[str], workplace: Workplace, scope: Scope, wanted: Wanted, seed: int
) -> list[Record]:
    env = environments.chosen(wanted.env).name
    scope = scope.within(env)
    everything = [mutant for module in modules for mutant in mutants(workplace.root, module)]
    observable = [mutant for mutant in everything if not scope.excludes(mutant)]
    records, judge = _judge(kind, workplace, env, wanted)
    say(f"{kind}: {judge.prepare(fresh=wanted.fresh)}")
    campaign = Campaign(kind, workplace, judge, records, scope, wanted.jobs)
    candidates = drawn(observable, seed) if wanted.sample else iter(observable)
    chosen = campaign.choose(candidates, wanted.sample)
    how = (
        f"{len(chosen)} drawn (--seed {seed}) from" if wanted.sample else f"{len(chosen)}: all that count of"
    )
    say(f"{kind}: {how} {len(observable)} mutants at {_sites(observable)} places; {wanted.jobs} at a time")
    return campaign.carry_out(chosen, fresh=wanted.fresh)


def _judge(
    kind: str, workplace: Workplace, env: str, wanted: Wanted
) -> tuple[Records, RulesJudge | BackendJudge]:
    if kind == "rules":
        records = Records(RESULT / kind, fingerprint(kind, places=(LIBRARIES, ROOT / TESTS)))
        return records, RulesJudge(workplace, records)
    records = Records(RESULT / kind, fingerprint(env))
    return records, BackendJudge(workplace, records, env, wanted.jobs)


def _sites(found: list[Mutant]) -> int:
    return len({mutant.site for mutant in found})
