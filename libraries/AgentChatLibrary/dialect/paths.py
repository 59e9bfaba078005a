"""Field paths: where in a JSON object a value stands, for example ``data.items.0.text``."""

from __future__ import annotations

import itertools
import re
from enum import Enum
from typing import Any, Final

Path = tuple[str | int, ...]
"""The steps from the object to the value: names of fields, positions in lists."""

POSITION: Final = re.compile(r"-?\d+")


class Missing(Enum):
    """What stands for a value that is not there: JSON's null is one."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


def parse(text: str) -> Path:
    """Reads a path.

    Args:
        text: Names of fields with points between them; ``0`` and ``-1`` are positions in a list.

    Raises:
        ValueError: It is no path.
    """
    steps = text.split(".")
    if not all(steps):
        raise ValueError(f"{text!r} is no path; write it as field.field, or field.0.field in a list")
    return tuple(int(step) if POSITION.fullmatch(step) else step for step in steps)


def shown(path: Path) -> str:
    """The path as a dialect writes it."""
    return ".".join(str(step) for step in path)


def get(value: object, path: Path) -> Any:  # noqa: ANN401 -- any JSON value
    """The value at ``path``, or ``MISSING``. A number is a position in a list, a name in an object."""
    for step in path:
        if isinstance(value, list):
            if not isinstance(step, int) or not -len(value) <= step < len(value):
                return MISSING
            value = value[step]
        elif isinstance(value, dict) and str(step) in value:
            value = value[str(step)]
        else:
            return MISSING
    return value


def put(target: dict[str, Any], path: Path, value: object) -> None:
    """Sets the value at ``path``, and makes what is missing on the way; a number makes a list.

    Raises:
        ValueError: Something else stands in the way, or a list would have a hole.
    """
    place: Any = target
    for step, following in itertools.pairwise(path):
        fresh: Any = [] if isinstance(following, int) else {}
        place = _step_into(place, step, fresh)
    _step_into(place, path[-1], value, replace=True)


def _step_into(place: Any, step: str | int, fresh: Any, *, replace: bool = False) -> Any:  # noqa: ANN401 -- any JSON value
    if isinstance(place, dict):
        if replace or str(step) not in place:
            place[str(step)] = fresh
        return place[str(step)]
    if isinstance(place, list) and isinstance(step, int):
        if -len(place) <= step < len(place):
            if replace:
                place[step] = fresh
            return place[step]
        if step in (-1, len(place)):
            place.append(fresh)
            return place[-1]
    raise ValueError(f"something else stands where {step!r} should be")
