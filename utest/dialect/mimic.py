"""Says canonical events as a backend of a dialect would: a rule of the dialect, read backwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from AgentChatLibrary.dialect.decoders import EVENT, Form
from AgentChatLibrary.dialect.model import Dialect, Rule
from AgentChatLibrary.dialect.paths import MISSING, get, put


def frame(rule: Rule, fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The JSON object in which a rule says its events.

    Args:
        rule: The rule.
        fields: For each event's type its canonical fields.
    """
    said: dict[str, Any] = {}
    rule.when.write(said)
    for event in rule.events:
        for name, source in event.fields.items():
            if name in fields[event.type]:
                source.write(said, fields[event.type][name])
    for condition in rule.when.conditions:  # what must be there, whatever it is
        if condition.present and get(said, condition.path) is MISSING:
            put(said, condition.path, "made-up")
    return said


def text(dialect: Dialect, said: dict[str, Any]) -> str:
    """A JSON object as the backend puts it into a WebSocket message."""
    if dialect.form is not Form.SSE or EVENT not in said:
        return json.dumps(said)
    inner = {name: value for name, value in said.items() if name != EVENT}
    return f"event: {said[EVENT]}\ndata: {json.dumps(inner)}\n\n"
