"""``run.py``: the acceptance suites, from discovery to the last line."""

from __future__ import annotations

import argparse
import os
import shutil
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from AgentChatLibrary import redaction
from AgentChatLibrary.deployment import Deployment
from AgentChatLibrary.environment import Environment
from filelock import FileLock, Timeout

from . import (
    artefacts,
    capabilities,
    children,
    clearing,
    environments,
    hidden,
    history,
    leaks,
    lending,
    planning,
    private,
    promised,
    results,
    slips,
    summary,
    surroundings,
    telling,
    workers,
)
from .arguments import USAGE_ERROR
from .console import INTERRUPTED, Clock, Stop, counted, say
from .leaks import Leak, Secrets
from .planning import ALONE, SOAK, Plan
from .project import ROOT, shown
from .results import Outcome

SECRETS_FILE: Final = "AGENT_CHAT_SECRETS_FILE"
DATABASE_URLS: Final = ("DATABASE_URL", "AGENT_CHAT_DATABASE_URL")
CUT_SHORT: Final = "The run was interrupted before this test ended."
TRANSCRIPTS_FOLDER: Final = "AGENT_CHAT_TRANSCRIPTS"
KEEP_TRANSCRIPTS: Final = "AGENT_CHAT_KEEP_TRANSCRIPTS"


@dataclass(slots=True)
class Finished:
    """A run that is over.

    Attributes:
        outcome: What the tests came to.
        leaks: Where secrets were found.
        interrupted: Whether it was cut short.
        excused: Whether it may have tried nothing and still be well.
    """

    outcome: Outcome
    leaks: list[Leak] = field(default_factory=list)
    interrupted: bool = False
    excused: bool = False

    @property
    def status(self) -> int:
        """The exit status."""
        if self.interrupted:
            return INTERRUPTED
        well = self.outcome.good and not self.leaks
        return 0 if well and (self.outcome.tried or self.excused) else 1

    @property
    def last_line(self) -> str:
        """The line that a run ends with."""
        if self.outcome.dry:
            return f"{promised.DRY}; {summary.readable(self.outcome)}"
        told = f"{self.outcome.passed} passed, {self.outcome.failed} failed, {self.outcome.skipped} skipped"
        return told if self.outcome.tried else f"{told}: nothing was tried"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a command asks for beside the tests.

    Attributes:
        processes: Suites at the same time; None leaves it to the runner.
        keep_transcripts: Whether the recordings of tests that pass are kept, too.
        history: Whether the run is added to the history.
        backend: Whether a backend is needed; judging a recording needs none.
        look: Whether to look what the backend offers beside what is declared.
        variables: Further environment variables for the workers.
        reads: Files that the run reads, beside those that Robot Framework is told.
        part: Whether it is one part of several, which says nothing by itself.
    """

    processes: int | None = None
    keep_transcripts: bool = False
    history: bool = False
    backend: bool = True
    look: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    part: bool = False


PLAIN: Final = Wanted()


def main(options: argparse.Namespace) -> int:
    """Runs the acceptance suites.

    Args:
        options: The command line.

    Returns:
        The exit status.
    """
    clock = Clock()
    with clock.part("planning"):
        env = environments.chosen(options.env)
        selection = planning.select(options.robot, category=options.category, shard=options.shard)
        plan = planning.discover(selection)
    everything = not (options.robot or options.category or options.shard)
    wanted = Wanted(
        options.processes,
        options.keep_transcripts,
        options.history,
        look=everything,
        part=bool(options.shard),
    )
    finished = run(plan, env, clock, wanted)
    say(finished.last_line)
    return finished.status


def run(plan: Plan, env: Environment, clock: Clock, wanted: Wanted = PLAIN) -> Finished:
    """Runs planned tests and reports all but the last line.

    Args:
        plan: What to run.
        env: What to run it against.
        clock: Measures the parts.
        wanted: What else is asked for.

    Returns:
        How it ended.

    Raises:
        Stop: There is nothing to run it against, or the output folder is in use or holds what is read.
    """
    folder = Path(plan.settings.output_directory)
    dry = bool(plan.settings.dry_run)
    clearing.protect(folder, [*plan.selection.arguments, *wanted.reads])
    for slip in slips.slips(plan):
        say(slip)
    with claimed(folder), hidden.folder() as private_folder, children.interruptible():
        artefacts.empty(folder)
        issued, news = private_folder / "issued", private_folder / "progress"
        for file in (issued, news):
            file.touch(0o600)
        given: list[str] = []
        interrupted, written = False, None
        try:
            with ExitStack() as stack:
                backend = Deployment("")
                if wanted.backend and not dry:
                    with clock.part("backend"):
                        log = folder / artefacts.BACKEND_LOG
                        deployed = environments.deployed(env, log, private_folder)
                        backend = stack.enter_context(deployed)
                    _announce(plan, env, backend, wanted.processes)
                if wanted.look and not dry:
                    with clock.part("looking around"):
                        plan = capabilities.noted(plan, capabilities.undeclared(env, backend))
                given += known_secrets(backend)
                variables = {
                    **backend.variables,
                    **_about_transcripts(folder, wanted),
                    **hidden.variables(private_folder),
                    **wanted.variables,
                    SECRETS_FILE: str(issued),
                }
                with private.written_privately():
                    lent = lending.listener(env, private_folder, started=bool(backend.process))
                    handed = workers.Given(variables, stack.enter_context(lent))
                    _work(plan, folder, workers.Progress(news), handed, clock, wanted.processes)
                    backend.ask_to_stop()
                    written = _write(plan, folder, env, clock, results.LOST)  # while the backend ends
                with clock.part("stopping"):
                    stack.close()
        except KeyboardInterrupt:
            interrupted = True
            say("Interrupted: writing down what there is.")
        outcome, files = written or _write(plan, folder, env, clock, CUT_SHORT)
        if wanted.history and plan.settings.output and not (interrupted or dry):
            with clock.part("history"):
                page = history.keep(Path(plan.settings.output), environment=env.name)
                files += [page] if page else []
        with clock.part("scan for secrets"):
            secrets = Secrets([*given, *leaks.read_issued(issued), *redaction.issued()])
            found = artefacts.scan(
                folder,
                secrets,
                outcome,
                env.name,
                surroundings.fault(env),
                further=[*files, *artefacts.told_where(plan)],
            )
        artefacts.close(folder)
    finished = Finished(outcome, found, interrupted, wanted.part or _may_try_nothing(plan))
    if finished.status == 0:
        shutil.rmtree(folder / workers.PABOT_FOLDER, ignore_errors=True)  # all of it is in the report
    telling.tell(finished.outcome, files, secrets, finished.leaks)
    say(clock.line())
    return finished


def _write(
    plan: Plan, folder: Path, env: Environment, clock: Clock, lost_message: str
) -> tuple[Outcome, list[Path]]:
    """Puts the workers' outputs together and writes the report; returns it and the files."""
    with clock.part("report"), private.written_privately():
        return artefacts.write(plan, folder, env.name, lost_message, fault=surroundings.fault(env))


