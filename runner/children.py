"""Child processes that end with the runner: in their own group, interrupted politely, then not."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Final, Protocol

from .project import ROOT

POLL_SECONDS: Final = 0.1
"""How often progress is read while a child works."""
GRACE_SECONDS: Final = 20.0
"""How long a child may take to end after an interrupt: pabot gives its workers 2 s and writes what they have
done, a backend drains."""

if sys.platform == "win32":
    _INTERRUPT, _NEW_GROUP = signal.CTRL_BREAK_EVENT, subprocess.CREATE_NEW_PROCESS_GROUP
else:
    _INTERRUPT, _NEW_GROUP = signal.SIGINT, 0


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Makes SIGTERM and a closed terminal interrupt the runner just as Ctrl-C does.

    SIGINT is set too: a shell starts background jobs with it ignored, and Python keeps that.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def start(
    command: Sequence[str | Path],
    *,
    output: Path | None,
    variables: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
) -> subprocess.Popen[bytes]:
    """Starts a child in a group of its own, so that a terminal's Ctrl-C reaches only the runner.

    Args:
        command: What to start.
        output: File for what it prints; the runner's own output when None.
        variables: Environment variables on top of the runner's.
        cwd: The folder it starts in.

    Returns:
        The process.
    """
    with open(output, "ab") if output else contextlib.nullcontext() as sink:  # noqa: PTH123 -- one expression
        return subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env={**os.environ, **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT if sink else None,
            start_new_session=True,
            creationflags=_NEW_GROUP,
        )


def finish(process: subprocess.Popen[bytes], tick: Callable[[], None] | None = None) -> int:
    """Waits until a child has ended. An interrupt is passed on to it, and raised again once it has ended.

    Args:
        process: The child.
        tick: Called now and then meanwhile, and once after the end.

    Returns:
        Its exit status.

    Raises:
        KeyboardInterrupt: The runner was interrupted; the child has ended.
    """
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(POLL_SECONDS)
                break
            if tick:
                tick()
    except BaseException:
        end(process)
        raise
    if tick:
        tick()
    return process.returncode


class Process(Protocol):
    """What both started and forked processes offer."""

    @property
    def pid(self) -> int:
        """Its process id."""

    def poll(self) -> int | None:
        """Its exit status, if it has ended."""

    def wait(self, timeout: float | None = None) -> int:
        """Waits until it has ended."""

    def send_signal(self, number: int, /) -> None:
        """Sends it a signal."""


def end(process: Process, grace: float = GRACE_SECONDS) -> None:
    """Interrupts a child and waits for its end; kills its group after ``grace`` seconds."""
    with contextlib.suppress(ProcessLookupError, KeyboardInterrupt, subprocess.TimeoutExpired):
        if process.poll() is None:
            process.send_signal(_INTERRUPT)
            process.wait(grace)
    kill_group(process.pid)
    process.wait()


def kill_group(pid: int) -> None:
    """Kills what is left of a process group; its leader may have ended."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            os.kill(pid, signal.SIGTERM)
        else:
            os.killpg(pid, signal.SIGKILL)


def lives(pid: int) -> bool:
    """Whether a process runs; on Windows, which has no signal that only asks, always yes."""
    if sys.platform != "win32":
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Whether a process has ended and only waits for its parent to ask how; known on Linux alone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False


def wait_until(condition: Callable[[], bool], limit: float) -> bool:
    """Waits for a condition of another process.

    Args:
        condition: Asked every 20 ms.
        limit: Longest wait in seconds.

    Returns:
        Whether it came true.
    """
    deadline = time.monotonic() + limit
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            return False
        pause.wait(0.02)
    return True
