"""The peer of the backend: a bare Starlette application on uvicorn that welcomes and answers pings."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect


async def chat(websocket: WebSocket) -> None:
    """Welcomes a client and answers its pings.

    Args:
        websocket: The client's connection.
    """
    await websocket.accept()
    await websocket.send_text(json.dumps({"type": "connection_established", "timestamp": time.time()}))
    try:
        while True:
            ping = json.loads(await websocket.receive_text())
            pong = {"type": "pong", "timestamp": time.time(), "sequence": ping.get("sequence")}
            await websocket.send_text(json.dumps(pong))
    except WebSocketDisconnect:
        return


class _Server(uvicorn.Server):
    """uvicorn's server, which says when it accepts."""

    ready: Path
    url: str

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.write_text(json.dumps({"url": self.url}), "utf-8")


def main(told: Mapping[str, Any]) -> None:
    """Serves until it is terminated.

    Args:
        told: ``ready``, the file that is written once connections are accepted.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    app = Starlette(routes=[WebSocketRoute("/ws", chat)])
    server = _Server(
        uvicorn.Config(
            app, http="httptools", ws="websockets-sansio", ws_per_message_deflate=False, log_config=None
        )
    )
    server.ready, server.url = Path(told["ready"]), f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.run([listener])


if __name__ == "__main__":
    main({"ready": sys.argv[1]})
