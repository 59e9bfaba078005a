"""Many sessions at once: opened, sent on and closed together."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from typing import Final

from . import loop
from .offer import Offer, Refused
from .session import Session

IN_FLIGHT: Final = 128
"""Handshakes on their way at the same time: more would only wait in the listener's queue."""
SPARE: Final = 256
"""Open files that a process needs beside its sessions."""


def open_many(
    sessions: Sequence[Session],
    offers: Sequence[Offer],
    timeout: float,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Opens many sessions at once.

    Args:
        sessions: The sessions.
        offers: For each session its offer.
        timeout: Longest wait for each upgrade in seconds, from the moment at which it is asked for.
        progress: Told how many are open, from time to time.

    Raises:
        Refused: One of them was refused.
        TooMany: The system does not let this process open so many.
    """
    _allow(len(sessions))
    pairs = iter(list(zip(sessions, offers, strict=True)))
    done = 0

    async def one_after_the_other() -> None:
        nonlocal done
        for session, offer in pairs:
            await session.connect(offer, timeout)
            done += 1
            if progress is not None:
                progress(done)

    async def all_at_once() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(IN_FLIGHT, len(sessions))):
                group.create_task(one_after_the_other())

    try:
        loop.call(all_at_once())
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
    for session in sessions:
        session.begin_greeting()
    for session in sessions:
        session.greet(timeout)


def try_many(sessions: Sequence[Session], offers: Sequence[Offer], timeout: float) -> list[Refused]:
    """Asks for many connections in one moment, and leaves those open that were let in.

    Args:
        sessions: The sessions.
        offers: For each session its offer.
        timeout: Longest wait for each upgrade in seconds.

    Returns:
        How the others were refused.
    """

    async def all_at_once() -> list[BaseException | None]:
        asked = (session.connect(offer, timeout) for session, offer in zip(sessions, offers, strict=True))
        return await asyncio.gather(*asked, return_exceptions=True)

    came = loop.call(all_at_once())
    refused = [one for one in came if isinstance(one, Refused)]
    for problem in came:
        if problem is not None and not isinstance(problem, Refused):
            raise problem
    connected = [session for session, problem in zip(sessions, came, strict=True) if problem is None]
    for session in connected:
        session.begin_greeting()
    for session in connected:
        try:
            session.greet(timeout)
        except Refused as refusal:
            refused.append(refusal)
    return refused


class TooMany(OSError):
    """The system does not allow so many open files; the message says how to raise the limit."""

    ROBOT_SUPPRESS_NAME = True


def _allow(sessions: int) -> None:
    """Raises this process's own limit of open files as far as it may, when so many sessions need it."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 -- not everywhere

    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _open_files() + sessions + SPARE
    if now in (resource.RLIM_INFINITY, -1) or now >= wanted:
        return
    if most not in (resource.RLIM_INFINITY, -1) and most < wanted:
        raise TooMany(
            f"{sessions} more sessions need {wanted} open files, and the system allows {most}: "
            f"raise the limit (`ulimit -Hn`, as an administrator), or spread them over more machines."
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _open_files() -> int:
    """How many files this process has open; an estimate where the system does not tell."""
    try:
        return len(os.listdir("/dev/fd"))  # noqa: PTH208 -- names are enough
    except OSError:
        return SPARE


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
