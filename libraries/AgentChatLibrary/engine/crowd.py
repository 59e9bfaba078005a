"""Many sessions at once: opened, sent on and closed together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from . import loop
from .offer import Offer
from .session import Session


def open_many(sessions: Sequence[Session], offers: Sequence[Offer], timeout: float) -> None:
    """Opens many sessions at once.

    Args:
        sessions: The sessions.
        offers: For each session its offer.
        timeout: Longest wait for each upgrade in seconds.

    Raises:
        Refused: One of them was refused.
    """

    async def all_at_once() -> None:
        await asyncio.gather(*(s.connect(o, timeout) for s, o in zip(sessions, offers, strict=True)))

    loop.call(all_at_once())
    for session in sessions:
        session.begin_greeting()
    for session in sessions:
        session.greet(timeout)


def send_together(messages: Sequence[tuple[Session, str]]) -> None:
    """Sends one text frame on each of many sessions, back to back.

    Args:
        messages: The sessions and what each sends.

    Raises:
        Ended: One of the sessions is not open.
    """
    open_ones = [(session.connection, session.said(message)) for session, message in messages]

    async def all_at_once() -> None:
        await asyncio.gather(*(connection.send_text(message) for connection, message in open_ones))

    loop.call(all_at_once())


def close_many(sessions: Sequence[Session]) -> None:
    """Closes many sessions at once with a close handshake each; those that have ended are passed over."""

    async def all_at_once() -> None:
        open_ones = [s.connection for s in sessions if s.is_open]
        await asyncio.gather(*(c.close_cleanly(1000) for c in open_ones))

    loop.call(all_at_once())
