"""Which tests stand for which promise: the table in ``docs/coverage.md``, made from the suites.

``.venv/bin/python -m runner.coverage`` checks that every promise has a test and that the table is up to date;
``.venv/bin/python -m runner.coverage --write`` writes it.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from . import planning
from .console import Stop
from .project import ROOT, TESTS, shown
from .prove import catalogue

PROMISES: Final = ROOT / "resources" / "promises.json"
TABLE: Final = ROOT / "docs" / "coverage.md"
NEEDS: Final = "needs:"
"""Tags that say what an environment must offer for a test to run."""

SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")

HEAD: Final = """\
# Which tests stand for which promise

Made from the suites by `.venv/bin/python -m runner.coverage --write`; `python3 run.py test` fails when a
promise has no test or this page is not up to date. Which faults each test notices is in the kill matrix
(`python3 run.py prove`).

"""


@dataclass(frozen=True, slots=True)
class Promise:
    """One of the promises.

    Attributes:
        tag: The tag of its tests.
        area: The area it belongs to.
        promise: The promise, in plain English.
    """

    tag: str
    area: str
    promise: str


def promises(file: Path = PROMISES) -> list[Promise]:
    """The promises, in order.

    Raises:
        Stop: The file is not the list that it must be; the message says where.
    """
    try:
        return [Promise(**entry) for entry in json.loads(file.read_text("utf-8"))]
    except json.JSONDecodeError as problem:
        raise Stop(
            f"{shown(file)}, line {problem.lineno}: {problem.msg}. Each promise but the last has a comma."
        ) from problem
    except TypeError as problem:
        raise Stop(
            f'{shown(file)}: a promise is written {{"tag": ..., "area": ..., "promise": ...}} ({problem}).'
        ) from problem


def problems(known: Sequence[Promise], tests: Sequence[planning.Planned]) -> list[str]:
    """What is wrong with the tags of the suites: one line each.

    Args:
        known: The promises.
        tests: All tests.
    """
    used = {tag for test in tests for tag in test.tags if tag.startswith("promise-")}
    found = [f"{p.tag} ({p.promise}) has no test" for p in known if p.tag not in used]
    found += [f"{tag} is no promise of {PROMISES.name}" for tag in sorted(used - {p.tag for p in known})]
    for promise in known:
        mine = [test for test in tests if promise.tag in test.tags]
        if mine and not any(f"area:{promise.area}" in test.tags for test in mine):
            found.append(f"{promise.tag} has no test in its area, {promise.area}")
    return found


def table(known: Sequence[Promise], tests: Sequence[planning.Planned], claimed: Mapping[str, int]) -> str:
    """The page.

    Args:
        known: The promises.
        tests: All tests.
        claimed: How many faults each test claims, by its full name.
    """
    rows = ["| promise | test | faults claimed | needs |", "|---|---|---|---|"]
    for promise in known:
        for number, test in enumerate(t for t in tests if promise.tag in t.tags):
            said = _first_sentence(test.doc)
            name = f"**{test.name.removeprefix(f'{test.suite}.')}**" + (f"<br>{said}" if said else "")
            needs = ", ".join(tag.removeprefix(NEEDS) for tag in test.tags if tag.startswith(NEEDS))
            first = f"**{promise.tag[-2:]}** {promise.promise} ({promise.area})" if number == 0 else ""
            suite = test.suite.partition(".")[2]
            rows.append(f"| {first} | {name}<br>*{suite}* | {claimed.get(test.name, 0)} | {needs} |")
    unpromised = [t for t in tests if not any(tag.startswith("promise-") for tag in t.tags)]
    count = (
        f"\n{len(tests)} tests for {len(known)} promises; {len(unpromised)} of them go beyond the promises"
    )
    names = ": " + "; ".join(t.name.removeprefix(f"{t.suite}.") for t in unpromised) if unpromised else ""
    return HEAD + "\n".join(rows) + f"\n{count}{names}.\n"


def _first_sentence(doc: str) -> str:
    """What a test's documentation begins with, as a cell of the table."""
    return SENTENCE_END.split(" ".join(doc.split()), maxsplit=1)[0].replace("|", "\\|")


def main(arguments: Sequence[str]) -> int:
    """Checks or writes the table; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m runner.coverage", description=(__doc__ or "").strip())
    parser.add_argument("--write", action="store_true", help="write docs/coverage.md")
    options = parser.parse_args(arguments)
    plan, faults = planning.discover(planning.select([], tests=TESTS)), catalogue.read_faults()
    claimed = Counter(name for names in catalogue.claims(plan, faults).values() for name in names)
    found = [*problems(promises(), plan.tests), *catalogue.unknown_claims(plan, faults)]
    page = table(promises(), plan.tests, claimed)
    if options.write:
        TABLE.write_text(page, "utf-8")
    elif not TABLE.exists() or TABLE.read_text("utf-8") != page:
        found.append("docs/coverage.md is not up to date: run `.venv/bin/python -m runner.coverage --write`")
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
