#!/usr/bin/env python3
"""The one entry point: prepares ``.venv`` and works in it. ``python3 run.py --help`` lists what it does.

This file must parse on any Python 3, so that an old one is told what is needed instead of a syntax error.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 -- this is where an old Python is told
    found = ".".join(str(part) for part in sys.version_info[:3])
    sys.exit(
        "run.py needs Python 3.11 or newer; this is Python "
        + found
        + ". Start it with a newer one, such as python3.11."
    )

from runner import bootstrap

if __name__ == "__main__":
    sys.exit(bootstrap.main(sys.argv[1:]))
