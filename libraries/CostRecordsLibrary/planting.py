"""Records to plant: small, different for every organisation, and marked so that a leak is seen."""

from __future__ import annotations

import random
import secrets
from typing import Any, Final

MONTHS: Final = ("2026-08", "2026-09", "2026-10")
BUSY: Final = 70
"""Percent of utilisation at which nothing is to be saved."""

_USES: Final = (
    ("compute", "platform", "aws", "eu-west-1"),
    ("compute", "search", "aws", "us-east-1"),
    ("database", "platform", "aws", "eu-west-1"),
    ("database", "payments", "gcp", "europe-west4"),
    ("storage", "payments", "gcp", "europe-west4"),
)
_UTILISATION: Final = (0, 3, 5, 6, 20, 35, 36, BUSY)
"""Percent: both sides of every limit that the tools draw, so that a limit that is off by one is seen."""


def records(mark: str) -> dict[str, list[dict[str, Any]]]:
    """An organisation's records, with amounts nobody can guess.

    Args:
        mark: The organisation's canary; it stands in the name of a service and of a resource, so that answers
            and tool results carry it.
    """
    rng = random.Random(secrets.randbits(64))  # noqa: S311 -- figures, not secrets
    spend = [
        _spend(rng, month, *use) for month in MONTHS for use in (*_USES, (f"archive {mark}", *_USES[0][1:]))
    ]
    resources = [
        {
            "name": f"{service}-{number}" if number else f"forgotten {mark}",
            "service": service,
            "team": team,
            "provider": provider,
            "region": region,
            "monthly_cost_cents": rng.randrange(1_001, 900_000, 2),
            "utilisation_percent": _UTILISATION[number],
        }
        for number in range(len(_UTILISATION))
        for service, team, provider, region in [_USES[number % len(_USES)]]
    ]
    calls = [
        {
            "month": month,
            "team": team,
            "task": task,
            "model": model,
            "calls": rng.randrange(1_000, 90_000),
            "cost_cents": rng.randrange(10_000, 900_000),
        }
        for month in MONTHS
        for task, team in (("summaries", "search"), ("classification", "payments"))
        for model in ("large-1", "small-2")
    ]
    return {"spend": spend, "resources": resources, "model_calls": calls}


def _spend(
    rng: random.Random, month: str, service: str, team: str, provider: str, region: str
) -> dict[str, Any]:
    return {
        "month": month,
        "service": service,
        "team": team,
        "provider": provider,
        "region": region,
        "amount_cents": rng.randrange(10_000, 9_000_000),
    }
