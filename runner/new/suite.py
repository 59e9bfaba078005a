"""``run.py new suite``: a suite with one test that passes at once."""

from __future__ import annotations

import argparse
import re
from typing import Final

from .. import coverage
from ..arguments import USAGE_ERROR
from ..console import Stop, say
from ..project import TESTS, shown
from . import names, writing

NUMBER: Final = re.compile(r"^\d+_+")


def main(options: argparse.Namespace) -> int:
    """Writes the suite and brings the table of tests up to date.

    Args:
        options: The command line: ``name`` and ``area``.

    Returns:
        The exit status.

    Raises:
        Stop: The name is bad or taken.
    """
    name = names.checked("suite", options.name, names.SUITE, "_")
    plain = NUMBER.sub("", name)
    for other in sorted(TESTS.rglob("*")):
        stem = other.name.partition(".")[0]
        if other.suffix in {".robot", ".md", ""} and NUMBER.sub("", stem) == plain:
            raise Stop(
                f"There is a suite {plain!r} already: {shown(other)}. Choose another name.", USAGE_ERROR
            )
    area = names.word("area", options.area or plain.replace("_", "-"), names.AREA, "monthly-reports")
    file = names.free(TESTS / f"{name}.robot")
    writing.write(file, writing.filled("suite.robot.template", area=area))
    coverage.main(["--write"])
    say(f"Wrote {shown(coverage.TABLE)} again.")
    writing.next_steps(
        f"python3 run.py -- --suite {name}",
        "Put your question and what must follow into the test; say in both documentations why it matters.",
        "What can be said stands in resources/*.resource; see docs/mistakes.md when something is refused.",
    )
    return 0
