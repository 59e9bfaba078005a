"""Python programs that are forked from a process which has loaded what they need.

Loading takes longer than most trials of a proof run. A program is ``python -m MODULE``, as it would be
started anew: with arguments, environment variables, output and a process group of its own. Where processes
cannot be forked, and for any other program, each is started anew.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import multiprocessing.forkserver
import multiprocessing.util
import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from . import children, hidden
from .fork_service import Address, DistantForks, ForkService
from .project import ROOT

NULL: Final = "/dev/null"
MODULE: Final = 3
"""Where the arguments of a module begin in ``python -m MODULE ARGUMENTS``."""


class Forked:
    """A forked process, with what ``subprocess.Popen`` offers.

    Args:
        process: The process.
    """

    def __init__(self, process: BaseProcess) -> None:
        self._process = process
        self._waiting = threading.Lock()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid or 0

    @property
    def returncode(self) -> int | None:
        """Its exit status; None until it has ended."""
        return self.poll()

    def poll(self) -> int | None:
        """Its exit status, if it has ended."""
        with self._waiting:
            return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Waits until it has ended and returns its exit status.

        Raises:
            TimeoutExpired: It has not ended within ``timeout`` seconds.
        """
        multiprocessing.connection.wait([self._process.sentinel], timeout)
        status = self.poll()
        if status is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0.0)
        return status

    def send_signal(self, number: int) -> None:
        """Sends it a signal; does nothing when it has ended."""
        with contextlib.suppress(ProcessLookupError):
            if self.poll() is None:
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Asks it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it at once."""
        self.send_signal(signal.SIGKILL)


Child = subprocess.Popen[bytes] | Forked
HandOver = Callable[[DistantForks], None]


class Forks:
    """Starts programs. There is one at a time in a process: what it forks from is the process's only one.

    Args:
        loaded: Modules that the programs will need. Importing them must start no thread and open no
            connection. One that cannot be imported is left to the programs.
        hand_over: Called in each program before it begins, with what starts others as these are started. A
            function of a module that is loaded.
    """

    def __init__(self, loaded: Iterable[str], hand_over: HandOver | None = None) -> None:
        self._forks = sys.platform != "win32"
        self._service: ForkService | None = None
        self._handing: tuple[HandOver, Address] | None = None
        if self._forks:
            self._context = multiprocessing.get_context("forkserver")
            self._context.set_forkserver_preload([*loaded])
            # The sockets of both lie there.
            hidden.goes_with_this_process(Path(multiprocessing.util.get_temp_dir()))
        if hand_over and self.address:
            self._handing = hand_over, self.address

    @property
    def address(self) -> Address | None:
        """Where programs that were not forked find what forks; None where nothing can be."""
        if self._forks and self._service is None:
            self._service = ForkService(self._start)
        return self._service.address if self._service else None

    def close(self) -> None:
        """Ends the process that is forked from; what has been forked goes on, and nothing more can be."""
        if self._forks:
            # Nothing public ends it before this process ends.
            multiprocessing.forkserver._forkserver._stop()  # type: ignore[attr-defined]

    def start(
        self,
        command: Sequence[str | Path],
        *,
        output: Path,
        variables: Mapping[str, str],
        cwd: Path = ROOT,
    ) -> Child:
        """Starts a program in a group of its own, as ``children.start`` does.

        Args:
            command: What to start.
            output: File for what it prints.
            variables: Environment variables on top of the runner's.
            cwd: The folder it starts in.

        Returns:
            The process.
        """
        words = [str(part) for part in command]
        return self._start(words, str(output), {**os.environ, **variables}, str(cwd))

    def _start(self, command: Sequence[str], output: str, variables: Mapping[str, str], cwd: str) -> Child:
        words = list(command)
        if not self._forks or words[:2] != [sys.executable, "-m"]:
            return children.start(words, output=Path(output), variables=variables, cwd=Path(cwd))
        arguments = (words[MODULE - 1], words[MODULE:], output, variables, cwd, self._handing)
        process = self._context.Process(target=_become, args=arguments)
        process.start()
        return Forked(process)


def _become(
    module: str,
    arguments: list[str],
    output: str,
    variables: dict[str, str],
    cwd: str,
    handing: tuple[HandOver, Address] | None,
) -> None:
    """What a forked process does: it becomes ``python -m module arguments``."""
    os.setsid()
    with open(output, "ab") as sink, open(NULL, "rb") as nothing:  # noqa: PTH123 -- as numbers of files
        os.dup2(nothing.fileno(), 0)
        os.dup2(sink.fileno(), 1)
        os.dup2(sink.fileno(), 2)
    threading.Thread(target=_end_with_the_runner, daemon=True).start()
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(cwd)
    sys.path.insert(0, cwd)  # as -m does
    sys.argv = [module, *arguments]
    if handing:
        hand_over, address = handing
        hand_over(DistantForks(address))
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with_the_runner() -> None:
    """Ends this process when the runner has gone without a word."""
    runner = multiprocessing.parent_process()
    if runner is not None:
        runner.join()
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(children.GRACE_SECONDS)
        children.kill_group(os.getpid())
