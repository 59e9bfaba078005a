"""A test's message, taken apart: each failure that it tells by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

AMBIENT: Final = "Ambient:"
"""How a failure begins that the listener has found at the test's end; the proof counts those apart."""
CUT: Final = "[ Message content over the limit has been removed. ]"
"""What Robot Framework puts into the middle of a message of more than 40 lines."""
_PARTING: Final = re.compile(
    r"\n\n(?=Ambient:)"
    r"|(?:\A|\n\n?)(?:Several failures occurred|Also failures? occurred"
    r"|(?:Also )?(?:parent suite |suite |keyword )?(?:setup|teardown) failed):"
    r"|\n\n\d+\) ",
    re.IGNORECASE,
)
"""What stands between two failures of a message, or before the first."""
ROWS_TOLD: Final = 10
"""How many rows a message names; Robot Framework cuts the middle out of one of more than 40 lines."""


def parts(message: str) -> list[str]:
    """The failures that a message tells, in its order; the message itself when nothing parts it.

    Args:
        message: The message of a failed test.
    """
    found = [part.strip() for part in _PARTING.split(message)]
    return [part for part in found if part] or [message]


def of_items(message: str, items: Iterable[Any]) -> list[str]:
    """The failures of a test or keyword; also those that Robot Framework has cut out of its message.

    Args:
        message: Its message.
        items: What it consists of, as results with ``failed``, ``message`` and ``body``.
    """
    if CUT not in message:
        return parts(message)
    failed = [item for item in items if getattr(item, "failed", False)]
    told = [one for item in failed for one in of_items(item.message, getattr(item, "body", ()))]
    return told or [message]


def failed_rows(rows: Sequence[Any]) -> str:
    """Says which rows of a template have failed; Robot Framework numbers their failures and names none.

    Args:
        rows: What the test consists of, as results with ``failed``, ``name`` and ``args``.

    Returns:
        A line for each; nothing where there is only one row, or none of them has failed.
    """
    failed = [
        " | ".join(map(str, row.args)) or str(row.name) for row in rows if getattr(row, "failed", False)
    ]
    if len(rows) < 2 or not failed:  # noqa: PLR2004 -- one row needs no name
        return ""
    more = [f"  and {len(failed) - ROWS_TOLD} more"] if len(failed) > ROWS_TOLD else []
    return "\n".join(["Failed rows:", *(f"  {row}" for row in failed[:ROWS_TOLD]), *more])
