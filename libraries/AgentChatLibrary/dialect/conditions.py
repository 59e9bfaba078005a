"""Conditions: what must stand in a frame for a rule of a dialect to read it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from .paths import MISSING, Path, get, parse, put, shown

SHOWN: Final = 60
"""Characters of a value that a reason shows."""

KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "object": (dict,),
    "list": (list,),
    "text": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on one path.

    Attributes:
        path: Where the value stands.
        values: The values that fit; empty when another test decides.
        unlike: Values that do not fit.
        present: Whether the value must be there, or must not; None when it does not matter.
        matches: What its text must match from the beginning; None when it does not matter.
        kind: What kind of JSON value it must be; empty when it does not matter.
    """

    path: Path
    values: tuple[Any, ...] = ()
    unlike: tuple[Any, ...] = ()
    present: bool | None = None
    matches: re.Pattern[str] | None = None
    kind: str = ""

    def holds(self, frame: Mapping[str, Any]) -> bool:
        """Whether it holds for a decoded frame."""
        value = get(frame, self.path)
        if value is MISSING:
            return self.present is False
        return (
            self.present is not False
            and (not self.values or any(_same(value, wanted) for wanted in self.values))
            and not any(_same(value, other) for other in self.unlike)
            and (self.matches is None or (isinstance(value, str) and self.matches.match(value) is not None))
            and (not self.kind or _is(value, self.kind))
        )

    def write(self, frame: dict[str, Any]) -> None:
        """Puts a value that fits into a frame that is being said, where there is just one that can."""
        if self.values and get(frame, self.path) is MISSING:
            put(frame, self.path, self.values[0])

    def complaint(self, frame: Mapping[str, Any]) -> str:
        """What is otherwise in a frame for which it does not hold."""
        value = get(frame, self.path)
        name = shown(self.path)
        if value is MISSING:
            return f"{name} is missing"
        if self.present is False:
            return f"{name} is there"
        return f"{name} is {_brief(value)}, not {self._wanted()}"

    def _wanted(self) -> str:
        if self.values:
            return " or ".join(_brief(value) for value in self.values)
        if self.matches is not None:
            return f"text like {self.matches.pattern}"
        if self.kind:
            return f"a value of the kind {self.kind}"
        return f"other than {' or '.join(_brief(value) for value in self.unlike)}"


@dataclass(frozen=True, slots=True)
class When:
    """All conditions of a rule.

    Attributes:
        conditions: They must all hold.
    """

    conditions: tuple[Condition, ...]

    def holds(self, frame: Mapping[str, Any]) -> bool:
        """Whether all hold for a decoded frame."""
        return all(condition.holds(frame) for condition in self.conditions)

    def fit(self, frame: Mapping[str, Any]) -> int:
        """How many hold; tells which rule came nearest."""
        return sum(condition.holds(frame) for condition in self.conditions)

    def complaint(self, frame: Mapping[str, Any]) -> str:
        """What is otherwise in a frame for which they do not all hold."""
        return next((c.complaint(frame) for c in self.conditions if not c.holds(frame)), "")

    def write(self, frame: dict[str, Any]) -> None:
        """Puts values that fit into a frame that is being said."""
        for condition in self.conditions:
            condition.write(frame)


def read_when(given: Mapping[str, Any]) -> When:
    """The conditions that a dialect writes below ``when``.

    Args:
        given: For each path a value, a list of values, or a test: ``present``, ``not``, ``matches``,
            ``kind``.

    Raises:
        ValueError: A path or a pattern is none.
    """
    return When(tuple(_condition(parse(str(path)), wanted) for path, wanted in given.items()))


def _condition(path: Path, wanted: Any) -> Condition:  # noqa: ANN401 -- any JSON value
    if isinstance(wanted, list):
        return Condition(path, values=tuple(wanted))
    if not isinstance(wanted, dict):
        return Condition(path, values=(wanted,))
    unlike = wanted.get("not", ())
    pattern = wanted.get("matches")
    try:
        compiled = re.compile(pattern) if pattern is not None else None
    except re.error as problem:
        raise ValueError(f"{pattern!r} is no pattern: {problem}") from problem
    return Condition(
        path,
        unlike=tuple(unlike) if isinstance(unlike, list) else (unlike,) if "not" in wanted else (),
        present=wanted.get("present"),
        matches=compiled,
        kind=wanted.get("kind", ""),
    )


def _same(one: object, other: object) -> bool:
    """Equality of JSON values: ``true`` is not 1."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _is(value: object, kind: str) -> bool:
    return isinstance(value, KINDS[kind]) and (kind != "number" or not isinstance(value, bool))


def _brief(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
