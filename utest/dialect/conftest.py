"""What the tests of dialects share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from AgentChatLibrary.dialect.model import Dialect
from AgentChatLibrary.dialect.reading import Reading
from AgentChatLibrary.frames import Direction, Kind
from AgentChatLibrary.transcript import Owner, Transcript
from dialect_shelf import WALL


@pytest.fixture
def heard() -> Callable[..., Reading]:
    """Reads a conversation: what went which way, as JSON objects or texts, 10 ms apart."""

    def read(dialect: Dialect, *said: tuple[str, object], owner: str = "u-ana") -> Reading:
        wire = Transcript("Ana", Owner("Ana", owner), opened_wall=WALL)
        for number, (way, value) in enumerate(said):
            text = value if isinstance(value, str) else json.dumps(value)
            wire.append(number * 0.01, Direction(way), Kind.TEXT, text)
        reading = Reading(dialect, wire)
        reading.refresh()
        return reading

    return read


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    """A dialect file with this text."""

    def write(text: str) -> Path:
        file = tmp_path / "mine.yaml"
        file.write_text(text, "utf-8")
        return file

    return write
