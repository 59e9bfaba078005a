"""Runs a command inside the prepared environment: ``python -m runner COMMAND``."""

from __future__ import annotations

import importlib
import sys

from . import arguments
from .console import Stop


def main() -> int:
    """Dispatches to the command's module.

    Returns:
        The exit status.
    """
    options = arguments.parse(sys.argv[1:])
    command = importlib.import_module(arguments.COMMANDS[options.command].module)
    try:
        status: int = command.main(options)
    except Stop as stop:
        print(stop, file=sys.stderr, flush=True)
        status = stop.status
    except KeyboardInterrupt:
        status = 130
    return status


if __name__ == "__main__":
    sys.exit(main())
