"""What log.html and report.html show better than output.xml can: the story with its picture, and no plumbing.

The outputs for machines (output.xml, output.json, xunit.xml) keep plain messages and every tag.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from robot.model import TagPatterns
from robot.result import Message, TestCase, TestSuite

from . import promised
from .tags import PLUMBING, SEVERITIES

PICTURE: Final = re.compile(r'<img src="data:image/svg\+xml;base64,[\w+/=]+" alt="[^"<>]*"[^<>]*>')
"""The full picture as the library writes it into the log; nothing else is taken from there."""
FOLDED: Final = '<details class="swimlane"'
LOG_ONLY: Final = "<style>.details-col-msg .whole-picture{display:none}</style>"
"""The tables of report.html are too narrow for the full picture: rows have the small one, and a link."""
STORY: Final = "white-space:pre-wrap;overflow-wrap:anywhere"
COLUMNS: Final = "font-family:monospace;font-size:0.9em"
FRAME: Final = re.compile(r"\s*#\d+ ")
"""How a line begins that shows a frame."""
WHY: Final = "Why it matters:"
"""How a suite's documentation begins to say so."""
WIRE: Final = "Wire"
"""The metadata that tells how many frames there were; they stand in the log."""
PROMISES: Final = "Promises"
OFFENDING: Final = "&lt;- offending"


@contextmanager
def dressed(suite: TestSuite, log: str = "", *, dry: bool = False) -> Iterator[None]:
    """Makes a result's failed tests tell their story with the picture; undone at the end.

    Args:
        suite: The result's outermost suite.
        log: The name of log.html; empty when none is written.
        dry: Whether nothing was tried, so that nothing is said of promises.
    """
    plumbing = TagPatterns(PLUMBING)
    verdict = promised.DRY if dry else promised.headline(promised.kept(list(suite.all_tests)))
    undressed = [(test, test.message, list(test.tags)) for test in suite.all_tests]
    folded: list[tuple[Message, str]] = []
    frames = {test.id: test.metadata[WIRE] for test in suite.all_tests if WIRE in test.metadata}
    try:
        suite.metadata[PROMISES] = verdict
        for test, message, tags in undressed:
            test.tags = [tag for tag in tags if not plumbing.match(tag)]
            if log and not frames.get(test.id, "[").startswith("["):
                test.metadata[WIRE] = f"[{log}#{test.id}|{frames[test.id]}]"
            if test.failed and message and not message.startswith("*HTML*"):
                test.message = f"*HTML*{_story(message)}{_picture(test, folded)}{_reason(test)}"
        yield
    finally:
        del suite.metadata[PROMISES]
        for test, message, tags in undressed:
            test.message, test.tags = message, tags
            if test.id in frames:
                test.metadata[WIRE] = frames[test.id]
        for item, text in folded:
            item.message = text


def _story(message: str) -> str:
    """The message as HTML: what happened in bold, frames in columns, the offending ones marked."""
    told: list[str] = []
    for line in html.escape(message, quote=False).splitlines():
        if FRAME.match(line):
            told.append(f'<span style="{COLUMNS}">{line.replace(OFFENDING, f"<b>{OFFENDING}</b>")}</span>')
        elif not told or not told[-1]:  # the first line of a story says what happened
            told.append(f"<b>{line}</b>" if line else "")
        else:
            told.append(line)
    # Robot Framework lets long messages scroll; who has no mouse scrolls what has the focus.
    return f'<div style="{STORY}" tabindex="0">{chr(10).join(told)}</div>'


def _reason(test: TestCase) -> str:
    """Why the failure matters: what the suite says of it, and what its severity means."""
    told = []
    suite = test.parent
    while suite is not None:
        _, found, why = str(suite.doc).partition(WHY)
        if found:
            told.append(f"<b>{WHY}</b>{html.escape(why.split(chr(10) * 2)[0], quote=False)}")
            break
        suite = suite.parent
    severities = [str(tag).partition(":")[2] for tag in test.tags if str(tag).startswith("severity:")]
    told += [f"<b>Severity {html.escape(s)}:</b> {SEVERITIES[s]}." for s in severities if s in SEVERITIES]
    return f"<div>{'<br>'.join(told)}</div>" if told else ""


def _picture(test: TestCase, folded: list[tuple[Message, str]]) -> str:
    """Moves the full picture from the bottom of a failed test to its top."""
    for item in test.body:
        if isinstance(item, Message) and item.html and item.message.startswith(FOLDED):
            found = PICTURE.search(item.message)
            if found:
                folded.append((item, item.message))
                item.message = item.message.replace(found[0], "").replace(f"{FOLDED} open", FOLDED)
                return f'{LOG_ONLY}<div class="whole-picture">{found[0]}</div>'
    return ""
