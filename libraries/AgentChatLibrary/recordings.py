"""Recordings: what others have recorded, loaded as transcripts.

Three forms are read: transcripts of this project, JSON Lines of frames, and HAR files in which a browser's
network panel has saved WebSocket messages.
"""

from __future__ import annotations

import base64
import binascii
import json
import urllib.parse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from .frames import Direction, Frame, Kind
from .transcript import Owner, Transcript
from .transcript_lines import load

DIRECTIONS: Final = ("dir", "direction")
FRAMES: Final = ("frame", "data", "message", "payload", "text", "body")
TIMES: Final = ("t", "time", "ts", "timestamp", "at")
SESSIONS: Final = ("session", "scenario", "connection", "name")
"""The names under which JSON Lines of frames mostly keep these."""
SENT: Final = frozenset({"send", "sent", "out", "outgoing", "client", "tx", ">", "->"})
RECEIVED: Final = frozenset({"recv", "receive", "received", "in", "incoming", "server", "rx", "<", "<-"})
OPENED: Final = frozenset({"open", "opened", "connect", "connected"})
CLOSED: Final = frozenset({"close", "closed"})
MILLISECONDS_FROM: Final = 1e11
"""A number of seconds above this lies beyond the year 5138: it is milliseconds."""
BINARY: Final = 2
"""The opcode of a binary frame (RFC 6455, section 5.2)."""


