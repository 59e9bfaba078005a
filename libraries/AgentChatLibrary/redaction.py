"""Secrets: every one issued is known here, so that none can be written anywhere in clear.

The list itself lives in memory, and in the private file that ``run.py`` names for its scan of what a run
wrote.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from .framelog import FrameLog
from .frames import Frame
from .rules.needles import SHORTEST as INDEXED
from .rules.needles import Needles
from .rules.secrets import forms
from .transcript import Transcript

VARIABLE: Final = "AGENT_CHAT_SECRETS_FILE"
"""The environment variable that names the private file; it lies outside ``results/`` (mode 0600)."""
SHORTEST: Final = 8
"""Shorter strings are not masked: they would match ordinary words."""
MASK: Final = "<secret>"
JWT_PARTS: Final = 3

_issued: dict[str, None] = {}
_forms: dict[str, None] = {}
"""Every form of every secret, as it may stand in a text."""
_needles = Needles()
"""The same, indexed, so that thousands of them cost hardly more than one."""
_short: list[str] = []
"""Those that are too short for the index."""


def issue(secret: str) -> str:
    """Registers a secret from its birth and returns it."""
    if len(secret) >= SHORTEST and secret not in _issued:
        _issued[secret] = None
        new = [form for form in _every_form(secret) if form not in _forms]
        _forms.update(dict.fromkeys(new))
        _needles.add(new)
        _short.extend(form for form in dict.fromkeys(new) if len(form) < INDEXED)
        file = os.environ.get(VARIABLE)
        if file:
            descriptor = os.open(Path(file), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "a", encoding="utf-8") as out:
                out.write(secret + "\n")
    return secret


def _every_form(secret: str) -> Iterator[str]:
    """The secret in every encoding; of a token also the payload and the signature by themselves."""
    yield from (form for form, _ in forms(secret))
    parts = secret.split(".")
    if len(parts) == JWT_PARTS:
        yield from (part for part in parts[1:] if len(part) >= INDEXED)


def issued() -> tuple[str, ...]:
    """Every secret of this process, in order of issue."""
    return tuple(_issued)


def mask(text: str) -> str:
    """``text`` with every issued secret replaced, plain or encoded, the longest first."""
    found = [*_needles.found_in([text]), *(form for form in _short if form in text)]
    for form in sorted(found, key=len, reverse=True):
        text = text.replace(form, MASK)
    return text


def masked(transcripts: Sequence[Transcript]) -> list[Transcript]:
    """Transcripts to be shown and kept: the same ones, or copies without the secrets that they hold.

    Args:
        transcripts: Any transcripts. They are not changed: rules must see what really came.

    Returns:
        For each transcript itself, or its copy; frames keep their positions.
    """
    return [_masked(transcript) for transcript in transcripts]


def _masked(transcript: Transcript) -> Transcript:
    wire = transcript.wire
    if wire is not None and _holds_one(wire):  # what another dialect said is kept as it was said
        transcript = replace(transcript, wire=_without_secrets(wire))
    return _without_secrets(transcript) if _holds_one(transcript) else transcript


def _holds_one(transcript: Transcript) -> bool:
    texts = [_text(frame) for frame in transcript.frames]
    if _needles.found_in(texts):
        return True
    return any(form in text for form in _short for text in texts)


def _without_secrets(transcript: Transcript) -> Transcript:
    copy = replace(transcript, frames=FrameLog())
    for frame in transcript.frames:
        text = mask(_text(frame))
        data = text if isinstance(frame.data, str) else text.encode("latin-1")
        copy.frames.append(Frame(frame.index, frame.at, frame.direction, frame.kind, data, frame.code))
    return copy


def _text(frame: Frame) -> str:
    return frame.data if isinstance(frame.data, str) else frame.data.decode("latin-1")
