"""A transcript read run by run, in the order in which the backend wrote it.

A resumed connection receives old events after new ones, and the same ones again when it resumes twice
(contract: Order and delivery). What a rule about a run wants is the run as it was written: replayed events
first, each once, then what came live, in the order of its coming.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from ..frames import SENT, Event
from ..transcript import Transcript

T = TypeVar("T")

ASKING: Final = ("chat", "user_message")
"""The two synonyms that ask a question (contract: Frames)."""


@dataclass(frozen=True, slots=True)
class SeenRun:
    """A run as one connection saw it.

    Attributes:
        run_id: The backend's id of the run.
        question: The frame that asked, when this connection asked and named its message.
        ack: The acceptance, when this connection asked.
        events: The run's events in the order in which the backend wrote them.
        whole: Whether nothing can be missing before the last of them but by a fault: this connection asked,
            or saw the run begin, or received every event of the person from the first on.
        replayed: Whether some of the events were replayed, so that their times say nothing.
    """

    run_id: str
    question: Event | None
    ack: Event | None
    events: tuple[Event, ...]
    whole: bool
    replayed: bool

    @property
    def end(self) -> Event | None:
        """The first event that ends the run, or None while it is running."""
        return next((event for event in self.events if event.ends_run), None)

    def of(self, *types: str) -> list[Event]:
        """The run's events of these types."""
        return [event for event in self.events if event.type in types]


@dataclass(slots=True)
class _Growing:
    question: Event | None = None
    ack: Event | None = None
    live: list[Event] = field(default_factory=list)
    replays: dict[int, list[tuple[int, Event]]] = field(default_factory=dict)

    def written(self, resumed: int) -> list[Event]:
        """Replayed events, each once, then the live ones.

        Args:
            resumed: How many replays are over. One that is not leaves a hole before what came live, so it
                counts only where there is nothing else.
        """
        match [events for replay, events in self.replays.items() if replay < resumed]:
            case []:
                return self.live or [event for events in self.replays.values() for _, event in events]
            case [only]:
                return [event for _, event in only] + self.live
            case several:
                return _each_once(several) + self.live


def _each_once(replays: Iterable[list[tuple[int, Event]]]) -> list[Event]:
    """Events in the order of their seq, as the first replay gave them that has them."""
    first_seen: dict[int, list[Event]] = {}
    for replay in replays:
        here: dict[int, list[Event]] = {}
        for seq, event in replay:
            here.setdefault(seq, []).append(event)
        first_seen = {**here, **first_seen}
    return [event for seq in sorted(first_seen) for event in first_seen[seq]]


def integer(value: object) -> int | None:
    """The value when it is an integer (JSON's ``true`` is none), else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def seen_runs(transcript: Transcript) -> Mapping[str, SeenRun]:
    """The runs that a connection saw, by id, in the order of their first frame.

    Most rules ask for them.
    """
    return remembered(transcript, "runs", _read)


def remembered(transcript: Transcript, name: str, read: Callable[[Transcript], T]) -> T:
    """What has been read of a transcript, read again only when frames have come since.

    Args:
        transcript: The connection.
        name: What it is called.
        read: Reads it; it depends on the frames alone.
    """
    there = len(transcript.frames)
    count, kept = transcript.memo
    if count != there:
        kept = {}
        transcript.memo = there, kept
    if name not in kept:
        kept[name] = read(transcript)
    found: T = kept[name]
    return found


def _read(transcript: Transcript) -> dict[str, SeenRun]:
    watershed = transcript.watershed
    runs: dict[str, _Growing] = {}
    asked: dict[str, Event] = {}
    cancels: set[str] = set()
    resuming, resumed, from_the_first = False, 0, watershed == 0
    for direction, event in transcript.exchanged():
        kind = event.type
        if direction is SENT:
            if kind in ASKING and event.message_id:
                asked.setdefault(event.message_id, event)
            match kind:
                case "cancel":
                    cancels.add(event.message_id or f"of {event.run_id}")
                case "resume":
                    resuming = True
            continue
        if kind == "resumed":
            resumed += 1
            from_the_first = from_the_first or event.get("from_seq") == 1
        run_id = event.run_id
        if run_id is None or not (kind == "ack" or event.durable):
            continue
        run = runs.get(run_id)
        if run is None:
            run = runs[run_id] = _Growing()
        if kind == "ack":
            question = asked.get(event.message_id or "")
            if question is not None or (event.message_id not in cancels and f"of {run_id}" not in cancels):
                run.ack = run.ack or event
                run.question = run.question or question
        elif resuming and watershed is not None and event.seq is not None and event.seq <= watershed:
            run.replays.setdefault(resumed, []).append((event.seq, event))
        else:
            run.live.append(event)
    return {
        run_id: _seen(run_id, run, resumed, from_the_first=from_the_first) for run_id, run in runs.items()
    }


def _seen(run_id: str, run: _Growing, resumed: int, *, from_the_first: bool) -> SeenRun:
    events = run.written(resumed)
    begun = bool(events) and events[0].type == "agent_started"
    return SeenRun(
        run_id,
        run.question,
        run.ack,
        tuple(events),
        whole=from_the_first or run.ack is not None or begun,
        replayed=bool(run.replays),
    )


def chosen(transcript: Transcript, run_id: str | None) -> Collection[SeenRun]:
    """The run of this id, or every run when none is named; an unknown one is a run without events."""
    runs = seen_runs(transcript)
    if run_id is None:
        return runs.values()
    return [runs.get(run_id, SeenRun(run_id, None, None, (), whole=False, replayed=False))]
