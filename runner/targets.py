"""``run.py targets``: the suites against every target, and a table of what each keeps and breaks."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from AgentChatLibrary.environment import CAPABILITIES
from robot.api import ExecutionResult
from robot.errors import DataError
from robot.result import TestCase

from . import accept, environments, planning
from .console import Clock, Stop, counted, say
from .project import RESULTS, ROOT, shown
from .results import KNOWN

FOLDER: Final = RESULTS / "targets"
"""Where the reports go, a folder for each target."""
PAGE: Final = ROOT / "docs" / "targets.md"
DEFAULT: Final = ("embedded", "agno", "aimock")
OUTPUT: Final = "output.xml"
NOT_OFFERED: Final = re.compile(r"does not offer '(\w+)'|needs the capability '(\w+)'")
KNOWN_FAILURE: Final = "Known failure: "
CELLS: Final = {"keeps": "keeps", "breaks": "**breaks**", "not offered": "-", "unknown": "?"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a target did with one promise.

    Attributes:
        kind: ``keeps``, ``breaks``, ``not offered`` or ``unknown``.
        why: The reason of a break, or what is not offered.
    """

    kind: str
    why: str = ""


def main(options: argparse.Namespace) -> int:
    """Runs the suites against targets and writes the table.

    Args:
        options: The command line.

    Returns:
        The exit status.
    """
    names: Sequence[str] = options.names or DEFAULT
    status = 0
    if not options.table:
        for name in names:
            say(f"== {name}")
            status |= _run(name, options.processes)
            say()
    PAGE.write_text(page({name: _verdicts(name) for name in names}), "utf-8")
    say(f"Table: {shown(PAGE)}")
    return status


def _run(name: str, processes: int | None) -> int:
    clock = Clock()
    env = environments.chosen(name)
    robot = ["--outputdir", str(FOLDER / name)]
    plan = planning.discover(planning.select(robot))
    plan.must_try("targets")
    finished = accept.run(plan, env, clock, accept.Wanted(processes, look=True))
    say(finished.last_line)
    return finished.status


def _verdicts(name: str) -> dict[str, Verdict]:
    """What the report of a target says of each promise, by its name without the first suite's."""
    try:
        result = ExecutionResult(FOLDER / name / OUTPUT)
    except DataError as problem:
        raise Stop(f"There is no report of {name} yet: run it first, without --table.") from problem
    return {test.full_name.split(".", 1)[-1]: verdict(test) for test in result.suite.all_tests}


def verdict(test: TestCase) -> Verdict:
    """What a test's result says of its promise.

    Args:
        test: The test.
    """
    first = test.message.split("\n\n", 1)[0].strip()
    if test.passed:
        return Verdict("keeps")
    if KNOWN in test.tags:
        return Verdict("breaks", first.removeprefix(KNOWN_FAILURE))
    if test.failed:
        return Verdict("breaks", first.splitlines()[0] if first else "")
    found = NOT_OFFERED.search(test.message)
    if found:
        return Verdict("not offered", found[1] or found[2])
    return Verdict("not offered", first)


def page(targets: Mapping[str, Mapping[str, Verdict]]) -> str:
    """The page: a summary, each break with its reason, what is not offered, and the whole table.

    Args:
        targets: For each target its verdicts by promise.
    """
    lines = [
        "# What each target keeps, breaks and does not offer",
        "",
        "Written by `python3 run.py targets` from what the same suites found out about each target.",
        "[Dialects](dialects.md) says how a target is described.",
        "",
        "| target | keeps | breaks | does not offer |",
        "|---|---|---|---|",
    ]
    for name, verdicts in targets.items():
        numbers = [
            sum(v.kind == kind for v in verdicts.values()) for kind in ("keeps", "breaks", "not offered")
        ]
        lines.append(f"| {name} | {numbers[0]} | {numbers[1]} | {numbers[2]} |")
    for name, verdicts in targets.items():
        lines += _one(name, verdicts)
    lines += ["", "## Promise by promise", "", f"| promise | {' | '.join(targets)} |"]
    lines.append("|---|" + "---|" * len(targets))
    promises = list(dict.fromkeys(promise for verdicts in targets.values() for promise in verdicts))
    for promise in promises:
        cells = [CELLS[v.get(promise, Verdict("unknown")).kind] for v in targets.values()]
        lines.append(f"| {_cell(promise)} | {' | '.join(cells)} |")
    lines += ["", "`-` is not offered, and so not tried."]
    return "\n".join(lines) + "\n"


def _one(name: str, verdicts: Mapping[str, Verdict]) -> list[str]:
    breaks = {promise: v.why for promise, v in verdicts.items() if v.kind == "breaks"}
    lacking: dict[str, int] = {}
    for one in verdicts.values():
        if one.kind == "not offered":
            lacking[one.why] = lacking.get(one.why, 0) + 1
    if not breaks and not lacking:
        return []
    lines = ["", f"## {name}"]
    if breaks:
        lines += ["", *(f"- **{_last(promise)}** breaks: {_flat(why)}" for promise, why in breaks.items())]
    if lacking:
        lines += ["", "Not offered, so that the tests that need it are skipped:", ""]
        for what, number in sorted(lacking.items(), key=lambda item: -item[1]):
            meaning = f" ({CAPABILITIES[what]})" if what in CAPABILITIES else ""
            lines.append(f"- {_flat(what).rstrip('.')}{meaning}: {counted(number, 'test')}")
    return lines


def _last(promise: str) -> str:
    return promise.rsplit(".", 1)[-1]


def _cell(promise: str) -> str:
    return promise.replace("|", "\\|")


def _flat(text: str) -> str:
    return " ".join(text.split())
