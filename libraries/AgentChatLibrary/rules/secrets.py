"""No secret comes back over the wire (contract: Errors and ends)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any, Final
from urllib.parse import quote

from ..frames import RECEIVED, Direction, Frame
from ..transcript import Transcript
from ..verdict import Verdict, broken, plain
from .alignments import cores
from .needles import Needles
from .story import counted, settle, someone, until

RULE: Final = "secrets.holds_no_secret"


def holds_no_secret(transcript: Transcript, secrets: Collection[str]) -> Verdict:
    """No received frame holds an issued secret: plain, URL-encoded, or in base64 or base64url.

    In base64 it is found in the middle of something longer, too. A pong that quotes what its own ping carried
    is exempt. Secrets shorter than 12 characters are not looked for: they would meet by chance. The story
    never shows the secret.

    Args:
        transcript: The connection to judge.
        secrets: Every token and password issued.
    """
    needles, sought = _sought(frozenset(secrets))
    heard = transcript.wire or transcript  # a secret may stand where a dialect does not look
    received = [frame for frame in heard.frames[:] if frame.direction is RECEIVED and frame.data]
    found = needles.found_in([_text(frame) for frame in received])
    leaks: list[tuple[Frame, str]] = []
    if found:
        pings: set[str] | None = None
        for frame in received:
            text = _text(frame)
            held = next((needle for needle in found if needle in text), None)
            if held is None:
                continue
            if frame.type == "pong":
                pings = _pinged(transcript) if pings is None else pings
                held = next(iter(needles.found_in(_beside_the_quote(frame, pings))), None)
            if held is not None:
                leaks.append((frame, sought[held]))
    if leaks:
        frame, form = leaks[0]
        story = f"{someone(transcript)} received {plain(frame.type)} with an issued secret in it ({form})"
        story += f", and {counted(len(leaks) - 1, 'more frame')} like it." if len(leaks) > 1 else "."
        expected = "no frame holds a token or a password, in whatever encoding."
        return broken(RULE, heard, story, expected, [frame for frame, _ in leaks])
    return settle(RULE, transcript, f"{someone(transcript)} received no secret {until(transcript)}.")


class _Sought:
    """Secrets and their forms. A run issues more and more of them, so what is known is kept and added to."""

    def __init__(self) -> None:
        self.secrets: frozenset[str] = frozenset()
        self.needles = Needles()
        self.names: dict[str, str] = {}

    def add(self, secrets: frozenset[str]) -> None:
        """Looks for all of ``secrets``, which hold those that are looked for already."""
        found = {form: name for secret in secrets - self.secrets for form, name in forms(secret)}
        self.needles.add(form for form in found if form not in self.names)
        self.names.update(found)
        self.secrets = secrets


_last = _Sought()


def _sought(secrets: frozenset[str]) -> tuple[Needles, dict[str, str]]:
    """What to look for: the last answer, added to, unless that one would find what is not asked for."""
    global _last  # noqa: PLW0603 -- a cache of one; the rule's verdict does not depend on it
    if secrets is not _last.secrets:  # the same ones for each of a thousand connections
        if not _last.secrets <= secrets:
            _last = _Sought()
        _last.add(secrets)
    return _last.needles, _last.names


def forms(secret: str) -> Iterator[tuple[str, str]]:
    """The secret as it may stand in a frame, and what that form is called; the plain one last, so it wins."""
    yield from cores(secret.encode("utf-8", "surrogatepass"))
    yield quote(secret, safe="", errors="surrogatepass"), "URL-encoded"
    yield json.dumps(secret)[1:-1], "JSON-escaped"
    yield json.dumps(secret, ensure_ascii=False)[1:-1], "JSON-escaped"
    yield secret, "plain"


def _text(frame: Frame) -> str:
    return frame.data if isinstance(frame.data, str) else frame.data.decode("latin-1")


def _pinged(transcript: Transcript) -> set[str]:
    pings = (event.fields for event in transcript.events(Direction.SENT) if event.type == "ping")
    return {quoted for ping in pings if (quoted := _quoted(ping)) is not None}


def _quoted(fields: dict[str, Any]) -> str | None:
    try:
        return json.dumps([fields.get("sequence"), fields.get("data")], sort_keys=True)
    except RecursionError:  # nested deeper than the contract allows: nothing that a pong may quote
        return None


def _beside_the_quote(pong: Frame, pings: set[str]) -> list[str]:
    """What a pong says, without the data when a ping asked for it."""
    event = pong.event
    if event is None or _quoted(event.fields) not in pings:
        return [_text(pong)]
    beside = {name: value for name, value in event.fields.items() if name != "data"}
    try:
        return [json.dumps(beside, ensure_ascii=False)]
    except RecursionError:
        return [_text(pong)]
