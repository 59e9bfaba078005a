"""``run.py bench``: takes figures, shows them beside their peers, and holds ratios against the baseline."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from runner.arguments import USAGE_ERROR
from runner.console import Stop, counted, say, seconds
from runner.project import RESULTS, ROOT, shown

from . import pages, plots, table
from .catalogue import FIGURES
from .model import TOLERANCE, Taken
from .processes import PartFailed, cores

FOLDER: Final = RESULTS / "bench"
BASELINE: Final = ROOT / "bench" / "baseline.json"
"""Ratios alone: times are those of one machine."""


def main(options: argparse.Namespace) -> int:
    """Takes the figures that are asked for.

    Args:
        options: The command line.

    Returns:
        0 unless something must not be, or a quick run is behind the baseline.
    """
    if options.list:
        for figure in FIGURES.values():
            say(f"  {figure.name:12} {figure.title}")
        return 0
    if options.write and not options.names:
        return _write(_known())
    unknown = [name for name in options.names if name not in FIGURES]
    if unknown:
        raise Stop(f"There is no figure {unknown[0]!r}. There are: {', '.join(FIGURES)}.", USAGE_ERROR)
    # Where no bytecode is kept, the project's is compiled at each start, and that of its peers is not.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    taken, wrong = _take(options.names or list(FIGURES), quick=options.quick)
    for line in table.lines(row for one in taken.values() for row in one.rows):
        say(line)
    for one in taken.values():
        for line in one.told:
            say(f"  {line}")
    behind = _behind(taken, _mode(quick=options.quick)) if options.quick and not options.record else []
    for line in [*wrong, *behind]:
        say(f"FAIL: {line}")
    if options.record:
        _record(taken, _mode(quick=options.quick))
    if options.write:
        _write(_known())
    say(f"Figures: {shown(FOLDER / 'bench.json')}")
    rows = [row for one in taken.values() for row in one.rows if row.goal is not None]
    say(f"{sum(row.kept is True for row in rows)} of {counted(len(rows), 'goal')} kept")
    return 1 if wrong or behind else 0


def _take(names: list[str], *, quick: bool) -> tuple[dict[str, Taken], list[str]]:
    taken: dict[str, Taken] = {}
    wrong: list[str] = []
    for number, name in enumerate(names, 1):
        say(f"[{number}/{len(names)}] {name}: {FIGURES[name].title} ...")
        begun = time.monotonic()
        try:
            taken[name] = FIGURES[name].take(quick)
        except PartFailed as problem:
            wrong.append(f"{name} could not be taken: {problem}")
            continue
        wrong += [f"{name}: {text}" for text in taken[name].wrong]
        _keep(
            _document({name: taken[name]}, quick=quick)
        )  # each at once: an interrupted run keeps the others
        say(f"      {seconds(time.monotonic() - begun)}")
    return taken, wrong


def _mode(*, quick: bool) -> str:
    return "quick" if quick else "full"


def _document(taken: Mapping[str, Taken], *, quick: bool) -> dict[str, Any]:
    """Everything as JSON, by figure."""
    about = {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "cores": cores(),
        "load": round(os.getloadavg()[0], 2),
        "quick": quick,
        "day": time.strftime("%Y-%m-%d"),
    }
    return {
        name: {
            "about": about,
            "title": FIGURES[name].title,
            "rows": [row.document() for row in one.rows],
            "wrong": one.wrong,
            "told": one.told,
            "data": one.data,
        }
        for name, one in taken.items()
    }


def _known() -> dict[str, Any]:
    """The figures that were taken last, each by itself: they need not be taken together."""
    found = {}
    for name in FIGURES:
        file = FOLDER / f"{name}.json"
        if file.is_file():
            found[name] = json.loads(file.read_text("utf-8"))
    return found


def _keep(document: Mapping[str, Any]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, figure in document.items():
        if not figure["rows"]:
            continue  # nothing was measured, and what an earlier run measured stays
        _save(FOLDER / f"{name}.json", figure)
    _save(FOLDER / "bench.json", _known())


def _save(file: Path, value: object) -> None:
    file.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _baseline() -> dict[str, dict[str, float]]:
    if not BASELINE.is_file():
        return {}
    known: dict[str, dict[str, float]] = json.loads(BASELINE.read_text("utf-8"))
    return known


def _behind(taken: Mapping[str, Taken], mode: str) -> list[str]:
    """What is more than the tolerance behind the recorded ratios, a sentence each."""
    before = _baseline().get(mode, {})
    return [
        f"{row.name}: {row.ratio:.2f} beside {row.peer}, "
        f"{row.behind(before[row.name]):.0%} behind the recorded {before[row.name]:.2f}"
        for one in taken.values()
        for row in one.rows
        if not row.noisy and row.name in before and row.behind(before[row.name]) > TOLERANCE
    ]


def _record(taken: Mapping[str, Taken], mode: str) -> None:
    """Keeps the ratios, beside those of figures that were not taken now."""
    known = _baseline()
    now = {
        row.name: round(row.ratio, 3)
        for one in taken.values()
        for row in one.rows
        if row.ratio is not None and not row.noisy
    }
    known[mode] = dict(sorted({**known.get(mode, {}), **now}.items()))
    _save(BASELINE, known)
    say(f"Recorded {counted(len(now), 'ratio')} in {shown(BASELINE)}")


def _write(document: Mapping[str, Any]) -> int:
    """Writes the plots and the pages of the documentation."""
    if not document:
        raise Stop("There are no figures yet: take them first, with `python3 run.py bench`.")
    for file in [*plots.write(document, ROOT / "docs" / "figures"), *pages.write(document, ROOT / "docs")]:
        say(f"Wrote {shown(file)}")
    return 0
