"""The pages of the documentation that are made of figures: performance and capacity."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from . import table

GIB: Final = 2**30
PEOPLE: Final = 1_000_000
PACE: Final = 60
"""Seconds between two questions of one person: busy people."""
PORTS: Final = 28_000
"""Connections from one address to one address and port: Linux's range of ephemeral ports."""
READING: Final = (
    "`contract.valid` is asked first, so the reading of every frame is counted as its own. Taken apart once",
    "over 100,000 frames, in processor time: 0.58 s to read them (the JSON, and the same JSON written again,",
    "which proves that no key came twice), 0.36 s in the compiled checker of the schemas, 0.1 s in the rule.",
    "Of the reading 0.19 s goes to memory: what was read is kept with its frame. Little of it is Python, so",
    "what can still be saved is what the other rules do with each frame.",
)
"""Where the time of the costliest rule goes."""
MADE: Final = (
    "<!-- Written by `python3 run.py bench --write` from results/bench; edit bench/pages.py instead. -->"
)


def write(document: Mapping[str, Any], docs: Path) -> list[Path]:
    """Writes the pages.

    Args:
        document: The figures, by name.
        docs: The documentation's folder.

    Returns:
        The files.
    """
    pages = {"performance.md": _performance(document)}
    capacity = Capacity.of(document)
    if capacity is not None:
        pages["capacity.md"] = _capacity(capacity)
    files = []
    for name, lines in pages.items():
        file = docs / name
        file.write_text("\n".join(lines).rstrip() + "\n", "utf-8")
        files.append(file)
    return files


def _performance(document: Mapping[str, Any]) -> list[str]:
    rows = [row for figure in document.values() for row in figure["rows"]]
    missed = [row for row in rows if row["kept"] is False]
    lines = [
        "# Performance",
        "",
        MADE,
        "",
        "Every figure stands beside its peer or its floor, both taken in turns in the same run on the same",
        "machine. Times are of that machine; ratios are what to compare. Shown are the median and, in",
        "brackets, the least and the most of all rounds; the ratio is the median of the rounds' ratios.",
        "",
        "    python3 run.py bench                    # all figures, about forty minutes",
        "    python3 run.py bench frames opening     # some of them; --list names them all",
        "    python3 run.py bench --quick            # under three minutes; fails when a ratio is behind",
        "    python3 run.py bench --write            # writes this page from the last figures",
        "",
        "`--quick` holds each ratio against `bench/baseline.json` and fails when one is more than a fifth",
        "behind; `--record` writes that file. Absolute times are never compared. What only measurements need",
        "stands in `requirements-bench.txt` and is installed when it is first asked for.",
        "",
        f"{_about(document)}",
        "",
        *table.markdown(rows),
        "",
        "![Each figure beside its goal](figures/performance.svg)",
        "",
    ]
    if missed:
        lines += ["Goals that this run did not keep:", ""]
        lines += [*(f"- {row['name']}: {row['what']}" for row in missed), ""]
    for row in rows:
        if row.get("note"):
            lines += [f"*{row['name']}*: {row['note']}", ""]
    for name, figure in document.items():
        if figure["told"]:
            lines += [f"## {name}", "", *[f"    {told}" for told in figure["told"]], ""]
    if "rules" in document:
        lines += ["## What judging costs", "", *_rules(document["rules"]["data"])]
    if document.get("parallel", {}).get("data"):
        lines += ["![The parallel part by processes](figures/parallel.svg)", ""]
    return lines


def _about(document: Mapping[str, Any]) -> str:
    about = [figure["about"] for figure in document.values()]
    first = about[0]
    days = sorted({one["day"] for one in about})
    loads = [one["load"] for one in about]
    quick = " Some figures are of a quick run." if any(one["quick"] for one in about) else ""
    return (
        f"Taken on {' and '.join(days)}: Python {first['python']} on {first['system']} ({first['machine']}), "
        f"{first['cores']} cores, load {min(loads):g} to {max(loads):g} after each figure.{quick}"
    )


def _rules(data: Mapping[str, Any]) -> list[str]:
    spent = data["many connections"]["rules"]
    whole = sum(spent.values())
    lines = [
        "Each rule goes over all frames of all connections; a frame is read once, at its first use. The cost",
        "grows with the number of frames and with nothing else:",
        "",
        "![Judging by frames](figures/rules.svg)",
        "",
        "| rule | share of the time |",
        "|---|---|",
    ]
    for rule, seconds in list(spent.items())[:8]:
        lines.append(f"| `{rule}` | {100 * seconds / whole:.0f} % |")
    return [*lines, "", *READING, ""]


