"""Books that arithmetic stumbles over: empty, equal, zero, odd, rising, long, huge, oddly named, or many."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

Rows = list[dict[str, Any]]
Books = dict[str, Rows]

MONTHS: Final = ("2026-07", "2026-08", "2026-09", "2026-10")
LONG: Final = 30
"""Services, teams, regions and months of long books: more than fit on a page."""


def books(kind: str) -> Books:
    """Records of a kind that arithmetic stumbles over.

    Args:
        kind: One of ``KINDS``.

    Raises:
        ValueError: There is no such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"There are no books of the kind {kind!r}; there are: {', '.join(KINDS)}.")
    return KINDS[kind]()


def _spend(month: str, service: str, cents: int, team: str = "platform") -> dict[str, Any]:
    where = {"provider": "aws", "region": "eu-west-1"}
    return {"month": month, "service": service, "team": team, **where, "amount_cents": cents}


def _resource(name: str, percent: int, cents: int, team: str = "platform") -> dict[str, Any]:
    where = {"service": "compute", "team": team, "provider": "aws", "region": "eu-west-1"}
    return {"name": name, **where, "monthly_cost_cents": cents, "utilisation_percent": percent}


def _calls(month: str, task: str, model: str, calls: int, cents: int) -> dict[str, Any]:
    of = {"month": month, "team": "search", "task": task, "model": model}
    return {**of, "calls": calls, "cost_cents": cents}


def _books(spend: Rows, resources: Rows, calls: Rows) -> Books:
    return {"spend": spend, "resources": resources, "model_calls": calls}


def _nothing() -> Books:
    return _books([], [], [])


def _one_of_each() -> Books:
    return _books(
        [_spend("2026-10", "compute", 1)],
        [_resource("only", 5, 1)],
        [_calls("2026-10", "summaries", "large-1", 1, 1)],
    )


def _equal() -> Books:
    """Equals stand in the order of their names, and none of two equal models saves anything."""
    names = ["delta", "alpha", "charlie", "bravo"]
    return _books(
        [_spend(month, name, 70_001) for month in MONTHS for name in names],
        [_resource(f"{name}-{percent}", percent, 9_999) for percent in (5, 6, 35) for name in names],
        [
            _calls("2026-10", task, model, calls, cents)
            for task in ("translation", "summaries")
            for model, calls, cents in (("b-2", 300, 900), ("a-1", 100, 300), ("c-3", 100, 450))
        ],
    )


def _zeros() -> Books:
    """What costs nothing is no saving, and a model that was not called has no price."""
    return _books(
        [_spend("2026-09", "compute", 0), _spend("2026-10", "compute", 0), _spend("2026-10", "search", 1)],
        [_resource("free-idle", 0, 0), _resource("idle", 0, 1), _resource("free-busy", 20, 0)],
        [
            _calls("2026-09", "summaries", "small-2", 1_000, 10),
            _calls("2026-10", "summaries", "large-1", 10, 0),
            _calls("2026-10", "summaries", "small-2", 7, 3),
            _calls("2026-10", "triage", "large-1", 0, 500),
        ],
    )


def _odd() -> Books:
    """Halves and shares do not come out even: a saving is never a cent too high or too low."""
    return _books(
        [
            _spend("2026-08", "compute", 101),
            _spend("2026-09", "compute", 100),
            _spend("2026-10", "compute", 3),
        ],
        [_resource("three", 20, 3), _resource("one", 6, 1), _resource("odd", 35, 100_001)],
        [
            _calls("2026-10", "summaries", "large-1", 7, 100),
            _calls("2026-10", "summaries", "small-2", 3, 10),
            _calls("2026-10", "triage", "large-1", 3, 10),
            _calls("2026-10", "triage", "small-2", 3_001, 10_000),
        ],
    )


def _falling() -> Books:
    """The spend falls to almost nothing: a forecast does not go below it."""
    amounts = zip(MONTHS, (1_000_000, 400_000, 30_000, 17), strict=True)
    return _books([_spend(month, "compute", cents) for month, cents in amounts], [], [])


def _rising() -> Books:
    """The spend rises by another amount each month: bounds, middle and mean of a forecast all differ."""
    amounts = zip(MONTHS, (1_000_003, 1_100_019, 1_150_061, 1_400_207), strict=True)
    return _books([_spend(month, "compute", cents) for month, cents in amounts], [], [])


def _long() -> Books:
    """More of everything than fits on a page: each service, team, region and month has one row."""
    spend = []
    for place in range(LONG):
        month = f"{2024 + place // 12}-{place % 12 + 1:02d}"
        row = _spend(month, f"service-{place:02d}", 50_003 + 7 * place, f"team-{place:02d}")
        spend.append({**row, "region": f"region-{place:02d}"})
    return _books(spend, [_resource(f"r-{place:02d}", 5, 101 + place) for place in range(LONG)], [])


def _huge() -> Books:
    cents = 999_999_999_991
    return _books(
        [_spend(month, "compute", cents + place) for place, month in enumerate(MONTHS)],
        [_resource("mainframe", 3, cents), _resource("half a mainframe", 30, cents)],
        [
            _calls("2026-10", "summaries", "large-1", 999_999_999_989, cents),
            _calls("2026-10", "summaries", "small-2", 99_999_999_977, cents // 17),
        ],
    )


def _names() -> Books:
    """Names differ in case, spaces and scripts, and are not mistaken for each other."""
    names = ["Compute", "compute", "com pute", "Évé", "計算", "z<b>&"]
    return _books(
        [_spend("2026-10", name, 500 + place, team=name) for place, name in enumerate(names)],
        [_resource(name, 4, 500 + place, team=name) for place, name in enumerate(names)],
        [_calls("2026-10", name, name, 5 + place, 50) for place, name in enumerate(names)],
    )


def _alike() -> Books:
    """Names that are parts of others, that differ in case alone, that are two things, or that are words."""
    services = ("archive", "s3/archive", "search", "Atlas", "atlas")
    teams = ("search", "savings")
    spend = [_spend("2026-10", name, 500 + place, team="platform") for place, name in enumerate(services)]
    spend += [_spend("2026-10", "archive", 700 + place, team=name) for place, name in enumerate(teams)]
    return _books([*spend, {**_spend("2026-10", "archive", 900), "region": "eu-west"}], [], [])


def _many() -> Books:
    """Many rows by chance, over few names, so that they meet."""
    rng = random.Random(secrets.randbits(64))  # noqa: S311 -- figures, not secrets
    names, teams = ("compute", "database", "search", "storage"), ("platform", "payments", "search")
    return _books(
        [
            _spend(rng.choice(MONTHS), rng.choice(names), rng.randrange(9_999), rng.choice(teams))
            for _ in range(60)
        ],
        [
            _resource(
                f"r-{number}", rng.choice((4, 5, 6, 7, 34, 35, 36)), rng.randrange(50), rng.choice(teams)
            )
            for number in range(40)
        ],
        [
            _calls(
                rng.choice(MONTHS),
                rng.choice(("summaries", "triage")),
                rng.choice(("large-1", "medium-3", "small-2")),
                rng.randrange(6),
                rng.randrange(60),
            )
            for _ in range(40)
        ],
    )


KINDS: Final[Mapping[str, Callable[[], Books]]] = {
    "nothing": _nothing,
    "one of each": _one_of_each,
    "equal": _equal,
    "zeros": _zeros,
    "odd": _odd,
    "falling": _falling,
    "rising": _rising,
    "long": _long,
    "huge": _huge,
    "names": _names,
    "alike": _alike,
    "many": _many,
}
"""What the books can be like."""
