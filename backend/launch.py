"""From a command line to a running service, and to its end."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from backend.processes import alive
from backend.settings import SettingsError, load

if TYPE_CHECKING:
    from types import FrameType

    import uvicorn

    from backend.app import Components, Service
    from backend.settings import Settings

BAD_SETTING = 2
"""Exit status for a wrong option or a missing secret, as argparse has it."""

ADDRESS_TAKEN = 3
"""Exit status when the address cannot be listened on."""

OWNER_POLL_SECONDS = 0.25
"""How often the owner's process is looked for."""

BACKLOG = 2048
"""Connections that may wait to be accepted; a crowd comes at once."""


def parser(program: str) -> argparse.ArgumentParser:
    """Returns the parser of the command line.

    Args:
        program: The command's name in its help.
    """
    options = argparse.ArgumentParser(program, description="The reference backend of agent chat.")
    options.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    options.add_argument("--port", type=int, default=0, help="port; 0 picks a free one (default)")
    options.add_argument("--ready-file", type=Path, help="written as JSON once connections are accepted")
    options.add_argument("--owner-pid", type=int, help="process that this one ends with")
    options.add_argument("--log-file", type=Path, help="where the log goes (default: standard error)")
    options.add_argument("--data-dir", type=Path, help="where data is kept (default: temporary)")
    options.add_argument("--remove", type=Path, help="folder to remove at the end")
    options.add_argument("--instance", default="agent-chat-1", help="name of this process")
    options.add_argument(
        "--setting", action="append", default=[], metavar="NAME=VALUE", help="a setting (settings.py)"
    )
    return options


def main(arguments: Sequence[str], components: Components | None = None, program: str = "backend") -> int:
    """Runs the service until it is told to end.

    Args:
        arguments: The command line, without the program.
        components: What it is made of; the healthy service when omitted.
        program: The command's name in its help.

    Returns:
        The exit status.
    """
    options = parser(f"python -m {program}").parse_args(arguments)
    throw_away = options.data_dir is None or options.remove is not None
    with temporary_folder(options.data_dir, options.remove) as data_dir:
        try:
            settings = load(
                options.setting,
                os.environ,
                instance=options.instance,
                data_dir=data_dir,
                throw_away=throw_away and "AGENT_CHAT_DATABASE_URL" not in os.environ,
            )
        except SettingsError as problem:
            print(problem, file=sys.stderr)  # noqa: T201 -- for whoever starts it
            return BAD_SETTING
        try:
            listener = listen(options.host, options.port)
        except OSError as problem:
            reason = problem.strerror or type(problem).__name__
            print(f"Cannot listen on {options.host}:{options.port}: {reason}.", file=sys.stderr)  # noqa: T201
            return ADDRESS_TAKEN
        with listener:
            return run(options, settings, listener, components)


def run(
    options: argparse.Namespace, settings: Settings, listener: socket.socket, components: Components | None
) -> int:
    """Builds the service and serves until it has ended."""
    # Imported late: a wrong option is answered without waiting for a database library.
    import uvicorn  # noqa: PLC0415

    from backend import log  # noqa: PLC0415
    from backend.app import Components as Healthy  # noqa: PLC0415
    from backend.app import build  # noqa: PLC0415

    components = components or Healthy()
    log.configure(options.log_file, components.log_format())
    server: uvicorn.Server
    service = build(settings, components, lambda: stop(server))
    host, port = listener.getsockname()[:2]
    service.origins.allowed |= {f"http://{name}:{port}" for name in (host, "localhost", "127.0.0.1")}
    service.protocol.close_seconds = settings.close_seconds
    service.database.create_tables()
    server = make_server(service)
    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(serve(server, service, options, settings, listener))
    return 0


def make_server(service: Service) -> uvicorn.Server:
    """Returns the server: the contract's limits on the wire, and no log of its own."""
    import uvicorn  # noqa: PLC0415

    return uvicorn.Server(
        uvicorn.Config(
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
            timeout_graceful_shutdown=3,
        )
    )


async def serve(
    server: uvicorn.Server,
    service: Service,
    options: argparse.Namespace,
    settings: Settings,
    listener: socket.socket,
) -> None:
    """Serves, tells that it is ready, and drains when it is told to end."""
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign]
    # Runs that a process before this one left open end before anybody can ask for them.
    await service.supervisor.sweep()
    asked = 0

    def told_to_end() -> None:
        nonlocal asked
        asked += 1
        if asked > 1:
            server.force_exit = True
            stop(server)
        else:
            service.drain.begin(lambda: stop(server))

    catch_signals(told_to_end)
    serving = asyncio.create_task(server.serve([listener]), name="server")
    while not server.started and not serving.done():
        await asyncio.sleep(0.002)
    if server.started and options.ready_file is not None:
        write_ready(options.ready_file, listener, settings.instance)
    watching = None
    if options.owner_pid is not None:
        watching = asyncio.create_task(follow(options.owner_pid, server, service), name="owner")
    await serving
    if watching is not None:
        watching.cancel()


def stop(server: uvicorn.Server) -> None:
    """Lets the server end."""
    server.should_exit = True


async def follow(owner_pid: int, server: uvicorn.Server, service: Service) -> None:
    """Ends with the owner's process, however that ends; nobody is left to wait for anything."""
    while alive(owner_pid):
        await asyncio.sleep(OWNER_POLL_SECONDS)
    service.drain.begin(lambda: stop(server), seconds=0)


def catch_signals(action: Callable[[], None]) -> None:
    """Has SIGTERM and SIGINT call ``action`` in the event loop."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        if sys.platform == "win32":

            def handle(_number: int, _frame: FrameType | None) -> None:
                loop.call_soon_threadsafe(action)

            signal.signal(number, handle)
        else:
            loop.add_signal_handler(number, action)


def listen(host: str, port: int) -> socket.socket:
    """Returns a socket that is bound.

    Raises:
        OSError: The address is taken, or not one of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's algorithm off; without, small replies wait for 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


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


@contextlib.contextmanager
def temporary_folder(data_dir: Path | None, remove: Path | None) -> Iterator[Path]:
    """Yields the folder for data and removes what is temporary at the end."""
    made = Path(tempfile.mkdtemp(prefix="agent-chat-")) if data_dir is None else None
    folder = data_dir or made or Path()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        yield folder
    finally:
        for unwanted in (made, remove):
            if unwanted is not None:
                shutil.rmtree(unwanted, ignore_errors=True)
