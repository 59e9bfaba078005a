"""``run.py prove --list``: every fault, what a user would suffer, and how many tests claim it."""

from __future__ import annotations

import shutil
import textwrap
from itertools import groupby
from typing import Final

from AgentChatLibrary.nearest import choices, did_you_mean

from ..arguments import USAGE_ERROR
from ..console import Stop, counted, say
from ..planning import Plan
from . import catalogue
from .catalogue import Fault

NARROW: Final = 60
"""Columns below which text is not wrapped any narrower."""


def tell(plan: Plan, only: str = "") -> int:
    """Says which faults there are, group by group.

    Args:
        plan: The tests, which claim them by their tags.
        only: The group whose faults are told; all groups when empty.

    Returns:
        The exit status.

    Raises:
        Stop: There is no such group.
    """
    faults = sorted(catalogue.read_faults(), key=lambda fault: (fault.group, fault.family, fault.name))
    groups = {fault.group for fault in faults}
    if only and only not in groups:
        raise Stop(
            f"There is no group of faults {only!r}.{did_you_mean(only, groups)} "
            f"There are: {choices(only, groups)}.",
            USAGE_ERROR,
        )
    faults = [fault for fault in faults if only in {"", fault.group}]
    claims = catalogue.claims(plan, faults)
    width = max(NARROW, shutil.get_terminal_size().columns - 1)
    for group, members in groupby(faults, key=lambda fault: fault.group):
        listed = list(members)
        say(f"{group} ({counted(len(listed), 'fault')})")
        for fault in listed:
            say(f"  {heading(fault, len(claims[fault.name]))}")
            say(textwrap.fill(fault.summary, width, initial_indent="      ", subsequent_indent="      "))
    say(f"{counted(len(faults), 'fault')}. Try one: python3 run.py prove --fault NAME")
    return 0


def heading(fault: Fault, claiming: int) -> str:
    """A fault's name, and what is to be known of it in a line.

    Args:
        fault: The fault.
        claiming: How many tests claim it.
    """
    known = [f"{counted(claiming, 'test')} claim it" if claiming != 1 else "1 test claims it"]
    if fault.family:
        known.append(f"of the family {fault.family}")
    if fault.needs:
        known.append(f"needs {fault.needs}")
    if fault.local:
        known.append("within one process")
    return f"{fault.name}: {', '.join(known)}"
