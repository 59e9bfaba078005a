"""House rules for suites as Robocop rules, so that the editor shows them while a case is written.

Robocop loads this file by its path (``custom_rules`` in pyproject.toml); it imports nothing of the project.
What needs more than one suite to see (secrets, banned tags, Python files) is in :mod:`runner.house`.
"""

from __future__ import annotations

from typing import Any

from robocop.linter.rules import Rule, RuleSeverity, VisitorChecker
from robot.api import Token


class TestWithoutAreaRule(Rule):  # type: ignore[misc]  # Robocop has no types
    """A test without an ``area:`` tag.

    The report sorts promises by area, and ``run.py --category AREA`` runs one. Tag the whole suite:

        *** Settings ***
        Test Tags    area:business    severity:normal

    """

    name = "test-without-area"
    rule_id = "HOUSE01"
    message = "The test '{test}' has no area; write `Test Tags    area:NAME` in the settings"
    severity = RuleSeverity.WARNING


class TestWithoutSeverityRule(Rule):  # type: ignore[misc]  # Robocop has no types
    """A test without a ``severity:`` tag: critical, normal or minor.

    The report says by it what to do about a failure, and whether to release.
    """

    name = "test-without-severity"
    rule_id = "HOUSE02"
    message = "The test '{test}' has no severity; tag it severity:critical, severity:normal or severity:minor"
    severity = RuleSeverity.WARNING


class LogicInTestRule(Rule):  # type: ignore[misc]  # Robocop has no types
    """Logic in a test: a loop, a condition, Python.

    A test says what should be so. How that is found out belongs into a keyword of ``resources/``; many rows
    of the same test are a template.
    """

    name = "logic-in-test"
    rule_id = "HOUSE03"
    message = "{what} in a test; put it into a keyword in resources/, or use a template for many rows"
    severity = RuleSeverity.WARNING


class HouseChecker(VisitorChecker):  # type: ignore[misc]  # Robocop has no types
    """Looks at the tests of one suite."""

    test_without_area: TestWithoutAreaRule
    test_without_severity: TestWithoutSeverityRule
    logic_in_test: LogicInTestRule

    def visit_File(self, node: Any) -> None:  # noqa: ANN401, N802 -- Robot Framework's model and name
        """Reads the tags that all tests of the suite have, then looks at each test."""
        self.of_all: list[str] = []
        self.test = ""
        for section in node.sections:
            for statement in getattr(section, "body", ()):
                if statement.__class__.__name__ in {"TestTags", "DefaultTags"}:
                    self.of_all += list(statement.values)
        self.generic_visit(node)

    def visit_Keyword(self, node: Any) -> None:  # noqa: ANN401, N802 -- Robot Framework's model and name
        """Keywords may hold logic."""

    def visit_TestCase(self, node: Any) -> None:  # noqa: ANN401, N802 -- Robot Framework's model and name
        """Looks at the tags of a test and at its steps."""
        tags = list(self.of_all)
        for statement in node.body:
            if statement.__class__.__name__ == "Tags":
                removed = {tag[1:] for tag in statement.values if tag.startswith("-")}
                tags = [tag for tag in tags if tag not in removed] + list(statement.values)
        place = {
            "node": node,
            "lineno": node.lineno,
            "col": 1,
            "end_col": len(node.name) + 1,
            "test": node.name,
        }
        if not any(tag.startswith("area:") for tag in tags):
            self.report(self.test_without_area, **place)
        if not any(tag.startswith("severity:") for tag in tags):
            self.report(self.test_without_severity, **place)
        self.generic_visit(node)

    def _logic(self, node: Any, what: str) -> None:  # noqa: ANN401 -- Robot Framework's model
        word = getattr(node, "header", node).data_tokens[0]
        self.report(
            self.logic_in_test,
            node=node,
            lineno=word.lineno,
            col=word.col_offset + 1,
            end_col=word.end_col_offset + 1,
            what=what,
        )

    def visit_For(self, node: Any) -> None:  # noqa: ANN401, N802 -- Robot Framework's model and name
        """A loop."""
        self._logic(node, "FOR")

    def visit_While(self, node: Any) -> None:  # noqa: ANN401, N802 -- Robot Framework's model and name
        """A loop."""
        self._logic(node, "WHILE")

    def visit_If(self, node: Any) -> None:  # noqa: ANN401, N802 -- Robot Framework's model and name
        """A condition."""
        self._logic(node, "IF")

    def visit_Try(self, node: Any) -> None:  # noqa: ANN401, N802 -- Robot Framework's model and name
        """A failure that is caught."""
        self._logic(node, "TRY")

    def visit_KeywordCall(self, node: Any) -> None:  # noqa: ANN401, N802 -- Robot Framework's model and name
        """Python in a step: ``Evaluate``."""
        name = (node.keyword or "").lower().replace(" ", "").removeprefix("builtin.")
        if name in {"evaluate", "runkeywordif", "runkeywordunless"} and node.get_token(Token.KEYWORD):
            self._logic(node, node.keyword)
