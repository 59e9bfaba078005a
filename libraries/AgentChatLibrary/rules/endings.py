"""How runs end, judged over all connections of a test (contract: Order and delivery; Errors and ends)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from ..frames import CLOSES, ENDS, Event, Kind
from ..transcript import Transcript
from ..verdict import Verdict, broken, holds, undecided
from .reading import ASKING, SeenRun, seen_runs
from .story import missing, run_of, until

ABOVE: Final = "endings.nothing_above_the_end"
ENDED: Final = "endings.acknowledged_runs_ended"
ONCE: Final = "endings.each_run_ends_once"

_Seen = tuple[Transcript, Event]
_Ends = dict[int | None, _Seen]

GOING_AWAY: Final = 1001
"""Closes a drained connection, its runs ended (RFC 6455, section 7.4.1; contract: Errors and ends)."""


def nothing_above_the_end(transcripts: Sequence[Transcript]) -> Verdict:
    """No event of a run has a ``seq`` above that of its end, on whichever connection it came.

    Args:
        transcripts: Connections of any people.
    """
    ends: dict[str, tuple[int, Transcript, Event]] = {}
    for transcript in transcripts:
        for event in transcript.received(*ENDS):
            run_id, seq = event.run_id, event.seq
            if run_id is not None and seq is not None:
                before = ends.get(run_id)
                if before is None or seq < before[0]:
                    ends[run_id] = seq, transcript, event
    for transcript in transcripts:
        above: dict[str, list[Event]] = {}
        for event in transcript.durable:
            run_id, seq = event.run_id, event.seq
            if run_id in ends and seq is not None and seq > ends[run_id][0]:
                above.setdefault(run_id, []).append(event)
        for run_id, events in above.items():
            last, there, end = ends[run_id]
            return broken(
                ABOVE,
                transcript,
                f"{run_of(transcript, run_id)} went on after its end: it ended with seq {last}, "
                f"and its {events[0].type} has seq {events[0].seq}.",
                "no event of a run has a seq above that of its end.",
                [event.frame for event in events],
                [end.frame] if there is transcript else [],
                [(there, end.frame)] if there is not transcript else [],
            )
    cut = next((t for t in transcripts if t.truncated), None)
    return holds(ABOVE) if cut is None else undecided(ABOVE, cut, missing(cut))


def acknowledged_runs_ended(transcripts: Sequence[Transcript]) -> Verdict:
    """Each acknowledged run ended, or was still running when its session did.

    Whether a run was still running is not written in what a person receives, and runs may overlap, so that a
    later one proves nothing about an earlier. One fact of order decides: a drained server ends every run
    before it closes with 1001. So a run that is still open then is broken, unless its question was sent on
    another connection too (then another process may own it). Any other run whose end came on no connection
    is undecided.

    Args:
        transcripts: Connections of any people; a run's end counts wherever it came.
    """
    ended: set[str | None] = set()
    asked: Counter[str] = Counter()
    for transcript in transcripts:
        ended.update(e.run_id for e in transcript.received(*ENDS) if e.run_id is not None)
        asked.update({e.message_id for e in transcript.sent(*ASKING) if e.message_id is not None})
    open_run: tuple[Transcript, SeenRun] | None = None
    for transcript in transcripts:
        # The first one: what follows a close that the person sent is only its echo.
        close = next((f for f in transcript.frames if f.kind in CLOSES), None)
        drained = (
            close is not None
            and close.received
            and close.kind is Kind.CLOSE
            and close.code == GOING_AWAY
            and not transcript.truncated
        )
        waiting = {ack.run_id for ack in transcript.received("ack")} - ended
        for run in seen_runs(transcript).values() if waiting else ():
            if run.ack is None or run.run_id in ended:
                continue
            once = run.question is not None and asked[run.question.message_id or ""] == 1
            if drained and once and close is not None:
                last = run.events[-1] if run.events else run.ack
                return broken(
                    ENDED,
                    transcript,
                    f"{run_of(transcript, run.run_id)} had no end when the drained server closed with 1001; "
                    f"its last frame was {last.type}.",
                    "every acknowledged run ends before a drained server closes.",
                    [close],
                    [run.ack.frame, last.frame],
                )
            open_run = open_run or (transcript, run)
    if open_run is None:
        return holds(ENDED)
    transcript, run = open_run
    story = f"{run_of(transcript, run.run_id)} was acknowledged, and no end came {until(transcript)}; "
    return undecided(ENDED, transcript, f"{story}whether it was running still, nothing received can tell.")


def each_run_ends_once(transcripts: Sequence[Transcript]) -> Verdict:
    """Each run that was acknowledged or seen has one end, on whichever connection it came, replayed or not.

    Ask once the runs are over: one that is still at work has no end. Undecided when frames were not recorded,
    or no run was seen at all.

    Args:
        transcripts: The connections of one person.
    """
    cut = next((t for t in transcripts if t.truncated), None)
    if cut is not None:
        return undecided(ONCE, cut, missing(cut))
    seen, ends = _last_and_ends(transcripts)
    expected = "each run has one end."
    for run_id, (transcript, last) in seen.items():
        found = list(ends.get(run_id, {}).values())
        if not found:
            story = f"{run_of(transcript, run_id)} has no end; the last frame of it was {last.type}."
            return broken(ONCE, transcript, story, expected, [], [last.frame])
        if len(found) > 1:
            (one, first), (there, second), *_ = found
            story = f"{run_of(there, run_id)} has {len(found)} ends, with seq {first.seq} and {second.seq}."
            return broken(ONCE, there, story, expected, [second.frame], [], [(one, first.frame)])
    if not seen:
        return undecided(ONCE, next(iter(transcripts), None), "No run was seen: there is nothing to look at.")
    return holds(ONCE)


def open_runs(transcripts: Sequence[Transcript]) -> list[str]:
    """The runs that were acknowledged or seen and whose end has come on no connection, in order.

    Args:
        transcripts: The connections of one person.
    """
    seen, ends = _last_and_ends(transcripts)
    return [run_id for run_id in seen if run_id not in ends]


def _last_and_ends(transcripts: Sequence[Transcript]) -> tuple[dict[str, _Seen], dict[str, _Ends]]:
    """For each run the frame of it that came last, and its ends by their seq."""
    seen: dict[str, _Seen] = {}
    ends: dict[str, _Ends] = {}
    for transcript in transcripts:
        for event in transcript.events():
            if event.run_id is None or not (event.durable or event.type == "ack"):
                continue
            seen[event.run_id] = transcript, event
            if event.ends_run:
                ends.setdefault(event.run_id, {}).setdefault(event.seq, (transcript, event))
    return seen, ends
