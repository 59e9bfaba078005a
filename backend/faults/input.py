"""Faults in how messages are read."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from backend.compose import FrameError
from backend.faults import fault
from backend.tiers import Tiers
from backend.ws.frames import CLIENT_FRAMES, ClientFrame, FrameParser, shown
from backend.ws.router import Router

if TYPE_CHECKING:
    from backend.components import Components
    from backend.ws.connection import Connection

UNSUPPORTED_DATA, INTERNAL_ERROR = 1003, 1011
"""Close codes (RFC 6455, section 7.4.1)."""


class _Drops(Router):
    """Deals with messages of some kind before anybody else sees them."""

    @abstractmethod
    def hits(self, message: str | bytes) -> bool:
        """Whether this one is dropped."""

    @abstractmethod
    def drop(self, connection: Connection) -> None:
        """What happens instead."""

    async def receive(self, connection: Connection, message: str | bytes) -> None:
        if self.hits(message):
            self.drop(connection)
        else:
            await super().receive(connection, message)

    def refused_as(self, message: str | bytes, code: str) -> bool:
        _, document = self._parser.kind(message)
        return isinstance(document, FrameError) and document.code == code


class _DiesOfBrokenJson(_Drops):
    def hits(self, message: str | bytes) -> bool:
        return self.refused_as(message, "invalid_json")

    def drop(self, connection: Connection) -> None:
        connection.close(INTERNAL_ERROR, "")


@fault("malformed-json-kills-the-connection", group="input")
def malformed_json_kills_the_connection(components: Components) -> Components:
    """One message that is no JSON ends the connection, and with it everything that was going on."""
    return replace(components, router=_DiesOfBrokenJson)


class _IgnoresBrokenJson(_DiesOfBrokenJson):
    def drop(self, connection: Connection) -> None:
        del connection


@fault("malformed-json-ignored", group="input")
def malformed_json_ignored(components: Components) -> Components:
    """A message that is no JSON disappears: its sender waits for an answer that never comes."""
    return replace(components, router=_IgnoresBrokenJson)


class _IgnoresUnknownTypes(_Drops):
    def hits(self, message: str | bytes) -> bool:
        return self.refused_as(message, "unknown_type")

    def drop(self, connection: Connection) -> None:
        del connection


@fault("unknown-type-ignored", group="input")
def unknown_type_ignored(components: Components) -> Components:
    """A message of a type that nobody knows disappears without a word."""
    return replace(components, router=_IgnoresUnknownTypes)


class _DiesOfBinary(_Drops):
    def hits(self, message: str | bytes) -> bool:
        return isinstance(message, bytes)

    def drop(self, connection: Connection) -> None:
        connection.close(UNSUPPORTED_DATA, "")


@fault("binary-frame-kills-the-connection", group="input")
def binary_frame_kills_the_connection(components: Components) -> Components:
    """A client library that sends text as binary frames loses its connection instead of being told."""
    return replace(components, router=_DiesOfBinary)


class _DiesOfScalars(_Drops):
    def hits(self, message: str | bytes) -> bool:
        try:
            value = json.loads(message)
        except (ValueError, RecursionError):
            return False
        return isinstance(message, str) and not isinstance(value, dict)

    def drop(self, connection: Connection) -> None:
        connection.close(INTERNAL_ERROR, "")


@fault("json-without-object-kills-the-connection", group="input")
def json_without_object_kills_the_connection(components: Components) -> Components:
    """A list or a number, which is JSON and yet no message, ends the connection."""
    return replace(components, router=_DiesOfScalars)


class _FillsIn(FrameParser):
    def frame(self, kind: str, document: Mapping[str, Any]) -> ClientFrame:
        if kind in {"chat", "user_message"}:
            document = {**document, "content": str(document.get("content"))}
        return super().frame(kind, document)


@fault("missing-field-reaches-the-agent", group="input")
def missing_field_reaches_the_agent(components: Components) -> Components:
    """A question without content is put to the agent as ``None``, answered and counted."""
    return replace(components, parser=_FillsIn)


class _SizeUnchecked(FrameParser):
    def size(self, message: str | bytes) -> None:
        del message


@fault("oversize-accepted", group="input")
def oversize_accepted(components: Components) -> Components:
    """Messages of any size are read, stored and worked on; a few customers can fill the memory."""

    def tiers() -> Tiers:
        healthy = components.tiers()
        return replace(healthy, limits=replace(healthy.limits, hard_message_bytes=16 << 20))

    return replace(components, parser=_SizeUnchecked, tiers=tiers)


class _CountsCharacters(FrameParser):
    def size(self, message: str | bytes) -> None:
        super().size(message if isinstance(message, bytes) else "x" * len(message))


@fault("size-counted-in-characters", group="input")
def size_counted_in_characters(components: Components) -> Components:
    """Whoever writes Chinese may send three times as much as was agreed."""
    return replace(components, parser=_CountsCharacters)


class _OneByteLess(FrameParser):
    def size(self, message: str | bytes) -> None:
        self._max_bytes -= 1
        try:
            super().size(message)
        finally:
            self._max_bytes += 1


@fault("size-limit-one-too-low", group="input")
def size_limit_one_too_low(components: Components) -> Components:
    """A message of exactly the agreed size is refused."""
    return replace(components, parser=_OneByteLess)


class _PythonsJson(FrameParser):
    def json(self, text: str) -> object:
        try:
            value: object = json.loads(text)
        except (ValueError, RecursionError):
            raise FrameError("invalid_json", "The message is not valid JSON.") from None
        return value


@fault("lenient-json", group="input")
def lenient_json(components: Components) -> Components:
    """NaN, keys that come twice and half characters are taken in, and other readers see something else."""
    return replace(components, parser=_PythonsJson)


class _AnyEmptyContent(FrameParser):
    def frame(self, kind: str, document: Mapping[str, Any]) -> ClientFrame:
        if document.get("content") == "":
            document = {**document, "content": " "}
        return super().frame(kind, document)


@fault("empty-content-accepted", group="input")
def empty_content_accepted(components: Components) -> Components:
    """An empty question costs one of the day's and gets an answer to nothing."""
    return replace(components, parser=_AnyEmptyContent)


