"""Argument types of the keywords: the words of the contract, each with a message for one that is misspelt.

Robot Framework converts by these types before a keyword runs, also in a dry run, so that a slip of the pen is
never taken for a promise that is broken, and never for one that is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import EnumMeta, StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from robot.api.types import Secret

from ..contract import DEFAULT_FOLDER
from ..nearest import choices, did_you_mean

Tier = Literal["free", "pro", "enterprise"]
QUOTES: Final = frozenset('"“”„«»')
"""What no name holds: whoever writes ``of "Northwind"`` means Northwind."""


def spoken(name: str) -> str:
    """A name of a person or an organisation as sentences have it.

    Args:
        name: What the suite wrote.

    Raises:
        ValueError: It stands between quotes, so that every other step would have to write them, too.
    """
    if name[:1] in QUOTES and name[-1:] in QUOTES:
        bare = name.strip("".join(QUOTES))
        raise ValueError(f"A name has no quotes: write {bare}, not {name}.")
    return name


@cache
def _schema(name: str) -> Any:  # noqa: ANN401 -- JSON has no types
    return json.loads((DEFAULT_FOLDER / "schemas" / name).read_text("utf-8"))


def _common(name: str) -> list[str]:
    return [str(word) for word in _schema("common.json")["$defs"][name]["enum"]]


def _failures() -> list[str]:
    return [str(word) for word in _schema("server/agent_failed.json")["properties"]["code"]["enum"]]


def _frames() -> list[str]:
    return sorted(file.stem for file in Path(DEFAULT_FOLDER / "schemas" / "server").glob("*.json"))


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
    words, meant = list(known), given.strip().lower().replace(" ", "_")
    for one in words:
        if one.lower() == meant:
            return one
    raise ValueError(
        f"There is no {kind} {given!r}.{did_you_mean(given, words)} There are: {choices(given, words)}.{mend}"
    )


CALLED: Final[Mapping[str, tuple[str, str]]] = {
    "EventType": ("event", ""),
    "ClientFrame": ("message", " `Send Object` sends any type, also a wrong one."),
    "FrameType": ("frame", ""),
    "ErrorCode": ("error code", ""),
    "FailureCode": ("failure code", ""),
    "ToolName": ("tool", ""),
}
"""What a message calls a word of each kind, and what else it says of one that there is not."""


class _Words(EnumMeta):
    """Finds a word as Robot Framework asks for it, and tells of a slip what was meant.

    A converter of the library's own would do the same; but Robot Framework finds out about all of those at
    every call of any keyword, which takes longer than most keywords.
    """

    def __getitem__(cls, given: str) -> Any:  # noqa: ANN401 -- a member
        exact = cls.__members__.get(given)
        if exact is not None:
            return exact
        kind, mend = CALLED[cls.__name__]
        return cls(word(kind, given, cls.__members__, mend))


class _Word(StrEnum, metaclass=_Words):
    """A word of the contract: a text, and shown as one."""

    def __repr__(self) -> str:
        return repr(self.value)


class EventType(_Word):
    """The run events (contract: Durable frames)."""

    agent_started = "agent_started"
    agent_thinking = "agent_thinking"
    tool_executing = "tool_executing"
    tool_completed = "tool_completed"
    agent_completed = "agent_completed"
    agent_failed = "agent_failed"


class ClientFrame(_Word):
    """What a client sends (contract: Frames)."""

    chat = "chat"
    user_message = "user_message"
    ping = "ping"
    resume = "resume"
    cancel = "cancel"
    refresh_token = "refresh_token"  # noqa: S105 -- a frame's name


class FrameType(_Word):
    """The type of a frame that the backend sends (contract: Frames)."""

    _ignore_ = "one words"
    words = vars()
    for one in _frames():
        words[one] = one


class ErrorCode(_Word):
    """The code of an ``error``: the message was not accepted (contract: Errors)."""

    _ignore_ = "one words"
    words = vars()
    for one in _common("error_code"):
        words[one] = one


class FailureCode(_Word):
    """The code of ``agent_failed``: the question was accepted, and ended without an answer."""

    _ignore_ = "one words"
    words = vars()
    for one in _failures():
        words[one] = one


class ToolName(_Word):
    """A tool of the agent."""

    _ignore_ = "one words"
    words = vars()
    for one in _common("tool_name"):
        words[one] = one


CLOSE_REASONS: Final = ("token_expired", "logged_out", "disabled", "slow_consumer")
"""The reasons of a close with 1008 (contract: Ends)."""


def in_clear(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A message's fields as they are sent, secrets in clear.

    Args:
        fields: The fields; a secret among them is a ``Secret`` of Robot Framework.
    """
    return {name: value.value if isinstance(value, Secret) else value for name, value in fields.items()}
