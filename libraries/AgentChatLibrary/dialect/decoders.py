"""Decoders: from the text of one WebSocket message to the JSON objects in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final

TEXT: Final = "$text"
"""The pseudo-field that holds the text of a message that is no JSON object."""
EVENT: Final = "$event"
"""The pseudo-field that holds the ``event:`` of a server-sent event."""
ANSWERS: Final = "$answers"
"""The pseudo-field that holds the method of the JSON-RPC request that a response answers."""

Decoded = dict[str, Any]


class Form(StrEnum):
    """How a backend writes its messages."""

    JSON = "json"
    JSON_RPC = "json-rpc"
    SSE = "sse"


class Decoder:
    """Decodes the messages of one connection, in order.

    Args:
        form: How the backend writes them.
    """

    def __init__(self, form: Form) -> None:
        self.form = form
        self._methods: dict[Any, str] = {}

    def sent(self, text: str) -> list[Decoded]:
        """Decodes what the client sent, and remembers which request has which id."""
        found = list(self._objects(text))
        for message in found:
            if (
                self.form is Form.JSON_RPC
                and "method" in message
                and isinstance(message.get("id"), int | str)
            ):
                self._methods[message["id"]] = str(message["method"])
        return found

    def received(self, text: str) -> list[Decoded]:
        """Decodes what the server sent: at least one object, for what is no JSON object one with its text."""
        if self.form is Form.SSE:
            found = list(_server_sent_events(text))
            if found:
                return found
        objects = list(self._objects(text))
        if self.form is Form.JSON_RPC:
            return [self._named(message) for message in objects]
        return objects

    def _objects(self, text: str) -> Iterator[Decoded]:
        try:
            parsed = json.loads(text)
        except (ValueError, RecursionError):
            parsed = None
        batch = isinstance(parsed, list) and self.form is Form.JSON_RPC
        for message in parsed if batch and parsed else [parsed]:
            yield message if isinstance(message, dict) else {TEXT: text}

    def _named(self, message: Decoded) -> Decoded:
        """A response, with the method that it answers beside what it says."""
        if "method" in message or not isinstance(message.get("id"), int | str):
            return message
        return {**message, ANSWERS: self._methods.get(message["id"], "")}


def _server_sent_events(text: str) -> Iterator[Decoded]:
    """The events in a message (HTML standard, server-sent events); none when it is no event stream."""
    if text.lstrip().startswith("{"):
        return
    for block in text.replace("\r\n", "\n").replace("\r", "\n").split("\n\n"):
        name, data = "", list[str]()
        for line in block.split("\n"):
            field, _, value = line.partition(":")
            if field == "event":
                name = value.removeprefix(" ")
            elif field == "data":
                data.append(value.removeprefix(" "))
        if data:
            yield _with_name("\n".join(data), name)


def _with_name(data: str, name: str) -> Decoded:
    try:
        parsed = json.loads(data)
    except (ValueError, RecursionError):
        parsed = None
    return {**(parsed if isinstance(parsed, dict) else {TEXT: data}), EVENT: name}
