"""Tag statistics that read as sentences: areas, promises, severities and tiers by name, with a meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from AgentChatLibrary.environment import CAPABILITIES
from robot.conf.settings import RebotSettings
from robot.result import TestSuite

from .promised import known

PLUMBING: Final = ("catches:*", "row-*")
"""Tags that are for the proof and for templates, and tell a reader of the report nothing."""
RAW: Final = ("area:*", "promise-*", "severity:*", "tier:*", "needs:*", *PLUMBING)
"""Tags that are counted under a name instead."""
SEVERITIES: Final = {
    "critical": "money, data or trust is lost when it breaks: do not release",
    "normal": "customers notice when it breaks: mend it soon",
    "minor": "few notice when it breaks",
}
TIERS: Final = {
    "free": "customers who do not pay yet",
    "pro": "customers who pay for themselves",
    "enterprise": "customers whose company pays",
}


@dataclass(slots=True)
class Statistics:
    """Options of Robot Framework's tag statistics.

    Attributes:
        combined: Tag patterns and the names that they are counted under.
        docs: Patterns of names, and what the names mean.
        links: Patterns of names, addresses and titles.
    """

    combined: list[tuple[str, str]] = field(default_factory=list)
    docs: list[tuple[str, str]] = field(default_factory=list)
    links: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, tag: str, name: str, doc: str, *, linked: bool = False) -> None:
        """Counts a tag under a name.

        Args:
            tag: The tag.
            name: The name; it begins with its kind, so that kinds stand together.
            doc: What it means.
            linked: Whether log.html links to the tests, too; in report.html each name does.
        """
        self.combined.append((tag, name))
        self.docs.append((name, doc))
        if linked:
            self.links.append((name, f"report.html#search?include={tag}", "tests"))

    def apply(self, settings: RebotSettings) -> None:
        """Adds the options to those that the user has given."""
        settings["TagStatCombine"] = [*settings["TagStatCombine"], *self.combined]
        settings["TagDoc"] = [*settings["TagDoc"], *self.docs]
        settings["TagStatLink"] = [*settings["TagStatLink"], *self.links]
        settings["TagStatExclude"] = [*settings["TagStatExclude"], *RAW]


def statistics(suite: TestSuite) -> Statistics:
    """The statistics for the tags that tests of a result have.

    Args:
        suite: The result's outermost suite.
    """
    seen = sorted({str(tag) for test in suite.all_tests for tag in test.tags})
    found = Statistics()
    for tag in seen:
        kind, _, value = tag.partition(":")
        if kind == "area":
            found.add(tag, f"Area: {value.replace('-', ' ')}", _reason(suite, tag), linked=True)
        elif kind == "severity":
            found.add(tag, f"Severity: {value}", SEVERITIES.get(value, value))
        elif kind == "tier":
            found.add(tag, f"Tier: {value}", TIERS.get(value, value))
        elif kind == "needs" and any(f"not offer {value!r}" in test.message for test in suite.all_tests):
            found.add(tag, f"Skipped without: {value.replace('_', ' ')}", CAPABILITIES.get(value, value))
    for promise in known():
        if promise.tag in seen:
            number = promise.tag.removeprefix("promise-")
            found.add(promise.tag, f"Promise {number}: {promise.promise}", f"area {promise.area}")
    return found


def _reason(suite: TestSuite, tag: str) -> str:
    """Why an area matters: what the suite of its tests says first."""
    docs: Sequence[str] = [t.parent.doc for t in suite.all_tests if tag in t.tags and t.parent.doc]
    return str(docs[0]).split("\n\n")[0].replace("\n", " ").strip() if docs else tag
