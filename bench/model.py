"""What a figure is: measured values beside those of a peer, a ratio, and a goal."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Better = Literal["lower", "higher"]

TOLERANCE: Final = 0.20
"""How far a ratio may fall behind the recorded baseline before it counts as a regression."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a ratio should keep.

    Attributes:
        bound: The figure.
        better: Whether lower or higher is better: then it is the most, or the least, that is allowed.
    """

    bound: float
    better: Better

    def kept(self, value: float) -> bool:
        """Whether a ratio keeps it."""
        return value <= self.bound if self.better == "lower" else value >= self.bound

    def __str__(self) -> str:
        return f"{'at most' if self.better == 'lower' else 'at least'} {self.bound:g}"


@dataclass(slots=True)
class Row:
    """One line of the table: values beside a peer's, taken in turns.

    Attributes:
        name: A short name, unique among all rows; the baseline knows the ratio by it.
        what: What was measured, in words.
        unit: The values' unit.
        ours: The values, one for each round.
        beside: The peer's values, one for each round; empty where there is no peer.
        peer: Who the peer is, in words.
        goal: What the ratio should keep; None where there is none.
        better: Whether lower or higher ratios are better.
        noisy: Whether the ratio is too small a difference of large values to be held against a baseline.
        note: A sentence on how to read it.
    """

    name: str
    what: str
    unit: str
    ours: Sequence[float]
    beside: Sequence[float] = ()
    peer: str = ""
    goal: Goal | None = None
    better: Better = "lower"
    noisy: bool = False
    note: str = ""

    @property
    def ratios(self) -> list[float]:
        """The ratio of each round: what stood side by side is compared."""
        return [a / b for a, b in zip(self.ours, self.beside, strict=True) if b] if self.beside else []

    @property
    def ratio(self) -> float | None:
        """The median of the rounds' ratios; None without a peer."""
        ratios = self.ratios
        return statistics.median(ratios) if ratios else None

    @property
    def judged(self) -> float | None:
        """What the goal is about: the ratio, or the median itself where there is no peer."""
        if self.beside:
            return self.ratio
        return statistics.median(self.ours) if self.ours else None

    @property
    def kept(self) -> bool | None:
        """Whether the goal is kept; None without one."""
        judged = self.judged
        return self.goal.kept(judged) if self.goal is not None and judged is not None else None

    def behind(self, before: float) -> float:
        """How far the ratio is behind an earlier one, as a share: 0.1 is a tenth worse; negative is better.

        Args:
            before: The earlier ratio.
        """
        now = self.ratio
        if now is None or not before or not now:
            return 0.0
        return now / before - 1 if self.better == "lower" else before / now - 1

    def document(self) -> dict[str, Any]:
        """The row as JSON."""
        return {
            "name": self.name,
            "what": self.what,
            "unit": self.unit,
            "ours": {"values": list(self.ours), **spread(self.ours)},
            "beside": {"values": list(self.beside), **spread(self.beside), "peer": self.peer},
            "ratio": {"median": self.ratio, "rounds": self.ratios},
            "goal": str(self.goal) if self.goal is not None else None,
            "kept": self.kept,
            "note": self.note,
        }


@dataclass(slots=True)
class Taken:
    """A figure that was taken.

    Attributes:
        rows: Its lines in the table.
        wrong: What must not be, whatever the machine: a lost frame, an answer that did not come.
        told: Further sentences for people.
        data: Whatever plots and pages are made of.
    """

    rows: list[Row] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure that can be asked for by name.

    Attributes:
        name: Its name.
        title: What it tells, in words.
        take: Measures it; told whether it has to be quick.
    """

    name: str
    title: str
    take: Callable[[bool], Taken]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, least and most of values; nothing of none."""
    if not values:
        return {}
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}
