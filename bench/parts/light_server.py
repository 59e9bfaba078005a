"""A backend of the contract that does nothing but welcome and answer pings, to measure clients with."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from . import _told


def welcome(user_id: str) -> str:
    """The first frame of a connection (contract: Frames).

    Args:
        user_id: Whom the server takes the client for.
    """
    limits = {
        "max_message_bytes": 8192,
        "messages_per_minute": 6000,
        "burst": 1000,
        "heartbeat_seconds": 20,
        "concurrent_runs": 50,
        "connections": 50,
    }
    fields = {
        "type": "connection_established",
        "timestamp": time.time(),
        "connection_id": f"n_{secrets.token_hex(16)}",
        "instance": "light",
        "user_id": user_id,
        "tier": "enterprise",
        "limits": limits,
        "last_seq": 0,
    }
    return json.dumps(fields)


def whose(connection: ServerConnection) -> str:
    """The person that a token names; nobody known where there is none.

    Args:
        connection: The client's connection, whose token is believed: this server keeps nothing from anybody.
    """
    request = connection.request
    token = request.headers.get("Authorization", "") if request is not None else ""
    if token.count(".") != 2:  # noqa: PLR2004 -- a JWT has three parts
        return f"u_{secrets.token_hex(16)}"
    body = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["sub"])


async def serve_one(connection: ServerConnection) -> None:
    """Welcomes a client and answers its pings.

    Args:
        connection: The client's connection.
    """
    await connection.send(welcome(whose(connection)))
    with suppress(ConnectionClosed):  # a client that has ended is none of its business
        async for message in connection:
            ping = json.loads(message)
            echo = {name: ping[name] for name in ("sequence", "data", "message_id") if name in ping}
            await connection.send(json.dumps({"type": "pong", "timestamp": time.time(), **echo}))


def health(connection: ServerConnection, request: Request) -> Response | None:
    """Answers HTTP requests: whoever looks whether a backend is there gets 200.

    Args:
        connection: The connection.
        request: The request.
    """
    return connection.respond(200, "{}") if request.path == "/ws/health" else None


async def _main() -> None:
    async with serve(
        serve_one, "127.0.0.1", 0, compression=None, ping_interval=None, process_request=health
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        _told.say({"url": f"http://127.0.0.1:{port}"})
        await _told.owner_gone()


def main(_: Mapping[str, Any]) -> None:
    """Serves until its owner is gone."""
    _told.run(_main())