class _NoSurplus(FrameParser):
    known: ClassVar = {
        kind: {*fields, "type", "message_id", "data"} for kind, fields in CLIENT_FRAMES.items()
    }

    def frame(self, kind: str, document: Mapping[str, Any]) -> ClientFrame:
        surplus = next((name for name in document if name not in self.known[kind]), None)
        if surplus is not None:
            self.wrong(surplus[:64], "is unknown", None)
        return super().frame(kind, document)


@fault("unknown-fields-refused", group="input")
def unknown_fields_refused(components: Components) -> Components:
    """Clients that are a version ahead are refused for a field that nobody needs to understand."""
    return replace(components, parser=_NoSurplus)


class _OneWordOnly(FrameParser):
    def type(self, document: Mapping[str, Any]) -> str:
        kind = super().type(document)
        if kind == "user_message":
            raise FrameError("unknown_type", f'There is no message type "{shown(kind)}".')
        return kind


@fault("user-message-unknown", group="input")
def user_message_unknown(components: Components) -> Components:
    """Clients that call a question ``user_message`` are told that there is no such thing."""
    return replace(components, parser=_OneWordOnly)


class _RepeatsTypes(FrameParser):
    def type(self, document: Mapping[str, Any]) -> str:
        try:
            return super().type(document)
        except FrameError as error:
            if error.code == "unknown_type":
                error.message = f'There is no message type "{document["type"]}".'
            raise


@fault("unknown-type-repeated-raw", group="input")
def unknown_type_repeated_raw(components: Components) -> Components:
    """Whatever a client calls its message comes back whole: line breaks for the log, pages for the memory."""
    return replace(components, parser=_RepeatsTypes)
