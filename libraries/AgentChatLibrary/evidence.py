"""Evidence: the frames that a failure is about, so that a picture can point at them.

An exception that knows its frames carries them as ``evidence``; the library notes it when a keyword fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from .frames import Frame
from .redaction import mask
from .swimlane import Marking
from .transcript import Transcript
from .verdict import Verdict

COMPARED: Final = 200
"""Characters of a message that say which failure it is."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one failure is about.

    Attributes:
        message: The failure's message.
        frames: The offending frames, each with its transcript.
        missing: What did not come, each with the transcript that it is missing from.
    """

    message: str
    frames: Sequence[tuple[Transcript, Frame]] = ()
    missing: Sequence[tuple[Transcript, str]] = ()


def of_verdict(verdict: Verdict, message: str = "") -> Evidence:
    """What a verdict is about.

    Args:
        verdict: The verdict.
        message: What the failure says; the verdict's own text when empty.
    """
    own = [(verdict.transcript, frame) for frame in verdict.offending] if verdict.transcript else []
    return Evidence(message or verdict.text(), [*own, *verdict.beside])


def of_problem(problem: BaseException) -> Evidence:
    """What an exception is about: the evidence that it carries, else its message alone."""
    carried = getattr(problem, "evidence", None)
    return carried if isinstance(carried, Evidence) else Evidence(str(problem))


def marking(
    transcripts: Sequence[Transcript], noted: Iterable[Evidence], message: str, headline: str
) -> Marking:
    """What a picture points at.

    Args:
        transcripts: What the picture shows.
        noted: Everything that failed on the way, also what a test then took for granted.
        message: The test's own message: only what stands in it counts.
        headline: The failure in one line.
    """
    positions = {id(transcript): position for position, transcript in enumerate(transcripts)}
    told = [e for e in noted if e.message and mask(e.message)[:COMPARED] in message]
    frames = {(positions[id(t)], f.index) for e in told for t, f in e.frames if id(t) in positions}
    missing = {(positions[id(t)], what): None for e in told for t, what in e.missing if id(t) in positions}
    return Marking(headline, frames, tuple(missing))
