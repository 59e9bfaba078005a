"""Whether frames tell the time of day (contract: Frames; ``timestamp`` is Unix time in seconds)."""

from __future__ import annotations

from typing import Final

from ..frames import Event
from ..transcript import Transcript
from ..verdict import Verdict, broken, undecided
from .story import missing, moment, settle, someone

TIME: Final = "clocks.timestamps_tell_the_time"

AHEAD_SECONDS: Final = 10.0
"""How far a ``timestamp`` may lie after its receipt: clocks of two machines are never quite together."""
BEHIND_SECONDS: Final = 60.0
"""How far it may lie before its receipt: the same, and the time that a frame waits for a slow reader."""
EXPECTED: Final = (
    f"a timestamp is the time of day in seconds: at most {AHEAD_SECONDS:.0f} s after its frame came, and "
    f"at most {BEHIND_SECONDS:.0f} s before unless the event was replayed."
)


def timestamps_tell_the_time(transcript: Transcript) -> Verdict:
    """No ``timestamp`` lies much after the receipt of its frame, nor much before where the frame came live.

    A run event counts as live above the watershed alone: below it, and where it bears no ``seq``, it may have
    been replayed, and then it may be of any age. Frames without a time are left to the contract.

    Undecided for a recording that does not tell the time of day.

    Args:
        transcript: The connection to judge.
    """
    if transcript.truncated:
        return undecided(TIME, transcript, missing(transcript))
    offset = transcript.opened_wall - transcript.opened_at
    if not transcript.opened_wall:
        who = someone(transcript)
        return undecided(TIME, transcript, f"When {who} connected by the time of day was not recorded.")
    watershed = transcript.watershed
    for event in transcript.events():
        stamp = event.timestamp
        if stamp is None:
            continue
        late = offset + event.frame.at - stamp  # how much later the frame came than it says
        if late < -AHEAD_SECONDS:
            return _wrong(transcript, event, f"{-late:,.0f} s after it came")
        if late > BEHIND_SECONDS and _live(event, watershed):
            return _wrong(transcript, event, f"{late:,.0f} s before it came")
    return settle(TIME, transcript)


def _live(event: Event, watershed: int | None) -> bool:
    """Whether an event came as soon as it was written, and not by a replay."""
    return not event.durable or (watershed is not None and event.seq is not None and event.seq > watershed)


def _wrong(transcript: Transcript, event: Event, by: str) -> Verdict:
    story = (
        f"The {event.type} that {someone(transcript)} received at {moment(transcript, event.frame)} "
        f"bears a time {by}."
    )
    return broken(TIME, transcript, story, EXPECTED, [event.frame])
