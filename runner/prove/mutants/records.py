"""What became of each mutant, kept so that an interrupted run goes on where it was."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from .generator import Change, Mutant

_MEASURED: Final = "_tests.json"
"""What each test executes and how long it takes, with healthy code."""


class How(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    """A test failed."""
    STARTLESS = "does not start"
    """The changed code cannot be imported, or its service does not come up: whatever runs first fails."""
    TIMEOUT = "timeout"
    """The tests took several times as long as they do with healthy code, and were ended."""
    SURVIVED = "survived"
    """Every test passed."""

    @property
    def dead(self) -> bool:
        """Whether the tests noticed it."""
        return self is not How.SURVIVED


@dataclass(frozen=True, slots=True)
class Judged:
    """What a judge says.

    Attributes:
        how: What became of the mutant.
        by: The test that noticed it; empty where none did.
        message: The first line of that test's message.
    """

    how: How
    by: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One mutant and what became of it.

    Attributes:
        kind: ``backend`` or ``rules``.
        module: Its file.
        function: The function it stands in.
        operator: What kind of change it is.
        at: The line, from 1.
        line: The changed lines as they were.
        becomes: The same lines as the mutant has them.
        diff: The change.
        how: What became of it.
        by: The test that noticed it.
        message: What that test said.
        seconds: How long it took.
    """

    kind: str
    module: str
    function: str
    operator: str
    at: int
    line: str
    becomes: str
    diff: str
    how: How
    by: str
    message: str
    seconds: float

    @classmethod
    def of(cls, kind: str, mutant: Mutant, change: Change, judged: Judged, seconds: float) -> Record:
        """Puts a record together."""
        return cls(
            kind,
            mutant.module,
            mutant.function,
            mutant.operator,
            mutant.start[0],
            change.line,
            change.becomes,
            change.diff,
            judged.how,
            judged.by,
            judged.message,
            round(seconds, 1),
        )

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Record:
        """From plain values."""
        return cls(**{**value, "how": How(value["how"])})


class Records:
    """The records of one kind of mutants.

    Args:
        folder: Where they are.
        key: The fingerprint that they must have been made with.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.folder, self._key = folder, key

    def find(self, mutant: Mutant) -> Record | None:
        """The record of a mutant, if there is one and nothing has changed since."""
        value = self.read(f"{mutant.id}.json")
        return None if value is None else Record.from_json(value)

    def keep(self, mutant: Mutant, record: Record) -> None:
        """Writes the record of a mutant."""
        self.write(f"{mutant.id}.json", record.as_json())

    def read(self, name: str) -> dict[str, Any] | None:
        """What was written under a name, if nothing has changed since."""
        try:
            kept = json.loads((self.folder / name).read_text("utf-8"))
            return dict(kept["value"]) if kept["key"] == self._key else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def measured(self, measure: Callable[[], dict[str, Any]], *, fresh: bool) -> dict[str, Any]:
        """What tests do without any mutant: as it was measured earlier, else measured now.

        Args:
            measure: Measures it.
            fresh: Whether an earlier measurement is ignored.
        """
        kept = None if fresh else self.read(_MEASURED)
        if kept is None:
            kept = measure()
            self.write(_MEASURED, kept)
        return kept

    def write(self, name: str, value: dict[str, Any]) -> None:
        """Writes a file whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / name
        draft = file.with_suffix(".draft")
        draft.write_text(json.dumps({"key": self._key, "value": value}, ensure_ascii=False) + "\n", "utf-8")
        os.replace(draft, file)  # noqa: PTH105 -- pathlib's replace is the same
