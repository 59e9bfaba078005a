"""The truth about an organisation's costs, recomputed from the rows that a test planted.

This is the tests' own arithmetic: it shares no code with any backend. Money is integer cents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

Row = Mapping[str, Any]
Records = Mapping[str, Sequence[Row]]

IDLE_AT_MOST: Final = 5
"""Percent of utilisation up to which a resource counts as idle (contract: the agent's tools)."""
OVERSIZED: Final = (6, 35)
"""Percent of utilisation, both ends included, at which a resource is larger than needed (same section)."""
FILTERS: Final = ("service", "team", "month", "provider", "region")
"""Arguments that narrow a tool to some rows."""


def chosen(rows: Iterable[Row], arguments: Mapping[str, Any]) -> list[Row]:
    """The rows that a tool's filter arguments let through."""
    wanted = {name: arguments[name] for name in FILTERS if arguments.get(name) is not None}
    return [row for row in rows if all(row.get(name) == value for name, value in wanted.items())]


def spend(records: Records, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What ``query_spend`` must find: the total, and the rows by amount, then by key."""
    rows = chosen(records.get("spend", ()), arguments)
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        sums[row[arguments.get("group_by", "service")]] += row["amount_cents"]
    ordered = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    return {
        "total_cents": sum(sums.values()),
        "rows": [{"key": key, "amount_cents": amount} for key, amount in ordered],
    }


def idle(records: Records, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What ``find_idle_resources`` must find: resources that cost money and do next to nothing."""
    limit = arguments.get("max_utilisation_percent", IDLE_AT_MOST)
    found = [r for r in _resources(records, arguments) if r["utilisation_percent"] <= limit]
    return {"names": _names(found), "savings": sorted(r["monthly_cost_cents"] for r in found)}


def oversized(records: Records, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What ``rightsize_resources`` must find: resources at half of whose size the work would still fit."""
    low = arguments.get("min_utilisation_percent", OVERSIZED[0])
    high = arguments.get("max_utilisation_percent", OVERSIZED[1])
    found = [r for r in _resources(records, arguments) if low <= r["utilisation_percent"] <= high]
    saved = sorted(r["monthly_cost_cents"] - r["monthly_cost_cents"] // 2 for r in found)
    return {"names": _names(found), "savings": saved}


def models(records: Records, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What ``compare_models`` must find: for each task, what the model that is cheapest per call saves."""
    rows = [r for r in chosen(records.get("model_calls", ()), {"team": arguments.get("team")}) if r["calls"]]
    latest = max((r["month"] for r in rows), default="")
    tasks: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for row in rows:
        if row["month"] == latest:
            figures = tasks[row["task"]][row["model"]]
            figures[0] += row["calls"]
            figures[1] += row["cost_cents"]
    savings: dict[str, int] = {}
    cheapest: dict[str, str] = {}
    for task, used in tasks.items():
        best = min(used, key=lambda model: (Fraction(used[model][1], used[model][0]), model))
        calls, cost = used[best]
        cheapest[task] = best
        savings[task] = sum(max(0, c - (n * cost) // calls) for m, (n, c) in used.items() if m != best)
    return {"cheapest": cheapest, "savings": savings}


def history(records: Records, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What ``forecast_spend`` must start from: the spend of each month, in order."""
    by_month = spend(records, {**arguments, "group_by": "month"})["rows"]
    return sorted(({"month": r["key"], "amount_cents": r["amount_cents"]} for r in by_month), key=_month)


def _month(row: Row) -> str:
    return str(row["month"])


def _resources(records: Records, arguments: Mapping[str, Any]) -> list[Row]:
    return [r for r in chosen(records.get("resources", ()), arguments) if r["monthly_cost_cents"] > 0]


def _names(rows: Iterable[Row]) -> list[str]:
    return sorted(r["name"] for r in rows)


def savings(records: Records, tool: str, arguments: Mapping[str, Any]) -> list[int]:
    """The savings in cents that a tool must find, sorted; none for a tool that looks for none."""
    finders: dict[str, Callable[[], list[int]]] = {
        "find_idle_resources": lambda: idle(records, arguments)["savings"],
        "rightsize_resources": lambda: oversized(records, arguments)["savings"],
        "compare_models": lambda: sorted(s for s in models(records, arguments)["savings"].values() if s > 0),
    }
    return finders[tool]() if tool in finders else []


def differences(records: Records, tool: str, arguments: Mapping[str, Any], result: Row) -> list[str]:
    """Where a tool's result departs from the truth: one line for each departure, none when it is true.

    Args:
        records: The organisation's rows.
        tool: The tool's name.
        arguments: What it was asked.
        result: What it answered.
    """
    expected: list[tuple[str, object, object]] = []
    if tool == "query_spend":
        truth = spend(records, arguments)
        expected = [(name, truth[name], result.get(name)) for name in ("total_cents", "rows")]
    elif tool in {"find_idle_resources", "rightsize_resources"}:
        truth = (idle if tool == "find_idle_resources" else oversized)(records, arguments)
        expected = [
            ("resources", truth["names"], _names(result.get("resources", ()))),
            ("monthly_saving_cents", sum(truth["savings"]), result.get("monthly_saving_cents")),
        ]
    elif tool == "compare_models":
        truth = models(records, arguments)
        tasks = result.get("tasks", ())
        expected = [
            ("cheapest models", truth["cheapest"], {t["task"]: t["cheapest_model"] for t in tasks}),
            ("savings by task", truth["savings"], {t["task"]: t["saving_cents"] for t in tasks}),
            ("monthly_saving_cents", sum(truth["savings"].values()), result.get("monthly_saving_cents")),
        ]
    elif tool == "forecast_spend":
        months = history(records, arguments)
        average = sum(m["amount_cents"] for m in months) // len(months) if months else 0
        low, middle, high = (result.get(n, -1) for n in ("low_cents", "expected_cents", "high_cents"))
        expected = [
            ("history", months, result.get("history")),
            ("average_cents", average, result.get("average_cents")),
            ("low <= expected <= high", True, low <= middle <= high),
        ]
    else:
        return [f"{tool} is no tool whose truth is known"]
    return [
        f"{name}: the records say {_shown(name, truth)}, the tool said {_shown(name, said)}"
        for name, truth, said in expected
        if truth != said
    ]


def money(cents: int) -> str:
    """Cents as people read them: ``$1,234.56`` (contract: HTTP)."""
    return f"${cents // 100:,}.{cents % 100:02d}"


def _shown(name: str, value: object) -> str:
    """A figure as people read it."""
    return money(value) if name.endswith("_cents") and isinstance(value, int) else repr(value)
