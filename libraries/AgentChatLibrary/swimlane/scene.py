"""What a picture shows, read from transcripts: lanes, marks, connections, times. No drawing happens here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ..frames import Frame, Kind
from ..rules import timing
from ..transcript import Transcript
from ..verdict import plain


class Sign(StrEnum):
    """What a mark stands for; the value is the letter that it carries."""

    ASKED = "Q"
    STARTED = "S"
    THINKING = "T"
    EXECUTING = "E"
    COMPLETED = "C"
    ANSWERED = "A"
    FAILED = "F"
    ERROR = "!"
    OTHER = ""


WORDS: Final = {
    Sign.ASKED: "question asked",
    Sign.STARTED: "agent_started",
    Sign.THINKING: "agent_thinking",
    Sign.EXECUTING: "tool_executing",
    Sign.COMPLETED: "tool_completed",
    Sign.ANSWERED: "agent_completed",
    Sign.FAILED: "agent_failed",
    Sign.ERROR: "error",
    Sign.OTHER: "any other frame",
}
"""What the legend says of each sign."""

_RECEIVED: Final = {
    "agent_started": Sign.STARTED,
    "agent_thinking": Sign.THINKING,
    "tool_executing": Sign.EXECUTING,
    "tool_completed": Sign.COMPLETED,
    "agent_completed": Sign.ANSWERED,
    "agent_failed": Sign.FAILED,
    "error": Sign.ERROR,
}
_SENT: Final = {"chat": Sign.ASKED, "user_message": Sign.ASKED}

SHOWN_TIMES: Final = ("asked_to_started", "longest_gap", "whole")
"""The transitions of a run that a picture tells, in the words of :data:`TIME_WORDS`."""
TIME_WORDS: Final = {
    "asked_to_started": "first sign",
    "longest_gap": "silence",
    "whole": "answer",
}


@dataclass(frozen=True, slots=True)
class Marking:
    """What is wrong, and where.

    Attributes:
        headline: What is wrong in one line; empty when nothing is.
        frames: The offending frames: the transcript's position in the list, and the frame's index.
        missing: What did not come: the transcript's position, and what it was.
    """

    headline: str = ""
    frames: Collection[tuple[int, int]] = ()
    missing: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """One frame in a lane.

    Attributes:
        at: The moment in Unix seconds.
        sign: What it is.
        name: The frame's index and type, for its label.
        wrong: Whether it is to blame.
    """

    at: float
    sign: Sign
    name: str
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """One connection in a lane.

    Attributes:
        start: When it opened, in Unix seconds.
        end: When it ended, or when the last frame came.
        number: Which connection of its session it is, from 1.
        how: How it ended: ``closed``, ``dropped``, or empty while it is open.
        why: The close code and reason, or who dropped it; empty for a plain goodbye of the person's own.
    """

    start: float
    end: float
    number: int
    how: str = ""
    why: str = ""


@dataclass(slots=True)
class Lane:
    """One session.

    Attributes:
        name: Its alias.
        about: The person's tier, and how many frames there are.
        marks: Its frames, by time.
        stretches: Its connections, by time.
        missing: What did not come to it.
    """

    name: str
    about: str = ""
    marks: list[Mark] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> bool:
        """Whether something in this lane is to blame or missing."""
        return bool(self.missing) or any(mark.wrong for mark in self.marks)


@dataclass(frozen=True, slots=True)
class Latency:
    """The slowest of a kind of time.

    Attributes:
        what: In words.
        seconds: The longest that was measured.
        budget: The longest that is acceptable; None when the environment sets none.
        runs: How many runs were measured.
    """

    what: str
    seconds: float
    budget: float | None
    runs: int

    @property
    def over(self) -> bool:
        """Whether the budget is exceeded."""
        return self.budget is not None and self.seconds > self.budget


@dataclass(slots=True)
class Scene:
    """Everything that a picture shows.

    Attributes:
        lanes: The sessions, in the order in which they first connected.
        latencies: The slowest times.
        headline: What is wrong, in one line.
        frames: How many frames were recorded.
        lost: How many were not, because a recording was bounded.
    """

    lanes: list[Lane]
    latencies: list[Latency]
    headline: str = ""
    frames: int = 0
    lost: int = 0

    @property
    def moments(self) -> list[float]:
        """Every moment at which something happened, in order."""
        found = [mark.at for lane in self.lanes for mark in lane.marks]
        found += [at for lane in self.lanes for s in lane.stretches for at in (s.start, s.end)]
        return sorted(found)


def scene(
    transcripts: Sequence[Transcript],
    marking: Marking | None = None,
    budgets: Mapping[str, float] | None = None,
) -> Scene:
    """Reads what a picture shows.

    Args:
        transcripts: Every connection, those of one session in order.
        marking: What is wrong, if anything.
        budgets: Longest acceptable times in seconds, by transition.
    """
    marking = marking or Marking()
    wrong = set(marking.frames)
    lanes: dict[str, Lane] = {}
    for position, transcript in enumerate(transcripts):
        lane = lanes.setdefault(transcript.session, Lane(plain(transcript.session or "somebody", 24)))
        frames = transcript.frames[:]
        lane.marks += [_mark(transcript, frame, (position, frame.index) in wrong) for frame in frames]
        lane.stretches.append(_stretch(transcript, frames))
        lane.missing += [plain(what, 60) for at, what in marking.missing if at == position]
    tiers = {t.session: t.owner.tier for t in transcripts}
    for name, lane in lanes.items():
        counted = f"{len(lane.marks)} frame{'' if len(lane.marks) == 1 else 's'}"
        lane.about = f"{plain(tiers[name], 12)}, {counted}" if tiers[name] else counted
        lane.marks.sort(key=lambda mark: mark.at)
        lane.stretches.sort(key=lambda stretch: stretch.start)
    return Scene(
        list(lanes.values()),
        latencies(transcripts, budgets or {}),
        plain(marking.headline, 200),
        sum(len(lane.marks) for lane in lanes.values()),
        sum(t.truncated for t in transcripts),
    )


def summary(transcripts: Iterable[Transcript]) -> str:
    """The picture in one line, for those who cannot see it: who saw what.

    Args:
        transcripts: Every connection.
    """
    seen: dict[str, dict[str, int]] = {}
    ends: dict[str, list[str]] = {}
    for transcript in transcripts:
        name = plain(transcript.session or "somebody", 24)
        counts = seen.setdefault(name, {})
        for frame in transcript.frames[:]:
            sign = _sign(frame)
            if sign is not Sign.OTHER:
                counts[WORDS[sign]] = counts.get(WORDS[sign], 0) + 1
        end = next((f for f in transcript.frames if f.kind in (Kind.CLOSE, Kind.DROP)), None)
        if end is not None and (end.kind is Kind.DROP or end.received):
            ends.setdefault(name, []).append(_how(end))
    told = []
    for name, counts in list(seen.items())[:_TOLD]:
        words = [f"{number} {word}" for word, number in counts.items()] or ["no event"]
        told.append(f"{name}: {', '.join([*words, *ends.get(name, [])[:_TOLD]])}")
    more = f"; and {len(seen) - _TOLD} more" if len(seen) > _TOLD else ""
    return "; ".join(told) + more


_PLAIN: Final = 1000
"""The close code of an ordinary goodbye (RFC 6455, section 7.4.1)."""
_TOLD: Final = 4
"""How many sessions a summary tells."""


def _sign(frame: Frame) -> Sign:
    return (_RECEIVED if frame.received else _SENT).get(frame.type, Sign.OTHER)


def _mark(transcript: Transcript, frame: Frame, wrong: bool) -> Mark:
    return Mark(transcript.wall(frame), _sign(frame), f"#{frame.index} {plain(frame.type, 32)}", wrong)


def _stretch(transcript: Transcript, frames: Sequence[Frame]) -> Stretch:
    start = transcript.opened_wall
    last = max((transcript.wall(frame) for frame in frames), default=start)
    # The first says who ended it; the other side's half of a close handshake follows.
    end = next((f for f in frames if f.kind in (Kind.CLOSE, Kind.DROP)), None)
    how = "" if end is None else _how(end)
    goodbye = end is None or (not end.received and end.kind is Kind.CLOSE and end.code == _PLAIN)
    why = "" if goodbye or end is None else f"{end.code or ''} {plain(_text(end), 40)}".strip()
    return Stretch(start, max(start, last), transcript.connection, how, why)


def _how(end: Frame) -> str:
    return "dropped" if end.kind is Kind.DROP else "closed"


def _text(frame: Frame) -> str:
    return frame.data if isinstance(frame.data, str) else ""


def latencies(transcripts: Sequence[Transcript], budgets: Mapping[str, float]) -> list[Latency]:
    """The slowest times of all runs that were asked here.

    Args:
        transcripts: Every connection.
        budgets: Longest acceptable times in seconds, by transition.
    """
    slowest: dict[str, list[float]] = {name: [] for name in SHOWN_TIMES}
    for transcript in transcripts:
        for run in timing.all_times(transcript).values():
            for name in SHOWN_TIMES:
                longest = run.longest(name)
                if longest is not None and (name != "longest_gap" or run.longest("whole") is not None):
                    slowest[name].append(longest)
    return [
        Latency(TIME_WORDS[name], max(values), budgets.get(name), len(values))
        for name, values in slowest.items()
        if values
    ]
