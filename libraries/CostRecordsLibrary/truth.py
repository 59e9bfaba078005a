"""The truth about an organisation's costs, recomputed from the rows that a test planted.

This is the tests' own arithmetic: it shares no code with any backend. Money is integer cents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from . import futures
from .amounts import money

Row = Mapping[str, Any]
Records = Mapping[str, Sequence[Row]]

IDLE_AT_MOST: Final = 5
"""Percent of utilisation up to which a resource counts as idle (contract: the agent's tools)."""
OVERSIZED: Final = (6, 35)
"""Percent of utilisation, both ends included, at which a resource is larger than needed (same section)."""
MONTHS_AHEAD: Final = 3
"""How far a forecast looks when nothing is said (same section)."""
FILTERS: Final = ("service", "team", "month", "provider", "region")
"""Arguments that narrow a tool to some rows."""


def chosen(rows: Iterable[Row], arguments: Mapping[str, Any]) -> list[Row]:
    """The rows that a tool's filter arguments let through."""
    wanted = {name: arguments[name] for name in FILTERS if arguments.get(name) is not None}
    return [row for row in rows if all(row.get(name) == value for name, value in wanted.items())]


def spend(records: Records, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What ``query_spend`` must find: the total, and the rows by amount, then by key."""
    rows = chosen(records.get("spend", ()), arguments)
    group_by = arguments.get("group_by", "service")
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        sums[row[group_by]] += row["amount_cents"]
    ordered = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    return {
        "group_by": group_by,
        "filters": {name: arguments[name] for name in FILTERS if arguments.get(name) is not None},
        "total_cents": sum(sums.values()),
        "rows": [{"key": key, "amount_cents": amount} for key, amount in ordered],
    }


def idle(records: Records, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What ``find_idle_resources`` must find: resources that cost money and do next to nothing."""
    limit = arguments.get("max_utilisation_percent", IDLE_AT_MOST)
    found = _resources(records, arguments, 0, limit)
    return {"resources": found, "monthly_saving_cents": sum(r["monthly_cost_cents"] for r in found)}


def oversized(records: Records, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What ``rightsize_resources`` must find: resources at half of whose size the work would still fit."""
    low = arguments.get("min_utilisation_percent", OVERSIZED[0])
    high = arguments.get("max_utilisation_percent", OVERSIZED[1])
    found = _resources(records, arguments, low, high)
    return {
        "resources": [{**r, "proposed_cost_cents": r["monthly_cost_cents"] // 2} for r in found],
        "monthly_saving_cents": sum(_half(r) for r in found),
    }


def _half(resource: Row) -> int:
    cost: int = resource["monthly_cost_cents"]
    return cost - cost // 2


_SHOWN_OF_A_RESOURCE: Final = ("name", "service", "team", "monthly_cost_cents", "utilisation_percent")


def _resources(records: Records, arguments: Mapping[str, Any], low: int, high: int) -> list[dict[str, Any]]:
    """The resources that cost something and are used from ``low`` to ``high`` percent, by cost, then name."""
    found = [
        {name: row[name] for name in _SHOWN_OF_A_RESOURCE}
        for row in chosen(records.get("resources", ()), arguments)
        if row["monthly_cost_cents"] > 0 and low <= row["utilisation_percent"] <= high
    ]
    return sorted(found, key=lambda r: (-r["monthly_cost_cents"], r["name"]))


def models(records: Records, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What ``compare_models`` must find: for each task, what the model that is cheapest per call saves."""
    rows = [r for r in chosen(records.get("model_calls", ()), {"team": arguments.get("team")}) if r["calls"]]
    latest = max((r["month"] for r in rows), default="")
    used: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for row in rows:
        if row["month"] == latest:
            figures = used[row["task"]][row["model"]]
            figures[0] += row["calls"]
            figures[1] += row["cost_cents"]
    tasks = sorted(
        (_compared(task, figures) for task, figures in used.items()),
        key=lambda task: (-task["saving_cents"], task["task"]),
    )
    return {"tasks": tasks, "monthly_saving_cents": sum(task["saving_cents"] for task in tasks)}


def _compared(task: str, used: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    best = min(used, key=lambda model: (Fraction(used[model][1], used[model][0]), model))
    calls, cost = used[best]
    others = [
        {"model": m, "calls": n, "cost_cents": c, "saving_cents": max(0, c - (n * cost) // calls)}
        for m, (n, c) in used.items()
        if m != best
    ]
    return {
        "task": task,
        "cheapest_model": best,
        "cheapest_cost_cents_per_1000_calls": 1000 * cost // calls,
        "alternatives": sorted(others, key=lambda other: (-other["saving_cents"], other["model"])),
        "saving_cents": sum(other["saving_cents"] for other in others),
    }


def forecast(records: Records, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What ``forecast_spend`` must say for sure: each month so far, their mean, how far it looks."""
    by_month = spend(records, {**arguments, "group_by": "month"})["rows"]
    history = sorted(({"month": r["key"], "amount_cents": r["amount_cents"]} for r in by_month), key=_month)
    total = sum(month["amount_cents"] for month in history)
    return {
        "history": history,
        "average_cents": total // len(history) if history else 0,
        "months": arguments.get("months", MONTHS_AHEAD),
    }


def _month(row: Row) -> str:
    return str(row["month"])


_TRUTHS: Final[Mapping[str, Callable[[Records, Mapping[str, Any]], dict[str, Any]]]] = {
    "query_spend": spend,
    "find_idle_resources": idle,
    "rightsize_resources": oversized,
    "compare_models": models,
    "forecast_spend": forecast,
}


def savings(records: Records, tool: str, arguments: Mapping[str, Any]) -> list[tuple[str, int]]:
    """What a tool must find to save: the resource or the task of each, and cents; none for other tools."""
    if tool == "find_idle_resources":
        return [(r["name"], r["monthly_cost_cents"]) for r in idle(records, arguments)["resources"]]
    if tool == "rightsize_resources":
        return [(r["name"], _half(r)) for r in oversized(records, arguments)["resources"]]
    if tool == "compare_models":
        tasks = models(records, arguments)["tasks"]
        return [(task["task"], task["saving_cents"]) for task in tasks if task["saving_cents"] > 0]
    return []


def savable(records: Records, tool: str) -> set[str]:
    """Names of all that a tool looks at to find savings: tasks or resources."""
    if tool == "compare_models":
        return {row["task"] for row in records.get("model_calls", ())}
    return {row["name"] for row in records.get("resources", ())}


def differences(records: Records, tool: str, arguments: Mapping[str, Any], result: Row) -> list[str]:
    """Where a tool's result departs from the truth: one line for each departure, none when it is true.

    Args:
        records: The organisation's rows.
        tool: The tool's name.
        arguments: What it was asked.
        result: What it answered.
    """
    if tool not in _TRUTHS:
        return [f"{tool} is no tool whose truth is known"]
    truth = _TRUTHS[tool](records, arguments)
    wrong = [
        f"{name}: the records say {_shown(name, value)}, the tool said {_shown(name, result.get(name))}"
        for name, value in truth.items()
        if result.get(name) != value
    ]
    if tool == "forecast_spend" and not wrong:
        amounts = [month["amount_cents"] for month in truth["history"]]
        wrong = futures.differences(amounts, truth["months"], result)
    return wrong


def _shown(name: str, value: object) -> str:
    """A figure as people read it."""
    return money(value) if name.endswith("_cents") and isinstance(value, int) else repr(value)
