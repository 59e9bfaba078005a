"""A run in Markdown, short enough for a pull request: the verdict by area, what failed, the slowest."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from robot.result import TestCase

from . import promised
from .console import counted, counts, first_line, seconds
from .leaks import MARKDOWN
from .results import KNOWN, Outcome

SLOWEST: Final = 5
FAILURES: Final = 30
"""Failures that are listed; the report has all."""
LONGEST: Final = 300
"""Characters of a failure's first line."""
AREA: Final = "area:"
_LINKING: Final = re.compile("([@#])")
"""Signs that hosts of pull requests turn into links to people and issues."""
_JOINER: Final = "\u2060"
"""Without width; what it stands in is no word any more."""


@dataclass(slots=True)
class Area:
    """The tests of one area of promises.

    Attributes:
        name: The area.
        passed: How many of its tests passed.
        failed: How many failed.
        skipped: How many were skipped.
        known: How many of those fail as they are known to.
    """

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    known: int = 0

    @property
    def verdict(self) -> str:
        """What became of the area's promises."""
        if self.failed:
            return "BROKEN"
        if self.known:
            return promised.KNOWN
        return "kept" if self.passed else "not tested"


def write(
    file: Path, outcome: Outcome, *, environment: str, leaks: Sequence[str] = (), fault: str = ""
) -> None:
    """Writes the summary.

    Args:
        file: Where to.
        outcome: The run.
        environment: What it ran against.
        leaks: Where secrets were found, without the secrets.
        fault: The fault that the backend was started with, if any.
    """
    file.write_text(text(outcome, environment=environment, leaks=leaks, fault=fault), "utf-8")


def text(outcome: Outcome, *, environment: str, leaks: Sequence[str] = (), fault: str = "") -> str:
    """The summary as Markdown.

    Args:
        outcome: The run.
        environment: What it ran against.
        leaks: Where secrets were found, without the secrets.
        fault: The fault that the backend was started with, if any.
    """
    tests = list(outcome.result.suite.all_tests)
    if outcome.dry:
        lines = [f"## Agent chat: {promised.DRY}", "", f"{readable(outcome)}."]
    else:
        lines = _promises(outcome, environment, good=outcome.good and not leaks, fault=fault)
    for title, listed in (
        ("Failures", [test for test in tests if test.failed]),
        ("Known failures", [test for test in tests if KNOWN in test.tags]),
    ):
        lines += _listed(title, listed)
    for title, found in (
        ("Errors outside of tests", [first_line(error)[:LONGEST] for error in outcome.errors]),
        ("Reported though not planned", outcome.extra),
        ("Secrets were written (none may be)", leaks),
    ):
        if found:
            lines += ["", f"### {title}", "", *(f"- {plain(line)}" for line in found[:FAILURES])]
    return "\n".join(lines if outcome.dry else [*lines, *_slowest(tests)]) + "\n"


def readable(outcome: Outcome) -> str:
    """What a dry run found out: how many tests could run.

    Args:
        outcome: The dry run.
    """
    able = f"{counted(outcome.passed + outcome.skipped, 'test')} could run"
    return f"{able}, {outcome.failed} could not" if outcome.failed else able


def _promises(outcome: Outcome, environment: str, *, good: bool, fault: str) -> list[str]:
    """What became of the promises, and of each area."""
    tests = list(outcome.result.suite.all_tests)
    kept = promised.kept(tests)
    told = counts(outcome.passed, outcome.failed, outcome.skipped)
    lines = [
        f"## Agent chat: {promised.verdict(kept, good=good)}",
        "",
        f"{told} against the environment {plain(environment)}.",
        *([plain(f"The backend was {broken(fault)}.")] if fault else ()),
        plain(promised.headline(kept)),
        "",
        "| area | verdict | passed | failed | skipped |",
        "|---|---|---:|---:|---:|",
    ]
    lines += [
        f"| {plain(area.name)} | {area.verdict} | {area.passed} | {area.failed} | {area.skipped} |"
        for area in areas(tests)
    ]
    return lines


def _slowest(tests: Sequence[TestCase]) -> list[str]:
    slowest = sorted(tests, key=lambda test: -test.elapsed_time.total_seconds())[:SLOWEST]
    lines = ["", "### Slowest tests", "", "| test | time |", "|---|---:|"]
    return lines + [f"| {plain(t.name)} | {seconds(t.elapsed_time.total_seconds())} |" for t in slowest]


def _listed(title: str, tests: Sequence[TestCase]) -> list[str]:
    """A section: what tests are about, and the first line of what each says; nothing when there are none."""
    lines = ["", f"### {title}", ""] if tests else []
    for test in tests[:FAILURES]:
        about = ", ".join(plain(tag) for tag in test.tags if tag.startswith(("promise-", "severity:")))
        told = plain(first_line(test.message)[:LONGEST])
        lines.append(f"- **{plain(test.name)}** ({about or 'no promise'}): {told}")
    if len(tests) > FAILURES:
        lines.append(f"- and {len(tests) - FAILURES} more; the report has all.")
    return lines


def broken(fault: str) -> str:
    """How every report says that a backend has a fault because it was asked for.

    Args:
        fault: The fault's name.
    """
    return f"BROKEN on purpose: {fault}"


def areas(tests: Sequence[TestCase]) -> list[Area]:
    """The areas, by name, with what their tests came to.

    Args:
        tests: Every test of a result.
    """
    found: dict[str, Area] = {}
    for test in tests:
        names = [str(tag)[len(AREA) :] for tag in test.tags if str(tag).startswith(AREA)] or ["no area"]
        for name in names:
            area = found.setdefault(name, Area(name))
            area.passed += test.passed
            area.failed += test.failed
            area.skipped += test.skipped
            area.known += KNOWN in test.tags
    return [found[name] for name in sorted(found)]


def plain(words: str) -> str:
    """Text that Markdown and HTML leave as it is, on one line.

    Args:
        words: Any text, also what came over the wire.
    """
    line = MARKDOWN.sub(r"\\\1", " ".join(words.split()))
    return html.escape(_LINKING.sub(rf"\1{_JOINER}", line), quote=False)
