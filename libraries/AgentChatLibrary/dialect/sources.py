"""Sources: where the value of a canonical field comes from, and where it goes when it is said."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from .paths import MISSING, Path, get, put
from .state import ConnectionState, Fields, RunState
from .times import TimeFormat, from_seconds, to_seconds

DERIVED: Final[Mapping[str, str]] = {
    "question": "the same field of the question that this answers: the oldest without an answer",
    "ping": "the same field of the ping that this answers: the oldest without a pong",
    "run": "what the run has told before under the same name; for run_id the id of the run that is open",
    "call": "the tool call that this belongs to: a new one, or the oldest open one of that tool",
    "step": "counts 1, 2, 3, ... within the run",
    "owner": "the person whose connection it is: the backend's frames name nobody",
    "clock": "the time of receipt: the backend's frames bear none",
    "took": "milliseconds since the call, or the run, was seen to begin",
}
"""What ``from`` may name, and what that means."""


@dataclass(slots=True)
class Telling:
    """One canonical event while it is being told.

    Attributes:
        kind: Its type.
        frame: The decoded frame.
        state: What the connection has told so far.
        run: The run that it belongs to; None for events of no run.
        at: Monotonic time of receipt in seconds.
        wall: The same in Unix seconds.
        fields: What has been found so far.
        ping: The ping that a pong answers.
        question: The question that a refusal answers.
    """

    kind: str
    frame: Mapping[str, Any]
    state: ConnectionState
    run: RunState | None
    at: float
    wall: float
    fields: Fields = field(default_factory=dict)
    ping: Fields | None = None
    question: Mapping[str, Any] | None = None


class Source(Protocol):
    """Where a field's value comes from."""

    @property
    def derived(self) -> str:
        """What of it does not stand in the frame: the name after ``from``; empty when all of it does."""
        ...

    def read(self, name: str, telling: Telling) -> Any:  # noqa: ANN401 -- any JSON value
        """The value of the field ``name``, or ``MISSING``."""
        ...

    def write(self, frame: dict[str, Any], value: object) -> None:
        """Puts a canonical value where the backend says it."""
        ...


@dataclass(frozen=True, slots=True)
class At:
    """A value that stands in the frame.

    Attributes:
        paths: Where, the first that is there counts; it is said at the first.
        time: How the backend writes it, when it is a time.
        values: The canonical word for each of the backend's.
        text: Whether another kind of value is told as its JSON text.
        scale: What a number is multiplied by.
    """

    paths: tuple[Path, ...]
    time: TimeFormat | None = None
    values: Mapping[str, Any] | None = None
    text: bool = False
    scale: float = 1
    derived: str = ""

    def read(self, name: str, telling: Telling) -> Any:  # noqa: ANN401, ARG002 -- any JSON value; by protocol
        """The value at the first path where one stands; null counts as none."""
        for path in self.paths:
            value = get(telling.frame, path)
            if value is not MISSING and value is not None:
                return self._canonical(value)
        return MISSING

    def _canonical(self, value: object) -> object:
        if self.time is not None:
            value = to_seconds(value, self.time)
        if self.scale != 1 and isinstance(value, int | float) and not isinstance(value, bool):
            value *= self.scale
        if self.values is not None:
            value = self.values.get(str(value), self.values.get("*", value))
        if self.text and not isinstance(value, str):
            value = json.dumps(value, ensure_ascii=False)
        return value

    def write(self, frame: dict[str, Any], value: object) -> None:
        """Puts the value at the first path, in the backend's words."""
        if self.values is not None:
            back = {str(canonical): own for own, canonical in list(self.values.items())[::-1] if own != "*"}
            value = back.get(str(value), value)
        if self.time is not None:
            value = from_seconds(value, self.time)
        if self.scale != 1 and isinstance(value, int | float) and not isinstance(value, bool):
            value /= self.scale
        put(frame, self.paths[0], value)


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that the backend never says because it is always the same."""

    value: Any
    derived: str = ""

    def read(self, name: str, telling: Telling) -> Any:  # noqa: ANN401, ARG002 -- any JSON value; by protocol
        """The value."""
        return self.value

    def write(self, frame: dict[str, Any], value: object) -> None:
        """Says nothing."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A value that an earlier frame has told."""

    name: str
    derived: str = ""

    def read(self, name: str, telling: Telling) -> Any:  # noqa: ANN401, ARG002 -- any JSON value; by protocol
        """What was kept under that name, for the run or else for the connection."""
        kept = telling.run.remembered if telling.run is not None else {}
        return kept.get(self.name, telling.state.remembered.get(self.name, MISSING))

    def write(self, frame: dict[str, Any], value: object) -> None:
        """Says nothing: an earlier frame has."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A value that no frame tells, and that follows from the order of things."""

    derived: str

    def read(self, name: str, telling: Telling) -> Any:  # noqa: ANN401 -- any JSON value
        """What follows, or ``MISSING``."""
        return _DERIVING[self.derived](name, telling)

    def write(self, frame: dict[str, Any], value: object) -> None:
        """Says nothing: nobody does."""


