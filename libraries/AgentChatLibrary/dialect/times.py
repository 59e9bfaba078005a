"""Times as backends write them, and as the canonical frames do: Unix seconds with a fraction."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum


class TimeFormat(StrEnum):
    """How a backend writes a time."""

    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    MICROSECONDS = "microseconds"
    ISO = "iso"


PER_SECOND = {TimeFormat.SECONDS: 1, TimeFormat.MILLISECONDS: 1_000, TimeFormat.MICROSECONDS: 1_000_000}


def to_seconds(value: object, form: TimeFormat) -> object:
    """A backend's time in Unix seconds; what is no time of that form is returned as it is.

    An ISO time without a zone is UTC: machines that leave it out mostly mean that.

    Args:
        value: What stands in the frame.
        form: How the backend writes times.
    """
    if form is TimeFormat.ISO:
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            moment = None
        if moment is None:
            return value
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return value / PER_SECOND[form] if PER_SECOND[form] > 1 else value


def from_seconds(value: object, form: TimeFormat) -> object:
    """Unix seconds as the backend writes them; what is no number is returned as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if form is TimeFormat.ISO:
        return datetime.fromtimestamp(value, UTC).isoformat()
    if form is TimeFormat.SECONDS:
        return value
    return round(value * PER_SECOND[form], 3 if form is TimeFormat.MILLISECONDS else 0)
