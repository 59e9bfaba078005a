"""What a wrong name may have meant: the names that exist, nearest first, in the words of all messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

CLOSE: Final = 0.6
"""From which likeness on (0 to 1) a name counts as a slip of another, as difflib has it."""
LISTED: Final = 30
"""Names that a message lists at most."""


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """The names that exist, the most alike first; case, spaces, underscores and hyphens do not count.

    Args:
        name: What was written.
        known: What exists.
    """
    return sorted(set(known), key=lambda other: (-_likeness(name, other), other))


def did_you_mean(name: str, known: Iterable[str], quoted: str = "'{}'") -> str:
    """`` Did you mean 'x'?`` with the name that is most alike; empty where none is close.

    Args:
        name: What was written.
        known: What exists.
        quoted: How the name is shown; ``{}`` stands for it.
    """
    ordered = nearest(name, known)
    if not ordered or _likeness(name, ordered[0]) < CLOSE:
        return ""
    return f" Did you mean {quoted.format(ordered[0])}?"


def choices(name: str, known: Iterable[str], most: int = LISTED) -> str:
    """The names that exist as one text, nearest first, cut where there are very many.

    Args:
        name: What was written.
        known: What exists.
        most: Names that are listed.
    """
    ordered = nearest(name, known)
    more = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return (", ".join(ordered[:most]) or "none") + more


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, _plain(one), _plain(other)).ratio()


def _plain(name: str) -> str:
    return name.lower().replace(" ", "").replace("_", "").replace("-", "")
