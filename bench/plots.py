"""Plots as SVG, made by hand: a few lines and words, in the page's own light or dark."""

from __future__ import annotations

import html
import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

WIDTH: Final = 720
STYLE: Final = (
    "<style>text{font:13px system-ui,sans-serif;fill:#222}.small{font-size:11px;fill:#666}"
    ".line{stroke:#bbb;stroke-width:1}.ours{fill:#2563eb;stroke:#2563eb}.beside{fill:#9ca3af;stroke:#9ca3af}"
    ".missed{fill:#dc2626;stroke:#dc2626}.path{fill:none;stroke-width:2}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.small{fill:#999}.line{stroke:#555}}</style>"
)


def write(document: Mapping[str, Any], folder: Path) -> list[Path]:
    """Draws what can be drawn of the figures.

    Args:
        document: The figures, by name.
        folder: Where the pictures go.

    Returns:
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {"performance.svg": _ratios(document)}
    if document.get("rules", {}).get("data"):
        drawn["rules.svg"] = _rules(document["rules"]["data"])
    if document.get("parallel", {}).get("data"):
        drawn["parallel.svg"] = _parallel(document["parallel"])
    files = []
    for name, picture in drawn.items():
        file = folder / name
        file.write_text(picture + "\n", "utf-8")
        files.append(file)
    return files


def _ratios(document: Mapping[str, Any]) -> str:
    """A bar for each ratio that has a goal: how much of what the goal allows it uses up."""
    rows = [r for one in document.values() for r in one["rows"] if r["goal"] is not None]
    bars, top = [], 30
    bars.append(_text(10, 18, "How much of what each goal allows is used (a full bar is all of it)"))
    for row in rows:
        used = _used(row)
        length = min(used, 1.5) / 1.5 * 330
        kind = "ours" if row["kept"] else "missed"
        bars.append(_text(10, top + 16, row["name"]))
        bars.append(f'<rect x="260" y="{top + 5}" width="{length:.1f}" height="13" class="{kind}"/>')
        judged = row["ratio"]["median"]
        shown = judged if judged is not None else row["ours"].get("median", 0.0)
        told = f"{shown:,.2f}; {row['goal']}"
        bars.append(_text(260 + max(length, 220) + 8, top + 16, told, "small"))
        top += 24
    bars.append(f'<line x1="480" y1="28" x2="480" y2="{top}" class="line"/>')
    return _svg(top + 10, bars, "Each figure beside its goal")


def _used(row: Mapping[str, Any]) -> float:
    """The share of its goal that a row uses up; over 1 where it misses it."""
    judged = row["ratio"]["median"]
    value = judged if judged is not None else row["ours"].get("median", 0.0)
    kind, bound = row["goal"].rsplit(" ", 1)
    limit = float(bound)
    if kind == "at least":
        return float(limit / value) if value else 2.0
    return float(max(0.0, value / limit))


def _rules(data: Mapping[str, Any]) -> str:
    """Seconds of judging by frames, for many connections and for one."""
    lines = {
        name: {int(size): statistics.median(values) for size, values in data[name]["seconds"].items()}
        for name in ("many connections", "one connection")
    }
    return _chart(lines, "Judging by every rule: processor seconds by frames", "frames", "s")


def _parallel(figure: Mapping[str, Any]) -> str:
    """Seconds of the parallel part by processes, and of its floor."""
    floors = {
        int(row["name"].split()[1]): row["beside"]["median"]
        for row in figure["rows"]
        if row["beside"]["values"]
    }
    seconds = {int(n): statistics.median(values) for n, values in figure["data"]["seconds"].items()}
    lines = {"the suites": seconds, "empty suites and the longest wait": floors}
    return _chart(lines, "The parallel part of a run: seconds by processes", "processes", "s")


def _chart(lines: Mapping[str, Mapping[int, float]], title: str, across: str, unit: str) -> str:
    left, top, width, height = 60, 40, 560, 240
    most_x = max(x for line in lines.values() for x in line)
    most_y = _round_up(max(y for line in lines.values() for y in line.values()))
    parts = [_text(10, 20, title)]
    for share in (0.0, 0.5, 1.0):
        y = top + height * (1 - share)
        parts.append(f'<line x1="{left}" y1="{y:.0f}" x2="{left + width}" y2="{y:.0f}" class="line"/>')
        parts.append(_text(8, y + 4, f"{most_y * share:g} {unit}", "small"))
    for number, (name, line) in enumerate(lines.items()):
        kind = ("ours", "beside")[number % 2]
        points = [
            (left + width * x / most_x, top + height * (1 - y / most_y)) for x, y in sorted(line.items())
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" class="path {kind}" style="fill:none"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" class="{kind}"/>' for x, y in points]
        parts.append(
            f'<rect x="{left + 10}" y="{top + 6 + 18 * number}" width="14" height="4" class="{kind}"/>'
        )
        parts.append(_text(left + 32, top + 12 + 18 * number, name, "small"))
    for x in sorted(next(iter(lines.values()))):
        parts.append(_text(left + width * x / most_x - 14, top + height + 18, f"{x:,}", "small"))
    parts.append(_text(left + width + 14, top + height + 18, across, "small"))
    return _svg(top + height + 30, parts, title)


def _round_up(value: float) -> float:
    """The next figure above that begins with 1, 2 or 5."""
    power = 10 ** math.floor(math.log10(value)) if value > 0 else 1
    return next(power * step for step in (1, 2, 5, 10) if power * step >= value)


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    mark = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.0f}" y="{y:.0f}"{mark}>{html.escape(text)}</text>'


def _svg(height: float, parts: Sequence[str], title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img">'
        f"<title>{html.escape(title)}</title>{STYLE}{''.join(parts)}</svg>"
    )
