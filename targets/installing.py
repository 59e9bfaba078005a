"""Installs a target where nothing else is: in a virtual environment or a folder of modules of its own."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PLACE: Final = Path(__file__).resolve().parents[1] / ".venv" / "targets"
"""Where targets are installed: beside the project's own environment, and removed with it."""
STAMP: Final = ".installed"


class Unprepared(Exception):
    """A target cannot be installed; the message says what is missing."""


def python_of(home: Path) -> list[str]:
    """The Python of a target's virtual environment, which is made when it is not there or not current.

    Args:
        home: The target's folder, with its requirements.

    Raises:
        Unprepared: The installation failed.
    """
    place, wanted = PLACE / home.name, home / "requirements.txt"
    python = place / "bin" / "python"
    with _current(place, wanted) as current:
        if not current:
            _say(f"Installing {home.name} into {_shown(place)}; the first time takes a minute or two.")
            uv = shutil.which("uv")
            if uv and _works([uv, "--version"]):
                _call([uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(place)])
                _call([uv, "pip", "install", "--quiet", "--python", str(python), "-r", str(wanted)])
            else:
                _call([sys.executable, "-m", "venv", str(place)])
                _call([str(python), "-m", "pip", "install", "--quiet", "-r", str(wanted)])
            _stamp(place, wanted)
    return [str(python)]


def node_of(home: Path) -> list[str]:
    """Node.js, with the modules of a target installed.

    Args:
        home: The target's folder, with its ``package.json``.

    Raises:
        Unprepared: There is no Node.js, or the installation failed.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise Unprepared(f"{home.name} needs Node.js 20 or newer with npm; install it from your system.")
    place, wanted = PLACE / home.name, home / "package.json"
    with _current(place, wanted) as current:
        if not current:
            _say(f"Installing {home.name} into {_shown(place)}.")
            shutil.copy(wanted, place / wanted.name)
            _call([npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(place)])
            _stamp(place, wanted)
    return [node]


@contextmanager
def _current(place: Path, wanted: Path) -> Iterator[bool]:
    """Whether the place holds what is wanted; one process at a time finds out, and installs."""
    place.mkdir(parents=True, exist_ok=True)
    with place.with_suffix(".lock").open("w") as lock:  # beside it: ``.lock`` inside is uv's own
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = place / STAMP
        yield stamp.exists() and stamp.read_text("utf-8") == _digest(wanted)


def _stamp(place: Path, wanted: Path) -> None:
    (place / STAMP).write_text(_digest(wanted), "utf-8")


def _digest(wanted: Path) -> str:
    return hashlib.sha256(wanted.read_bytes() + sys.version.encode()).hexdigest()


def _works(command: list[str]) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _call(command: list[str]) -> None:
    quiet = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=quiet)
    if done.returncode != 0:
        tail = "\n".join(f"  {line}" for line in (done.stdout + done.stderr).strip().splitlines()[-6:])
        raise Unprepared(f"{' '.join(command[:4])} ... gave status {done.returncode}:\n{tail}")


def _shown(place: Path) -> str:
    return str(place.relative_to(PLACE.parents[1]))


def _say(line: str) -> None:
    print(line, flush=True)
