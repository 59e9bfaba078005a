"""What several connections of one person see: the same frames (contract: Durable frames)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..frames import Event
from ..transcript import Transcript
from ..verdict import Verdict, broken, holds, plain, undecided
from .correlation import own_user_id
from .story import counted, missing, someone

IDENTICAL = "devices.same_seq_same_frame"
EQUAL = "devices.same_frames"

SHOWN_BEFORE = 10
"""How many characters a story shows before the first that differs: enough to find the field."""


def same_seq_same_frame(transcripts: Iterable[Transcript]) -> Verdict:
    """The same ``seq`` of one person is the identical text wherever it comes, live or replayed.

    Undecided for connections whose person is not known; people are kept apart by ``user_id``.

    Args:
        transcripts: Connections of any people.
    """
    seen: dict[tuple[str, int], tuple[Transcript, Event]] = {}
    unknown: Transcript | None = None
    for transcript in transcripts:
        own = own_user_id(transcript)
        if own is None:
            unknown = unknown or transcript
            continue
        for event in transcript.durable:
            if event.seq is None:
                continue
            first, other = seen.setdefault((own, event.seq), (transcript, event))
            if other.frame.data != event.frame.data:
                than = "before" if first is transcript else f"{someone(first)} did"
                return broken(
                    IDENTICAL,
                    transcript,
                    f"{someone(transcript)} received seq {event.seq} with another text than {than}: "
                    f"{_difference(event, other)}.",
                    "a seq is the same text, byte for byte, on every device, live or replayed.",
                    [event.frame],
                    [other.frame] if first is transcript else [],
                    [(first, other.frame)] if first is not transcript else [],
                )
    if unknown is not None:
        story = f"Nobody knows whose connection {someone(unknown)} is, so its frames were compared with none."
        return undecided(IDENTICAL, unknown, story)
    return holds(IDENTICAL)


def _difference(event: Event, other: Event) -> str:
    here, there = str(event.frame.data), str(other.frame.data)
    at = next((i for i, (a, b) in enumerate(zip(here, there, strict=False)) if a != b), None)
    at = min(len(here), len(there)) if at is None else at
    start = max(0, at - SHOWN_BEFORE)
    return f"from character {at} on {plain(here[start:])} instead of {plain(there[start:])}"


def same_frames(
    one: Transcript | Sequence[Transcript],
    other: Transcript | Sequence[Transcript],
    from_seq: int,
    to_seq: int,
) -> Verdict:
    """The durable frames from ``from_seq`` to ``to_seq`` are equal, byte for byte, in order and each once.

    For replay: what a device received after it came back equals what a device received that had stayed.

    Args:
        one: The connection to judge, or several of one session, in order.
        other: The connection to compare it with, or several of one session, in order.
        from_seq: First seq to compare.
        to_seq: Last seq to compare.
    """
    ours = [one] if isinstance(one, Transcript) else list(one)
    theirs = [other] if isinstance(other, Transcript) else list(other)
    cut = next((t for t in (*ours, *theirs) if t.truncated), None)
    if cut is not None:
        return undecided(EQUAL, cut, missing(cut))
    reached: list[dict[int, tuple[Transcript, Event]]] = []
    for transcripts in (ours, theirs):
        got: dict[int, tuple[Transcript, Event]] = {}
        last: tuple[int, Event] | None = None
        for transcript in transcripts:
            for event in transcript.events():
                seq = event.seq
                if not event.durable or seq is None or not from_seq <= seq <= to_seq:
                    continue
                if last is not None and last[0] >= seq:
                    again = seq in got
                    story = f"{someone(transcript)} received seq {seq} {'twice' if again else 'too late'}"
                    story += "." if again else f": seq {last[0]} had come already."
                    near = [last[1].frame] if last[1].frame in transcript.frames else []
                    return broken(EQUAL, transcript, story, _once(from_seq, to_seq), [event.frame], near)
                last = seq, event
                got[seq] = transcript, event
        absent = [seq for seq in range(from_seq, to_seq + 1) if seq not in got]
        if absent and transcripts:
            first, *others = absent
            more = f" and {counted(len(others), 'more event')}" if others else ""
            of = f"of seq {from_seq} to {to_seq}"
            story = f"{someone(transcripts[-1])} never received seq {first}{more} {of}."
            near = [last[1].frame] if last is not None and last[1].frame in transcripts[-1].frames else []
            return broken(EQUAL, transcripts[-1], story, _once(from_seq, to_seq), [], near)
        reached.append(got)
    for seq, (transcript, event) in reached[0].items():
        there, twin = reached[1].get(seq, (transcript, event))
        if event.frame.data != twin.frame.data:
            story = f"{someone(transcript)} received seq {seq} with another text than {someone(there)} did: "
            story += f"{_difference(event, twin)}."
            expected = "replayed and live frames are the same text, byte for byte."
            return broken(EQUAL, transcript, story, expected, [event.frame], [], [(there, twin.frame)])
    return holds(EQUAL, ours[-1] if ours else None)


def _once(from_seq: int, to_seq: int) -> str:
    return f"seq {from_seq} to {to_seq}, in order, each once."
