"""``python -m runner.examples``: every keyword has an example, and every example is right.

A keyword's example stands in its documentation and is executed here. A business keyword needs none there when
a test of the suites uses it: that test is its example, and every run executes it. The suites that stand in
README.md and docs/ are executed too.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Container, Iterable

from ..docs import check
from . import suite
from .collect import Keyword, owners, unexplained
from .execute import Written, execute
from .uses import Place, Uses


def main() -> int:
    """Checks the documentation and executes the examples; says what is wrong, and last how many there are.

    Returns:
        The exit status: 0 when all is well.
    """
    argparse.ArgumentParser(
        prog="python -m runner.examples", description="Executes every example of the documentation."
    ).parse_args()
    found = owners()
    keywords = [k for owner in found for k in owner.keywords if not k.private]
    without = lacking(keywords, Uses().found)
    problems = [_without(keyword) for keyword in without]
    problems += unexplained([k for owner in found if owner.is_library for k in owner.keywords])
    examples = suite.shown(found)
    written = [Written(place, text, dry) for dry in (False, True) for place, text in check.suites(dry=dry)]
    try:
        told = execute(examples, written)
    except ValueError as problem:
        print(problem)
        return 1
    for line in (*problems, *told.failures, *told.skipped):
        print(line)
    documented = sum(bool(k.examples) for k in keywords)
    print(
        f"{len(keywords)} keywords: {documented} with an example in their documentation, "
        f"{len(keywords) - documented - len(without)} with a test of the suites; "
        f"{told.passed} examples executed, {len(told.failures)} failed, {len(told.skipped)} skipped"
    )
    return 1 if problems or told.failures else 0


def lacking(keywords: Iterable[Keyword], used: Container[Place]) -> list[Keyword]:
    """The keywords that have no example.

    Args:
        keywords: The keywords.
        used: Those that tests of the suites use.
    """
    return [
        keyword for keyword in keywords if not keyword.examples and (keyword.file, keyword.name) not in used
    ]


def _without(keyword: Keyword) -> str:
    return (
        f"{keyword.place}: {keyword.name} has no example. Add a paragraph 'Example:' with rows such as"
        f" '| {keyword.name} | ... |' to its documentation, or use it in a test"
    )


if __name__ == "__main__":
    sys.exit(main())
