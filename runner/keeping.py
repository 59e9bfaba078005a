"""Keeps exactly the tests that a file names.

Robot Framework loads this file by its path, as ``--prerunmodifier keeping.py;FILE``; it imports nothing of
the project. Names are full ones without the name of the outermost suite, one in each line.
"""

from __future__ import annotations

from pathlib import Path

from robot.api import SuiteVisitor
from robot.running import TestCase, TestSuite


class keeping(SuiteVisitor):  # type: ignore[misc]  # noqa: N801 -- Robot Framework wants the file's name
    """Removes all other tests.

    Args:
        file: Names the tests.
    """

    def __init__(self, file: str) -> None:
        self._names = set(Path(file).read_text("utf-8").splitlines())
        self._root = ""

    def start_suite(self, suite: TestSuite) -> None:
        """Removes the suite's tests that are not named."""
        self._root = self._root or suite.full_name
        suite.tests = [test for test in suite.tests if self._named(test)]

    def end_suite(self, suite: TestSuite) -> None:
        """Removes suites that are empty now."""
        suite.suites = [child for child in suite.suites if child.test_count]

    def visit_test(self, test: TestCase) -> None:
        """Tests are not looked into."""

    def _named(self, test: TestCase) -> bool:
        return str(test.full_name)[len(self._root) + 1 :] in self._names
