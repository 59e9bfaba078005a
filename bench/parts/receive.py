"""Receives numbered frames: with the library's session, or with a bare loop that only counts."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

from AgentChatLibrary.engine.offer import Offer
from AgentChatLibrary.engine.session import Session
from AgentChatLibrary.transcript import Owner, Transcript
from websockets.asyncio.client import connect

from . import _told

LONGEST: Final = 300.0
"""Longest wait for all frames, in seconds."""


def main(told: Mapping[str, Any]) -> dict[str, Any]:
    """Receives, and says how many a second.

    Args:
        told: ``url``, ``count``, ``size``, and whether ``ours`` receives.
    """
    ask = json.dumps({"count": told["count"], "size": told["size"]})
    if told["ours"]:
        return _ours(told["url"], ask, told["count"])
    return {"per_second": _told.run(_bare(told["url"], ask, told["count"]))}


async def _bare(url: str, ask: str, count: int) -> float:
    async with connect(url, compression=None, proxy=None, max_size=None, ping_interval=None) as connection:
        begun = time.perf_counter()
        await connection.send(ask)
        came = 0
        async for _ in connection:
            came += 1
            if came == count:
                break
        return count / (time.perf_counter() - begun)


def _ours(url: str, ask: str, count: int) -> dict[str, Any]:
    session = Session("Ana", Owner("Ana"))
    session.open(Offer(url), LONGEST)
    wanted = count + 1  # what was sent is recorded too

    def all_there(transcript: Transcript) -> bool | None:
        return len(transcript.frames) >= wanted or None

    begun = time.perf_counter()
    session.send(ask)
    session.wait(all_there, LONGEST)
    spent = time.perf_counter() - begun
    received = [frame for frame in session.transcript.frames if frame.received]
    numbers = [json.loads(frame.data)["seq"] for frame in received]
    times = [frame.at for frame in received]
    session.close()
    return {
        "per_second": count / spent,
        "lost": count - len(set(numbers)),
        "repeated": len(numbers) - len(set(numbers)),
        "reordered": sum(b < a for a, b in pairwise(numbers)),
        "stamps_fell": sum(b < a for a, b in pairwise(times)),
        "unstamped": sum(at <= 0 for at in times),
    }
