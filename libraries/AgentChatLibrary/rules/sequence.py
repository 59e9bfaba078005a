"""Durable delivery: ``seq``, the watershed, replay and timestamps (contract: Order and delivery)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from ..frames import MESSAGES, SENT, Event
from ..transcript import Transcript
from ..verdict import Verdict, broken, plain, undecided
from .reading import integer
from .story import counted, missing, nameless, settle, shown, someone

SEQ = "sequence.seq_rises_by_one"
FIRST = "sequence.established_first"
TIMES = "sequence.timestamps_never_fall"

LIVE = "live delivery is every seq above the watershed, rising by one, each once."
REPLAY = "a resume replays exactly after_seq + 1 to the watershed, in order, and then resumed says so."
NOTHING_BETWEEN = "between resume and resumed no other durable frame is sent."


def established_first(transcript: Transcript) -> Verdict:
    """The first message is ``connection_established``, and it comes once (contract: Frames).

    Undecided while nothing has come.
    """
    if transcript.truncated:
        return undecided(FIRST, transcript, missing(transcript))
    expected = "connection_established is the first message of a connection, and comes once."
    first = next((f for f in transcript.frames if f.received and f.kind in MESSAGES), None)
    if first is None:
        return undecided(FIRST, transcript, f"{someone(transcript)} received no message at all.")
    if first.type == "connection_refused":  # as another dialect refuses, after the upgrade
        return undecided(FIRST, transcript, f"{someone(transcript)} was refused, so nobody was welcomed.")
    match [event.frame for event in transcript.received("connection_established")]:
        case [greeting] if greeting is first:
            return settle(FIRST, transcript)
        case [greeting, *again] if greeting is first:
            story = f"{someone(transcript)} received connection_established {len(again) + 1} times."
            return broken(FIRST, transcript, story, expected, again, [first])
        case came:
            story = f"{someone(transcript)} was greeted with {plain(first.type)} "
            story += "instead of connection_established."
            return broken(FIRST, transcript, story, expected, [first], came[:1])


def seq_rises_by_one(transcript: Transcript) -> Verdict:
    """``seq`` rises by exactly one from the watershed; below it only between ``resume`` and ``resumed``.

    A resume replays exactly ``after_seq + 1`` to the watershed, ``resumed`` tells the truth about it, and no
    live event comes in between. Undecided without a watershed, and where the recording is not complete.

    Args:
        transcript: The connection to judge.
    """
    if transcript.truncated:
        return undecided(SEQ, transcript, missing(transcript))
    watershed = transcript.watershed
    if watershed is None:
        story = f"{someone(transcript)} was never told a last_seq, so there is no watershed to judge from."
        return undecided(SEQ, transcript, story)
    cursor = _Cursor(transcript, watershed)
    for direction, event in transcript.exchanged():
        if direction is SENT:
            cursor.sent(event)
            continue
        wrong = cursor.received(event)
        if wrong is not None:
            return wrong
    return settle(SEQ, transcript)


@dataclass(slots=True)
class _Resume:
    """A resume that waits for its ``resumed``, and how far its replay has come."""

    sent: Event
    after_seq: int
    next_seq: int


class _Cursor:
    """Follows the one cursor that the contract gives each connection, frame by frame."""

    def __init__(self, transcript: Transcript, watershed: int) -> None:
        self.transcript = transcript
        self.watershed = watershed
        self.live = watershed + 1
        self.last: Event | None = None
        self.waiting: list[_Resume] = []
        self.replaying: _Resume | None = None

    def sent(self, event: Event) -> None:
        after_seq = integer(event.get("after_seq")) if event.type == "resume" else None
        # Others are refused: k < 0 or k > watershed is invalid_message (contract: Order and delivery).
        if after_seq is not None and 0 <= after_seq <= self.watershed:
            self.waiting.append(_Resume(event, after_seq, after_seq + 1))

    def received(self, event: Event) -> Verdict | None:
        if event.durable:
            wrong = self._durable(event)
            self.last = event
            return wrong
        if event.type == "resumed":
            return self._resumed(event)
        if event.type == "error" and event.message_id is not None:
            self.waiting = [r for r in self.waiting if r.sent.message_id != event.message_id]
            if self.replaying not in self.waiting:
                self.replaying = None
        return None

    def _durable(self, event: Event) -> Verdict | None:
        seq = event.seq
        if seq is None:
            story = f"{self._who} received {event.type} with {nameless(event, 'seq')}."
            return self._broken(event, story, "every run event carries its seq.")
        if seq <= self.watershed:
            return self._replayed(event, seq)
        if self.replaying is not None:
            story = (
                f"{self._who} received the live {event.type} with seq {seq} in the middle of a replay, "
                f"before resumed."
            )
            return self._broken(event, story, NOTHING_BETWEEN)
        if seq < self.live:
            story = f"{self._who} received seq {seq} again; seq {self.live} was due."
        elif seq > self.live:
            lost = seq - self.live
            which = f"seq {self.live}" if lost == 1 else f"seq {self.live} to {seq - 1}"
            story = f"{self._who} missed {counted(lost, 'event')}: {which} never came before seq {seq}."
        else:
            self.live += 1
            return None
        return self._broken(event, story, LIVE)

    def _replayed(self, event: Event, seq: int) -> Verdict | None:
        if self.replaying is None:
            if not self.waiting:
                story = (
                    f"{self._who} received seq {seq}, which is not above the watershed {self.watershed}, "
                    "without having asked for it by a resume."
                )
                return self._broken(event, story, LIVE)
            # Replies come in the order of asking; one that was refused without naming it is passed over.
            self.replaying = next((r for r in self.waiting if r.next_seq == seq), self.waiting[0])
            del self.waiting[: self.waiting.index(self.replaying)]
        replay = self.replaying
        if seq != replay.next_seq:
            due = f"seq {replay.next_seq}" if replay.next_seq <= self.watershed else "resumed"
            story = (
                f"{self._who} asked to resume after seq {replay.after_seq} and was sent seq {seq} "
                f"where {due} was due."
            )
            return self._broken(event, story, REPLAY, replay.sent)
        replay.next_seq += 1
        return None

    def _resumed(self, event: Event) -> Verdict | None:
        replay = self.replaying or self._asked(event)
        if replay is None:
            story = f"{self._who} received resumed without having sent a resume that was open."
            return self._broken(event, story, REPLAY)
        del self.waiting[: self.waiting.index(replay) + 1]
        self.replaying = None
        if replay.next_seq <= self.watershed:
            rest = self.watershed - replay.next_seq + 1
            story = (
                f"{self._who} asked to resume after seq {replay.after_seq}; "
                f"resumed came with {counted(rest, 'event')} still due, from seq {replay.next_seq} on."
            )
            return self._broken(event, story, REPLAY, replay.sent)
        truth = {
            "from_seq": replay.after_seq + 1,
            "to_seq": self.watershed,
            "count": self.watershed - replay.after_seq,
        }
        for field, value in truth.items():
            if integer(event.get(field)) != value:
                story = f"{self._who} was told {field} {shown(event.get(field))} by resumed; it is {value}."
                return self._broken(event, story, REPLAY, replay.sent)
        return None

    def _asked(self, resumed: Event) -> _Resume | None:
        """The resume that this answers: by message_id, else by from_seq, else the first that waits."""
        named = [r for r in self.waiting if resumed.message_id and r.sent.message_id == resumed.message_id]
        fitting = [r for r in self.waiting if r.next_seq == integer(resumed.get("from_seq"))]
        return next(iter([*named, *fitting, *self.waiting]), None)

    @property
    def _who(self) -> str:
        return someone(self.transcript)

    def _broken(self, event: Event, story: str, expected: str, context: Event | None = None) -> Verdict:
        near = [e.frame for e in (context, self.last) if e is not None]
        return broken(SEQ, self.transcript, story, expected, [event.frame], near)


def timestamps_never_fall(transcript: Transcript) -> Verdict:
    """The ``timestamp`` of durable frames never falls with rising ``seq`` (contract: Durable frames)."""
    if _rising(transcript.durable):
        return settle(TIMES, transcript)
    by_seq: dict[int, tuple[float, Event]] = {}
    for event in transcript.durable:
        stamp = event.timestamp
        if event.seq is not None and stamp is not None:
            by_seq.setdefault(event.seq, (stamp, event))
    for before, seq in pairwise(sorted(by_seq)):
        (earlier, last), (later, event) = by_seq[before], by_seq[seq]
        if later < earlier:
            story = (
                f"Time ran backwards for {someone(transcript)}: "
                f"seq {seq} is stamped {earlier - later:.3f} s before seq {before}."
            )
            expected = "timestamps never fall with rising seq."
            return broken(TIMES, transcript, story, expected, [event.frame], [last.frame])
    return settle(TIMES, transcript)


def _rising(events: Iterable[Event]) -> bool:
    """Whether events came in the order of their seq with times that do not fall: no need to sort."""
    last_seq, last_stamp = 0, 0.0
    for event in events:
        seq, stamp = event.seq, event.timestamp
        if seq is None or stamp is None or seq <= last_seq or stamp < last_stamp:
            return False
        last_seq, last_stamp = seq, stamp
    return True
