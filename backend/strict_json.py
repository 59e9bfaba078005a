"""JSON as the standard has it, without the liberties that Python's reader takes."""

import json
from typing import Any

MAX_INTEGER = 2**53 - 1
"""Largest integer that every JSON reader keeps exactly (RFC 8259, section 6)."""

_MAX_DIGITS = len(str(-MAX_INTEGER))
"""Longer ones are beyond it in any case, and costly to convert."""


def decode(text: str) -> object:
    """Returns the value of a JSON text.

    Args:
        text: The text. A byte order mark, a key that comes twice, NaN, infinities, numbers too large for a
            float and integers beyond 2^53-1 are errors.

    Raises:
        ValueError: It is not such JSON.
        RecursionError: It is nested very deeply.
    """
    value: object = _DECODER.decode(text)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate key")
    return result


def _whole(text: str) -> int:
    if len(text) > _MAX_DIGITS or abs(int(text)) > MAX_INTEGER:
        raise ValueError("integer beyond 2^53-1")
    return int(text)


def _fraction(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError("overflow")
    return value


def _constant(text: str) -> float:
    raise ValueError(text)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_whole, parse_float=_fraction, parse_constant=_constant
)
