"""Slips in suites that Robot Framework lets pass: tags that mean nothing, tests of one name in one suite."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from AgentChatLibrary.environment import CAPABILITIES
from AgentChatLibrary.nearest import choices, did_you_mean

from .planning import Plan
from .project import BACKEND, shown
from .promised import known as promises
from .tags import SEVERITIES, TIERS

LISTED: Final = 5
"""Names that a line lists where there are many."""
TWO: Final = re.compile(
    r"({0})\S+ ({0}|alone$|soak$)".format("area:|severity:|tier:|needs:|catches:|promise-")
)
"""A tag that is two, because one blank does not separate."""
_FAULTS: Final = re.compile(r'@fault\(\s*"([^"]+)"')
_FAMILIES: Final = re.compile(r'\bfamily="([^"]+)"')


def slips(plan: Plan) -> list[str]:
    """What is probably written wrongly, a line each, with the file.

    Args:
        plan: The tests.
    """
    told: dict[str, None] = {}
    for test in plan.suite.all_tests:
        for problem in filter(None, map(of_tag, map(str, test.tags))):
            told[f"{shown(Path(test.source))}: {problem}"] = None
    for name, times in plan.names.items():
        if times > 1:
            same = next(test for test in plan.suite.all_tests if test.full_name == name)
            told[
                f"{shown(Path(same.source))}: {times} tests are called '{same.name}'; each needs its own name"
            ] = None
    return list(told)


def of_tag(tag: str) -> str:
    """What is probably wrong with a tag; empty where nothing is.

    Args:
        tag: The tag, as it is written; nothing is known of one with a variable.
    """
    if "{" in tag:
        return ""
    if TWO.match(tag):
        return f"'{tag}' is one tag; put two blanks or more between tags"
    kind, separator, name = tag.partition("-" if tag.startswith("promise-") else ":")
    return _KINDS[kind](name) if separator and kind in _KINDS else ""


def _closed(kind: str, known: Callable[[], Iterable[str]]) -> Callable[[str], str]:
    """A kind of tag whose names are all known; nothing is said where the project knows none."""

    def problem(name: str) -> str:
        names = list(known())
        if not names or _plain(name) in map(_plain, names):
            return ""
        there = choices(name, names, LISTED)
        return f"there is no {kind} '{name}'.{did_you_mean(name, names)} There are: {there}"

    return problem


def _area(name: str) -> str:
    """Areas may be new; one that is nearly that of a promise is a slip."""
    areas = {promise.area for promise in promises()}
    meant = did_you_mean(name, areas)
    return f"there is no area '{name}'.{meant}" if meant and name not in areas else ""


def _promise(number: str) -> str:
    tags = [promise.tag for promise in promises()]
    if not tags or f"promise-{number}" in tags:
        return ""
    return f"there is no promise 'promise-{number}'; promises go from {min(tags)} to {max(tags)}"


@cache
def fault_names(folder: Path = BACKEND / "faults") -> frozenset[str]:
    """The faults and families of the backend, read from its text: asking it takes half a second.

    Args:
        folder: Where they are declared.
    """
    text = "".join(file.read_text("utf-8") for file in folder.glob("*.py"))
    return frozenset([*_FAULTS.findall(text), *_FAMILIES.findall(text)])


def _plain(name: str) -> str:
    """A name as Robot Framework compares tags."""
    return name.lower().replace(" ", "").replace("_", "")


_KINDS: Final[Mapping[str, Callable[[str], str]]] = {
    "area": _area,
    "severity": _closed("severity", lambda: SEVERITIES),
    "tier": _closed("tier", lambda: TIERS),
    "needs": _closed("capability", lambda: CAPABILITIES),
    "catches": _closed("fault", fault_names),
    "promise": _promise,
}