@dataclass(frozen=True, slots=True)
class FirstOf:
    """The first of several sources that has a value."""

    sources: tuple[Source, ...]

    @property
    def derived(self) -> str:
        """What the last resort derives it from."""
        return next((source.derived for source in self.sources if source.derived), "")

    def read(self, name: str, telling: Telling) -> Any:  # noqa: ANN401 -- any JSON value
        """The first value, or ``MISSING``."""
        for source in self.sources:
            value = source.read(name, telling)
            if value is not MISSING:
                return value
        return MISSING

    def write(self, frame: dict[str, Any], value: object) -> None:
        """Says it as the first does."""
        self.sources[0].write(frame, value)


def _of(fields: Mapping[str, Any] | None, name: str) -> Any:  # noqa: ANN401 -- any JSON value
    return fields.get(name, MISSING) if fields is not None else MISSING


def _question(name: str, telling: Telling) -> Any:  # noqa: ANN401 -- any JSON value
    if telling.run is not None:
        telling.state.answer(telling.run, None)
        return _of(telling.run.question, name)
    if telling.question is None:
        telling.question = telling.state.take(None)
    return _of(telling.question, name)


def _ping(name: str, telling: Telling) -> Any:  # noqa: ANN401 -- any JSON value
    if telling.ping is None and telling.state.pings:
        telling.ping = telling.state.pings.popleft()
    return _of(telling.ping, name)


def _run(name: str, telling: Telling) -> Any:  # noqa: ANN401 -- any JSON value
    run = telling.run
    if run is None:
        return MISSING
    return run.id if name == "run_id" else run.told.get(name, MISSING)


def _call(name: str, telling: Telling) -> Any:  # noqa: ANN401, ARG001 -- any JSON value; as the others
    run = telling.run
    if run is None:
        return MISSING
    if telling.kind == "tool_executing":
        run.calls_made += 1
        return f"{run.id}/call-{run.calls_made}"
    tool = telling.fields.get("tool_name")
    found = next((call for call in run.calls if tool in (None, "", call.tool)), None)
    return found.id if found is not None else MISSING


def _step(name: str, telling: Telling) -> Any:  # noqa: ANN401, ARG001 -- any JSON value; as the others
    if telling.run is None:
        return MISSING
    telling.run.steps += 1
    return telling.run.steps


def _owner(name: str, telling: Telling) -> Any:  # noqa: ANN401 -- any JSON value
    # In a recording nobody knows the owner but the backend, which may have said so in its welcome.
    return getattr(telling.state.owner, name, "") or telling.state.welcome.get(name, MISSING)


def _clock(name: str, telling: Telling) -> Any:  # noqa: ANN401, ARG001 -- any JSON value; as the others
    return telling.wall


def _took(name: str, telling: Telling) -> Any:  # noqa: ANN401, ARG001 -- any JSON value; as the others
    run = telling.run
    if run is None:
        return MISSING
    call_id = telling.fields.get("tool_call_id")
    began = next((call.at for call in run.calls if call.id == call_id), run.began_at)
    return round((telling.at - began) * 1000, 3)


_DERIVING: Final[Mapping[str, Callable[[str, Telling], Any]]] = {
    "question": _question,
    "ping": _ping,
    "run": _run,
    "call": _call,
    "step": _step,
    "owner": _owner,
    "clock": _clock,
    "took": _took,
}