class RecordingProblem(Exception):
    """A recording cannot be used; the message says why and what to do."""

    ROBOT_SUPPRESS_NAME = True


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a recording.

    Attributes:
        number: Its line, or its place among the WebSocket messages of a HAR file, from 1.
        name: What it is, in a word or two.
        session: The connection that it belongs to; empty when to none.
        frame: The frame that it became; None when it became none.
        reason: Why it became none.
    """

    number: int
    name: str
    session: str = ""
    frame: Frame | None = None
    reason: str = ""


@dataclass(slots=True)
class Recording:
    """A recording, loaded.

    Attributes:
        file: Where it came from.
        form: ``transcripts``, ``frames`` or ``HAR``.
        transcripts: Its connections, as they were said.
        records: Each of its records, in order.
        timed: Whether its frames bear times.
    """

    file: Path
    form: str
    transcripts: list[Transcript] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    timed: bool = True


def read(file: Path) -> Recording:
    """Loads a recording; its form is found out from what it holds.

    Args:
        file: The file.

    Raises:
        RecordingProblem: It cannot be read, holds nothing, or holds no WebSocket messages.
    """
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise RecordingProblem(f"{file} cannot be read: {problem}") from problem
    if not text.strip():
        raise RecordingProblem(f"{file} is empty: there is nothing to judge.")
    whole = _object(text)
    if whole is not None and "log" in whole:
        return _har(file, whole)
    first = _object(next(line for line in text.splitlines() if line.strip()))
    if first is not None and "transcript" in first:
        return _transcripts(file, text)
    found = _frames(file, text.splitlines())
    if not found.transcripts:
        raise RecordingProblem(
            f"{file} holds no frame: none of its {len(found.records)} lines is a JSON object that is one. "
            "It should be a transcript, JSON Lines of frames, or a HAR file."
        )
    return found


def _transcripts(file: Path, text: str) -> Recording:
    try:
        transcripts = list(load(text.splitlines()))
    except ValueError as problem:
        raise RecordingProblem(f"{file}: {problem}") from problem
    found = Recording(file, "transcripts", transcripts)
    number = 0
    for transcript in transcripts:
        number += 1  # the header
        for frame in transcript.frames:
            number += 1
            found.records.append(Record(number, str(frame.direction), transcript.session, frame))
    return found


# -- JSON Lines of frames -------------------------------------------------------------------------------


def _frames(file: Path, lines: Iterable[str]) -> Recording:
    found = Recording(file, "frames", timed=False)
    current: dict[str, Transcript] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            found.records.append(_line(number, line, found, current))
    found.transcripts = [t for t in found.transcripts if t.frames]
    return found


def _line(number: int, line: str, found: Recording, current: dict[str, Transcript]) -> Record:
    record = _object(line)
    if record is None:
        return Record(number, "line", reason="it is no JSON object")
    direction_name = _name(record, DIRECTIONS)
    if direction_name is None:  # the line is the frame
        transcript = _connection("recording", found, current, fresh=False)
        return Record(number, "received", "recording", _add(transcript, 0.0, Direction.RECEIVED, record))
    direction = str(record[direction_name]).lower()
    session_name, time_name = _name(record, SESSIONS), _name(record, TIMES)
    session = str(record[session_name]) if session_name else "recording"
    wall = _seconds(record[time_name]) if time_name else None
    found.timed = found.timed or wall is not None
    if direction not in SENT | RECEIVED | OPENED | CLOSED:
        return Record(number, direction, session, reason=f"{direction!r} is no direction of a frame")
    transcript = _connection(session, found, current, fresh=direction in OPENED)
    if wall is not None and not transcript.opened_wall:
        transcript.opened_wall = wall
    at = wall - transcript.opened_wall if wall is not None else 0.0
    if direction in OPENED:
        return Record(number, "open", session, reason="a connection begins")
    frame_name = _name(record, FRAMES)
    value = record[frame_name] if frame_name else None
    if direction in CLOSED:
        frame = _close(transcript, at, value)
        current.pop(session)
        return Record(number, "close", session, frame)
    way = Direction.SENT if direction in SENT else Direction.RECEIVED
    return Record(number, str(way), session, _add(transcript, at, way, value))


def _connection(session: str, found: Recording, current: dict[str, Transcript], *, fresh: bool) -> Transcript:
    """The connection that a session has open; a new one where it has none, or opens another."""
    transcript = current.get(session)
    if transcript is None or (fresh and transcript.frames):
        number = sum(t.session == session for t in found.transcripts) + 1
        transcript = Transcript(session, Owner(session), number)
        found.transcripts.append(transcript)
        current[session] = transcript
    return transcript


def _add(transcript: Transcript, at: float, direction: Direction, value: object) -> Frame:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return transcript.append(at, direction, Kind.TEXT, text)


def _close(transcript: Transcript, at: float, value: object) -> Frame:
    given = value if isinstance(value, dict) else {}
    code, reason = given.get("code"), given.get("reason")
    if not isinstance(code, int):
        return transcript.append(at, Direction.RECEIVED, Kind.DROP, "closed; the recording tells no code")
    return transcript.append(at, Direction.RECEIVED, Kind.CLOSE, str(reason or ""), code)


# -- HAR ------------------------------------------------------------------------------------------------


def _har(file: Path, content: Mapping[str, Any]) -> Recording:
    entries = content["log"].get("entries") if isinstance(content["log"], dict) else None
    if not isinstance(entries, list):
        raise RecordingProblem(f"{file} is no HAR file: it has no log.entries.")
    found = Recording(file, "HAR")
    for entry in entries:
        messages = entry.get("_webSocketMessages") if isinstance(entry, dict) else None
        if isinstance(messages, list):
            _entry(entry, messages, found)
    if not found.transcripts:
        raise RecordingProblem(
            f"{file} holds {len(entries)} requests, but no WebSocket messages. Chrome and Edge save "
            "them: open the network panel before the page connects, and then save all as HAR."
        )
    return found


def _entry(entry: Mapping[str, Any], messages: list[Any], found: Recording) -> None:
    url = urllib.parse.urlsplit(str(entry.get("request", {}).get("url", "")))
    session = url.path or "websocket"
    number = sum(t.session == session for t in found.transcripts) + 1
    transcript = Transcript(session, Owner(session), number)
    transcript.opened_wall = _seconds(entry.get("startedDateTime")) or 0.0
    for message in messages:
        place = len(found.records) + 1
        if not isinstance(message, dict) or message.get("type") not in ("send", "receive"):
            found.records.append(Record(place, "message", session, reason="it is no message of a WebSocket"))
            continue
        way = Direction.SENT if message["type"] == "send" else Direction.RECEIVED
        wall = _seconds(message.get("time")) or transcript.opened_wall
        transcript.opened_wall = transcript.opened_wall or wall
        data: str | bytes = str(message.get("data", ""))
        if message.get("opcode") == BINARY:
            data = _bytes(str(data))
        kind = Kind.BINARY if isinstance(data, bytes) else Kind.TEXT
        frame = transcript.append(wall - transcript.opened_wall, way, kind, data)
        found.records.append(Record(place, str(way), session, frame))
    if transcript.frames:
        found.transcripts.append(transcript)


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text.encode()


# -- values ---------------------------------------------------------------------------------------------


def _object(text: str) -> dict[str, Any] | None:
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def _name(record: Mapping[str, Any], names: Iterable[str]) -> str | None:
    return next((name for name in names if name in record), None)


def _seconds(value: object) -> float | None:
    """A time in Unix seconds; None when it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value / 1000 if value > MILLISECONDS_FROM else float(value)
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except ValueError:
        return None
