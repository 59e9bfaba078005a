"""Progress on the console, for work that takes longer than anybody likes to wait in silence."""

from __future__ import annotations

import time
from typing import Final

from robot.api import logger

EVERY_SECONDS: Final = 2.0
"""Time between two lines; what is done sooner says nothing."""


class Progress:
    """Tells how far long work has come.

    Args:
        what: What is being done, for example ``sessions open``.
        total: How much there is to do.
    """

    def __init__(self, what: str, total: int) -> None:
        self._what = what
        self._total = total
        self._told = self._begun = time.monotonic()
        self._done = 0

    def reached(self, done: int) -> None:
        """Notes how much is done; may be called from any thread."""
        self._done = done

    def advance(self) -> None:
        """Notes that one more is done, and tells."""
        self._done += 1
        self.tell()

    def tell(self) -> None:
        """Writes a line when the last one is old enough; only the thread that runs keywords may call it."""
        now = time.monotonic()
        if now - self._told >= EVERY_SECONDS and self._done < self._total:
            self._told = now
            logger.console(f"  {self._done:,} of {self._total:,} {self._what} ({now - self._begun:.0f} s)")
