"""What a customer who stayed through restarts has asked and received, and whether any of it is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from .frames import Event, Frame

QUOTED: Final = 120
"""Characters of an event that a line about it shows."""
ANSWERED: Final = "answered"
"""What the end of a run is called that is an answer."""


@dataclass(slots=True)
class Ledger:
    """The books of one customer.

    Attributes:
        accepted: The run of each accepted question, by the message's id.
        seen: The text of each event that has come, by its seq.
        repeated: Events that came although they were not asked for again, a line each.
        changed: Events that came twice with another text, a line each.
        ends: How each connection ended, in order.
        refusals: The HTTP status of each refused handshake; 0 where nobody answered.
        put_off: How often a question was declined as unavailable, and asked again.
        endings: How many runs were seen to end in which way: ``answered``, or the code of the failure.
        stuck: What the customer waited for in vain; empty where nothing was.
        position: The last seq up to which everything has come.
    """

    accepted: dict[str, str] = field(default_factory=dict)
    seen: dict[int, str] = field(default_factory=dict)
    repeated: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    refusals: Counter[int] = field(default_factory=Counter)
    put_off: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    stuck: str = ""

    position: int = 0

    def note(self, events: Iterable[Event], after: int, here: set[int]) -> None:
        """Takes events into the books.

        Args:
            events: Events of one connection that were not noted yet, in order.
            after: The seq after which the connection was asked to resume.
            here: The seqs that have come on this connection; these are added.
        """
        for event in events:
            seq, text = event.seq or 0, str(event.frame.data)
            if seq <= after or seq in here:
                self.repeated.append(f"{event.type} with seq {seq}, asked to resume after {after}")
            if self.seen.setdefault(seq, text) != text:
                self.changed.append(f"seq {seq} was {self.seen[seq][:QUOTED]} and became {text[:QUOTED]}")
            here.add(seq)
        while self.position + 1 in self.seen:
            self.position += 1


@dataclass(frozen=True, slots=True)
class Audit:
    """What the books of one customer say beside the backend's own log.

    Attributes:
        frames: Events in the backend's log.
        runs: Accepted questions.
        lost: What is missing, a line each.
        repeated: What came or happened twice, a line each.
        endings: How many runs ended in which way.
    """

    frames: int
    runs: int
    lost: tuple[str, ...]
    repeated: tuple[str, ...]
    endings: Mapping[str, int]


def audit(books: Ledger, log: Sequence[Event]) -> Audit:
    """Compares a customer's books with the whole log, as it is replayed at the end.

    Args:
        books: What the customer has seen.
        log: All events of that customer, replayed from the beginning.
    """
    stored = {event.seq or 0: str(event.frame.data) for event in log}
    gaps = set(range(1, max(stored, default=0) + 1)) - stored.keys()
    lost = [f"seq {seq} is not in the log" for seq in sorted(gaps)]
    lost += [
        f"seq {seq} was seen, and is gone: {books.seen[seq][:QUOTED]}" for seq in books.seen.keys() - stored
    ]
    lost += [f"seq {seq} never came: {stored[seq][:QUOTED]}" for seq in stored.keys() - books.seen]
    changed = [
        f"seq {seq} came as {books.seen[seq][:QUOTED]} and is kept as {stored[seq][:QUOTED]}"
        for seq in stored.keys() & books.seen
        if stored[seq] != books.seen[seq]
    ]
    starts = Counter(event.run_id for event in log if event.type == "agent_started")
    ends = Counter(event.run_id for event in log if event.ends_run)
    runs = set(books.accepted.values())
    lost += [f"the accepted run {run} never began and never ended" for run in runs if not ends[run]]
    repeated = [*books.repeated, *books.changed, *changed]
    repeated += [f"the run {run} began {n} times" for run, n in starts.items() if n > 1]
    repeated += [f"the run {run} has {n} ends" for run, n in ends.items() if n > 1]
    repeated += [f"the run {run} was never asked for" for run in (starts + ends).keys() - runs]
    endings = Counter(ending(event) for event in log if event.ends_run)
    return Audit(len(stored), len(runs), tuple(lost), tuple(repeated), endings)


def how_it_ended(end: Frame | None) -> str:
    """How a connection ended, in a word or a number."""
    if end is None:
        return "open"
    return str(end.code) if end.code is not None else str(end.kind)


def ending(end: Event) -> str:
    """How a run ended, by its last event: ``answered``, or the code of the failure."""
    return ANSWERED if end.type == "agent_completed" else str(end.get("code"))
