"""Which promises hold: what the tests of each came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from AgentChatLibrary.known import TAG
from robot.result import TestCase

from .console import counted
from .coverage import PROMISES, Promise, promises

HOLDS: Final = "holds"
BROKEN: Final = "broken"
KNOWN: Final = "broken (known)"
UNTESTED: Final = "not tested"
DRY: Final = "dry run: nothing was tried"
"""All that a dry run says of promises."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one promise.

    Attributes:
        promise: The promise.
        verdict: ``holds``, ``broken``, ``broken (known)`` where a test of it fails as it is known to, or
            ``not tested`` where all of its tests were skipped.
    """

    promise: Promise
    verdict: str

    @property
    def name(self) -> str:
        """Its number and what it says."""
        return f"{self.promise.tag.removeprefix('promise-')} {self.promise.promise}"


def known() -> list[Promise]:
    """The promises, in order; none where a project states none."""
    return promises() if PROMISES.exists() else []


def kept(tests: Sequence[TestCase]) -> list[Kept]:
    """What became of each promise that has a test among these.

    Args:
        tests: Every test of a result.
    """
    found = []
    for promise in known():
        of_it = [test for test in tests if promise.tag in test.tags]
        if any(test.failed for test in of_it):
            found.append(Kept(promise, BROKEN))
        elif any(TAG in test.tags for test in of_it):
            found.append(Kept(promise, KNOWN))
        elif of_it:
            found.append(Kept(promise, HOLDS if any(test.passed for test in of_it) else UNTESTED))
    return found


def verdict(verdicts: Sequence[Kept], *, good: bool) -> str:
    """What a run says of the promises, in a few words.

    Args:
        verdicts: What became of each promise.
        good: Whether all of the run is well.
    """
    if not good:
        return "promises are broken" if any(one.verdict == BROKEN for one in verdicts) else "something failed"
    tried = sum(one.verdict == HOLDS for one in verdicts)
    lost = sum(one.verdict == KNOWN for one in verdicts)
    if tried == len(known()):
        return "every promise is kept" if tried else "all is well"
    told = [f"{tried} of {len(known())} promises were tried, and are kept"] if tried else []
    told += [f"{counted(lost, 'promise')} {'is' if lost == 1 else 'are'} {KNOWN}"] if lost else []
    return "; ".join(told) or "no promise was tried"


def headline(verdicts: Sequence[Kept]) -> str:
    """All of it in a line: how many hold, and which do not.

    Args:
        verdicts: What became of each promise.
    """
    if not verdicts:
        return "no test of a promise was run"
    holding = sum(one.verdict == HOLDS for one in verdicts)
    told = [f"{holding} of {len(verdicts)} promises hold"]
    for word in (BROKEN, KNOWN, UNTESTED):
        names = [one.name for one in verdicts if one.verdict == word]
        if names:
            told.append(f"{word.capitalize()}: {'; '.join(names)}")
    return ". ".join(told) + "."
