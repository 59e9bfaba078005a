"""What trying mutants came to: as JSON, as a page of survivors, and in a line."""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .records import How, Record

GOALS: Final = {"backend": 0.85, "rules": 0.95}
"""The part of each kind's mutants that the tests must notice."""
_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --bad: #cf222e }
body { font: 14px/1.4 system-ui, sans-serif; margin: 1.5rem; max-width: 75rem }
pre { border: 1px solid var(--line); padding: .5rem; overflow-x: auto; font-size: 12px }
.old { color: var(--bad) } .new { color: var(--good) } h3 { margin-bottom: .2rem; font-size: 1rem }
table { border-collapse: collapse }
th, td { border: 1px solid var(--line); padding: 1px 8px; text-align: right }
th:first-child { text-align: left }
"""


@dataclass(frozen=True, slots=True)
class Tally:
    """How mutants ended.

    Attributes:
        records: What became of each.
    """

    records: tuple[Record, ...]

    @property
    def dead(self) -> int:
        """How many the tests noticed."""
        return sum(record.how.dead for record in self.records)

    @property
    def part(self) -> float:
        """The part that the tests noticed; 1 where there was nothing to notice."""
        return self.dead / len(self.records) if self.records else 1.0

    @property
    def line(self) -> str:
        """``M of N mutants killed (P %)``; never rounded up to a goal that was missed."""
        return f"{self.dead} of {len(self.records)} mutants killed ({int(self.part * 1000) / 10:g} %)"

    @property
    def ways(self) -> str:
        """How often each way of ending occurred."""
        number = Counter(record.how for record in self.records)
        return ", ".join(f"{number[how]} {how.value}" for how in How if number[how])

    def of(self, kind: str) -> Tally:
        """Those of one kind."""
        return Tally(tuple(record for record in self.records if record.kind == kind))

    @property
    def kinds(self) -> list[str]:
        """The kinds there are."""
        return list(dict.fromkeys(record.kind for record in self.records))

    @property
    def missed(self) -> list[str]:
        """A line for each kind whose goal was missed."""
        return [
            f"{kind}: {self.of(kind).line}; the goal is {GOALS[kind]:.0%}"
            for kind in self.kinds
            if self.of(kind).part < GOALS[kind]
        ]


def write(tally: Tally, folder: Path, told: Sequence[str]) -> list[Path]:
    """Writes mutants.json and mutants.html.

    Args:
        tally: What to write.
        folder: Where to.
        told: How the mutants were chosen, and what else a reader must know; a line each.

    Returns:
        The files, the page first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    data, page = folder / "mutants.json", folder / "mutants.html"
    value = {
        "told": list(told),
        "killed": tally.dead,
        "tried": len(tally.records),
        "mutants": [record.as_json() for record in tally.records],
    }
    data.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")
    page.write_text(_page(tally, told), "utf-8")
    return [page, data]


def _page(tally: Tally, told: Iterable[str]) -> str:
    head = "".join(f"<th>{html.escape(how.value)}</th>" for how in How)
    rows = "".join(_row(kind, tally.of(kind)) for kind in tally.kinds)
    survivors = [record for record in tally.records if not record.how.dead]
    shown = "".join(_survivor(record) for record in sorted(survivors, key=lambda r: (r.module, r.at)))
    notes = "".join(f"<p>{html.escape(line)}</p>" for line in told)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Mutants</title>'
        f"<style>{_STYLE}</style><h1>Mutants</h1><p><strong>{html.escape(tally.line)}</strong></p>{notes}"
        f"<table><tr><th></th>{head}</tr>{rows}</table>"
        f"<h2>{len(survivors)} survived</h2>{shown}</html>\n"
    )


def _row(kind: str, tally: Tally) -> str:
    number = Counter(record.how for record in tally.records)
    return f"<tr><th>{html.escape(kind)}</th>" + "".join(f"<td>{number[how]}</td>" for how in How) + "</tr>"


def _survivor(record: Record) -> str:
    where = f"{record.module}, line {record.at}, {record.function}: {record.operator}"
    note = f" ({record.message})" if record.message else ""
    return f"<h3>{html.escape(where + note)}</h3><pre>{'<br>'.join(map(_coloured, _body(record.diff)))}</pre>"


def _body(diff: str) -> list[str]:
    return diff.splitlines()[2:]


def _coloured(line: str) -> str:
    kind = {"-": "old", "+": "new"}.get(line[:1])
    text = html.escape(line)
    return f'<span class="{kind}">{text}</span>' if kind else text
