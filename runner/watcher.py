"""Removes a folder once its standard input ends, as it does when the runner does, however the runner ends.

``python watcher.py FOLDER``: a program by itself, which imports nothing of the project, so that it starts at
once.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from pathlib import Path

REMOVE_SECONDS = 30.0
"""How long others may still write into the folder: backends look four times a second whether their owner is
gone, and then end what they do."""
PAUSE_SECONDS = 0.05


def remove(folder: Path) -> None:
    """Removes a folder, and tries again while others still write into it.

    Args:
        folder: What to remove; it may be gone already.
    """
    pause, deadline = threading.Event(), time.monotonic() + REMOVE_SECONDS
    shutil.rmtree(folder, ignore_errors=True)
    while folder.exists() and time.monotonic() < deadline:
        pause.wait(PAUSE_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.stdin.read()
    remove(Path(sys.argv[1]))
