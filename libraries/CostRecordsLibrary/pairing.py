"""Which amount belongs to which name: in a text, and in the titles of findings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from .amounts import AMOUNT, money

Finding = Mapping[str, Any]
Place = tuple[int, int, str]
"""Where a part of a text begins and ends, and the part."""


def unpaired(text: str, pairs: Collection[tuple[str, str]]) -> tuple[str, str] | None:
    """The first of some names to which a text gives another amount than its own; None where there is none.

    The amounts of a name stand between it and the next of the names, or between it and the one before. Which
    of the two is up to the text, and holds for all its names. Names that share an amount may stand together.

    Args:
        text: What people read.
        pairs: Names, and the amount of each as people read it.
    """
    names = sorted(place for name in {name for name, _ in pairs} for place in _places(name, text))
    amounts = [(found.start(), found.end(), found[0]) for found in AMOUNT.finditer(text)]
    wrong = _first_without(pairs, names, amounts)
    if wrong and _first_without(pairs, _backwards(names), _backwards(amounts)):
        return wrong
    return None


def _places(name: str, text: str) -> list[Place]:
    """Where a name stands as whole words; any place where it nowhere does, as in scripts without spaces."""
    for pattern in (_as_whole_words(name), re.escape(name)):
        if found := [(one.start(), one.end(), name) for one in re.finditer(pattern, text)]:
            return found
    return []


def _first_without(
    pairs: Collection[tuple[str, str]], names: Sequence[Place], amounts: Sequence[Place]
) -> tuple[str, str] | None:
    """The first pair whose amount does not stand behind any place of its name."""
    return next(
        (
            (name, amount)
            for name, amount in pairs
            if not any(amount in given for given in _given(name, names, amounts))
        ),
        None,
    )


def _given(name: str, names: Sequence[Place], amounts: Sequence[Place]) -> Iterator[set[str]]:
    """The amounts behind each place of a name: the next one, and others up to the name that follows it."""
    for start in (start for start, _, found in names if found == name):
        behind = [place for place in amounts if place[0] >= start]
        if behind:
            stop = min((other for other, _, _ in names if other >= behind[0][1]), default=behind[-1][1])
            yield {amount for begin, _, amount in behind if begin < stop}


def _backwards(places: Sequence[Place]) -> list[Place]:
    """The same places, read from the end of the text."""
    return sorted((-end, -start, part) for start, end, part in places)


def _as_whole_words(name: str) -> str:
    return rf"(?<!\w){re.escape(name)}(?!\w)"


def named(title: str, names: Collection[str]) -> set[str]:
    """Those of some names that stand in a title as whole words."""
    return {name for name in names if re.search(_as_whole_words(name), title)}


def misplaced(
    findings: Sequence[Finding], savings: Sequence[tuple[str, int]], names: Collection[str]
) -> str | None:
    """Where a finding's title names something else than what the finding saves: one line, or None.

    Each finding stands for one saving of its amount, and each saving is told once. A title that names nothing
    that is known may stand for any.

    Args:
        findings: What an answer says of one tool call.
        savings: What there is to save: the name of each, and cents.
        names: All that a title could name.
    """
    owners: dict[int, int] = {}

    def placed(number: int, tried: set[int]) -> bool:
        """Whether a finding gets a saving of its own, if need be by moving others."""
        finding = findings[number]
        meant = named(finding["title"], names)
        for place, (name, cents) in enumerate(savings):
            if place in tried or cents != finding["monthly_saving_cents"] or (meant and name not in meant):
                continue
            tried.add(place)
            if place not in owners or placed(owners[place], tried):
                owners[place] = number
                return True
        return False

    for number, finding in enumerate(findings):
        if not placed(number, set()):
            own, meant = finding["monthly_saving_cents"], named(finding["title"], names)
            true = [(name, cents) for name, cents in savings if name in meant]
            shown = ", ".join(f"{money(cents)} with {name!r}" for name, cents in true)
            told = ", which another finding tells" if own in {cents for _, cents in true} else ""
            return (
                f"The finding {finding['title']!r} tells of {money(own)}. By the records a month saves"
                f" {shown or 'nothing with what it names'}{told}."
            )
    return None
