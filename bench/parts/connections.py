"""Bare client connections, many at once: how long they take to open, and what they weigh."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Mapping
from typing import Any

from websockets.asyncio.client import connect

from ..memory import resident
from . import _told


def main(told: Mapping[str, Any]) -> dict[str, Any]:
    """Opens all of them at once, and closes them again.

    Args:
        told: ``url``, a token for each connection as ``tokens``, and how many may be on their way at the
            same time as ``at_a_time``; all of them where it is 0. ``weigh`` is a process whose memory is
            asked for while all are open.
    """
    return _told.run(_open(told["url"], told["tokens"], told.get("at_a_time", 0), told.get("weigh")))


async def _open(url: str, tokens: list[str], at_a_time: int, weigh: int | None) -> dict[str, Any]:
    turn = asyncio.Semaphore(at_a_time or len(tokens))

    async def one(token: str) -> Any:  # noqa: ANN401 -- a connection of a library that is measured
        async with turn:
            return await connect(
                url,
                additional_headers={"Authorization": f"Bearer {token}"},
                compression=None,
                proxy=None,
                ping_interval=None,
                open_timeout=None,
            )

    gc.collect()
    before, begun = resident(), time.perf_counter()
    opened = await asyncio.gather(*(one(token) for token in tokens))
    seconds = time.perf_counter() - begun
    gc.collect()
    grown = resident() - before
    peer = resident(weigh) if weigh is not None else 0
    await asyncio.gather(*(connection.close() for connection in opened))
    return {"seconds": seconds, "bytes_each": grown / len(tokens), "peer_rss": peer}
