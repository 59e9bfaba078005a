"""Keeps one part of the suites, so that N machines together run each suite once.

Robot Framework loads this file by its path, as ``--prerunmodifier sharding.py;INDEX;COUNT;TIMINGS``; it
imports nothing of the project. :mod:`runner.dealing` writes those arguments.
"""

from __future__ import annotations

import base64
import heapq
import json
import zlib

from robot.api import SuiteVisitor
from robot.running import TestSuite

ALONE = frozenset({"alone", "soak"})
"""The tags of tests that run by themselves, whose times are noted apart."""
UNKNOWN_SECONDS = 1.0
"""What a test counts for that nobody has timed."""


class sharding(SuiteVisitor):  # type: ignore[misc]  # noqa: N801 -- Robot Framework wants the file's name, and has no types
    """Deals the suites out by how long they take: the longest first, each to whoever has least to do.

    Every machine deals all of them out, so all must know the same timings; without any, each test counts the
    same. ``run.py merge`` refuses parts that were dealt out by different ones.

    Args:
        index: This machine's number, from 1.
        count: How many machines share the suites.
        timings: How many seconds a test of each suite takes, as JSON, compressed, in base64; empty when
            nobody knows.
    """

    def __init__(self, index: str, count: str, timings: str = "") -> None:
        self._index, self._count = int(index) - 1, int(count)
        self._timings = _read(timings)
        self._mine: frozenset[str] | None = None

    def start_suite(self, suite: TestSuite) -> None:
        """Empties a suite that belongs to another machine."""
        if self._mine is None:
            self._mine = self._dealt_out(suite)
        if suite.tests and suite.full_name not in self._mine:
            suite.tests = []

    def end_suite(self, suite: TestSuite) -> None:
        """Removes suites that are empty now."""
        suite.suites = [child for child in suite.suites if child.test_count]

    def visit_test(self, test: object) -> None:
        """Tests are not looked at."""

    def _dealt_out(self, everything: TestSuite) -> frozenset[str]:
        """The full names of this machine's suites."""
        weights: dict[str, float] = {}
        for test in everything.all_tests:
            name = test.parent.full_name
            key = f"alone: {name}" if ALONE & {str(tag) for tag in test.tags} else name
            weights[name] = weights.get(name, 0.0) + self._timings.get(key, UNKNOWN_SECONDS)
        loads = [(0.0, machine) for machine in range(self._count)]
        mine = set()
        for name in sorted(weights, key=lambda name: (-weights[name], name)):
            load, machine = heapq.heappop(loads)
            if machine == self._index:
                mine.add(name)
            heapq.heappush(loads, (load + weights[name], machine))
        return frozenset(mine)


def _read(timings: str) -> dict[str, float]:
    if not timings:
        return {}
    known = json.loads(zlib.decompress(base64.urlsafe_b64decode(timings)))
    return {str(name): float(spent) for name, spent in known.items()}
