"""Runs planned tests in worker processes: in parallel with pabot, or by themselves with Robot Framework."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from . import children, schedule
from .console import counts, say, seconds
from .planning import ALONE, SOAK, Plan
from .progress import KEPT
from .project import ROOT

PABOT_FOLDER: Final = "pabot_results"
PABOT_LOG: Final = "pabot.log"
ORDER: Final = "pabot.order"
"""Which suites each worker took."""
KEEPING: Final = "pabot.tests"
"""Which tests all workers together run."""
SUITE_NAMES: Final = ".pabotsuitenames"
"""What pabot remembers of a run; it always writes it where it is started."""
PABOT_ENDED: Final = (0, 253)
"""Exit statuses of a pabot that has done its work without writing a report of its own."""


LONG_SECONDS: Final = 30
"""A test that runs so long is named, and again each time it has: nothing hangs without a word."""


@dataclass(frozen=True, slots=True)
class Given:
    """What every worker is given.

    Attributes:
        variables: Environment variables on top of the runner's.
        listeners: Options of Robot Framework for listeners of the run's own.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    listeners: Sequence[str] = ()


@dataclass(slots=True)
class Begun:
    """A test that has begun.

    Attributes:
        name: Its full name.
        since: When the runner learnt of it, by its clock.
        named: How often it was named because it runs long.
    """

    name: str
    since: float
    named: int = 0


@dataclass(slots=True)
class Progress:
    """What the workers have told so far.

    Attributes:
        file: Where they write to.
        show: Called with a line for people when a suite is through.
        now: The clock, in seconds.
        begun: The test that each worker (by process id) is in.
        spent: How many seconds a test of each suite took, on average.
    """

    file: Path
    show: Callable[[str], None] = say
    now: Callable[[], float] = time.monotonic
    begun: dict[int, Begun] = field(default_factory=dict)
    spent: dict[str, float] = field(default_factory=dict)
    _read: int = 0
    _alive: set[int] = field(default_factory=set)

    @property
    def listener(self) -> list[str]:
        """The Robot Framework option that makes a worker tell."""
        return ["--listener", f"{Path(__file__).with_name('progress.py')};{self.file};{os.getpid()}"]

    def tick(self) -> None:
        """Reads what is new and shows it."""
        with self.file.open("rb") as stream:
            stream.seek(self._read)
            for line in stream:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                self._take(json.loads(line))
        self._alive = {pid for pid in self._alive if children.lives(pid)}
        for pid, test in self.begun.items():
            times = int((self.now() - test.since) / LONG_SECONDS)
            if pid in self._alive and times > test.named:
                test.named = times
                name = test.name.split(".", 1)[-1]
                self.show(f"  ...   {name} has been running for {times * LONG_SECONDS} s")

    def end_workers(self) -> None:
        """Kills the workers that are still there; pabot gives each a group of its own."""
        show, self.show = self.show, _nothing
        self.tick()
        self.show = show
        if sys.platform != "win32":
            for pid in self._alive:
                children.kill_group(pid)

    def _take(self, news: dict[str, str | int | float]) -> None:
        if "worker" in news:
            self._alive.add(int(news["worker"]))
            self.begun.pop(int(news["worker"]), None)
            if "began" in news:
                self.begun[int(news["worker"])] = Begun(str(news["began"]), self.now())
            return
        passed, failed, skipped = (int(news[name]) for name in ("passed", "failed", "skipped"))
        self.spent[str(news["suite"])] = float(news["seconds"]) / (passed + failed + skipped)
        count = counts(passed, failed, skipped)
        name = str(news["suite"]).split(".", 1)[-1]
        self.show(
            f"  {'FAIL' if failed else 'ok':4}  {name:44}  {count:26}  {seconds(float(news['seconds']))}"
        )


def _nothing(_: str) -> None:
    """Shows nothing: what pabot writes about interrupted tests is no progress."""


def processes(suites: int, asked: int | None) -> int:
    """How many suites run at the same time.

    Args:
        suites: How many there are.
        asked: What the user asked for, if anything.

    Returns:
        Three for each core, because tests mostly wait, but at least 4; never more than there are suites.
    """
    return max(1, min(suites, asked or max(4, 3 * (os.cpu_count() or 1))))


