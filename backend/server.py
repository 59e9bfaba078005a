"""The server around the application: uvicorn with the contract's limits, and an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from backend.app import Components, Service, build
from backend.listening import BACKLOG
from backend.processes import alive
from backend.settings import Settings
from backend.signals import Signals

OWNER_POLL_SECONDS = 0.25
"""How often the owner's process is looked for."""

SWITCH_SECONDS = 0.0005
"""Time that a thread keeps the interpreter while others wait for it. With Python's 5 ms, a tool that
computes makes every short database call of everybody wait for 5 ms, several times in a transaction."""

SHUTDOWN_SECONDS = 3
"""Time for what is left after draining, such as idle HTTP connections."""


class ChatServer(uvicorn.Server):
    """uvicorn's server, which says when it has started and leaves signals to the service."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepting = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals alone: uvicorn would close the listener before anything is drained."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts, and says so."""
        await super().startup(sockets)
        self.accepting.set()

    def stop(self, *, at_once: bool = False) -> None:
        """Lets the server end."""
        self.should_exit = True
        self.force_exit = self.force_exit or at_once


@dataclass(frozen=True, slots=True)
class Launch:
    """How a process serves.

    Attributes:
        ready_file: Written once connections are accepted.
        owner_pid: The process that this one ends with.
    """

    ready_file: Path | None = None
    owner_pid: int | None = None


async def serve(settings: Settings, components: Components, listener: socket.socket, launch: Launch) -> None:
    """Serves until the process is told to end.

    Args:
        settings: What the service is told.
        components: What it is made of.
        listener: The bound socket.
        launch: How the process tells that it is ready, and with whom it ends.
    """

    def end() -> None:
        server.stop()

    service = build(settings, components, end)
    host, port = listener.getsockname()[:2]
    service.origins.allowed |= {f"http://{name}:{port}" for name in (host, "localhost", "127.0.0.1")}
    service.protocol.close_seconds = settings.close_seconds
    service.ground.database.create_tables()
    server = ChatServer(configuration(service))
    sys.setswitchinterval(SWITCH_SECONDS)
    # Runs that a process before this one left open end before anybody can ask for them.
    await service.supervisor.sweep()
    end_by_signal(service, server, components.signals)
    serving = asyncio.create_task(server.serve([listener]), name="server")
    accepting = asyncio.create_task(server.accepting.wait(), name="accepting")
    await asyncio.wait({serving, accepting}, return_when=asyncio.FIRST_COMPLETED)
    accepting.cancel()
    if server.started and launch.ready_file is not None:
        write_ready(launch.ready_file, listener, settings.instance)
    gc.freeze()  # what has been loaded stays: no need to go through it again and again
    gc.enable()
    with owned(launch.owner_pid, service, server):
        await serving


def configuration(service: Service) -> uvicorn.Config:
    """Returns uvicorn's configuration: the contract's limits on the wire, and no log of its own."""
    return uvicorn.Config(
        service.app,
        http="httptools",
        ws=service.protocol,
        ws_max_size=service.hard_message_bytes,
        ws_ping_interval=service.heartbeat_seconds,
        ws_ping_timeout=service.heartbeat_seconds,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        backlog=BACKLOG,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )


def end_by_signal(service: Service, server: ChatServer, signals: Signals) -> None:
    """Has a signal drain the service; a second one ends it at once."""
    told = 0

    def tell() -> None:
        nonlocal told
        told += 1
        if told > 1:
            server.stop(at_once=True)
        else:
            service.drain.begin(server.stop)

    signals(tell)


@contextlib.contextmanager
def owned(pid: int | None, service: Service, server: ChatServer) -> Iterator[None]:
    """Ends the service with its owner, if it has one, within the block."""
    watching = pid and asyncio.create_task(end_with(pid, service, server), name="owner")
    try:
        yield
    finally:
        if watching:
            watching.cancel()


async def end_with(owner_pid: int, service: Service, server: ChatServer) -> None:
    """Ends with the owner's process, however that ends; nobody is left to wait for anything."""
    await gone(owner_pid)
    service.drain.begin(server.stop, seconds=0)


async def gone(pid: int) -> None:
    """Waits until a process is no more."""
    while alive(pid):  # noqa: ASYNC110 -- no event tells of another process's end
        await asyncio.sleep(OWNER_POLL_SECONDS)


def write_ready(file: Path, listener: socket.socket, instance: str) -> None:
    """Writes where the service is, all at once, for its owner alone."""
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    content = json.dumps({"url": f"http://{shown}:{port}", "pid": os.getpid(), "instance": instance})
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=".ready-")  # made with mode 0600
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(content)
    Path(name).replace(file)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Returns the fastest event loop that there is here."""
    return uvicorn.Config("", loop="auto", log_config=None).get_loop_factory()
