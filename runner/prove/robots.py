"""Robot Framework, loaded once with the libraries and forked for each trial.

Loading takes longer than most trials run. Where processes cannot be forked, each loads for itself.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .. import children
from ..project import ROOT

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, SpawnContext

_LOADED: Final = (
    "robot.run",
    "AgentChatLibrary",
    "CostRecordsLibrary",
    "RecordingsLibrary",
    "RequestsLibrary",
)
"""What every run needs; none of it starts a thread or opens a connection when it is imported."""


class Robots:
    """Starts runs and ends those that still go on."""

    def __init__(self) -> None:
        self._context: SpawnContext | ForkServerContext
        if sys.platform != "win32":
            self._context = multiprocessing.get_context("forkserver")
            self._context.set_forkserver_preload([*_LOADED])
        else:
            self._context = multiprocessing.get_context("spawn")
        self._running: set[BaseProcess] = set()

    def run(
        self, arguments: Sequence[str], *, output: Path, variables: Mapping[str, str], limit: float
    ) -> None:
        """Runs Robot Framework and waits until it has ended.

        Args:
            arguments: Its command line.
            output: Takes what it prints.
            variables: Environment variables on top of the runner's; not on any command line.
            limit: Longest time in seconds; a run that is not over by then is ended.
        """
        process = self._context.Process(
            target=_robot, args=([*map(str, arguments)], str(output), {**os.environ, **variables})
        )
        process.start()
        self._running.add(process)
        try:
            process.join(limit)
            _end(process)
        finally:
            self._running.discard(process)

    def stop(self) -> None:
        """Ends all runs."""
        for process in list(self._running):
            _end(process)


def _robot(arguments: list[str], output: str, variables: dict[str, str]) -> None:
    """What the forked process does."""
    if sys.platform != "win32":
        os.setsid()  # a group of its own, so that a terminal's Ctrl-C reaches only the runner
    with Path(output).open("ab") as sink:
        for number in (1, 2):
            os.dup2(sink.fileno(), number)
    threading.Thread(target=_end_with_the_runner, daemon=True).start()
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(ROOT)
    from robot.run import run_cli  # noqa: PLC0415 -- loaded already where processes are forked

    run_cli(arguments, exit=False)


def _end_with_the_runner() -> None:
    """Ends this run when the runner has gone without a word."""
    runner = multiprocessing.parent_process()
    if runner is not None:
        runner.join()
        children.kill_group(os.getpid())


def _end(process: BaseProcess) -> None:
    """Interrupts a run that goes on, and kills what is left of its group."""
    if process.pid is None:
        return
    if process.is_alive():
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGINT)
        process.join(children.GRACE_SECONDS)
    children.kill_group(process.pid)
    process.join()
