"""Frames: the messages of the wire as they were recorded, and the JSON objects that they carry."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

from . import strict

DURABLE: Final = (
    "agent_started",
    "agent_thinking",
    "tool_executing",
    "tool_completed",
    "agent_completed",
    "agent_failed",
)
"""The run events, which are stored and carry ``seq`` (contract: Durable frames)."""

ENDS: Final = ("agent_completed", "agent_failed")
"""The two ways a run ends; every accepted run has exactly one (contract: Order and delivery)."""


_DURABLE: Final = frozenset(DURABLE)


class Direction(StrEnum):
    """Which way a frame travelled, seen from the person."""

    SENT = "sent"
    RECEIVED = "received"


class Kind(StrEnum):
    """What a frame is on the wire (RFC 6455, section 5.2), or ``drop`` for an end without a close frame."""

    TEXT = "text"
    BINARY = "binary"
    PING = "ping"
    PONG = "pong"
    CLOSE = "close"
    DROP = "drop"


SENT: Final = Direction.SENT
RECEIVED: Final = Direction.RECEIVED
TEXT: Final = Kind.TEXT
"""What is asked of every frame again and again: an enumeration takes long to look up its own members."""

MESSAGES: Final = (Kind.TEXT, Kind.BINARY)
"""The kinds of frame that carry a message."""
CLOSES: Final = (Kind.CLOSE, Kind.DROP)
"""The kinds of frame that end a connection."""


TOO_DEEP: Final = "it is nested too deep to be read."


class Frame:
    """One message of the wire: what it was, which way it went, and when.

    Attributes:
        index: Position in its transcript, from 0.
        at: Monotonic time in seconds (``time.monotonic``), taken at the protocol event, before any parsing.
        direction: Sent or received.
        kind: What it is on the wire.
        data: Text of a text frame; bytes of a binary frame, ping or pong; the reason of a close or drop.
        code: Close code of a close frame (RFC 6455, section 7.4), else None.
        source: The frame as it was said, when this one tells it again in the canonical alphabet.
    """

    __slots__ = ("_event", "_flaw", "at", "code", "data", "direction", "index", "kind", "source")

    def __init__(
        self,
        index: int,
        at: float,
        direction: Direction,
        kind: Kind,
        data: str | bytes = "",
        code: int | None = None,
    ) -> None:
        self.index = index
        self.at = at
        self.direction = direction
        self.kind = kind
        self.data = data
        self.code = code
        self.source: Frame | None = None
        self._event: Event | bool | None = False
        self._flaw: str | None = None

    @property
    def received(self) -> bool:
        """Whether the person received this frame."""
        return self.direction is RECEIVED

    @property
    def event(self) -> Event | None:
        """The frame read as a JSON object, or None when it is none. Read once, at first use."""
        event = self._event
        if event is False or event is True:
            event = self._event = self._read()
        return event

    @property
    def flaw(self) -> str | None:
        """Why a text frame is no strict JSON; None when it is, and for any other frame."""
        _ = self.event  # reading it finds out
        return self._flaw

    def _read(self) -> Event | None:
        if self.kind is not TEXT or not isinstance(self.data, str):
            return None
        try:
            fields = strict.decode(self.data)
        except RecursionError:
            self._flaw = TOO_DEEP
            return None
        except ValueError as problem:
            self._flaw = f"it is no strict JSON: {problem}."
            try:  # what is no strict JSON may be JSON all the same
                fields = json.loads(self.data)
            except (ValueError, RecursionError):
                return None
        return Event(self, fields) if isinstance(fields, dict) else None

    @property
    def type(self) -> str:
        """The message's ``type``; the wire kind in angle brackets when it has none."""
        event = self.event
        return event.type if event is not None else f"<{self.kind}>"

    def __repr__(self) -> str:
        return f"Frame(#{self.index} {self.direction} {self.type})"


class Event(Mapping[str, Any]):
    """A frame's JSON object, with names for the fields that rules ask for.

    Attributes:
        frame: The frame it was read from.
        fields: The JSON object itself.
        type: The message type, or ``<untyped>``.
        durable: Whether this is a run event (contract: Durable frames).
        ends_run: Whether this event ends its run.
        seq: The durable sequence number, or None when absent or not an integer.
        run_id: The run the frame belongs to, or None.
        message_id: The client's message this frame belongs to, or None.
        tool_call_id: The tool call the frame belongs to, or None.
    """

    __slots__ = (
        "durable",
        "ends_run",
        "fields",
        "frame",
        "message_id",
        "run_id",
        "seq",
        "tool_call_id",
        "type",
    )

    def __init__(self, frame: Frame, fields: dict[str, Any]) -> None:
        self.frame = frame
        self.fields = fields
        # Asked for by every rule of every frame, so told once.
        get = fields.get
        kind, seq, run_id, message_id = get("type"), get("seq"), get("run_id"), get("message_id")
        call = get("tool_call_id")
        self.type: str = (kind if isinstance(kind, str) else "") or "<untyped>"
        self.durable: bool = self.type in _DURABLE
        self.ends_run: bool = self.type in ENDS
        self.seq: int | None = seq if type(seq) is int else None  # JSON's true is an int to isinstance
        self.run_id: str | None = run_id if isinstance(run_id, str) else None
        self.message_id: str | None = message_id if isinstance(message_id, str) else None
        self.tool_call_id: str | None = call if isinstance(call, str) else None

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 -- any JSON value
        return self.fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    # What a mapping has anyway; rules ask so often that the way by an exception costs too much.
    def __contains__(self, name: object) -> bool:
        return name in self.fields

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 -- any JSON value
        """The value of a field, or ``default`` when there is none."""
        return self.fields.get(name, default)

    def _text(self, name: str) -> str | None:
        value = self.fields.get(name)
        return value if isinstance(value, str) else None

    @property
    def at(self) -> float:
        """Monotonic receive or send time in seconds."""
        return self.frame.at

    @property
    def index(self) -> int:
        """Position of the frame in its transcript."""
        return self.frame.index

    @property
    def thread_id(self) -> str | None:
        """The thread the frame belongs to."""
        return self._text("thread_id")

    @property
    def user_id(self) -> str | None:
        """The person the frame says it is for."""
        return self._text("user_id")

    @property
    def timestamp(self) -> float | None:
        """The server's own time in Unix seconds."""
        value = self.fields.get("timestamp")
        if type(value) is float:
            return value
        if not isinstance(value, int | float) or isinstance(value, bool):
            return None
        try:
            return float(value)
        except OverflowError:  # an integer of hundreds of digits, which is no time either
            return None

    def __repr__(self) -> str:
        return f"Event(#{self.index} {self.type})"
