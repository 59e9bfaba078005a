"""A transcript: everything one connection sent and received, who it belonged to, and when.

A transcript only grows. Nothing received is ever dropped, reordered or changed, so every rule can be asked
of a session that is still open, of one that has ended, and of one loaded from a file alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from .framelog import FrameLog, Payload
from .frames import CLOSES, RECEIVED, SENT, Direction, Event, Frame, Kind


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose connection a transcript is.

    Attributes:
        name: The person's name in the suite, for example ``Ana``.
        user_id: The backend's id of the person; empty when unknown (a recording of somebody else's).
        organisation_id: The backend's id of the person's organisation; empty when unknown.
        tier: The person's tier when the connection was opened; empty when unknown.
    """

    name: str
    user_id: str = ""
    organisation_id: str = ""
    tier: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One question and everything that came of it, as one connection saw it.

    Attributes:
        run_id: The backend's id of the run.
        question: The frame that asked, when it was sent on this connection and its ``ack`` echoes its id.
        ack: The acceptance, when this connection asked.
        events: The run's durable events in order of receipt.
    """

    run_id: str
    question: Event | None
    ack: Event | None
    events: tuple[Event, ...]

    @property
    def end(self) -> Event | None:
        """The first event that ends the run, or None while it is running."""
        return next((event for event in self.events if event.ends_run), None)

    def of(self, *types: str) -> tuple[Event, ...]:
        """The run's events of these types, in order of receipt."""
        return tuple(event for event in self.events if event.type in types)


class _Index:
    """The JSON objects of a transcript, as rules ask for them again and again; what is new is added."""

    __slots__ = ("both", "durable", "frames", "heard", "heard_of", "said")

    def __init__(self) -> None:
        self.frames = 0
        self.both: list[tuple[Direction, Event]] = []
        self.heard: list[Event] = []
        self.heard_of: dict[str, list[Event]] = {}
        self.durable: list[Event] = []
        self.said: list[Event] = []

    def read(self, frames: Sequence[Frame]) -> None:
        """Reads the frames that are new, as many as there are now."""
        there = len(frames)
        for frame in frames[self.frames : there]:
            event = frame.event
            if event is None:
                continue
            direction = frame.direction
            self.both.append((direction, event))
            if direction is SENT:
                self.said.append(event)
                continue
            self.heard.append(event)
            self.heard_of.setdefault(event.type, []).append(event)
            if event.durable:
                self.durable.append(event)
        self.frames = there


_NOTHING: Final[tuple[int, dict[str, Any]]] = (-1, {})
"""Nothing has been read of no frames; a transcript has as many at least."""


