"""What a run notes of itself beside its reports, so that ``run.py merge`` knows what it puts together."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .leaks import Leak

FILE: Final = "run.json"
"""In the folder of reports. It is written last: a run that has ended early has none."""


@dataclass(frozen=True, slots=True)
class Note:
    """What the reports of a run do not tell.

    Attributes:
        environment: What it ran against.
        fault: The fault that the backend was started with; empty where it had none.
        dry: Whether it was a dry run.
        leaks: Where secrets were found.
    """

    environment: str
    fault: str = ""
    dry: bool = False
    leaks: tuple[Leak, ...] = field(default=())


def write(folder: Path, note: Note) -> None:
    """Writes the note of a run.

    Args:
        folder: The folder of reports.
        note: What is noted.
    """
    leaks = [{"file": str(leak.file), "form": leak.form, "inside": leak.inside} for leak in note.leaks]
    value = {"environment": note.environment, "fault": note.fault, "dry": note.dry, "leaks": leaks}
    (folder / FILE).write_text(json.dumps(value, indent=1) + "\n", "utf-8")


def read(folder: Path) -> Note | None:
    """The note of a run; None where there is none that can be read.

    Args:
        folder: The folder of reports.
    """
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        value = json.loads((folder / FILE).read_text("utf-8"))
        leaks = tuple(Leak(Path(leak["file"]), leak["form"], leak["inside"]) for leak in value["leaks"])
        return Note(str(value["environment"]), str(value["fault"]), bool(value["dry"]), leaks)
    return None
