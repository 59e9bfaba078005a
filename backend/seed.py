"""Demo records for a new organisation: made up, plausible, and always the same for the same name."""

import random
from collections.abc import Iterator, Sequence

from backend.store.record_set import ModelCallRow, RecordSet, ResourceRow, SpendRow

MONTHS = ("2026-03", "2026-04", "2026-05", "2026-06", "2026-07", "2026-08")
"""Fixed, not the last six from today: the same name gives the same records on every day."""

# No name is a word that the planner takes for an intent, and few are words of ordinary questions.
_SERVICES = (
    "compute", "database", "object-storage", "block-storage", "cdn", "kubernetes", "serverless", "queue",
    "cache", "warehouse", "logging", "monitoring", "dns", "load-balancer", "inference", "mail-relay",
    "backup", "vpn", "search-index", "streaming",
)  # fmt: skip
_TEAMS = ("platform", "search", "payments", "analytics", "mobile", "checkout", "fraud", "logistics")
_REGIONS = {
    "aws": ("eu-west-1", "us-east-1", "ap-south-1"),
    "azure": ("westeurope", "northeurope", "eastus2"),
    "gcp": ("europe-west4", "us-central1", "asia-east1"),
}
_TASKS = ("summaries", "ticket triage", "code review", "translation", "product texts")
# Cents for 1,000 calls. The order of prices is what makes a comparison worth something.
_MODELS = (("large-1", 900), ("medium-1", 260), ("small-1", 45))
_RESOURCES = 120


def seeded_records(name: str) -> RecordSet:
    """Makes the demo records of an organisation.

    Args:
        name: The organisation's name, the only thing that the records depend on.

    Returns:
        At least 17 services over 6 months, 5 or 6 teams, 3 providers with 3 regions each: about 1,500 to
        2,100 rows of spend, 120 resources (a tenth of them idle, a fifth oversized) and 90 of model calls.
    """
    # Not a secret: the generator is seeded so that the same name gives the same records.
    generator = random.Random(f"demo records of {name}")  # noqa: S311
    services = generator.sample(_SERVICES, generator.randint(17, 19))
    teams = generator.sample(_TEAMS, generator.randint(5, 6))
    homes = dict(zip(services, _cycle(tuple(_REGIONS), len(services)), strict=True))
    return RecordSet(
        spend=tuple(_spend(generator, homes, teams)),
        resources=tuple(_resources(generator, homes, teams)),
        model_calls=tuple(_model_calls(generator, teams)),
    )


def _cycle(values: Sequence[str], length: int) -> list[str]:
    return [values[index % len(values)] for index in range(length)]


def _spend(generator: random.Random, homes: dict[str, str], teams: Sequence[str]) -> Iterator[SpendRow]:
    for service, provider in homes.items():
        # In thousandths a month: some services grow, some shrink.
        trend = generator.randint(-40, 90)
        for region in _REGIONS[provider]:
            for team in teams:
                base = generator.randint(5_000, 60_000)
                for age, month in enumerate(MONTHS):
                    amount = base * (1_000 + age * trend + generator.randint(-60, 60)) // 1_000
                    yield SpendRow(month, service, team, provider, region, amount)


def _resources(
    generator: random.Random, homes: dict[str, str], teams: Sequence[str]
) -> Iterator[ResourceRow]:
    services = list(homes)
    for number in range(1, _RESOURCES + 1):
        service = services[number % len(services)]
        # Counted and not drawn, so that no organisation is without savings; the bounds are those of
        # find_idle_resources (to 5 %) and rightsize_resources (6 to 35 %).
        if number % 10 == 0:
            utilisation = generator.randint(0, 5)
        elif number % 5 == 1:
            utilisation = generator.randint(6, 35)
        else:
            utilisation = generator.randint(36, 95)
        yield ResourceRow(
            name=f"{service}-{number:03d}",
            service=service,
            team=generator.choice(teams),
            provider=homes[service],
            region=generator.choice(_REGIONS[homes[service]]),
            monthly_cost_cents=generator.randint(3_000, 60_000),
            utilisation_percent=utilisation,
        )


def _model_calls(generator: random.Random, teams: Sequence[str]) -> Iterator[ModelCallRow]:
    for task in _TASKS:
        team = generator.choice(teams)
        for model, price in _MODELS:
            usual = generator.randint(2_000, 40_000)
            for month in MONTHS:
                calls = usual * generator.randint(85, 120) // 100
                yield ModelCallRow(month, team, task, model, calls, calls * price // 1_000)
