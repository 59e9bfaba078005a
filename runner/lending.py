"""Lets the workers of a run have their backends forked from a process that has loaded what backends load.

Loading is most of what the start of a backend costs, and tests start dozens of their own. The backend that a
run is held against is always started anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from AgentChatLibrary.environment import Environment

from . import borrowing
from .fork_service import Address
from .forks import Forks

FILE: Final = "forks"
"""Where the workers find what forks for them, in the run's hidden folder."""


@contextmanager
def listener(env: Environment, folder: Path, *, started: bool) -> Iterator[list[str]]:
    """Lends what forks until the block ends; it loads at the first backend that is asked for.

    Args:
        env: Says how a backend is started, and what it loads.
        folder: A folder that only the user can enter and that goes with the run.
        started: Whether the backend was started for the run. Beside one that ran before tests start none.

    Yields:
        The Robot Framework options that let a worker use it; none where there is nothing to load before, or
        nothing is or can be forked.
    """
    if not (env.preloaded and started):
        yield []
        return
    forks = Forks(env.preloaded)
    try:
        yield _options(forks.address, folder / FILE) if forks.address else []
    finally:
        forks.close()


def _options(address: Address, file: Path) -> list[str]:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(borrowing.written(address))
    return ["--listener", f"{borrowing.__file__};{file}"]