@dataclass(slots=True)
class Transcript:
    """An append-only recording of one connection.

    Attributes:
        session: The session's alias, for example ``Ana`` or ``Ana's phone``.
        owner: Whose connection it is.
        connection: 1 for the session's first connection, 2 after the first reconnect, and so on.
        opened_at: Monotonic time in seconds at which the upgrade had succeeded.
        opened_wall: The same moment in Unix seconds.
        frames: Everything sent and received, in order.
        truncated: How many frames a bounded recording left out; 0 when nothing is missing.
        limit: How many frames are kept at the most, beside the end; all of them when None.
        memo: What rules have read of it, and of how many frames, so that the next rule need not read again.
        wire: The connection as it was said, when this one tells it again in the canonical alphabet.
        told: The types that can be told at all, where another dialect says less than the contract; else None.
    """

    session: str
    owner: Owner
    connection: int = 1
    opened_at: float = 0.0
    opened_wall: float = 0.0
    frames: FrameLog = field(default_factory=FrameLog)
    truncated: int = 0
    wire: Transcript | None = None
    told: frozenset[str] | None = None
    limit: int | None = None
    memo: tuple[int, dict[str, Any]] = field(default=_NOTHING, init=False, repr=False, compare=False)
    _index: _Index | None = field(default=None, init=False, repr=False, compare=False)
    _sent: dict[str, Event] = field(default_factory=dict, init=False, repr=False, compare=False)
    _resent: dict[str, Event] = field(default_factory=dict, init=False, repr=False, compare=False)
    _sent_seen: int = field(default=0, init=False, repr=False, compare=False)

    def append(
        self,
        at: float,
        direction: Direction,
        kind: Kind,
        data: str | bytes = "",
        code: int | None = None,
    ) -> Frame:
        """Adds one frame and returns it. Only the recording connection calls this, from one thread.

        A frame beyond ``limit`` is counted as truncated instead; the end of the connection is always kept.
        """
        frames = self.frames
        frame = Frame(len(frames), at, direction, kind, data, code)
        if self.limit is not None and len(frames) >= self.limit and kind not in CLOSES:
            self.truncated += 1
        else:
            frames.append(frame)
        return frame

    def append_text(self, at: float, payload: Payload) -> None:
        """Adds a text frame that was received, as :meth:`append` does, and leaves its decoding for later.

        Args:
            at: Monotonic time in seconds.
            payload: The content; bytes that are no UTF-8 are kept as such.
        """
        frames = self.frames
        if self.limit is not None and len(frames) >= self.limit:
            self.truncated += 1
        else:
            frames.add_text((at, payload))

    def events(self, direction: Direction = Direction.RECEIVED, start: int = 0) -> Iterator[Event]:
        """The JSON objects that went in ``direction``, from frame index ``start`` on."""
        if start > 0:
            # Not beyond what there is now: the connection may go on recording meanwhile.
            return self._scan(direction, start)
        index = self._read()
        kept = index.heard if direction is RECEIVED else index.said
        return islice(kept, len(kept))

    def exchanged(self) -> Iterator[tuple[Direction, Event]]:
        """Every JSON object with the way it went, in order."""
        kept = self._read().both
        return islice(kept, len(kept))

    def _scan(self, direction: Direction, start: int) -> Iterator[Event]:
        for frame in self.frames.since(start):  # neither copied nor gone through from the first on
            if frame.direction is direction:
                event = frame.event
                if event is not None:
                    yield event

    def _read(self) -> _Index:
        index = self._index
        if index is None:
            index = self._index = _Index()
        if index.frames != len(self.frames):
            index.read(self.frames)
        return index

    def received(self, *types: str, start: int = 0) -> tuple[Event, ...]:
        """The received events of these types (all when none is named), from frame index ``start`` on."""
        if types and start == 0:
            of = self._read().heard_of
            kept = [of[kind] for kind in types if kind in of]
            if len(kept) <= 1:  # several would have to be brought into their order again
                return tuple(*kept)
        return tuple(e for e in self.events(start=start) if not types or e.type in types)

    def sent(self, *types: str, start: int = 0) -> tuple[Event, ...]:
        """The sent JSON objects of these types (all when none is named), from frame index ``start`` on."""
        return tuple(e for e in self.events(Direction.SENT, start) if not types or e.type in types)

    @property
    def durable(self) -> tuple[Event, ...]:
        """Every run event received, in order of receipt, replayed ones included."""
        return tuple(self._read().durable)

    @property
    def established(self) -> Event | None:
        """The ``connection_established`` frame, wherever it stands."""
        received = self._scan(Direction.RECEIVED, 0)  # it is the first, so that nothing else need be read
        return next((event for event in received if event.type == "connection_established"), None)

    @property
    def watershed(self) -> int | None:
        """``last_seq`` of ``connection_established``: live delivery begins one above it. None when untold."""
        established = self.established
        value = established.get("last_seq") if established is not None else None
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    @property
    def end(self) -> Frame | None:
        """The close or drop that ended the connection; None while it is open."""
        return self.frames.end

    def sent_as(self, message_id: str) -> Event | None:
        """The first message that this connection sent with an id, or None."""
        there = len(self.frames)
        for frame in self.frames.since(self._sent_seen):
            event = frame.event if frame.direction is SENT else None
            if event is not None and event.message_id:
                self._sent.setdefault(event.message_id, event)
                self._resent[event.message_id] = event
        self._sent_seen = there
        return self._sent.get(message_id)

    def sent_last_as(self, message_id: str) -> Event | None:
        """The latest message that this connection sent with an id, or None."""
        self.sent_as(message_id)
        return self._resent.get(message_id)

    def runs(self) -> dict[str, Run]:
        """The runs this connection saw, by id, in order of their first frame.

        An ``ack`` with a ``run_id`` and every durable event with one belong to a run. A ``cancel`` is
        acknowledged with the id of the run it cancels; the first ack of a run is the one that accepted it.
        """
        asked = {e.message_id: e for e in self.sent("chat", "user_message") if e.message_id}
        acks: dict[str, Event] = {}
        events: dict[str, list[Event]] = {}
        for event in self.events():
            run_id = event.run_id
            if run_id is None:
                continue
            if event.type == "ack":
                acks.setdefault(run_id, event)
                events.setdefault(run_id, [])
            elif event.durable:
                events.setdefault(run_id, []).append(event)
        return {
            run_id: Run(
                run_id,
                asked.get(acks[run_id].message_id or "") if run_id in acks else None,
                acks.get(run_id),
                tuple(found),
            )
            for run_id, found in events.items()
        }

    def can_tell(self, kind: str) -> bool:
        """Whether the backend has a way to say an event of this type."""
        return self.told is None or kind in self.told

    def wall(self, frame: Frame) -> float:
        """The moment of ``frame`` in Unix seconds, to compare frames of different or loaded transcripts."""
        return self.opened_wall + frame.at - self.opened_at

    def since_open(self, frame: Frame) -> float:
        """Seconds from the opening of the connection to ``frame``."""
        return frame.at - self.opened_at
