"""Faults in how strictly messages are read: a rule that holds in one place, and not in the others."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from backend.compose import FrameError
from backend.faults import fault
from backend.ws.frames import MAX_DEPTH, FrameParser

if TYPE_CHECKING:
    from backend.components import Components

FAR_BELOW_ZERO = re.compile(r"-\d{16,}")
"""A whole number that may be too small."""


class _NulInQuestionsAlone(FrameParser):
    def nul(self, value: object) -> None:
        content = value.get("content") if isinstance(value, Mapping) else None
        if isinstance(content, str) and "\x00" in content:
            super().nul(value)


@fault("nul-looked-for-in-questions-alone", group="input")
def nul_looked_for_in_questions_alone(components: Components) -> Components:
    """An id with a NUL in it is stored or not, and found again or not, as each database pleases."""
    return replace(components, parser=_NulInQuestionsAlone)


class _ListsAreDeep(FrameParser):
    def inside(self, value: object) -> None:
        try:
            super().inside(value)
        except FrameError as error:
            if error.code != "invalid_json" or lists(value) > MAX_DEPTH or "nested" not in error.message:
                raise


def lists(value: object) -> int:
    """Returns how many arrays lie in each other."""
    match value:
        case dict():
            return max(map(lists, value.values()), default=0)
        case list():
            return 1 + max(map(lists, value), default=0)
    return 0


@fault("depth-of-objects-uncounted", group="input")
def depth_of_objects_uncounted(components: Components) -> Components:
    """Objects may be nested without end, until something behind the door breaks of it."""
    return replace(components, parser=_ListsAreDeep)


class _BoundsAbove(FrameParser):
    def json(self, text: str) -> object:
        try:
            return super().json(text)
        except FrameError:
            if FAR_BELOW_ZERO.search(text) is None:
                raise
        value: object = json.loads(text)
        self.inside(value)
        return value


@fault("negative-numbers-unbounded", group="input")
def negative_numbers_unbounded(components: Components) -> Components:
    """A number far below zero is taken, and comes back to the client's reader as another."""
    return replace(components, parser=_BoundsAbove)


class _SkipsNames(FrameParser):
    def inside(self, value: object) -> None:
        super().inside(_without_names(value))


def _without_names(value: object) -> object:
    match value:
        case dict():
            return [_without_names(inner) for inner in value.values()]
        case list():
            return [_without_names(inner) for inner in value]
    return value


@fault("names-of-fields-unread", group="input")
def names_of_fields_unread(components: Components) -> Components:
    """Half a character in the name of a field gets in, and breaks whoever reads the log later."""
    return replace(components, parser=_SkipsNames)


class _ReadsFirst(FrameParser):
    def size(self, message: str | bytes) -> None:
        if isinstance(message, str):
            self.json(message)
        super().size(message)


@fault("size-looked-at-last", group="input")
def size_looked_at_last(components: Components) -> Components:
    """Whoever sends too much makes the service read all of it, and is told of another mistake."""
    return replace(components, parser=_ReadsFirst)


class _NulWithoutEcho(FrameParser):
    def nul(self, value: object) -> None:
        super().nul({**value, "message_id": None} if isinstance(value, dict) else value)


@fault("nul-refused-without-message-id", group="input")
def nul_refused_without_message_id(components: Components) -> Components:
    """Whoever has pasted a NUL into one of several questions is not told into which."""
    return replace(components, parser=_NulWithoutEcho)
