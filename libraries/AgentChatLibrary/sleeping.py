"""Processes that are stopped (SIGSTOP) and let go on (SIGCONT), and none is left stopped for good."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from . import waker
from .environment import EnvironmentProblem

_WAKERS: Final[dict[int, subprocess.Popen[bytes]]] = {}
"""What lets each stopped process go on when this one is gone, by process id."""


def stop(pid: int) -> None:
    """Stops a process: it holds everything and does nothing. It goes on should this one be killed.

    Args:
        pid: Its process id.

    Raises:
        EnvironmentProblem: This system cannot do that.
    """
    if sys.platform == "win32":
        raise EnvironmentProblem("This system cannot stop and continue a process.")
    _forget_gone()
    if pid not in _WAKERS:
        _WAKERS[pid] = subprocess.Popen(
            [sys.executable, "-I", "-S", waker.__file__, str(pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # what ends this process's group is not for it
            cwd=Path(waker.__file__).anchor,
        )
    os.kill(pid, signal.SIGSTOP)


def go_on(pid: int) -> None:
    """Lets a process go on that was stopped here; does nothing when it has gone on already.

    Args:
        pid: Its process id.
    """
    if pid in _WAKERS:
        _WAKERS.pop(pid).communicate()


def _forget_gone() -> None:
    """Ends the wakers of processes that were ended while they were stopped."""
    for pid in [*_WAKERS]:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            go_on(pid)
