"""Sends as many numbered frames as it is asked for, as fast as they are taken or at a steady pace.

Frames are put on the wire ready-made, a chunk at a time, so that the server is never what is measured.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any, Final

from websockets.asyncio.server import ServerConnection, serve

from . import _told

CHUNK: Final = 32
"""Frames that are written at once."""
SHORT: Final = 126
"""From this payload length on a frame's header has two more bytes (RFC 6455, section 5.2)."""


def frame(number: int, size: int) -> bytes:
    """One unmasked text frame: a JSON object with its number and the time of its making.

    Args:
        number: Its number, from 1.
        size: Bytes of its payload.
    """
    head = f'{{"type":"agent_thinking","seq":{number},"sent":{time.monotonic_ns()},"reasoning":"'
    payload = f'{head}{"x" * (size - len(head) - 2)}"}}'.encode()
    return bytes((0x81, SHORT)) + len(payload).to_bytes(2, "big") + payload


async def serve_one(connection: ServerConnection) -> None:
    """Does what one client asks for, again and again.

    Args:
        connection: The client's connection.
    """
    async for message in connection:
        wanted = json.loads(message)
        count, size, pace = wanted["count"], wanted["size"], wanted.get("per_second")
        if pace:
            await _steadily(connection, count, size, 1 / pace)
        else:
            for first in range(1, count + 1, CHUNK):
                last = min(first + CHUNK, count + 1)
                connection.transport.write(b"".join(frame(n, size) for n in range(first, last)))
                await connection.drain()


async def _steadily(connection: ServerConnection, count: int, size: int, gap: float) -> None:
    """Writes a frame each ``gap`` seconds, so that each travels by itself."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    for number in range(1, count + 1):
        due += gap
        await asyncio.sleep(due - loop.time())
        connection.transport.write(frame(number, size))


async def _main() -> None:
    async with serve(serve_one, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        _told.say({"url": f"ws://127.0.0.1:{port}"})
        await _told.owner_gone()


def main(_: Mapping[str, Any]) -> None:
    """Serves until its owner is gone."""
    _told.run(_main())
