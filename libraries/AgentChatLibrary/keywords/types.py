"""Argument types of the keywords: the words of the contract, each with a message for one that is misspelt.

Robot Framework converts by these types before a keyword runs, also in a dry run, so that a slip of the pen is
never taken for a promise that is broken, and never for one that is kept.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from robot.api.types import Secret

from ..contract import DEFAULT_FOLDER
from ..nearest import choices, did_you_mean

Converter = TypeVar("Converter", bound=Callable[[str], Any])
Tier = Literal["free", "pro", "enterprise"]


class EventType(StrEnum):
    """The run events (contract: Durable frames)."""

    agent_started = "agent_started"
    agent_thinking = "agent_thinking"
    tool_executing = "tool_executing"
    tool_completed = "tool_completed"
    agent_completed = "agent_completed"
    agent_failed = "agent_failed"


class ClientFrame(StrEnum):
    """What a client sends (contract: Frames)."""

    chat = "chat"
    user_message = "user_message"
    ping = "ping"
    resume = "resume"
    cancel = "cancel"
    refresh_token = "refresh_token"  # noqa: S105 -- a frame's name


class FrameType(str):
    """The type of a frame that the backend sends (contract: Frames)."""

    __slots__ = ()


class ErrorCode(str):
    """The code of an ``error``: the message was not accepted (contract: Errors)."""

    __slots__ = ()


class FailureCode(str):
    """The code of ``agent_failed``: the question was accepted, and ended without an answer."""

    __slots__ = ()


class ToolName(str):
    """A tool of the agent."""

    __slots__ = ()


CLOSE_REASONS: Final = ("token_expired", "logged_out", "disabled", "slow_consumer")
"""The reasons of a close with 1008 (contract: Ends)."""


@cache
def _schema(name: str) -> Any:  # noqa: ANN401 -- JSON has no types
    return json.loads((DEFAULT_FOLDER / "schemas" / name).read_text("utf-8"))


def _common(name: str) -> list[str]:
    return [str(word) for word in _schema("common.json")["$defs"][name]["enum"]]


def _failures() -> list[str]:
    return [str(word) for word in _schema("server/agent_failed.json")["properties"]["code"]["enum"]]


def _frames() -> list[str]:
    return [file.stem for file in Path(DEFAULT_FOLDER / "schemas" / "server").glob("*.json")]


def word(kind: str, given: str, known: Iterable[str], mend: str = "") -> str:
    """The word of the contract that is meant: case does not count, and spaces stand for underscores.

    Args:
        kind: What it is called in messages.
        given: What the suite wrote.
        known: The words there are.
        mend: What else to say.

    Raises:
        ValueError: There is no such word; the message lists those there are, nearest first.
    """
    words = list(known)
    for one in words:
        if one.lower() == given.strip().lower().replace(" ", "_"):
            return one
    raise ValueError(
        f"There is no {kind} {given!r}.{did_you_mean(given, words)} There are: {choices(given, words)}.{mend}"
    )


def _known_at_once(converter: Converter) -> Converter:
    """Tells Robot Framework what a converter takes: it asks for all of them at every call of any keyword.

    Finding it out from annotations takes half a millisecond a call, which is more than the keyword itself.
    """
    told: Any = converter
    told.__signature__ = inspect.signature(converter)
    told.robot_types = {"given": str}
    return converter


@_known_at_once
def _event_type(given: str) -> EventType:
    return EventType(word("event", given, EventType))


@_known_at_once
def _client_frame(given: str) -> ClientFrame:
    mend = " `Send Object` sends any type, also a wrong one."
    return ClientFrame(word("message", given, ClientFrame, mend))


@_known_at_once
def _frame_type(given: str) -> FrameType:
    return FrameType(word("frame", given, _frames()))


@_known_at_once
def _error_code(given: str) -> ErrorCode:
    return ErrorCode(word("error code", given, _common("error_code")))


@_known_at_once
def _failure_code(given: str) -> FailureCode:
    return FailureCode(word("failure code", given, _failures()))


@_known_at_once
def _tool_name(given: str) -> ToolName:
    return ToolName(word("tool", given, _common("tool_name")))


CONVERTERS: Final[dict[type, Callable[[Any], Any] | Callable[[Any, Any], Any]]] = {
    EventType: _event_type,
    ClientFrame: _client_frame,
    FrameType: _frame_type,
    ErrorCode: _error_code,
    FailureCode: _failure_code,
    ToolName: _tool_name,
}
"""How Robot Framework makes each of them from what a suite says."""


def in_clear(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A message's fields as they are sent, secrets in clear.

    Args:
        fields: The fields; a secret among them is a ``Secret`` of Robot Framework.
    """
    return {name: value.value if isinstance(value, Secret) else value for name, value in fields.items()}
