"""An organisation's records as values, and the check of a document that claims to hold some."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

MAX_CENTS = 10**12
"""Largest amount of a single record, in cents; sums of 9,000 such rows stay below 2^53."""

MAX_CALLS = 10**12
"""Largest number of model calls in a single record."""

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


class SpendRow(NamedTuple):
    """What one team spent on one service in one region in one month."""

    month: str
    service: str
    team: str
    provider: str
    region: str
    amount_cents: int


class ResourceRow(NamedTuple):
    """One cloud resource, what it costs a month and how much of it is used."""

    name: str
    service: str
    team: str
    provider: str
    region: str
    monthly_cost_cents: int
    utilisation_percent: int


class ModelCallRow(NamedTuple):
    """The calls of one team to one language model for one task in one month."""

    month: str
    team: str
    task: str
    model: str
    calls: int
    cost_cents: int


@dataclass(frozen=True, slots=True)
class RecordSet:
    """All records of one organisation."""

    spend: tuple[SpendRow, ...] = ()
    resources: tuple[ResourceRow, ...] = ()
    model_calls: tuple[ModelCallRow, ...] = ()


class RecordsInvalidError(ValueError):
    """A document is not a set of records.

    Attributes:
        field: Path of the offending field, such as ``spend[3].amount_cents``.
        message: What is wrong with it, without the value.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


Row = TypeVar("Row", bound=NamedTuple)
Check = Callable[[object], str | None]


def _text(value: object) -> str | None:
    if not isinstance(value, str):
        return "must be a string"
    if "\x00" in value:
        return "must not contain U+0000"
    if any("\ud800" <= character <= "\udfff" for character in value):
        return "must not contain a lone surrogate"
    return None


def _month(value: object) -> str | None:
    if not isinstance(value, str) or not _MONTH.fullmatch(value):
        return "must be a month such as 2026-08"
    return None


def _integer(highest: int) -> Check:
    def check(value: object) -> str | None:
        # bool is an int to Python, but true is not a number to whoever wrote the JSON.
        if not isinstance(value, int) or isinstance(value, bool):
            return "must be an integer"
        if not 0 <= value <= highest:
            return f"must be from 0 to {highest}"
        return None

    return check


_SPEND: Mapping[str, Check] = {
    "month": _month,
    "service": _text,
    "team": _text,
    "provider": _text,
    "region": _text,
    "amount_cents": _integer(MAX_CENTS),
}
_RESOURCES: Mapping[str, Check] = {
    "name": _text,
    "service": _text,
    "team": _text,
    "provider": _text,
    "region": _text,
    "monthly_cost_cents": _integer(MAX_CENTS),
    "utilisation_percent": _integer(100),
}
_MODEL_CALLS: Mapping[str, Check] = {
    "month": _month,
    "team": _text,
    "task": _text,
    "model": _text,
    "calls": _integer(MAX_CALLS),
    "cost_cents": _integer(MAX_CENTS),
}


def parse_records(document: object) -> RecordSet:
    """Turns a decoded JSON document into records.

    Args:
        document: ``{"spend": [...], "resources": [...], "model_calls": [...]}``; lists may be absent.

    Returns:
        The records, rows in the order given.

    Raises:
        RecordsInvalidError: Names the first offending field by its path.
    """
    if not isinstance(document, dict):
        raise RecordsInvalidError("records", "must be an object")
    for key in document:
        if key not in {"spend", "resources", "model_calls"}:
            raise RecordsInvalidError(str(key), "is not a list of records")
    return RecordSet(
        spend=_rows(document, "spend", SpendRow, _SPEND),
        resources=_rows(document, "resources", ResourceRow, _RESOURCES),
        model_calls=_rows(document, "model_calls", ModelCallRow, _MODEL_CALLS),
    )


def _rows(
    document: Mapping[str, Any], name: str, make: Callable[..., Row], checks: Mapping[str, Check]
) -> tuple[Row, ...]:
    entries = document.get(name, [])
    if not isinstance(entries, list):
        raise RecordsInvalidError(name, "must be a list")
    return tuple(
        make(**_checked(entry, f"{name}[{position}]", checks)) for position, entry in enumerate(entries)
    )


def _checked(entry: object, path: str, checks: Mapping[str, Check]) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise RecordsInvalidError(path, "must be an object")
    for field, check in checks.items():
        if field not in entry:
            raise RecordsInvalidError(f"{path}.{field}", "is missing")
        problem = check(entry[field])
        if problem is not None:
            raise RecordsInvalidError(f"{path}.{field}", problem)
    for field in entry:
        if field not in checks:
            raise RecordsInvalidError(f"{path}.{field}", "is not a field of this record")
    return entry
