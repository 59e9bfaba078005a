"""What a person reads while the runner works: calm lines, seconds, counts."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

INTERRUPTED = 130
"""Exit status after SIGINT or SIGTERM: 128 + SIGINT, as shells have it."""

ANNOUNCED = 4
"""Lines that are told behind one which ends with a colon."""


class Stop(Exception):
    """The command cannot go on; the message says why and what to do.

    Args:
        message: What the user reads.
        status: The exit status: 1 when something is not as it should be, 2 when the command line is wrong.
    """

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def say(line: str = "") -> None:
    """Prints a line at once, so that a pipe shows progress too."""
    print(line, flush=True)


def seconds(value: float) -> str:
    """A duration as people read it: ``0.4 s``, ``12.3 s``, ``3 min 05 s``."""
    minute = 60
    if value < minute:
        return f"{value:.1f} s"
    return f"{int(value) // minute} min {int(value) % minute:02d} s"


def counted(number: int, noun: str) -> str:
    """A number with its noun: ``1 test``, ``2 tests``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def counts(passed: int, failed: int, skipped: int = 0) -> str:
    """Counts without the zeros: ``8 passed, 1 failed``."""
    parts = [
        text
        for number, text in ((passed, "passed"), (failed, "failed"), (skipped, "skipped"))
        if number
        for text in (f"{number} {text}",)
    ]
    return ", ".join(parts) or "nothing ran"


def first_line(message: str) -> str:
    """The first line of a failure message that says something, with those that it announces by a colon.

    Args:
        message: The message, of any length.

    Returns:
        One line. What is announced may be a list, such as suggestions, or a sentence.
    """
    lines = [line.rstrip().removeprefix("1) ") for line in message.removeprefix("*HTML*").splitlines()]
    saying = [line for line in lines if line and line != "Several failures occurred:"]
    if not saying:
        return "no message"
    told, rest = saying[0].strip(), saying[1 : 1 + ANNOUNCED]
    while told.endswith(":") and rest:
        listed = list(itertools.takewhile(lambda line: line.startswith("  "), rest)) or rest[:1]
        told += " " + ", ".join(line.strip() for line in listed)
        rest = rest[len(listed) :]
    return told


class Clock:
    """Measures the parts of a run, for one line at its end."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._parts: list[tuple[str, float]] = []

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Adds the time spent inside to the parts.

        Args:
            name: What the part is called.
        """
        begun = time.monotonic()
        try:
            yield
        finally:
            self._parts.append((name, time.monotonic() - begun))

    @property
    def spent(self) -> dict[str, float]:
        """The seconds of each part."""
        return dict(self._parts)

    def line(self) -> str:
        """All parts and the whole, in seconds."""
        parts = ", ".join(f"{name} {seconds(spent)}" for name, spent in self._parts)
        return f"Time: {parts}; {seconds(time.monotonic() - self._begun)} in all"


def columns(rows: Iterable[tuple[str, ...]], indent: str = "  ") -> list[str]:
    """Rows as aligned columns.

    Args:
        rows: Cells, as many in each row.
        indent: What each line begins with.

    Returns:
        One line for each row, without trailing spaces.
    """
    table = list(rows)
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    return [
        (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()
        for row in table
    ]
