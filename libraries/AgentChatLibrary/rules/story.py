"""How a story names things: the person, the run, the connection, the moment, a list."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from ..frames import Event, Frame
from ..transcript import Transcript
from ..verdict import Verdict, plain, short, undecided


def person(transcript: Transcript) -> str:
    """The person's name in the suite; the session's alias when the owner has none."""
    return transcript.owner.name or transcript.session or "somebody"


def place(transcript: Transcript) -> str:
    """Where it was seen, when the person's name alone does not say so: the device, and a later connection."""
    device = transcript.session if transcript.session != person(transcript) else ""
    return (f" on {device}" if device else "") + _connection(transcript)


def someone(transcript: Transcript) -> str:
    """The person, and where: ``Ana``, ``Ana's phone``, ``Ana on the train``, ``Ana (connection 2)``."""
    if transcript.session.startswith(person(transcript)):
        return f"{transcript.session}{_connection(transcript)}"
    return f"{person(transcript)}{place(transcript)}"


def _connection(transcript: Transcript) -> str:
    return f" (connection {transcript.connection})" if transcript.connection > 1 else ""


def run_of(transcript: Transcript, run_id: str) -> str:
    """The run by its person: ``Ana's run r_7f3a91c0``."""
    return f"{person(transcript)}'s run {short(run_id)}{place(transcript)}"


def moment(transcript: Transcript, frame: Frame) -> str:
    """When, for a sentence: ``+0.412 s (#12)``."""
    return f"{transcript.since_open(frame):+.3f} s (#{frame.index})"


def until(transcript: Transcript, frame: Frame | None = None) -> str:
    """Until when something has been watched: up to ``frame``, or to the last frame recorded."""
    if frame is None and not transcript.frames:
        return "until the connection opened"
    return f"until {moment(transcript, frame if frame is not None else transcript.frames[-1])}"


def listing(words: Iterable[str], conjunction: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    found = list(words)
    if len(found) < 2:  # noqa: PLR2004 -- a list of two needs its conjunction
        return "".join(found)
    return f"{', '.join(found[:-1])} {conjunction} {found[-1]}"


def counted(number: int, noun: str) -> str:
    """``1 frame``, ``2 frames``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def shown(value: object) -> str:
    """A value of the wire as JSON, cut to fit a sentence."""
    try:
        return plain(json.dumps(value, ensure_ascii=False))
    except RecursionError:  # nested deeper than the contract allows
        return plain(type(value).__name__)


def same(one: object, other: object) -> bool:
    """Whether two values are the same JSON; Python calls 1, 1.0 and true equal."""
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    return shown(one) == shown(other)


def nameless(event: Event, field: str) -> str:
    """Why an event has no usable id in ``field``: it is absent, or no text."""
    return f"no {field}" if field not in event else f"{shown(event[field])} for a {field}"


def settle(rule: str, transcript: Transcript, story: str = "") -> Verdict:
    """The verdict where no break was found: it holds, unless frames are missing from the recording.

    Args:
        rule: The rule's name.
        transcript: What was judged.
        story: What was established, for verdicts that say until when.
    """
    if transcript.truncated:
        return undecided(rule, transcript, missing(transcript))
    return Verdict(rule, story=story, transcript=transcript)


def missing(transcript: Transcript) -> str:
    """Why a bounded recording cannot be judged."""
    return (
        f"{counted(transcript.truncated, 'frame')} of {someone(transcript)} "
        f"{'was' if transcript.truncated == 1 else 'were'} not recorded, so this cannot be judged."
    )


def unseen(rule: str, transcript: Transcript, run_id: str) -> Verdict:
    """The verdict on a run that somebody asked about and of which nothing came: silence proves nothing."""
    return undecided(rule, transcript, f"Nothing of {run_of(transcript, run_id)} came {until(transcript)}.")


def weigh(rule: str, transcript: Transcript, found: Sequence[Verdict]) -> Verdict:
    """One verdict from those of single runs that did not hold: a broken one first, else an undecided one."""
    return next((v for v in found if v.broken), found[0] if found else settle(rule, transcript))
