"""Canaries: words that tests plant, which carry in their shape who may see them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, cast

from ..frames import SENT, Frame
from ..transcript import Transcript

Audience = Literal["person", "organisation", "sharers"]

MARK: Final = "canary-"
_MARK: Final = MARK.encode()
SHAPE: Final = re.compile(
    r"canary-(person|organisation|sharers)-([\w.:-]{1,128}?)-([0-9a-f]{8})(?![0-9a-f])", re.ASCII
)
ESCAPED: Final = re.compile(r"\\+u([0-9a-f]{4})")


@dataclass(frozen=True, slots=True)
class Canary:
    """A canary: ``canary-<audience>-<owner id>-<8 hex>``.

    Attributes:
        text: The whole of it, in lower case.
        audience: ``person`` (the owner alone), ``organisation`` (its records: all its people), or ``sharers``
            (a thread shared in an organisation: all its people).
        owner_id: A ``user_id``, or an ``organisation_id``.
    """

    text: str
    audience: Audience
    owner_id: str

    def may_be_seen_by(self, user_id: str, organisation_id: str) -> bool:
        """Whether a person of an organisation belongs to the audience."""
        return self.owner_id == (user_id if self.audience == "person" else organisation_id).lower()


def canaries(frame: Frame) -> list[Canary]:
    """Every canary in a frame: in its text, its bytes or the reason of a close, JSON escapes undone."""
    data = frame.data
    text = data if isinstance(data, str) else data.decode("latin-1")
    if "\\" not in text and _MARK not in _folded(text):
        return []  # told sooner from bytes than from letters
    text = text.lower()
    if "\\u" in text:
        text = ESCAPED.sub(lambda found: chr(int(found[1], 16)), text).lower()
    if MARK not in text:
        return []
    return [Canary(found[0], cast("Audience", found[1]), found[2]) for found in SHAPE.finditer(text)]


def _folded(text: str) -> bytes:
    """The text with its ASCII letters in lower case; no other letter becomes one of the mark's."""
    return text.encode("utf-8", "surrogatepass").lower()


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a canary first, and when.

    Attributes:
        person: The person's ``user_id``, or the session's alias where it is not known.
        wall: Unix seconds.
        frame: The frame that carried it.
    """

    person: str
    wall: float
    frame: Frame


def who(transcript: Transcript) -> str:
    """What tells a person from another: the ``user_id``, else the session's alias."""
    return transcript.owner.user_id or transcript.session


def first_senders(transcripts: Iterable[Transcript]) -> dict[str, Sender]:
    """Who sent each canary first, by its text.

    Args:
        transcripts: Every connection that may have sent one.
    """
    found: dict[str, Sender] = {}
    for told in transcripts:
        transcript = told.wire or told
        for frame in transcript.frames[:]:
            if frame.direction is SENT:
                for canary in canaries(frame):
                    wall = transcript.wall(frame)
                    before = found.get(canary.text)
                    if before is None or wall < before.wall:
                        found[canary.text] = Sender(who(transcript), wall, frame)
    return found
