"""Keeps one part of the suites, so that N machines together run each suite once.

Robot Framework loads this file by its path, as ``--prerunmodifier sharding.py;INDEX;COUNT``; it imports
nothing of the project.
"""

from __future__ import annotations

from robot.api import SuiteVisitor
from robot.running import TestSuite


class sharding(SuiteVisitor):  # type: ignore[misc]  # noqa: N801 -- Robot Framework wants the file's name, and has no types
    """Deals the suites out like cards: stable as long as the files are the same.

    Args:
        index: This machine's number, from 1.
        count: How many machines share the suites.
    """

    def __init__(self, index: str, count: str) -> None:
        self._index, self._count = int(index) - 1, int(count)
        self._seen = 0

    def start_suite(self, suite: TestSuite) -> None:
        """Empties a suite that belongs to another machine."""
        if suite.tests:
            if self._seen % self._count != self._index:
                suite.tests = []
            self._seen += 1

    def end_suite(self, suite: TestSuite) -> None:
        """Removes suites that are empty now."""
        suite.suites = [child for child in suite.suites if child.test_count]

    def visit_test(self, test: object) -> None:
        """Tests are not looked at."""
