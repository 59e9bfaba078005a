"""Real services: PostgreSQL, several backend processes, and one address in front of them.

``python -m runner.services all MODULE [ARGUMENTS] OPTIONS`` starts all of it as ``python -m MODULE`` starts
one backend: with the same options, ready when the ready file is there, and nothing is left when it ends.
``python -m runner.services one ...`` starts a single backend on data of its own in the same database, for a
suite that kills or starves it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from . import children, postgres, schemas
from .postgres import write_private
from .postgres_programs import NoPostgres
from .relay import BACKLOG, Address, Relay

DATABASE_URL: Final = "AGENT_CHAT_DATABASE_URL"
"""The environment variable by which a backend is told its database; it may hold a password."""
SERVER: Final = "AGENT_CHAT_SERVER_URL"
"""The environment variable that names the run's server to those who make schemas of their own in it."""
SCHEMA: Final = "AGENT_CHAT_SCHEMA"
"""The environment variable that says how the names of the run's schemas begin."""
SCHEMA_FILE: Final = "database.schema"
"""Where a backend of one's own notes the name of its schema, in its data folder."""
PROCESSES: Final = 2
READY_SECONDS: Final = 20.0
DRAIN_SECONDS: Final = 12.0
"""Longest time for the backends to drain and end before they are killed."""
POLL_SECONDS: Final = 0.02
OWNER_POLL_SECONDS: Final = 0.25
FAILED: Final = 1


class NoServices(Exception):
    """They could not be started; the message says why."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the command line says; the options are those of ``python -m backend``.

    Attributes:
        module: The module that is a backend, and its first arguments.
        options: Understood here.
        rest: Handed to each backend.
    """

    module: tuple[str, ...]
    options: argparse.Namespace
    rest: tuple[str, ...]


def read(arguments: Sequence[str]) -> Told:
    """Reads a command line.

    Args:
        arguments: What stands after ``all`` or ``one``.

    Returns:
        What it says.
    """
    at = next((n for n, one in enumerate(arguments) if one.startswith("-")), len(arguments))
    parser = argparse.ArgumentParser("python -m runner.services all MODULE", allow_abbrev=False)
    parser.add_argument("--host", default="127.0.0.1", help="address in front")
    parser.add_argument("--port", type=int, default=0, help="its port; 0 picks a free one")
    parser.add_argument("--processes", type=int, default=PROCESSES, help="how many backends")
    parser.add_argument("--ready-file", type=Path, help="written once connections are accepted")
    parser.add_argument("--owner-pid", type=int, help="process that all of it ends with")
    parser.add_argument(
        "--data-dir", type=Path, help="taken from those who start one backend; of no use here"
    )
    parser.add_argument("--remove", type=Path, help="folder to remove at the end")
    options, rest = parser.parse_known_args(arguments[at:])
    return Told(tuple(arguments[:at]), options, tuple(rest))


