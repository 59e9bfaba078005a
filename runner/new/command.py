"""``run.py new``: hands over to the kind that was asked for."""

from __future__ import annotations

import argparse

from . import environment, fault, promise, suite

KINDS = {"suite": suite, "promise": promise, "fault": fault, "environment": environment}


def main(options: argparse.Namespace) -> int:
    """Writes what was asked for.

    Args:
        options: The command line.

    Returns:
        The exit status.

    Raises:
        Stop: It cannot be written; the message says why, and what to do.
    """
    status: int = KINDS[options.kind].main(options)
    return status
