"""What a run writes is for its user alone: mode 0600, folders 0700, where modes mean something (POSIX)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

FILE: Final = 0o600
DIRECTORY: Final = 0o700
OTHERS: Final = 0o077
"""What is taken from everybody else."""


@contextmanager
def written_privately() -> Iterator[None]:
    """Lets this process and those that it starts meanwhile write files that only the user can read."""
    before = os.umask(OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def close_to_others(paths: Iterable[Path]) -> None:
    """Takes from everybody else what they may do with files and folders, also of those below.

    Args:
        paths: Files and folders; those that do not exist are passed over, links are not followed.
    """
    if os.name != "posix":
        return
    for path in paths:
        if path.is_symlink() or not path.exists():
            continue
        if path.is_dir():
            path.chmod(DIRECTORY)
            close_to_others(path.iterdir())
        else:
            path.chmod(FILE)
