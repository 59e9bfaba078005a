"""A plain client that measures a server: pings from some connections, each with a few on their way."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from . import _told


def main(told: Mapping[str, Any]) -> dict[str, Any]:
    """Pings as fast as pongs come back, and counts the pongs.

    Args:
        told: ``url``, ``tokens`` (one for each connection), ``seconds``, and how many pings each connection
            has on its way as ``window``.
    """
    return {"per_second": _told.run(_ping(told["url"], told["tokens"], told["seconds"], told["window"]))}


async def _ping(url: str, tokens: list[str], seconds: float, window: int) -> float:
    connections = [
        await connect(
            url,
            additional_headers={"Authorization": f"Bearer {token}"},
            compression=None,
            proxy=None,
            ping_interval=None,
        )
        for token in tokens
    ]
    for connection in connections:
        await connection.recv()  # the welcome
    begun = time.perf_counter()
    counts = await asyncio.gather(*(_one(c, begun + seconds, window) for c in connections))
    spent = time.perf_counter() - begun
    await asyncio.gather(*(c.close() for c in connections))
    return sum(counts) / spent


async def _one(connection: ClientConnection, until: float, window: int) -> int:
    number = came = 0
    while time.perf_counter() < until:
        for _ in range(window):
            number += 1
            await connection.send(json.dumps({"type": "ping", "sequence": number}))
        for expected in range(number - window + 1, number + 1):
            pong = json.loads(await connection.recv())
            if pong.get("sequence") != expected:
                raise RuntimeError(f"The ping {expected} was answered by {pong}.")
            came += 1
    return came
