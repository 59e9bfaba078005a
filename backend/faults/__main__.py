"""Starts the service with a fault: ``python -m backend.faults NAME [options of python -m backend]``."""

from __future__ import annotations

import difflib
import gc
import json
import sys
from collections.abc import Iterable, Sequence

from backend.faults import all_faults, one_fault
from backend.launch import main as launch

USAGE = """\
usage: python -m backend.faults NAME [options of python -m backend]
       python -m backend.faults --list    (as JSON; for people: python3 run.py prove --list)"""

TOLD = ("name", "group", "family", "needs", "local", "docstring")
"""What the list says of each fault, beside its module."""

BAD_NAME = 2
"""Exit status for a fault that does not exist, as argparse has it for a wrong option."""


def main(arguments: Sequence[str]) -> int:
    """Runs the service with the fault that comes first in ``arguments``.

    Returns:
        The exit status.
    """
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", ())
    gc.disable()  # as a healthy service does while it loads; the server looks for garbage again
    if (named := one_fault(name)) is not None:
        from backend.components import Components  # noqa: PLC0415 -- a wrong name is answered without it

        return launch(rest, named.apply(Components()), f"backend.faults {name}")
    faults = all_faults()
    if name == "--list":
        for known in faults.values():
            entry = {name: getattr(known, name) for name in TOLD} | {"module": known.apply.__module__}
            print(json.dumps(entry, ensure_ascii=False))  # noqa: T201 -- what it was asked for
        return 0
    if name in {"-h", "--help"}:
        print(USAGE)  # noqa: T201 -- what it was asked for
        return 0
    print(no_such_fault(name, faults), file=sys.stderr)  # noqa: T201 -- for whoever starts it
    return BAD_NAME


def no_such_fault(name: str, known: Iterable[str]) -> str:
    """Returns what is said about a name that no fault has."""
    if not name or name.startswith("-"):
        return USAGE
    near = difflib.get_close_matches(name, list(known), n=5, cutoff=0.6)
    hint = f" Did you mean {', '.join(near)}?" if near else ""
    return f"There is no fault {name!r}.{hint} All of them: python3 run.py prove --list"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
