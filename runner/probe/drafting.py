"""Drafting: from what was seen to a dialect file, with a word on everything that could not be told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from AgentChatLibrary.dialect.decoders import Form

from .knocking import Way
from .patterns import Pattern
from .roles import (
    AGENT,
    ANSWER,
    ARGUMENTS,
    RESULT,
    TIMES,
    TOOL_NAME,
    WORDS,
    Roles,
    beside,
    first_path,
    object_path,
    shared_id,
    text_of,
)

SECONDS_BELOW: Final = 1e11
"""A time above this is no number of seconds: it is milliseconds."""
WIDTH: Final = 110
COMPLAINT: Final = ("error_message", "message", "error", "reason", "detail")
"""Where complaints mostly say what is wrong."""
UNKNOWN: Final = "Came beside the five events; nobody has said yet what it means."


@dataclass(slots=True)
class Seen:
    """Everything that was found out.

    Attributes:
        name: The backend's name.
        url: What was probed.
        path: The WebSocket's path.
        way: How the credential travels; None when none was needed or found.
        form: How messages are written.
        welcome: The kind of message that welcomes; None when the upgrade does.
        welcome_user: Where it names the person; empty when nowhere.
        before: Other kinds that came before the question.
        roles: What the kinds after the question are.
        kinds: Those kinds.
        question: How a question is said.
        ping: How a ping is said; empty when there is none.
        pong: The kind of the pong.
        refusals: What a stranger is told: HTTP status, kinds of message, close codes, each with a code.
        nudge: What was sent so that a stranger was told anything; None when nothing had to be.
        errors: Kinds of message by which wrong messages are declined, with the contract's code for each.
        credential: What the dialect says of the credential.
        doubts: What could not be told.
    """

    name: str
    url: str
    path: str
    way: Way | None = None
    form: Form = Form.JSON
    welcome: Pattern | None = None
    welcome_user: str = ""
    before: list[Pattern] = field(default_factory=list)
    roles: Roles = field(default_factory=Roles)
    kinds: list[Pattern] = field(default_factory=list)
    question: Mapping[str, Any] = field(default_factory=dict)
    ping: Mapping[str, Any] = field(default_factory=dict)
    pong: Pattern | None = None
    refusals: list[tuple[str, Any, str]] = field(default_factory=list)
    nudge: Mapping[str, Any] | None = None
    errors: list[tuple[Pattern, str]] = field(default_factory=list)
    credential: Mapping[str, Any] = field(default_factory=lambda: {"got": "key"})
    doubts: list[str] = field(default_factory=list)


def dialect(seen: Seen) -> str:
    """The dialect, as YAML with comments.

    Args:
        seen: What was found out.
    """
    doubts = [*seen.doubts, *seen.roles.doubts]
    head = [
        "# yaml-language-server: $schema=dialect.schema.json",
        f"# Drafted by `run.py probe {seen.url}` from one question; docs/dialects.md explains every part.",
        *(["# What it could not tell:"] if doubts else []),
        *(f"#   {doubt}" for doubt in doubts),
    ]
    content: dict[str, Any] = {
        "dialect": 1,
        "name": seen.name,
        "frames": str(seen.form),
        "connect": _connect(seen),
        "credential": dict(seen.credential),
        "reads": _reads(seen),
        "says": _says(seen),
    }
    return "\n".join(head) + "\n" + _yaml(content)


def _yaml(content: Mapping[str, Any]) -> str:
    return yaml.dump(
        dict(content),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=WIDTH,
        default_flow_style=None,
    )


class _Dumper(yaml.SafeDumper):
    """Writes no anchors: every rule says all of itself."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 -- the parent's signature
        """Never uses one."""
        return True


def canonical(seen: Seen) -> str:
    """The dialect of a backend that speaks the contract itself."""
    head = (
        "# yaml-language-server: $schema=dialect.schema.json\n"
        f"# Drafted by `run.py probe {seen.url}`: every message that came is as resources/contract has it.\n"
    )
    content = {"dialect": 1, "name": seen.name, "speaks": "agent-chat v1", "connect": {"path": seen.path}}
    return head + _yaml(content)


def _connect(seen: Seen) -> dict[str, Any]:
    way = seen.way or Way("header", {"name": "Authorization", "value": "Bearer $token"})
    found: dict[str, Any] = {"path": seen.path, "carriers": {way.name: way.says}}
    if seen.nudge is not None:
        found["nudge"] = dict(seen.nudge)
    found["welcome"] = "frame" if seen.welcome is not None else "upgrade"
    refused = [_refused(kind, what, code) for kind, what, code in seen.refusals if kind != "frame"]
    if refused:
        found["refused"] = refused
    return found


def _refused(kind: str, what: Any, code: str) -> dict[str, Any]:  # noqa: ANN401 -- a status or a close code
    status = what if kind == "http" and what not in (401, 403) else 401
    return {kind: what, "status": status, **({"code": code} if code else {})}


def _reads(seen: Seen) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = []
    refusals = [(what, code) for kind, what, code in seen.refusals if kind == "frame"]
    rules += [{"when": p.when, "refuses": _refusal(p, code)} for p, code in refusals]
    if seen.welcome is not None:
        rules.append(_welcome(seen, seen.welcome))
    rules += _run(seen)
    if seen.pong is not None:
        rules.append({"when": seen.pong.when, "as": {"pong": _pong(seen.pong)}})
    for pattern, code in seen.errors:
        rules.append({"when": pattern.when, "as": {"error": _error(pattern, code)}})
    taken = [json.dumps(rule["when"], sort_keys=True) for rule in rules]
    for pattern in (*seen.before, *seen.kinds):
        if json.dumps(pattern.when, sort_keys=True) not in taken:
            taken.append(json.dumps(pattern.when, sort_keys=True))
            rules.append({"when": pattern.when, "ignore": UNKNOWN})
    return rules