class Services:
    """All of it. ``run`` starts it, serves, and ends it.

    Args:
        told: The command line.
        home: A private folder.
    """

    def __init__(self, told: Told, home: Path) -> None:
        self._told = told
        self._home = home
        self._backends: list[subprocess.Popen[bytes]] = []
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Starts everything, serves until it is told to end or its owner is gone, and ends everything.

        Raises:
            NoPostgres: There is no database.
            NoServices: A backend did not come up, or the address is taken.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._ended.set)
        options = self._told.options
        with _listener(options.host, options.port) as listener:
            host, port = listener.getsockname()[:2]
            owners = (options.owner_pid,) if options.owner_pid else ()
            unwanted = (self._home, options.remove) if options.remove else (self._home,)
            kept = await asyncio.to_thread(postgres.start, self._home, owners, unwanted)
            try:
                addresses = await self._start_backends(kept, f"http://{host}:{port}")
                async with Relay(listener, addresses):
                    if options.ready_file:
                        self._write_ready(options.ready_file, f"http://{host}:{port}", addresses, kept)
                    await self._owner_gone_or_told()
                    await self._stop_backends()
            finally:
                for backend in self._backends:
                    children.end(backend, grace=0.1)
                kept.stop()

    async def _start_backends(self, kept: postgres.Kept, front: str) -> list[Address]:
        await asyncio.to_thread(schemas.create_schema, kept.url, kept.schema)
        variables = {DATABASE_URL: schemas.in_schema(kept.url, kept.schema)}
        ready = [self._home / f"backend-{n}.json" for n in range(1, self._told.options.processes + 1)]
        for number, file in enumerate(ready, 1):
            command = [sys.executable, "-m", *self._told.module, *self._told.rest]
            command += ["--instance", f"agent-chat-{number}", "--ready-file", str(file)]
            command += ["--owner-pid", str(os.getpid()), "--setting", f"allowed_origins={front}"]
            self._backends.append(children.start(command, output=None, variables=variables))
        deadline = asyncio.get_running_loop().time() + READY_SECONDS
        while not all(file.exists() for file in ready):
            ended = [backend.returncode for backend in self._backends if backend.poll() is not None]
            if ended or asyncio.get_running_loop().time() > deadline:
                raise NoServices(
                    f"A backend ended with status {ended[0]}." if ended else "A backend did not come up."
                )
            await asyncio.sleep(POLL_SECONDS)
        return [_address(json.loads(file.read_text("utf-8"))["url"]) for file in ready]

    def _write_ready(self, file: Path, front: str, addresses: list[Address], kept: postgres.Kept) -> None:
        # A server that was given is known to who gave it; its URL may hold a password.
        server = "" if os.environ.get(schemas.GIVEN) else kept.url
        write_private(
            file,
            {
                "url": front,
                "pid": os.getpid(),
                "instance": "agent-chat",
                "backends": [f"http://{host}:{port}" for host, port in addresses],
                "server": server,
                "schema": kept.schema,
            },
        )

    async def _owner_gone_or_told(self) -> None:
        owner = self._told.options.owner_pid
        while not self._ended.is_set() and (owner is None or children.lives(owner)):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(OWNER_POLL_SECONDS):
                    await self._ended.wait()

    async def _stop_backends(self) -> None:
        """Lets the backends drain; the front stays open meanwhile, so that everybody hears their goodbye."""
        for backend in self._backends:
            with contextlib.suppress(ProcessLookupError):
                backend.send_signal(signal.SIGCONT)  # one that was stopped could not end
                backend.terminate()
        deadline = asyncio.get_running_loop().time() + DRAIN_SECONDS
        while any(backend.poll() is None for backend in self._backends):
            if asyncio.get_running_loop().time() > deadline:
                return
            await asyncio.sleep(POLL_SECONDS)


def _listener(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as problem:
        listener.close()
        raise NoServices(f"Cannot listen on {host}:{port}: {problem.strerror}.") from problem
    return listener


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The fastest event loop that there is here: everything goes through the relay."""
    try:
        import uvloop  # noqa: PLC0415 -- not on every system
    except ImportError:
        return None
    return uvloop.new_event_loop


def _address(url: str) -> Address:
    host, _, port = url.removeprefix("http://").rpartition(":")
    return host, int(port)


def everything(arguments: Sequence[str]) -> int:
    """Starts all services and serves until told to end.

    Args:
        arguments: What stands after ``all``.

    Returns:
        The exit status.
    """
    told = read(arguments)
    with tempfile.TemporaryDirectory(prefix="agent-chat-services-") as home:
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as loop:
                loop.run(Services(told, Path(home)).run())
        except (NoPostgres, NoServices) as problem:
            print(problem, file=sys.stderr)
            return FAILED
        finally:
            if told.options.remove:
                shutil.rmtree(told.options.remove, ignore_errors=True)
    return 0


def one(arguments: Sequence[str]) -> int:
    """Becomes one backend, on data of its own in the run's database.

    Args:
        arguments: What stands after ``one``. Backends with the same ``--data-dir`` share their data.

    Returns:
        The exit status.
    """
    told = read(arguments)
    server, prefix = os.environ.pop(SERVER, ""), os.environ.pop(SCHEMA, "")
    folder: Path | None = told.options.data_dir
    if not server or not prefix or folder is None:
        print(f"A backend of one's own needs {SERVER}, {SCHEMA} and --data-dir.", file=sys.stderr)
        return FAILED
    schema = f"{prefix}_{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]}"
    try:
        schemas.create_schema(server, schema)
    except NoPostgres as problem:
        print(problem, file=sys.stderr)
        return FAILED
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / SCHEMA_FILE).write_text(schema, "utf-8")
    os.environ[DATABASE_URL] = schemas.in_schema(server, schema)
    sys.argv[1:] = [*told.module[1:], *arguments[len(told.module) :]]
    runpy.run_module(told.module[0], run_name="__main__", alter_sys=True)
    return 0


def main(arguments: Sequence[str]) -> int:
    """Does what the first argument says.

    Returns:
        The exit status.
    """
    if arguments[:1] == ["all"]:
        return everything(arguments[1:])
    if arguments[:1] == ["one"]:
        return one(arguments[1:])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
