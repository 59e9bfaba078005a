"""The kill matrix as one page that needs nothing else: a row for each fault, a column for each test."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Final

from .catalogue import Fault
from .verdicts import Ended, How, Trial

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --soft: #9a6700; --bad: #cf222e;
  --odd: #8250df }
body { font: 14px/1.4 system-ui, sans-serif; margin: 1.5rem }
table { border-collapse: collapse; font-size: 12px }
th, td { border: 1px solid var(--line); padding: 1px 4px; text-align: center }
tbody th { text-align: left; white-space: nowrap; font-weight: normal; position: sticky; left: 0;
  background: Canvas }
tbody th.group { font-weight: bold; padding-top: .6rem }
thead th { height: 15rem; vertical-align: bottom; font-weight: normal }
thead span { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 15rem; overflow: hidden }
.own { color: var(--good) } .ambient, .blocked { color: var(--soft) }
.missed { color: #fff; background: var(--bad) }
.unrelated { color: var(--odd) } .odd { color: var(--bad) } .passed { color: #8888 }
.scroll { overflow-x: auto } li { margin: .2rem 0 }
"""
_LEGEND: Final = (
    ("own", "●", "caught by the test's own assertion, as it claims"),
    ("ambient", "◐", "caught by an invariant that holds for every test"),
    ("blocked", "◌", "never came to its promise: a step that only prepares failed"),
    ("unrelated", "○", "failed without claiming the fault"),
    ("missed", "✕", "claims the fault and did not catch it"),
    ("odd", "!", "gave up waiting, or was not reported: proves nothing"),
    ("passed", "·", "passed, as it may"),
)
_MARKS: Final = {name: mark for name, mark, _ in _LEGEND}


def page(
    faults: Sequence[Fault],
    trials: Mapping[str, Trial],
    tests: Sequence[str],
    summary: Sequence[str],
    complaints: Sequence[str],
) -> str:
    """The whole page.

    Args:
        faults: The rows; those of one group stand together.
        trials: What each fault came to.
        tests: The columns: full names.
        summary: What it came to, in lines.
        complaints: What is missing.

    Returns:
        HTML.
    """
    legend = " &nbsp; ".join(f'<span class="{n}">{m}</span> {html.escape(text)}' for n, m, text in _LEGEND)
    told = "".join(f"<p><strong>{html.escape(line)}</strong></p>" for line in summary)
    missing = "".join(f"<li>{html.escape(line)}</li>" for line in complaints)
    missing = f"<h2>Missing</h2><ul>{missing}</ul>" if missing else ""
    head = "".join(
        f'<th title="{html.escape(name)}"><span>{html.escape(_short(name))}</span></th>' for name in tests
    )
    rows, group = [], None
    for fault in sorted(faults, key=lambda fault: fault.group):
        if fault.group != group:
            group = fault.group
            rows.append(f'<tr><th class="group" colspan="{len(tests) + 2}">{html.escape(group)}</th></tr>')
        rows.append(_row(fault, trials[fault.name], tests))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Kill matrix</title>'
        f"<style>{_STYLE}</style><h1>Kill matrix</h1>{told}"
        f'<p>{legend}</p>{missing}<div class="scroll"><table><thead><tr><th></th><th>s</th>'
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div></html>\n"
    )


def _row(fault: Fault, trial: Trial, tests: Sequence[str]) -> str:
    cells = "".join(_cell(trial, name) for name in tests)
    name = f'<th title="{html.escape(fault.summary)}">{html.escape(fault.name)}</th>'
    return f"<tr>{name}<td>{trial.seconds:.1f}</td>{cells}</tr>"


def _cell(trial: Trial, name: str) -> str:
    end = trial.ended.get(name)
    kind = _kind(end, claimed=name in trial.claimed)
    if kind is None:
        return "<td></td>"
    told = f"{_short(name)}: {end.message if end and end.message else kind}"
    return f'<td class="{kind}" title="{html.escape(told)}">{_MARKS[kind]}</td>'


def _kind(end: Ended | None, *, claimed: bool) -> str | None:
    if end is None or end.how is How.SKIPPED:
        return None
    if end.how is How.OWN:
        return "own" if claimed else "unrelated"
    if claimed:
        return "missed"
    return {How.AMBIENT: "ambient", How.BLOCKED: "blocked", How.PASSED: "passed"}.get(end.how, "odd")


def _short(name: str) -> str:
    """The test's own name; the title has the whole."""
    return name.rsplit(".", 1)[-1]