def _welcome(seen: Seen, pattern: Pattern) -> dict[str, Any]:
    when = dict(pattern.when)
    fields: dict[str, Any] = {"timestamp": _time(pattern)}
    if seen.welcome_user:
        when[seen.welcome_user] = {"present": True}
        fields["user_id"] = seen.welcome_user
    return {"when": when, "as": {"connection_established": fields}}


def _refusal(pattern: Pattern, code: str) -> dict[str, Any]:
    message = first_path(pattern, COMPLAINT)
    found: dict[str, Any] = {"status": 401}
    if code:
        found["code"] = code
    if message:
        found["message"] = message
    return found


def _error(pattern: Pattern, code: str) -> dict[str, Any]:
    message = first_path(pattern, COMPLAINT) or next(iter(pattern.when))
    return {"timestamp": _time(pattern), "code": {"value": code}, "message": message, "error": message}


def _pong(pattern: Pattern) -> dict[str, Any]:
    values = pattern.values
    echoed = values.get("sequence") == 7  # noqa: PLR2004 -- as asking.PINGS sends it
    return {
        "timestamp": _time(pattern),
        "message_id": "message_id" if "message_id" in values else {"from": "ping"},
        "sequence": "sequence" if echoed else {"from": "ping"},
        **({"data": "data"} if any(path.startswith("data") for path in values) and echoed else {}),
    }


def _run(seen: Seen) -> list[dict[str, Any]]:
    roles, rules = seen.roles, list[dict[str, Any]]()
    if roles.started is not None:
        common = _common(roles, roles.started)
        ack = {"timestamp": {"from": "clock"}, "message_id": {"from": "question"}}
        ack |= {name: common[name] for name in ("run_id", "thread_id") if name in common}
        agent = first_path(roles.started, AGENT)
        started = {**common, "agent_name": agent or {"value": seen.name}}
        rules.append({"when": roles.started.when, "as": [{"ack": ack}, {"agent_started": started}]})
    if roles.thinking is not None:
        told = _named(roles, roles.thinking)
        words = text_of(roles.thinking, WORDS)
        told |= {"reasoning": words} if words else {}
        told["step"] = {"from": "step"}
        rules.append({"when": roles.thinking.when, "as": {"agent_thinking": told}})
    rules += _tools(roles)
    if roles.answer is not None:
        kept = {"answer": text_of(roles.answer, ANSWER)}
        why = "The answer, which the end completes."
        rules.append({"when": roles.answer.when, "remember": kept, "ignore": why})
    if roles.answered is not None:
        answered = _named(roles, roles.answered)
        text = text_of(roles.answered, ANSWER)
        if text:
            answered["response"] = {"path": text, "text": True}
        elif roles.answer is not None:
            answered["response"] = {"remembered": "answer"}
        rules.append({"when": roles.answered.when, "as": {"agent_completed": answered}})
    return rules


def _named(roles: Roles, pattern: Pattern) -> dict[str, Any]:
    """What every event says, and which agent it is of."""
    return {**_common(roles, pattern), "agent_name": first_path(pattern, AGENT) or {"from": "run"}}


def _tools(roles: Roles) -> list[dict[str, Any]]:
    one, other, rules = roles.executing, roles.completed, list[dict[str, Any]]()
    call: Any = {"from": "call"}
    if one is not None and other is not None:
        others = [p for p in (roles.started, roles.thinking, roles.answered) if p is not None]
        call = shared_id(one, other, others) or call
    if one is not None:
        told = {**_common(roles, one), "tool_name": first_path(one, TOOL_NAME), "tool_call_id": call}
        arguments = object_path(one, beside(told["tool_name"], ARGUMENTS))
        told["arguments"] = arguments
        rules.append({"when": one.when, "as": {"tool_executing": _known(told)}})
    if other is not None:
        told = {**_common(roles, other), "tool_name": first_path(other, TOOL_NAME), "tool_call_id": call}
        result = object_path(other, beside(told["tool_name"], RESULT))
        told |= {"status": {"value": "ok"}, "result": result}
        rules.append({"when": other.when, "as": {"tool_completed": _known(told)}})
    return rules


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value != ""}


def _common(roles: Roles, pattern: Pattern) -> dict[str, Any]:
    """What every event of a run says: when, whose, which conversation, which run."""
    found: dict[str, Any] = {"timestamp": _time(pattern), "user_id": {"from": "owner"}}
    if roles.thread_id:
        found["thread_id"] = pattern.path_of(roles.thread_id) or {"from": "run"}
    found["run_id"] = (pattern.path_of(roles.run_id) if roles.run_id else None) or {"from": "run"}
    return found


def _time(pattern: Pattern) -> Any:  # noqa: ANN401 -- a source
    path = first_path(pattern, TIMES)
    value = pattern.values.get(path) if path else None
    if isinstance(value, str):
        return {"path": path, "time": "iso"}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return path if value < SECONDS_BELOW else {"path": path, "time": "milliseconds"}
    return {"from": "clock"}


def _says(seen: Seen) -> dict[str, Any]:
    found: dict[str, Any] = {"chat": dict(seen.question) or {"content": "$content"}}
    if seen.ping:
        found["ping"] = dict(seen.ping)
    return found
