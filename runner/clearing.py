"""What a run is told to read must not lie where it clears: found out before anything is removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from . import artefacts
from .arguments import USAGE_ERROR
from .console import Stop
from .project import shown

WRITTEN: Final = {
    *("outputdir", "d", "output", "o", "log", "l", "report", "r", "xunit", "x", "debugfile", "b"),
}
"""Options of Robot Framework, short and long, that name what is written."""
ENDS_A_PATH: Final = (":", ";")
"""What stands between a file and its arguments, as in ``--variablefile FILE:ARGUMENT``."""


def protect(folder: Path, options: Sequence[str]) -> None:
    """Stops a run that would remove what it is told to read.

    Args:
        folder: The folder of reports, which the run clears.
        options: What Robot Framework is told, or the file that a command reads.

    Raises:
        Stop: A file among them is one that would be removed.
    """
    for file in _read(options):
        if _is_there(file) and artefacts.removes(folder, file):
            raise Stop(
                f"{shown(file)} is in the folder that this run clears; "
                f"add --outputdir {shown(folder / 'again')}",
                USAGE_ERROR,
            )


def _is_there(file: Path) -> bool:
    """Whether what may be a path is one: an argument of another kind can be too long to be any."""
    try:
        return file.exists()
    except OSError:
        return False


def _read(options: Sequence[str]) -> Iterator[Path]:
    """The paths that options may name."""
    before = ""
    for option in options:
        name, given, value = option.partition("=")
        if option.startswith("-"):
            if given and _plain(name) not in WRITTEN:
                yield from _paths(value)
            elif not option.startswith("--") and _plain(option[:2]) not in WRITTEN:
                yield from _paths(option[2:])  # as in -Rresults/output.xml
        elif _plain(before) not in WRITTEN:
            yield from _paths(option)
        before = option


def _paths(value: str) -> Iterable[Path]:
    ends = [value.find(sign, 2) for sign in ENDS_A_PATH]  # the second character may follow a drive
    return [Path(value), *(Path(value[:at]) for at in ends if at > 0)] if value else []


def _plain(option: str) -> str:
    """An option's name as Robot Framework compares it; short ones are told apart by their case."""
    return option.lstrip("-").lower().replace("-", "") if option.startswith("--") else option.lstrip("-")
