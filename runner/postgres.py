"""PostgreSQL for a run: a private server on throw-away data, or the one that the user names.

``python -m runner.postgres`` keeps it: it ends with the process that it was started for, however that ends,
and removes all that was made. SIGUSR1 lets a private server crash and start again.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from . import children
from .postgres_programs import NoPostgres, find
from .postgres_server import START_SECONDS, STOP_SECONDS, Server, sweep
from .schemas import GIVEN, Given, new_schema

OWNER_POLL_SECONDS: Final = 0.25


def keep(owners: Sequence[int], ready: Path, unwanted: Sequence[Path] = ()) -> int:
    """Keeps a server until it is told to end, or one of its owners is gone.

    Args:
        owners: Process ids.
        ready: Written once the server answers.
        unwanted: Folders of theirs, which nobody else would remove if they were killed.

    Returns:
        The exit status.
    """
    sweep()
    told, crashes = threading.Event(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: told.set())
    signal.signal(signal.SIGUSR1, lambda *_: crashes.set())
    given, schema = os.environ.get(GIVEN), new_schema()
    server: Server | Given
    try:
        server = Given(given, schema) if given else Server(find())
        server.start()
    except NoPostgres as problem:
        print(problem, file=sys.stderr)
        return 1
    try:
        # A given URL may hold a password, which has no business in a file.
        write_private(ready, {"url": "" if given else server.url, "schema": schema, "pid": os.getpid()})
        while not told.wait(OWNER_POLL_SECONDS):
            if not all(children.lives(pid) for pid in owners):
                break
            if crashes.is_set() and isinstance(server, Server):
                crashes.clear()
                server.crash()
                server.serve()
    finally:
        server.stop()
        for folder in unwanted:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


def write_private(file: Path, content: Mapping[str, object]) -> None:
    """Writes a file all at once, for its owner alone."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=".ready-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(content, out)
    Path(name).replace(file)


@dataclass(frozen=True, slots=True)
class Kept:
    """A server and its keeper.

    Attributes:
        url: How to reach it.
        schema: How the names of this run's schemas begin.
        keeper: The process that keeps it.
    """

    url: str
    schema: str
    keeper: subprocess.Popen[bytes]

    def crash(self) -> None:
        """Lets a private server crash, and start again; one that the user names is left alone."""
        self.keeper.send_signal(signal.SIGUSR1)

    def stop(self) -> None:
        """Ends the server and removes all that was made."""
        self.keeper.terminate()
        try:
            self.keeper.wait(STOP_SECONDS * 4)
        except subprocess.TimeoutExpired:
            children.kill_group(self.keeper.pid)
            self.keeper.wait()
        sweep()  # in case that somebody has killed the keeper


def start(home: Path, owners: Sequence[int] = (), unwanted: Sequence[Path] = ()) -> Kept:
    """Starts a keeper and waits until its server answers.

    Args:
        home: A private folder for the keeper's files.
        owners: Processes that the server ends with, beside this one.
        unwanted: Folders that the keeper removes at the end, even when its owners are killed.

    Raises:
        NoPostgres: There is no server, and none could be started.
    """
    ready = home / f"postgres-{secrets.token_hex(4)}.json"
    said = ready.with_suffix(".log")
    command = [sys.executable, "-m", "runner.postgres", "--ready-file", str(ready)]
    for pid in (os.getpid(), *owners):
        command += ["--owner-pid", str(pid)]
    for folder in unwanted:
        command += ["--remove", str(folder)]
    keeper = children.start(command, output=said)
    children.wait_until(lambda: ready.exists() or keeper.poll() is not None, START_SECONDS * 2)
    if not ready.exists():
        children.end(keeper)
        raise NoPostgres(said.read_text("utf-8", "replace").strip() or "PostgreSQL did not come up.")
    told = json.loads(ready.read_text("utf-8"))
    return Kept(told["url"] or os.environ[GIVEN], told["schema"], keeper)


def main(arguments: Sequence[str]) -> int:
    """Keeps a server for the process that says so on the command line.

    Returns:
        The exit status.
    """
    parser = argparse.ArgumentParser("python -m runner.postgres", description="Keeps a server for a run.")
    parser.add_argument("--ready-file", type=Path, required=True, help="written once the server answers")
    parser.add_argument(
        "--owner-pid", type=int, action="append", default=[], help="a process that the server ends with"
    )
    parser.add_argument(
        "--remove", type=Path, action="append", default=[], help="a folder to remove at the end"
    )
    options = parser.parse_args(arguments)
    return keep(options.owner_pid, options.ready_file, options.remove)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
