"""The table of figures, for the console and for the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runner.console import columns

from .model import Row

HEAD = ("figure", "unit", "measured", "beside", "ratio", "goal", "")


def lines(rows: Iterable[Row]) -> list[str]:
    """The table for the console.

    Args:
        rows: Its rows.
    """
    return columns([HEAD, *(cells(row.document()) for row in rows)], indent="  ")


def cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The cells of a row, from its JSON.

    Args:
        row: The row.
    """
    ratio = row["ratio"]["median"]
    kept = {True: "kept", False: "MISSED", None: ""}[row["kept"]]
    return (
        row["name"],
        row["unit"],
        spread(row["ours"]),
        spread(row["beside"]),
        "" if ratio is None else f"{ratio:.2f}",
        row["goal"] or "",
        kept,
    )


def spread(values: Mapping[str, Any]) -> str:
    """A median with the least and the most, as people read it.

    Args:
        values: ``values``, and of several ``median``, ``min`` and ``max``.
    """
    several: Sequence[float] = values["values"]
    if not several:
        return ""
    if len(several) == 1:
        return number(several[0])
    return f"{number(values['median'])} ({number(values['min'])} to {number(values['max'])})"


def number(value: float) -> str:
    """A figure with about three digits.

    Args:
        value: The figure.
    """
    size = abs(value)
    if size >= 100:  # noqa: PLR2004 -- three digits and more need no decimals
        return f"{value:,.0f}"
    if size >= 10:  # noqa: PLR2004 -- nor two digits more than one
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 1 else f"{value:.3f}"


def markdown(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """The table for the documentation.

    Args:
        rows: The rows' JSON.
    """
    found = ["| figure | measured | beside | ratio | goal | |", "|---|---|---|---|---|---|"]
    for row in rows:
        _, unit, ours, beside, ratio, goal, kept = cells(row)
        peer = f"{beside} {unit}: {row['beside']['peer']}" if beside else "-"
        found.append(f"| {row['what']} | {ours} {unit} | {peer} | {ratio} | {goal} | {kept.lower()} |")
    return found
