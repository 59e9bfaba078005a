"""Patterns: the kinds of message in what came, and where in them ids, texts and times stand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from AgentChatLibrary.dialect.decoders import EVENT, Decoder, Form
from AgentChatLibrary.frames import Direction, Frame

KIND_NAMES: Final = ("type", "event", "kind", "method", "action", "op", "name")
"""Where messages mostly say what they are, the likeliest first."""
WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
DEEP: Final = 4
"""How deep ids and texts are looked for."""

Paths = dict[str, Any]
"""A message's values by their paths."""


@dataclass(slots=True)
class Pattern:
    """One kind of message.

    Attributes:
        when: What tells it from others: a value for each path.
        messages: Those of its kind that came, decoded.
        order: When the first of them came: its place among all.
        last: When the last of them came.
    """

    when: dict[str, Any]
    messages: list[dict[str, Any]] = field(default_factory=list)
    order: int = 0
    last: int = 0

    @property
    def words(self) -> frozenset[str]:
        """The words in what tells it, in lower case."""
        return frozenset(w.lower() for value in self.when.values() for w in WORD.findall(str(value)))

    @property
    def values(self) -> Paths:
        """The values of its first message."""
        return dict(flat(self.messages[0]))

    def path_of(self, value: object) -> str | None:
        """Where its first message has this value: the shallowest place."""
        found = [path for path, own in self.values.items() if own == value and type(own) is type(value)]
        return min(found, key=lambda path: path.count("."), default=None)


def form_of(frames: Sequence[Frame]) -> Form:
    """How messages are written."""
    texts = [str(frame.data).lstrip() for frame in frames]
    if any(text.startswith(("event:", "data:")) for text in texts):
        return Form.SSE
    objects = [parsed for text in texts if isinstance(parsed := _parsed(text), dict)]
    if any("jsonrpc" in one or ("method" in one and "params" in one) for one in objects):
        return Form.JSON_RPC
    return Form.JSON


def decoded(frames: Sequence[Frame], form: Form) -> list[dict[str, Any]]:
    """All messages in frames, in order."""
    decoder = Decoder(form)
    found: list[dict[str, Any]] = []
    for frame in frames:
        if frame.direction is Direction.SENT:
            decoder.sent(str(frame.data))
        else:
            found += decoder.received(str(frame.data))
    return found


def kind_name(messages: Sequence[Mapping[str, Any]], form: Form) -> str:
    """The field that says what a message is."""
    names = [*KIND_NAMES, EVENT] if form is Form.SSE else list(KIND_NAMES)
    share = {n: sum(isinstance(m.get(n), str) for m in messages) for n in names}
    return max(names, key=lambda name: (share[name], -names.index(name)))


def patterns(messages: Sequence[dict[str, Any]], form: Form) -> list[Pattern]:
    """The kinds of message, in the order of their first coming.

    A kind whose messages hold objects of several types is several kinds.

    Args:
        messages: What came, decoded.
        form: How it was written.
    """
    if not messages:
        return []
    name = kind_name(messages, form)
    groups: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for at, message in enumerate(messages):
        groups.setdefault(str(message.get(name, "")), []).append((at, message))
    found: list[Pattern] = []
    for kind, members in groups.items():
        inner = _inner_type([message for _, message in members])
        parts: dict[str, Pattern] = {}
        for at, message in members:
            when: dict[str, Any] = {name: kind} if kind else {name: {"present": False}}
            value = dict(flat(message)).get(inner) if inner else None
            if inner and value is not None:
                when[inner] = value
            part = parts.setdefault(str(value), Pattern(when, order=at))
            part.messages.append(message)
            part.last = at
        found += parts.values()
    return sorted(found, key=lambda pattern: pattern.order)


def flat(value: object, before: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every plain value in a message, with its path."""
    if isinstance(value, dict) and depth < DEEP:
        for name, inner in value.items():
            yield from flat(inner, f"{before}.{name}" if before else str(name), depth + 1)
    elif isinstance(value, list) and depth < DEEP:
        for at, inner in enumerate(value[:3]):
            yield from flat(inner, f"{before}.{at}", depth + 1)
    elif before and not isinstance(value, dict | list):
        yield before, value


def whole(value: object, before: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every object in a message, with its path."""
    if isinstance(value, dict) and depth < DEEP:
        for name, inner in value.items():
            path = f"{before}.{name}" if before else str(name)
            if isinstance(inner, dict):
                yield path, inner
            yield from whole(inner, path, depth + 1)


def _inner_type(messages: Sequence[dict[str, Any]]) -> str:
    """Where messages of one kind hold an object of a type of its own."""
    places: dict[str, set[str]] = {}
    for message in messages:
        for name, inner in message.items():
            for own in ("type", "kind", "event"):
                if isinstance(inner, dict) and isinstance(inner.get(own), str):
                    places.setdefault(f"{name}.{own}", set()).add(inner[own])
    return next((path for path, values in places.items() if len(values) > 1), "")


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
