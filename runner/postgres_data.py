"""An empty database: made once for each version and kept below ``.venv``, so that later runs only copy it.

Making one takes most of a second of CPU, copying it a fifth of that.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .postgres_programs import Programs
from .project import ROOT

KEPT = ROOT / ".venv" / "postgres"


def take(programs: Programs, recipe: Sequence[str], target: Path) -> bool:
    """Copies the empty database of these programs.

    Args:
        programs: What will serve it.
        recipe: How it was made.
        target: Where it goes; must not be there yet.

    Returns:
        Whether there was one.
    """
    kept = _kept(programs, recipe)
    if not kept.exists():
        return False
    shutil.copytree(kept, target)
    return True


def keep(programs: Programs, recipe: Sequence[str], made: Path) -> None:
    """Keeps a copy of an empty database that was just made, for the next time.

    Args:
        programs: What made it.
        recipe: How.
        made: Where it is.
    """
    kept = _kept(programs, recipe)
    if kept.exists() or not KEPT.parent.is_dir():
        return
    # Somebody else's .venv, or a full disk: then every run makes its own.
    with contextlib.suppress(OSError):
        KEPT.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".making-", dir=KEPT) as private:
            shutil.copytree(made, Path(private) / "data")
            (Path(private) / "data").rename(kept)  # at once, so that nobody takes a half


def give(folder: Path, user: int, group: int) -> None:
    """Makes a folder and all in it somebody else's.

    Args:
        folder: The folder.
        user: Numeric id of the user.
        group: Numeric id of the group.
    """
    os.chown(folder, user, group)
    for path in folder.rglob("*"):
        os.chown(path, user, group, follow_symlinks=False)


def _kept(programs: Programs, recipe: Sequence[str]) -> Path:
    told = "\n".join((programs.told, *recipe))
    return KEPT / hashlib.sha256(told.encode()).hexdigest()[:16]