def in_parallel(
    plan: Plan,
    results: Path,
    progress: Progress,
    given: Given,
    *,
    number: int,
    cwd: Path = ROOT,
) -> list[Path]:
    """Runs the tests that may run together.

    Args:
        plan: The whole run.
        results: The run's output folder; the workers' files go below it.
        progress: Follows the workers.
        given: What the workers are given.
        number: Workers at the same time.
        cwd: Where they start; relative paths in the user's options count from there.

    Returns:
        The workers' outputs, in no particular order.
    """
    together = ["--exclude", ALONE, "--exclude", SOAK]
    if number == 1:
        return _robot(plan, together, results / PABOT_FOLDER / "0", progress, given)
    command = [sys.executable, "-m", "pabot.pabot", "--no-pabotlib", "--no-rebot", "--processes", str(number)]
    command += ["--ordering", str(_order(plan, results, number)), "static"]
    command += ["--command", *_python(), "-m", "robot", "--end-command"]
    command += [
        *plan.selection.options,
        *together,
        *plan.keeping(plan.names, results / KEEPING),  # pabot forgets --test where an order is given
        *progress.listener,
        *given.listeners,
        *_plumbing(results),
        *plan.selection.sources,
    ]
    (cwd / SUITE_NAMES).unlink(missing_ok=True)  # the order and the split of some other run
    log = results / PABOT_LOG
    path = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])}
    process = children.start(command, output=log, variables={**given.variables, **path}, cwd=cwd)
    try:
        status = children.finish(process, progress.tick)
        _keep_timings(plan, results, progress.spent)
    finally:
        progress.end_workers()
        with contextlib.suppress(FileNotFoundError):
            shutil.move(cwd / SUITE_NAMES, results / SUITE_NAMES)
    if status not in PABOT_ENDED:
        say(f"pabot ended with status {status}:")
        for line in log.read_text("utf-8", "replace").strip().splitlines()[-5:]:
            say(f"  {line}")
    return outputs(results)


def by_themselves(plan: Plan, results: Path, progress: Progress, given: Given) -> list[Path]:
    """Runs the tests that measure, one after the other and with nothing beside them.

    Args:
        plan: The whole run.
        results: The run's output folder.
        progress: Follows the worker.
        given: What the worker is given.

    Returns:
        All outputs of the run so far.
    """
    only, before = ["--exclude", f"NOT{ALONE}OR{SOAK}"], dict(progress.spent)
    written = _robot(plan, only, results / PABOT_FOLDER / ALONE, progress, given)
    new = {name: spent for name, spent in progress.spent.items() if before.get(name) != spent}
    _keep_timings(plan, results, {f"{ALONE}: {name}": spent for name, spent in new.items()})
    return written


def _keep_timings(plan: Plan, results: Path, spent: Mapping[str, float]) -> None:
    """Keeps how long tests took; a dry run says nothing about that."""
    if not plan.settings.dry_run:
        schedule.keep_timings(results, spent)


def outputs(results: Path) -> list[Path]:
    """The outputs that the workers of a run have written, as they were before any interruption."""
    written = sorted((results / PABOT_FOLDER).glob("*/output.xml"))
    kept = [file.with_name(KEPT) for file in written]
    return [mine if mine.exists() else file for mine, file in zip(kept, written, strict=True)]


def _robot(plan: Plan, selection: Sequence[str], home: Path, progress: Progress, given: Given) -> list[Path]:
    home.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "robot", *plan.selection.options, *selection, *progress.listener]
    command += [*given.listeners, *_plumbing(home), "--console", "none", *plan.selection.sources]
    process = children.start(command, output=home / "robot.log", variables=given.variables)
    children.finish(process, progress.tick)
    return outputs(home.parent.parent)


def _order(plan: Plan, results: Path, number: int) -> Path:
    """Writes down which suites each worker takes."""
    measuring = {test.name for test in plan.tagged(ALONE, SOAK)}
    together = [test for test in plan.tests if test.name not in measuring]
    file = results / ORDER
    file.write_text(
        schedule.ordering(schedule.shares(together, number, schedule.read_timings(results))), "utf-8"
    )
    return file


def _plumbing(folder: Path) -> list[str]:
    """Where a worker writes to; the report is put together afterwards."""
    none = ("--log", "NONE", "--report", "NONE", "--xunit", "NONE")
    return ["--outputdir", str(folder), "--output", "output.xml", *none]


def _python() -> list[str]:
    """The interpreter for pabot's --command, which splits at spaces; PATH begins with its folder."""
    return ["python"] if " " in sys.executable else [sys.executable]
