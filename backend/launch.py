"""From a command line to a running service."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from backend.processes import alive
from backend.settings import Settings, SettingsError, load

if TYPE_CHECKING:
    from backend.components import Components

BAD_SETTING = 2
"""Exit status for a wrong option or a missing secret, as argparse has it."""

ADDRESS_TAKEN = 3
"""Exit status when the address cannot be listened on."""

NO_DATABASE = 4
"""Exit status when the database is not there at the start."""


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
    options.add_argument("--remove", type=Path, help="folder to remove when its owner is gone")
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
    # People in data that is removed at the end need no costly password hashes.
    throw_away = options.data_dir is None or options.remove is not None
    try:
        with temporary_folder(options.data_dir, options.remove, options.owner_pid) as data_dir:
            settings = load(
                options.setting,
                os.environ,
                instance=options.instance,
                data_dir=data_dir,
                throw_away=throw_away and not os.environ.get("AGENT_CHAT_DATABASE_URL"),
            )
            return run(options, settings, components)
    except SettingsError as problem:
        print(problem, file=sys.stderr)  # noqa: T201 -- for whoever starts it
        return BAD_SETTING


def run(options: argparse.Namespace, settings: Settings, components: Components | None) -> int:
    """Serves until the process is told to end, and returns its exit status."""
    # Nothing is garbage yet: looking for it while a thousand modules load takes a seventh of the start.
    # The server looks again once it accepts.
    gc.disable()
    # Imported late: a wrong option or secret is answered without waiting for a database library.
    from backend import log  # noqa: PLC0415
    from backend.components import Components as Healthy  # noqa: PLC0415
    from backend.server import Launch, loop_factory, serve  # noqa: PLC0415
    from backend.store.engine import DatabaseUrlError  # noqa: PLC0415
    from backend.store.lane import DatabaseUnavailableError  # noqa: PLC0415

    components = components or Healthy()
    log.configure(options.log_file, components.log_format())
    try:
        listener = components.listen(options.host, options.port)
    except (OSError, OverflowError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        print(f"Cannot listen on {options.host}:{options.port}: {reason}.", file=sys.stderr)  # noqa: T201
        return ADDRESS_TAKEN
    launch = Launch(options.ready_file, options.owner_pid)
    try:
        with listener, asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(serve(settings, components, listener, launch))
    except DatabaseUrlError as problem:
        raise SettingsError(f"AGENT_CHAT_DATABASE_URL is wrong: {problem}") from None
    except DatabaseUnavailableError as problem:
        reason = str(getattr(problem.__cause__, "orig", None) or problem).strip().splitlines()[0]
        print(f"The database is not there: {reason}", file=sys.stderr)  # noqa: T201 -- for whoever starts it
        return NO_DATABASE
    return 0


@contextlib.contextmanager
def temporary_folder(data_dir: Path | None, remove: Path | None, owner: int | None) -> Iterator[Path]:
    """Yields the folder for data and removes what is temporary at the end.

    Args:
        data_dir: The folder to use; a new temporary one when omitted.
        remove: A folder that the owner made. It is removed when the owner is gone; else the owner may start
            another process on the same data.
        owner: The owner's process id.
    """
    made = Path(tempfile.mkdtemp(prefix="agent-chat-")) if data_dir is None else None
    folder = data_dir or made or Path()
    try:
        # What somebody else made and has removed already must not come back: nobody would remove it again.
        folder.mkdir(parents=remove is None, exist_ok=True, mode=0o700)
        yield folder
    finally:
        left = remove if owner is not None and not alive(owner) else None
        for unwanted in (made, left):
            if unwanted is not None:
                shutil.rmtree(unwanted, ignore_errors=True)
