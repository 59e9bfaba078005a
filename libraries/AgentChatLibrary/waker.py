"""Lets a stopped process go on once whoever stopped it is gone: ``python waker.py PID``.

A stopped process cannot notice that its owner has ended, so it would be left behind for good. This program
is started beside it; its standard input ends with the owner. It imports nothing of the project, so that it
starts at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys

if __name__ == "__main__":
    sys.stdin.read()
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(sys.argv[1]), signal.SIGCONT)