def _may_try_nothing(plan: Plan) -> bool:
    """Whether the command line itself asks for a run that tries nothing: a dry run, skipping, no tests."""
    settings = plan.settings
    return bool(settings.dry_run or settings.skip or settings.skip_on_failure or not plan.tests)


def _about_transcripts(folder: Path, wanted: Wanted) -> dict[str, str]:
    """What the workers are told about transcripts."""
    keep = "1" if wanted.keep_transcripts or os.environ.get(KEEP_TRANSCRIPTS, "0") not in {"", "0"} else "0"
    return {TRANSCRIPTS_FOLDER: str(folder.resolve() / artefacts.TRANSCRIPTS), KEEP_TRANSCRIPTS: keep}


def _announce(plan: Plan, env: Environment, backend: Deployment, asked: int | None) -> None:
    fault = surroundings.fault(env)
    broken = f", {summary.broken(fault)}" if fault else ""
    started = f" (started for this run{broken})" if backend.process else ""
    say(f"Environment {env.name}, backend at {backend.url}{started}")
    together, measuring = _parts(plan)
    alone = f"; {len(measuring)} of them by themselves" if measuring else ""
    tests, suites = counted(len(plan.tests), "test"), counted(len(plan.suites), "suite")
    say(f"{tests} in {suites}, {workers.processes(len(together), asked)} at a time{alone}")


def _work(
    plan: Plan,
    folder: Path,
    progress: workers.Progress,
    handed: workers.Given,
    clock: Clock,
    asked: int | None,
) -> None:
    together, measuring = _parts(plan)
    if together:
        number = workers.processes(len(together), asked)
        with clock.part("suites together"):
            workers.in_parallel(plan, folder, progress, handed, number=number)
    if measuring:
        say("By themselves:")
        with clock.part("tests by themselves"):
            workers.by_themselves(plan, folder, progress, handed)


def _parts(plan: Plan) -> tuple[set[str], set[str]]:
    """The suites that hold tests for the parallel part, and the tests that run by themselves."""
    measuring = {test.name for test in plan.tagged(ALONE, SOAK)}
    return {test.suite for test in plan.tests if test.name not in measuring}, measuring


def known_secrets(backend: Deployment) -> list[str]:
    """The secrets of a backend, and those of the databases that the user names.

    Args:
        backend: The backend.
    """
    databases = [urllib.parse.urlsplit(os.environ.get(name, "")) for name in DATABASE_URLS]
    passwords = [urllib.parse.unquote(database.password or "") for database in databases]
    return [secret for secret in (backend.admin_token, backend.jwt_key, *passwords) if secret]


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Keeps two runs from writing into the same folder."""
    if folder.resolve() == ROOT:
        raise Stop("Reports need a folder of their own; the project's folder is not one.", USAGE_ERROR)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as held:
        raise Stop(
            f"Another run is writing to {shown(folder)}/. Wait for it, "
            "or give this one a folder of its own: run.py -- --outputdir FOLDER"
        ) from held
    try:
        yield
    finally:
        lock.release()
