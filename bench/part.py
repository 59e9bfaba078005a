"""Runs one part in this process: ``python -m bench.part NAME``, told by JSON on standard input."""

from __future__ import annotations

import importlib
import json
import os
import sys


def main() -> int:
    """Reads what it is told, does the part, and writes its result as one line of JSON.

    Returns:
        0; whatever goes wrong is an exception, whose story goes to standard error.
    """
    told = json.loads(sys.stdin.readline())
    core = told.pop("core", None)
    if core is not None and sys.platform == "linux":
        os.sched_setaffinity(0, {core})
    _raise_descriptor_limit()
    module = importlib.import_module(f"bench.parts.{sys.argv[1]}")
    result = module.main(told)
    if result is not None:
        print(json.dumps(result), flush=True)
    return 0


def _raise_descriptor_limit() -> None:
    """Lets the process open as many files as it may: each connection is one."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 -- not everywhere

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    sys.exit(main())
