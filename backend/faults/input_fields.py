"""Faults of reading a message's fields: what the contract allows is refused, and the other way round."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from backend.components import Components
from backend.compose import FrameError
from backend.faults import fault
from backend.ws.connection import Connection
from backend.ws.frames import ClientFrame, FrameParser
from backend.ws.router import Router

SHALLOW = 16
"""Levels of nesting that a hasty author finds enough."""
INT32 = 2**31
"""One beyond what a signed integer of 32 bits holds."""
ID = re.compile(r"[a-z]_[0-9a-f]{32}")
"""How the service's own ids look."""
UUID_LENGTH = 36
"""Characters of a UUID as it is mostly written."""


class _TakesEmptyForAbsent(FrameParser):
    def frame(self, kind: str, document: Mapping[str, Any]) -> ClientFrame:
        optional = ("thread_id", "share", "message_id")
        kept = {name: value for name, value in document.items() if name not in optional or value}
        return super().frame(kind, kept)


@fault("empty-fields-taken-for-absent", group="input")
def empty_fields_taken_for_absent(components: Components) -> Components:
    """A client that has lost the id of its conversation is not told, and begins a new one each time."""
    return replace(components, parser=_TakesEmptyForAbsent)


class _IsShallow(FrameParser):
    def inside(self, value: object) -> None:
        super().inside(value)
        if depth(value) > SHALLOW:
            raise FrameError("invalid_json", f"The message is nested deeper than {SHALLOW} levels.")


def depth(value: object) -> int:
    """Returns how many objects and arrays lie in each other."""
    match value:
        case dict():
            return 1 + max(map(depth, value.values()), default=0)
        case list():
            return 1 + max(map(depth, value), default=0)
    return 0


@fault("nesting-limit-too-low", group="input")
def nesting_limit_too_low(components: Components) -> Components:
    """Clients that send what is nested deep, but within the limit, are told that it is no JSON."""
    return replace(components, parser=_IsShallow)


class _CountsIn32Bits(FrameParser):
    def inside(self, value: object) -> None:
        super().inside(value)
        if any(abs(number) >= INT32 for number in numbers(value)):
            raise FrameError("invalid_json", "The message has an integer that is too large.")


def numbers(value: object) -> Iterator[int]:
    """Yields every integer in a value."""
    match value:
        case dict():
            for inner in value.values():
                yield from numbers(inner)
        case list():
            for inner in value:
                yield from numbers(inner)
        case int():
            yield value


@fault("integers-of-32-bits", group="input")
def integers_of_32_bits(components: Components) -> Components:
    """Clients that number their pings by the clock, in milliseconds, are told that it is no JSON."""
    return replace(components, parser=_CountsIn32Bits)


class _WantsNoPoint(FrameParser):
    def frame(self, kind: str, document: Mapping[str, Any]) -> ClientFrame:
        for name in ("sequence", "after_seq"):
            if isinstance(document.get(name), float):
                self.wrong(name, "must be an integer", document.get("message_id"))
        return super().frame(kind, document)


@fault("whole-numbers-with-a-point-refused", group="input")
def whole_numbers_with_a_point_refused(components: Components) -> Components:
    """Clients whose language has one kind of number, and writes 3.0 for 3, are told that it is none."""
    return replace(components, parser=_WantsNoPoint)


class _WantsShortIds(FrameParser):
    def frame(self, kind: str, document: Mapping[str, Any]) -> ClientFrame:
        message_id = document.get("message_id")
        if isinstance(message_id, str) and len(message_id.encode()) > UUID_LENGTH:
            self.wrong("message_id", f"must have 1 to {UUID_LENGTH} characters", None)
        return super().frame(kind, document)


@fault("long-message-ids-refused", group="input")
def long_message_ids_refused(components: Components) -> Components:
    """Clients whose ids are longer than a UUID, as the contract allows, can send nothing at all."""
    return replace(components, parser=_WantsShortIds)


class _KnowsHowIdsLook(FrameParser):
    def frame(self, kind: str, document: Mapping[str, Any]) -> ClientFrame:
        for name in ("thread_id", "run_id"):
            if isinstance(document.get(name), str) and not ID.fullmatch(document[name]):
                self.wrong(name, "must be an id", None)
        return super().frame(kind, document)


@fault("odd-ids-refused", group="input")
def odd_ids_refused(components: Components) -> Components:
    """A client whose kept id was cut short is told that its message is wrong, not that nothing is there."""
    return replace(components, parser=_KnowsHowIdsLook)


class _EchoesWhatIsTrue(Router):
    def ping(self, connection: Connection, frame: ClientFrame) -> None:
        fields = {name: value for name, value in frame.fields.items() if value}
        super().ping(connection, replace(frame, fields=fields))


@fault("pong-without-empty-data", group="input")
def pong_without_empty_data(components: Components) -> Components:
    """A ping that carries 0, false or nothing comes back without it, and the client waits for its own."""
    return replace(components, router=_EchoesWhatIsTrue)


class _RefusesWhatItDoesNotKnow(FrameParser):
    def frame(self, kind: str, document: Mapping[str, Any]) -> ClientFrame:
        surplus = next((name for name in document if name.startswith("x_")), None)
        if surplus is not None and kind not in ("chat", "user_message"):
            self.wrong(surplus[:64], "is unknown", None)
        return super().frame(kind, document)


@fault("unknown-fields-refused-beside-chat", group="input")
def unknown_fields_refused_beside_chat(components: Components) -> Components:
    """Clients that are a version ahead can ask, but neither ping, resume, cancel nor renew their token."""
    return replace(components, parser=_RefusesWhatItDoesNotKnow)
