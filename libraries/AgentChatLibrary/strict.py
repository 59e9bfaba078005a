"""Strict JSON (RFC 8259): no key twice, no ``NaN``, nothing beyond what a number can hold.

Nearly every frame is JSON without a superfluous character. Such a text is read by a fast parser; that writing
it again gives the very same bytes proves that nothing in it was lost, doubled or rounded. Any other text is
read with care, four times as slowly.
"""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

try:
    import orjson
except ImportError:  # there is none for every interpreter
    orjson = None  # type: ignore[assignment]

SHOWN: Final = 40
"""How many characters of a key or a number a problem shows."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {_shown(twice)} comes twice")
    return fields


def _no(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{_shown(text)} is beyond what a number can hold")
    return value


def _shown(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    cut = quoted if len(quoted) <= SHOWN else f"{quoted[: SHOWN - 1]}…"
    return cut if cut.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in cut)


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no, parse_float=_finite)


def decode(text: str) -> Any:  # noqa: ANN401 -- any JSON value
    """Reads a text.

    Args:
        text: What came.

    Raises:
        ValueError: It is no strict JSON; the message says why.
        RecursionError: It is nested too deep.
    """
    if orjson is not None:
        # Whatever is wrong is told by the careful reading.
        try:
            value = orjson.loads(text)
            same = orjson.dumps(value) == text.encode()
        except (ValueError, TypeError):
            same = False
        if same:
            return value
    return _DECODER.decode(text)
