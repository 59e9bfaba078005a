"""Roles: which kind of message is which of the five events, judged by its words, its place and its values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from .patterns import Pattern, whole

TOOL: Final = frozenset({"tool", "function", "action", "search", "command", "mcp", "observation"})
BEGINS: Final = frozenset(
    {"start", "started", "begin", "began", "created", "executing", "added", "running", "call", "action"}
)
ENDS: Final = frozenset(
    {
        "complete",
        "completed",
        "done",
        "finish",
        "finished",
        "end",
        "ended",
        "result",
        "observation",
        "succeeded",
    }
)
THINKS: Final = frozenset(
    {"think", "thinking", "thought", "reason", "reasoning", "plan", "planning", "progress"}
)
MODEL: Final = frozenset({"model", "llm"})
WELCOMES: Final = frozenset({"connected", "established", "welcome", "ready", "authenticated", "hello"})
PIECE: Final = frozenset({"delta", "chunk", "token", "partial", "content", "part", "arguments"})
PLACE: Final = frozenset({"thread", "session", "connection", "conversation"})
FAILS: Final = frozenset({"error", "failed", "failure", "cancelled", "canceled"})

RUN_ID: Final = re.compile(r"(run|turn|task|response|request|job)_?(\.)?id$|^id$", re.IGNORECASE)
THREAD_ID: Final = re.compile(r"(thread|session|conversation|chat)_?id$", re.IGNORECASE)
AGENT: Final = (
    "agent_name",
    "agentName",
    "workflow_name",
    "assistant",
    "agent",
    "response.model",
    "model",
    "source",
)
TOOL_NAME: Final = (
    "tool_name",
    "toolName",
    "tool.tool_name",
    "tool.name",
    "function.name",
    "item.name",
    "name",
    "item.type",
)
ARGUMENTS: Final = ("arguments", "tool_args", "args", "parameters", "input", "params", "action", "query")
RESULT: Final = ("result", "output", "content", "observation", "results", "action")
WORDS: Final = (
    "reasoning_content",
    "reasoning",
    "thought",
    "thinking",
    "text",
    "message",
    "content",
    "summary",
)
ANSWER: Final = ("final_response", "response", "answer", "content", "result", "output", "text", "message")
TIMES: Final = ("timestamp", "created_at", "createdAt", "time", "ts", "emittedAtMs", "server_time")
LONG: Final = 12
"""Characters from which on a text says something."""


@dataclass(slots=True)
class Roles:
    """What was made of the kinds of message that came after a question.

    Attributes:
        started: Begins the run.
        thinking: Tells what the agent thinks.
        executing: A tool begins.
        completed: A tool has ended.
        answered: Ends the run with an answer.
        answer: Holds the answer, when the end does not.
        run_id: The value of the run's id; empty when none was found.
        thread_id: The value of the conversation's id; empty when none was found.
        doubts: What could not be told.
    """

    started: Pattern | None = None
    thinking: Pattern | None = None
    executing: Pattern | None = None
    completed: Pattern | None = None
    answered: Pattern | None = None
    answer: Pattern | None = None
    run_id: str = ""
    thread_id: str = ""
    doubts: list[str] = field(default_factory=list)

    def of(self, pattern: Pattern) -> bool:
        """Whether a kind has a role."""
        return pattern in (self.started, self.thinking, self.executing, self.completed, self.answered)


def assign(found: Sequence[Pattern]) -> Roles:
    """Gives the kinds of message of one run their roles.

    Args:
        found: The kinds, in the order of their first coming.
    """
    roles = Roles()
    if not found:
        roles.doubts.append("Nothing came after the question.")
        return roles
    _begin_and_end(roles, found)
    inner = [p for p in found if p not in (roles.started, roles.answered)]
    tools = [p for p in inner if p.words & TOOL and not p.words & PIECE]
    roles.executing = next((p for p in tools if p.words & BEGINS and not p.words & ENDS), None)
    roles.completed = next((p for p in tools if p.words & ENDS and p is not roles.executing), None)
    _thinking(roles, inner)
    _ids(roles, found)
    _answer(roles, found)
    assigned = {
        "agent_started": roles.started,
        "tool_executing": roles.executing,
        "tool_completed": roles.completed,
        "agent_completed": roles.answered,
    }
    roles.doubts += [f"No message looks like {name}." for name, found_ in assigned.items() if found_ is None]
    return roles


def _begin_and_end(roles: Roles, found: Sequence[Pattern]) -> None:
    begins = [p for p in found if p.words & BEGINS and not p.words & (PLACE | TOOL | PIECE)]
    roles.started = next(iter(begins), found[0])
    others = TOOL | PIECE | FAILS | MODEL
    ends = [p for p in found if p.words & ENDS and not p.words & others and p is not roles.started]
    last = max(found, key=lambda p: p.last)
    roles.answered = max(ends, key=lambda p: p.last, default=last if last is not roles.started else None)


def _thinking(roles: Roles, inner: Sequence[Pattern]) -> None:
    free = [p for p in inner if p not in (roles.executing, roles.completed)]
    thinks = [p for p in free if p.words & THINKS]
    told = [p for p in thinks if _text(p, WORDS) and not p.words & {"delta"}]
    roles.thinking = next(iter(told), None) or next(iter(thinks), None)
    if roles.thinking is None:
        roles.thinking = next((p for p in free if p.words & MODEL and p.words & BEGINS), None)
        what = (
            "the model being asked is taken for it"
            if roles.thinking
            else "no message looks like agent_thinking"
        )
        roles.doubts.append(f"The agent tells no reasoning in words: {what}.")


def _ids(roles: Roles, found: Sequence[Pattern]) -> None:
    """The run's id is the one that most of its messages carry, its beginning and its end among them."""
    if roles.started is None:
        return
    count = Counter(v for p in found for m in p.messages[:3] for v in set(_texts(m)))
    names = {v: path for path, v in roles.started.values.items() if isinstance(v, str)}
    ends = set(_texts(roles.answered.messages[0])) if roles.answered is not None else set()
    runs = [v for v, path in names.items() if RUN_ID.search(path) and v in ends]
    roles.run_id = max(runs, key=lambda v: count[v], default="")
    threads = [v for v, path in names.items() if THREAD_ID.search(path)]
    roles.thread_id = max(threads, key=lambda v: count[v], default="")
    if not roles.run_id:
        roles.doubts.append(
            "No id of the run stands in its beginning and its end: runs are told by their order."
        )


