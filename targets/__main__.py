"""Starts a target: ``python -m targets NAME``, with the options that ``python -m backend`` has."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import installing, processes
from .installing import Unprepared

RECIPES = {"agno": ("agno/server.py", True), "aimock": ("aimock/start.mjs", False)}
"""For each target what starts it, and whether it is Python (else Node.js)."""


def main() -> int:
    """Prepares a target, or starts it and stays until it ends.

    Returns:
        The exit status.
    """
    parser = argparse.ArgumentParser(prog="python -m targets")
    parser.add_argument("name", choices=sorted(RECIPES))
    parser.add_argument("--prepare", action="store_true", help="install it, and nothing else")
    parser.add_argument("--ready-file", type=Path, help="gets the address once it accepts")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)")
    parser.add_argument("--owner-pid", type=int, help="end with this process")
    parser.add_argument("--log-file", type=Path, help="accepted for the sake of likeness")
    parser.add_argument("--data-dir", type=Path, help="where it keeps its data")
    parser.add_argument("--remove", type=Path, help="the folder to remove at the end")
    parser.add_argument("--setting", action="append", default=[], help="name=value; may be repeated")
    options = parser.parse_args()
    script, python = RECIPES[options.name]
    home = Path(__file__).parent / options.name
    try:
        program = installing.python_of(home) if python else installing.node_of(home)
    except Unprepared as problem:
        print(problem, file=sys.stderr)
        return 1
    if options.prepare:
        return 0
    if options.ready_file is None or options.data_dir is None:
        parser.error("--ready-file and --data-dir are needed to start it")
    command = [*program, str(Path(__file__).parent / script)]
    place = installing.PLACE / options.name
    return processes.run(
        command,
        place,
        options.ready_file,
        options.data_dir,
        port=options.port,
        owner=options.owner_pid,
        remove=options.remove,
    )


if __name__ == "__main__":
    sys.exit(main())
