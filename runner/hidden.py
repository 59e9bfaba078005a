"""A private folder that is gone when the runner is, however the runner ends.

It holds what must not outlive a run: the secrets that the run issues, and the data of the backends that tests
start for themselves. A process of its own watches over it, because a runner that is killed removes nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from . import children, watcher

PREFIX: Final = "agent-chat-run-"
"""How such a folder begins; the process id of its runner follows."""
_watched: Final[dict[Path, subprocess.Popen[bytes]]] = {}
"""Watchers over further folders of this process: each waits for the end of it."""


@contextmanager
def folder() -> Iterator[Path]:
    """Yields a new folder that only the user can enter. It is removed after the block, or after a kill."""
    _sweep()
    made = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    process = _watcher(made)
    try:
        yield made
    finally:
        process.communicate()
        watcher.remove(made)  # in case that somebody has killed the watcher


def goes_with_this_process(made: Path) -> None:
    """Lets a folder that this process removes at its end go also when it is killed.

    Args:
        made: The folder.
    """
    if made not in _watched:
        _watched[made] = _watcher(made)


def _watcher(made: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", watcher.__file__, str(made)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # what ends the runner's group is not for it
        cwd=made.anchor,
    )


def variables(made: Path) -> dict[str, str]:
    """The environment variables by which programs put their temporary files into a folder.

    Args:
        made: The folder.
    """
    return dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(made))


def _sweep() -> None:
    """Removes the folders of runs that were killed together with their watchers."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        pid = left.name.removeprefix(PREFIX).split("-")[0]
        if pid.isdigit() and not children.lives(int(pid)):
            shutil.rmtree(left, ignore_errors=True)