def _texts(message: Mapping[str, Any]) -> list[str]:
    return [v for v in Pattern({}, [dict(message)]).values.values() if isinstance(v, str) and v]


def _answer(roles: Roles, found: Sequence[Pattern]) -> None:
    """Where the answer stands: in the end, or in the longest text before it."""
    if roles.answered is not None and _text(roles.answered, ANSWER):
        return
    holders = [p for p in found if not roles.of(p) and _text(p, ANSWER)]
    roles.answer = max(holders, key=lambda p: len(str(p.values[_text(p, ANSWER)])), default=None)
    if roles.answer is None:
        roles.doubts.append("No message holds a text that could be the answer.")


def _text(pattern: Pattern, names: Sequence[str]) -> str:
    """Where a kind of message holds a text of that name; the shallowest, empty when there is none."""
    texts = {p: v for p, v in pattern.values.items() if isinstance(v, str) and len(v) >= LONG}
    near = [path for path in texts if path.count(".") <= 1]
    fitting = [path for name in names for path in near if path.rsplit(".", 1)[-1] == name]
    return next(iter(fitting), "")


def text_of(pattern: Pattern, names: Sequence[str]) -> str:
    """See above, for drafting."""
    return _text(pattern, names)


def first_path(pattern: Pattern, names: Sequence[str]) -> str:
    """The path of the first of these names that a kind of message has; empty when it has none."""
    values = pattern.values
    for name in names:
        if name in values and values[name] not in (None, ""):
            return name
    for name in names:
        deep = [path for path in values if path.endswith(f".{name}") and values[path] not in (None, "")]
        if deep:
            return min(deep, key=lambda path: path.count("."))
    return ""


def object_path(pattern: Pattern, names: Sequence[str]) -> str:
    """The path of the first of these names that holds an object, else a text; empty when none does."""
    objects, values = dict(whole(pattern.messages[0])), pattern.values
    for name in names:
        fitting = [path for path in objects if path == name or path.endswith(f".{name}")]
        if not fitting and values.get(name) not in (None, ""):
            fitting = [name]
        if fitting:
            return min(fitting, key=lambda path: path.count("."))
    return first_path(pattern, names)


def shared_id(one: Pattern, other: Pattern, others: Sequence[Pattern]) -> str:
    """The path of an id that a call and its result share, and that nothing else in the run has.

    Args:
        one: The call.
        other: Its result.
        others: The other kinds of message of the run.
    """
    theirs = set(_texts(other.messages[0]))
    elsewhere = {text for pattern in others for message in pattern.messages for text in _texts(message)}
    for path, value in one.values.items():
        name = path.rsplit(".", 1)[-1].lower()
        if name.endswith("id") and value in theirs - elsewhere and path in other.values:
            return path
    return ""


def beside(path: str, names: Sequence[str]) -> list[str]:
    """Names as they stand beside a path, before the names alone: what is of one object stands together."""
    parent = path.rpartition(".")[0]
    return [*(f"{parent}.{name}" for name in names if parent), *names]
