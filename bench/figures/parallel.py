"""The parallel part of a run with 1, 2, 4 and 8 processes, beside a run of as many empty suites."""

from __future__ import annotations

import statistics
import tempfile
import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Final

from robot.api import ExecutionResult

from runner import accept, environments, planning, workers
from runner.console import Clock
from runner.planning import Plan

from ..model import Goal, Row, Taken
from ..processes import ROOT

BEST: Final = Goal(2.0, "lower")
SPENT: Final = (
    "The tests that run together take 70 s of processor time, backends included, 20 s of them where a test "
    "starts backends of its own. Two cores need 35 s for that, before any worker has loaded its libraries; "
    "the empty suites and the longest wait need nearly none."
)
"""Where the time of the parallel part goes."""
PROCESSES: Final = (1, 2, 4, 8)
PART: Final = "suites together"
EMPTY: Final = "*** Test Cases ***\nNothing\n    No Operation\n"


def take(quick: bool) -> Taken:
    """Runs the suites, and as many empty ones, in turns.

    Args:
        quick: Then nothing is run: once is no measurement, and takes longer than all other figures.
    """
    if quick:
        return Taken(told=["The parallel part of a run is measured by a full bench alone."])
    processes, rounds = PROCESSES, 3
    found = Taken()
    times: dict[int, list[float]] = {number: [] for number in processes}
    floors: dict[int, list[float]] = {number: [] for number in processes}
    slowest: dict[str, float] = {}
    for _ in range(rounds):
        for number in processes:
            with tempfile.TemporaryDirectory(prefix="agent-chat-bench-") as folder:
                spent, tests = _suites(Path(folder) / "run", number, found)
                times[number].append(spent)
                floors[number].append(_empty(Path(folder), number))
                for name, seconds in tests.items():
                    slowest[name] = min(seconds, slowest.get(name, seconds))
    wait_of, wait = max(slowest.items(), key=lambda item: item[1])
    best = min(processes, key=lambda number: statistics.median(times[number]))
    for number in processes:
        beside = [floor + wait for floor in floors[number]]
        found.rows.append(
            Row(
                f"parallel {number}",
                f"the parallel part of a run, {number} at a time",
                "s",
                times[number],
                beside,
                "as many empty suites, and the longest wait of one test",
                BEST if number == best else None,
                noisy=True,
                note=SPENT if number == best else "",
            )
        )
    ranked = sorted(slowest.items(), key=lambda item: -item[1])[:8]
    found.told += [
        f"No run can be shorter than its longest test: {wait_of.split('.', 1)[-1]}, {wait:.1f} s.",
        f"All tests one after the other take {sum(slowest.values()):.1f} s.",
        *(f"  {seconds:5.1f} s  {name.split('.', 1)[-1]}" for name, seconds in ranked),
    ]
    found.data = {"seconds": {str(n): values for n, values in times.items()}, "slowest": dict(ranked)}
    return found


def _suites(folder: Path, number: int, found: Taken) -> tuple[float, dict[str, float]]:
    """Seconds of the parallel part, and of each test in it."""
    env, clock = environments.chosen("embedded"), Clock()
    robot = ["--outputdir", str(folder), "--exclude", planning.ALONE, "--exclude", planning.SOAK]
    plan = planning.discover(planning.select(robot))
    with redirect_stdout(StringIO()):  # its own progress is not this one's
        finished = accept.run(plan, env, clock, accept.Wanted(number))
    if finished.status != 0:
        found.wrong.append(f"The suites did not pass with {number} at a time: {finished.last_line}")
    tests = ExecutionResult(folder / "output.xml").suite.all_tests
    return clock.spent[PART], {t.full_name: t.elapsed_time.total_seconds() for t in tests}


def _empty(folder: Path, number: int) -> float:
    """Seconds of as many empty suites, run by the same means with the same options."""
    suites = len(_real().suites)
    home, results, news = folder / "empty", folder / "empty results", folder / "news"
    home.mkdir()
    results.mkdir()
    news.touch()
    for suite in range(suites):
        (home / f"{suite:02}_empty.robot").write_text(EMPTY, "utf-8")
    plan = planning.discover(planning.select([], tests=home, results=results))
    progress = workers.Progress(news, show=lambda _: None)
    begun = time.perf_counter()
    workers.in_parallel(plan, results, progress, workers.Given(), number=number, cwd=folder)
    return time.perf_counter() - begun


def _real() -> Plan:
    return planning.discover(planning.select([], tests=ROOT / "tests"))
