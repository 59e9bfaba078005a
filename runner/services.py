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
import os
import runpy
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from . import children, postgres, schemas
from .backends import Backends, NoServices
from .postgres import write_private
from .postgres_programs import NoPostgres
from .relay import BACKLOG, Relay

DATABASE_URL: Final = "AGENT_CHAT_DATABASE_URL"
"""The environment variable by which a backend is told its database; it may hold a password."""
SERVER: Final = "AGENT_CHAT_SERVER_URL"
"""The environment variable that names the run's server to those who make schemas of their own in it."""
SCHEMA: Final = "AGENT_CHAT_SCHEMA"
"""The environment variable that says how the names of the run's schemas begin."""
SCHEMA_FILE: Final = "database.schema"
"""Where a backend of one's own notes the name of its schema, in its data folder."""
PROCESSES: Final = 2
OWNER_POLL_SECONDS: Final = 0.25
FAILED: Final = 1


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
        self._ended = asyncio.Event()
        self._wanted: asyncio.Queue[int] = asyncio.Queue()

    async def run(self) -> None:
        """Starts everything, serves until it is told to end or its owner is gone, and ends everything.

        SIGUSR1 starts the backends again that have ended, and SIGUSR2 the database after a crash.

        Raises:
            NoPostgres: There is no database.
            NoServices: A backend did not come up, or the address is taken.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._ended.set)
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            loop.add_signal_handler(number, self._wanted.put_nowait, number)
        options = self._told.options
        with _listener(options.host, options.port) as listener:
            host, port = listener.getsockname()[:2]
            front = f"http://{host}:{port}"
            owners = (options.owner_pid,) if options.owner_pid else ()
            unwanted = (self._home, options.remove) if options.remove else (self._home,)
            kept = await asyncio.to_thread(postgres.start, self._home, owners, unwanted)
            backends = self._backends(kept, front)
            try:
                await asyncio.to_thread(schemas.create_schema, kept.url, kept.schema)
                await backends.start()
                async with Relay(listener, backends.addresses) as relay:
                    self._write_ready(front, backends, kept)
                    comings = asyncio.create_task(self._bring_back(backends, kept, relay, front))
                    await self._owner_gone_or_told(backends)
                    comings.cancel()
                    await backends.stop()
            finally:
                backends.kill()
                kept.stop()

    def _backends(self, kept: postgres.Kept, front: str) -> Backends:
        command = [*self._told.module, *self._told.rest, "--setting", f"allowed_origins={front}"]
        variables = {DATABASE_URL: schemas.in_schema(kept.url, kept.schema)}
        return Backends(command, variables, self._home, self._told.options.processes)

    async def _bring_back(self, backends: Backends, kept: postgres.Kept, relay: Relay, front: str) -> None:
        """Starts again what has ended, whenever it is asked for, and tells once it is there."""
        while True:
            if await self._wanted.get() == signal.SIGUSR2:
                kept.crash()
                continue
            try:
                for address in await backends.start():
                    await relay.look_at(address)
            except NoServices as problem:
                print(problem, file=sys.stderr)
            self._write_ready(front, backends, kept)

    def _write_ready(self, front: str, backends: Backends, kept: postgres.Kept) -> None:
        if not self._told.options.ready_file:
            return
        # A server that was given is known to who gave it; its URL may hold a password.
        server = "" if os.environ.get(schemas.GIVEN) else kept.url
        write_private(
            self._told.options.ready_file,
            {
                "url": front,
                "pid": os.getpid(),
                "instance": "agent-chat",
                "backends": [f"http://{host}:{port}" for host, port in backends.addresses],
                "processes": backends.pids,
                "server": server,
                "schema": kept.schema,
            },
        )

    async def _owner_gone_or_told(self, backends: Backends) -> None:
        owner = self._told.options.owner_pid
        while not self._ended.is_set() and (owner is None or children.lives(owner)):
            backends.reap()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(OWNER_POLL_SECONDS):
                    await self._ended.wait()


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
    # As the backend does: what is to be removed and is gone already must not come back.
    folder.mkdir(parents=told.options.remove is None, exist_ok=True, mode=0o700)
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
