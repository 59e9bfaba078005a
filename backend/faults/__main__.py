"""Starts the service with one fault: ``python -m backend.faults NAME``, with the options of ``backend``."""

import difflib
import json
import sys
from collections.abc import Sequence

from backend.components import Components
from backend.faults import all_faults
from backend.launch import BAD_SETTING, main

PROGRAM = "python -m backend.faults"


def run(arguments: Sequence[str]) -> int:
    """Lists the faults, or runs the service with one.

    Args:
        arguments: ``--list``, or a fault's name and the options of ``python -m backend``.

    Returns:
        The exit status; 2 when there is no such fault.
    """
    if "--list" in arguments:
        for known in all_faults().values():
            line = {"name": known.name, "group": known.group, "suffering": known.suffering}
            print(json.dumps(line, ensure_ascii=False))  # noqa: T201 -- a command line prints
        return 0
    name, *rest = arguments or [""]
    chosen = all_faults().get(name)
    if chosen is None:
        near = difflib.get_close_matches(name, all_faults(), n=5, cutoff=0.4)
        hint = f"Did you mean {', '.join(near)}?" if near else f"See {PROGRAM} --list."
        print(f"There is no fault {name!r}. {hint}", file=sys.stderr)  # noqa: T201
        return BAD_SETTING
    return main(rest, chosen.breaks(Components()), f"{PROGRAM} {name}")


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
