"""Templates: what a client sends, with places for the values; read backwards they tell what was sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from .paths import MISSING

PLACE: Final = re.compile(r"\$([a-z_][a-z0-9_]*)((?:\|\$?[a-z_][a-z0-9_]*)*)")
"""A place: ``$name``, or ``$name|$other`` for the first of several that has a value."""

Values = Callable[[str], Any]
"""Gives the value of a name, or ``MISSING``."""


class Unsayable(Exception):
    """A value that a template needs is not there."""


def names(template: object) -> set[str]:
    """Every name that a template has a place for."""
    if isinstance(template, dict):
        return {name for value in template.values() for name in names(value)}
    if isinstance(template, list):
        return {name for value in template for name in names(value)}
    if isinstance(template, str):
        return {name for found in PLACE.finditer(template) for name in _alternatives(found)}
    return set()


def fill(template: object, values: Values) -> Any:  # noqa: ANN401 -- any JSON value
    """The template with its places filled.

    A text that is one place takes the value with its type, and its field is left out when there is none; a
    place within a text takes it as text.

    Raises:
        Unsayable: A value within a text or a list is not there; the message names it.
    """
    if isinstance(template, dict):
        return {
            key: fill(part, values)
            for key, part in template.items()
            if not (_is_place(part) and _first(part, values) is MISSING)
        }
    if isinstance(template, list):
        return [fill(part, values) for part in template]
    if not isinstance(template, str):
        return template
    whole = PLACE.fullmatch(template)
    if whole:
        return _value(whole, values)
    return PLACE.sub(lambda found: str(_value(found, values)), template)


def match(template: object, sent: object, found: dict[str, Any]) -> bool:
    """Whether ``sent`` could have been made of the template; collects what stands in its places.

    Fields beside those of the template do not matter: another client may send more. A field that is one place
    may be missing; whether the message can do without is for the caller to say.

    Args:
        template: The template.
        sent: A JSON value.
        found: Gets the value of each place, by its first name.
    """
    if isinstance(template, dict):
        return isinstance(sent, dict) and all(
            match(part, sent[key], found) if key in sent else _is_place(part)
            for key, part in template.items()
        )
    if isinstance(template, list):
        return (
            isinstance(sent, list)
            and len(sent) == len(template)
            and all(match(part, value, found) for part, value in zip(template, sent, strict=True))
        )
    if not isinstance(template, str) or not PLACE.search(template):
        return template == sent and isinstance(template, bool) == isinstance(sent, bool)
    whole = PLACE.fullmatch(template)
    if whole is not None:
        found[whole[1]] = sent
        return True
    return isinstance(sent, str) and _match_text(template, sent, found)


def _match_text(template: str, sent: str, found: dict[str, Any]) -> bool:
    pattern, at = "", 0
    for place in PLACE.finditer(template):
        pattern += re.escape(template[at : place.start()]) + f"(?P<{place[1]}>.*?)"
        at = place.end()
    matched = re.fullmatch(pattern + re.escape(template[at:]), sent, re.DOTALL)
    if matched is None:
        return False
    found.update(matched.groupdict())
    return True


def _alternatives(found: re.Match[str]) -> list[str]:
    return [found[1], *(name.lstrip("$") for name in found[2].split("|") if name)]


def _is_place(template: object) -> bool:
    return isinstance(template, str) and PLACE.fullmatch(template) is not None


def _first(place: str, values: Values) -> Any:  # noqa: ANN401 -- any JSON value
    found = PLACE.fullmatch(place)
    names_here = _alternatives(found) if found is not None else []
    return next((v for v in map(values, names_here) if v is not MISSING and v is not None), MISSING)


def _value(found: re.Match[str], values: Values) -> Any:  # noqa: ANN401 -- any JSON value
    value = _first(found[0], values)
    if value is MISSING:
        raise Unsayable(f"${found[1]} has no value")
    return value
