"""Where things go: moments to places along a line, and marks that would lie upon each other apart."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from .scene import Mark, Sign

BREAK_SHARE: Final = 0.3
"""A gap in which nothing happened is cut out when it is a larger part than this of what is to be shown."""


@dataclass(frozen=True, slots=True)
class Break:
    """A gap that is cut out of the time line.

    Attributes:
        start: Its start in Unix seconds.
        end: Its end.
        x: The middle of its sign on the line.
    """

    start: float
    end: float
    x: float


class Scale:
    """Moments to places: to one scale throughout, but for the breaks, which are cut out and marked.

    Args:
        moments: Every moment to be shown, in order.
        left: Where the line begins.
        right: Where it ends.
        breaks: How many gaps may be cut out.
        gap: How wide a break's sign is.
    """

    def __init__(self, moments: Sequence[float], left: float, right: float, breaks: int, gap: float) -> None:
        self.start = moments[0] if moments else 0.0
        self.end = moments[-1] if moments else 0.0
        cut = _cut(moments, breaks)
        shown = (self.end - self.start) - sum(b - a for a, b in cut)
        self._unit = (right - left - gap * len(cut)) / shown if shown > 0 else 0.0
        self._froms: list[float] = [self.start]
        self._places: list[float] = [left]
        self.breaks: list[Break] = []
        for a, b in cut:
            x = self._places[-1] + (a - self._froms[-1]) * self._unit
            self.breaks.append(Break(a, b, x + gap / 2))
            self._froms.append(b)
            self._places.append(x + gap)
        self._right = right

    def x(self, at: float) -> float:
        """The place of a moment."""
        part = max(0, bisect_right(self._froms, at) - 1)
        place = self._places[part] + (at - self._froms[part]) * self._unit
        end = self.breaks[part].x if part < len(self.breaks) else self._right
        return min(place, end)

    @property
    def starts(self) -> list[tuple[float, float]]:
        """Where each uncut part begins: the moment and its place."""
        return list(zip(self._froms, self._places, strict=True))


def _cut(moments: Sequence[float], most: int) -> list[tuple[float, float]]:
    gaps = sorted(((b - a, a, b) for a, b in pairwise(moments)), reverse=True)
    shown = moments[-1] - moments[0] if moments else 0.0
    found: list[tuple[float, float]] = []
    for length, a, b in gaps[:most] if len(gaps) > 1 else []:
        if length <= 0 or length < BREAK_SHARE * shown:
            break
        found.append((a, b))
        shown -= length
    return sorted(found)


@dataclass(slots=True)
class Spot:
    """One sign that is drawn: one mark, or several that are too close together.

    Attributes:
        marks: What it stands for, by time.
        x: Where it is drawn.
        row: In which row.
    """

    marks: list[Mark]
    x: float = 0.0
    row: int = 0

    @property
    def wrong(self) -> bool:
        """Whether a mark in it is to blame."""
        return any(mark.wrong for mark in self.marks)

    @property
    def sign(self) -> Sign | None:
        """The one sign of all its marks; None when they differ."""
        signs = {mark.sign for mark in self.marks}
        return signs.pop() if len(signs) == 1 else None


def spots(
    marks: Sequence[Mark], scale: Scale, left: float, right: float, size: float, rows: int, most: int
) -> list[Spot]:
    """Places marks side by side, as near to their moments as can be, condensed where there are too many.

    Args:
        marks: The marks, by time.
        scale: Their moments' places.
        left: The first place that a sign may have.
        right: The last one.
        size: How far apart two signs must be.
        rows: How many rows there may be.
        most: How many signs there may be.
    """
    room = max(1, int((right - left) / size) + 1)
    found = _condensed([Spot([mark], scale.x(mark.at)) for mark in marks], max(1, min(most, room * rows)))
    used = -(-len(found) // room) if found else 1
    for number, spot in enumerate(found):
        spot.row = number % used
    for row in range(used):
        _spread([spot for spot in found if spot.row == row], left, right, size)
    return found


def _condensed(found: list[Spot], most: int) -> list[Spot]:
    """Lets neighbours share a sign until there are few enough: those of one kind first, then the closest."""
    if len(found) > most:
        merged: list[Spot] = []
        for spot in found:
            if merged and merged[-1].sign is spot.sign and merged[-1].wrong == spot.wrong:
                merged[-1].marks += spot.marks
            else:
                merged.append(spot)
        found = merged
    if len(found) > most:
        # Blamed ones stay by themselves as long as there is room for them.
        distances = sorted(
            range(1, len(found)),
            key=lambda i: (found[i].wrong or found[i - 1].wrong, found[i].x - found[i - 1].x, i),
        )
        joined = set(distances[: len(found) - most])
        merged = []
        for number, spot in enumerate(found):
            if number in joined:
                merged[-1].marks += spot.marks
            else:
                merged.append(spot)
        found = merged
    return found


def _spread(row: list[Spot], left: float, right: float, size: float) -> None:
    """Moves signs apart: to the right where they overlap, then back from the end."""
    last = left - size
    for spot in row:
        spot.x = last = max(spot.x, last + size, left)
    last = right + size
    for spot in reversed(row):
        spot.x = last = min(spot.x, last - size)
