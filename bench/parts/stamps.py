"""How much later than it was sent a frame is stamped: by the library's session, or by a bare loop.

Both ends read the same monotonic clock of the machine, so the difference is the way, and what comes on top.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from AgentChatLibrary.engine.offer import Offer
from AgentChatLibrary.engine.session import Session
from AgentChatLibrary.transcript import Owner, Transcript
from websockets.asyncio.client import connect

from . import _told

LONGEST: Final = 120.0
NANO: Final = 1e-9


def main(told: Mapping[str, Any]) -> dict[str, Any]:
    """Receives frames at a steady pace and tells how late each was stamped.

    Args:
        told: ``url``, ``count``, ``size``, ``per_second``, whether ``ours`` receives, and whether the thread
            that keywords run in computes meanwhile (``working``).
    """
    ask = json.dumps({name: told[name] for name in ("count", "size", "per_second")})
    if told["ours"]:
        return {"late": _ours(told["url"], ask, told["count"], working=told.get("working", False))}
    return {"late": _told.run(_bare(told["url"], ask, told["count"]))}


async def _bare(url: str, ask: str, count: int) -> list[float]:
    came: list[tuple[float, str | bytes]] = []
    async with connect(url, compression=None, proxy=None, max_size=None, ping_interval=None) as connection:
        await connection.send(ask)
        async for message in connection:
            came.append((time.monotonic(), message))
            if len(came) == count:
                break
    return [at - json.loads(message)["sent"] * NANO for at, message in came]


def _ours(url: str, ask: str, count: int, *, working: bool) -> list[float]:
    session = Session("Ana", Owner("Ana"))
    session.open(Offer(url), LONGEST)
    session.send(ask)
    if working:
        _compute_until(session, count)

    def all_there(transcript: Transcript) -> bool | None:
        return len(transcript.frames) > count or None

    session.wait(all_there, LONGEST)
    frames = [frame for frame in session.transcript.frames if frame.received]
    session.close()
    return [frame.at - json.loads(frame.data)["sent"] * NANO for frame in frames]


def _compute_until(session: Session, count: int) -> None:
    """Keeps the interpreter busy in this thread, as rules over long transcripts do."""
    text = json.dumps({str(n): list(range(8)) for n in range(40)})
    deadline = time.monotonic() + LONGEST
    while len(session.transcript.frames) <= count and time.monotonic() < deadline:
        json.dumps(sorted(json.loads(text).items()))
    assert threading.active_count() > 1  # noqa: S101 -- the engine's thread has received meanwhile
