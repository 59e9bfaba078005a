"""Runs a command inside the prepared environment: ``python -m runner COMMAND``."""

from __future__ import annotations

import importlib
import os
import sys

from . import arguments, surroundings
from .console import Stop


def main() -> int:
    """Dispatches to the command's module.

    Returns:
        The exit status.
    """
    options = arguments.parse(sys.argv[1:])
    for line in surroundings.unknown():
        print(line, file=sys.stderr, flush=True)
    command = importlib.import_module(arguments.COMMANDS[options.command].module)
    try:
        status: int = command.main(options)
    except Stop as stop:
        print(stop, file=sys.stderr, flush=True)
        status = stop.status
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:  # whoever reads the output has enough of it, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing is left to say at the end
        status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