@dataclass(frozen=True, slots=True)
class Capacity:
    """What one core and one GiB carry, as measured.

    Attributes:
        session_bytes: Memory of a held session in one Robot process.
        frames_per_second: Frames that one core records.
        judging_seconds: Processor seconds of judging a frame by every rule.
        frames_each: Frames of a question and its answer.
        runs_per_second: Questions that the backend answers on one core.
        connection_bytes: Memory of a connection in the backend.
        opens_per_second: Sessions that one process opens, handshake and welcome included.
    """

    session_bytes: float
    frames_per_second: float
    judging_seconds: float
    frames_each: float
    runs_per_second: float
    connection_bytes: float
    opens_per_second: float

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Capacity | None:
        """What the figures say; None where one of them is not there yet."""
        if not {"memory", "frames", "rules", "backend", "opening"} <= document.keys():
            return None
        rows = {row["name"]: row for figure in document.values() for row in figure["rows"]}
        live, memory = document["rules"]["data"]["live"], document["memory"]["data"]
        sizes = document["rules"]["data"]["many connections"]["seconds"]
        largest = max(sizes, key=int)
        return cls(
            rows["memory of a session"]["ours"]["median"],
            rows["frames"]["ours"]["median"],
            min(sizes[largest]) / int(largest),
            live["frames"] / live["people"],
            rows["backend runs"]["ours"]["median"],
            rows["backend memory"]["ours"]["median"],
            memory["sessions"] / min(memory["open_seconds"]),
        )

    @property
    def people_per_gib(self) -> float:
        """Sessions that fit into one GiB, with what a question leaves behind."""
        return GIB / (self.session_bytes + self.frames_each * KEPT)

    @property
    def people_per_core(self) -> float:
        """People that one core can record and judge, each asking once in :data:`PACE` seconds."""
        return PACE / (self.frames_each * (1 / self.frames_per_second + self.judging_seconds))

    @property
    def backend_people_per_core(self) -> float:
        """People that one core of the reference backend can answer at that pace."""
        return self.runs_per_second * PACE


KEPT: Final = 3_000
"""Bytes that a recorded and judged frame keeps: its text, what was read of it, its place in a list."""


def _capacity(found: Capacity) -> list[str]:
    cores, memory = PEOPLE / found.people_per_core, PEOPLE / found.people_per_gib
    agents = math.ceil(PEOPLE / 5_000)
    return [
        "# Capacity",
        "",
        MADE,
        "",
        f"What one core and one GiB carry, as measured, and what {PEOPLE:,} people would take. They are",
        f"busy: each asks every {PACE} seconds, and every frame is recorded and judged by every rule.",
        "",
        "| measured | |",
        "|---|---|",
        f"| memory of a signed-in session | {found.session_bytes / 1024:.1f} KiB |",
        f"| frames of a question and its answer | {found.frames_each:.0f} |",
        f"| frames that one core records | {found.frames_per_second:,.0f} a second |",
        f"| judging a frame by every rule | {found.judging_seconds * 1e6:.0f} microseconds of a core |",
        f"| sessions that one process opens | {found.opens_per_second:,.0f} a second |",
        "| questions that the reference backend answers "
        f"| {found.runs_per_second:,.0f} a second on each core |",
        f"| memory of a connection in the backend | {found.connection_bytes / 1024:.1f} KiB |",
        "",
        "## People",
        "",
        "| | people |",
        "|---|---|",
        f"| per GiB of the testing machines | {found.people_per_gib:,.0f} |",
        f"| per core of the testing machines | {found.people_per_core:,.0f} |",
        f"| per core of the reference backend | {found.backend_people_per_core:,.0f} |",
        "",
        f"## {PEOPLE:,} people",
        "",
        "| | |",
        "|---|---|",
        f"| testing: memory | {math.ceil(memory):,} GiB |",
        f"| testing: cores | {math.ceil(cores):,} |",
        f"| testing: Robot processes of 5,000 sessions each | {agents:,} |",
        f"| testing: time to open all of them, {agents} processes at a time "
        f"| {5_000 / found.opens_per_second:,.0f} s |",
        f"| addresses on either side, at {PORTS:,} connections each | {math.ceil(PEOPLE / PORTS):,} |",
        f"| reference backend: memory of the connections "
        f"| {math.ceil(PEOPLE * found.connection_bytes / GIB):,} GiB |",
        f"| reference backend: cores | {math.ceil(PEOPLE / found.backend_people_per_core):,} |",
        "",
        "This is arithmetic on figures of one small machine, not a measurement: networks, balancers and the",
        "database have limits of their own. It tells where the first limit is, and that the tests are not it",
        "long before the backend is. [Beyond one machine](scale.md) says how tests are spread.",
    ]
