"""What a forecast may say: the range of all futures, computed exactly where a backend draws samples.

Each coming month changes the spend by one of the changes seen so far, all equally likely;
it never falls below zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

from .amounts import money

ALLOWED: Final = Fraction(2, 100)
"""How far from its place a bound may lie, as a share of all futures: thousands of samples miss no more."""
PLACES: Final = {
    "low_cents": Fraction(1, 20),
    "expected_cents": Fraction(1, 2),
    "high_cents": Fraction(19, 20),
}
"""Where in the order of all futures each figure stands (contract: the agent)."""
MOST: Final = 50_000
"""Futures that are told apart; with more of them the range is not computed."""


def differences(amounts: Sequence[int], months: int, said: Mapping[str, Any]) -> list[str]:
    """Where a forecast's figures lie outside what its history allows: one line for each.

    Args:
        amounts: Spend of the months so far, oldest first, in cents.
        months: How many months the forecast looks ahead.
        said: The forecast, with ``low_cents``, ``expected_cents`` and ``high_cents``.
    """
    low, middle, high = (said.get(name, -1) for name in PLACES)
    if not low <= middle <= high:
        return [f"low, expected and high are {money(low)}, {money(middle)} and {money(high)}: not in order"]
    sums = totals(amounts, months)
    if sums is None:
        return []
    wrong = []
    for name, place in PLACES.items():
        least, most = at(sums, place - ALLOWED), at(sums, place + ALLOWED)
        if not least <= said[name] <= most:
            wrong.append(
                f"{name}: by the records it lies between {money(least)} and {money(most)}, the tool said"
                f" {money(said[name])}"
            )
    return wrong


def totals(amounts: Sequence[int], months: int) -> dict[int, Fraction] | None:
    """The sum over the coming months, and how likely each is.

    Args:
        amounts: Spend of the months so far, oldest first, in cents.
        months: How many months to look ahead.

    Returns:
        Cents to probability, or None where there are too many to tell apart.
    """
    changes = [after - before for before, after in pairwise(amounts)] or [0]
    share = Fraction(1, len(changes))
    paths: dict[tuple[int, int], Fraction] = {(amounts[-1] if amounts else 0, 0): Fraction(1)}
    for _ in range(months):
        after: dict[tuple[int, int], Fraction] = defaultdict(Fraction)
        for (level, total), likely in paths.items():
            for change in changes:
                reached = max(0, level + change)
                after[reached, total + reached] += likely * share
        if len(after) > MOST:
            return None
        paths = after
    sums: dict[int, Fraction] = defaultdict(Fraction)
    for (_, total), likely in paths.items():
        sums[total] += likely
    return sums


def at(sums: Mapping[int, Fraction], place: Fraction) -> int:
    """The sum below which ``place`` of all futures lie.

    Args:
        sums: Cents to probability.
        place: A share from 0 to 1.
    """
    passed = Fraction(0)
    ordered = sorted(sums)
    for cents in ordered:
        passed += sums[cents]
        if passed >= place:
            return cents
    return ordered[-1]
