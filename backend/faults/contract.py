"""Faults of the frames' form: what a client that keeps to the contract would stumble over."""

import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

from sqlalchemy import Connection

from backend.components import Components
from backend.compose import EventComposer, Frame, RunKey
from backend.faults import fault
from backend.store.events import Appended, Draft, EventLog
from backend.ws.cursor import Cursor
from backend.ws.frames import FrameParser

BASIC_PLANE = 0xFFFF
"""The last character of Unicode's basic multilingual plane, which three bytes of UTF-8 can hold."""

PAGE = 20
"""Events that are sent at a time."""

CLOCKS_APART = 0.4
"""Seconds by which the clock of the machine that runs the tools is behind."""


class _Renames(EventComposer):
    def compose(
        self, event: str, run: RunKey, seq: int, timestamp: float, fields: Mapping[str, object]
    ) -> Frame:
        frame = super().compose(event, run, seq, timestamp, fields)
        if event == "agent_completed":
            frame["agent"] = frame.pop("agent_name")
        return frame


@fault("field-renamed", group="contract")
def field_renamed(components: Components) -> Components:
    """Clients do not find who has answered: the answer calls agent_name agent."""
    return replace(components, events=_Renames)


class _Drops(EventComposer):
    def compose(
        self, event: str, run: RunKey, seq: int, timestamp: float, fields: Mapping[str, object]
    ) -> Frame:
        frame = super().compose(event, run, seq, timestamp, fields)
        if event == "agent_thinking":
            del frame["agent_name"]
        return frame


@fault("field-dropped", group="contract")
def field_dropped(components: Components) -> Components:
    """Clients do not learn who is thinking: agent_thinking comes without agent_name."""
    return replace(components, events=_Drops)


class _QuotesNumbers(EventComposer):
    def compose(
        self, event: str, run: RunKey, seq: int, timestamp: float, fields: Mapping[str, object]
    ) -> Frame:
        frame = super().compose(event, run, seq, timestamp, fields)
        if event == "agent_completed":
            frame["duration_ms"] = str(frame["duration_ms"])
        return frame


@fault("number-as-string", group="contract")
def number_as_string(components: Components) -> Components:
    """Clients that compute with the duration of an answer fail: it comes as a string."""
    return replace(components, events=_QuotesNumbers)


class _TellsItsWorker(EventComposer):
    def compose(
        self, event: str, run: RunKey, seq: int, timestamp: float, fields: Mapping[str, object]
    ) -> Frame:
        frame = super().compose(event, run, seq, timestamp, fields)
        if event == "tool_completed":
            frame["_worker"] = f"pid {os.getpid()}"
        return frame


@fault("extra-private-field", group="contract")
def extra_private_field(components: Components) -> Components:
    """Customers are shown which of our processes has worked for them: a private field goes out."""
    return replace(components, events=_TellsItsWorker)


class _CountsMilliseconds(EventComposer):
    def compose(
        self, event: str, run: RunKey, seq: int, timestamp: float, fields: Mapping[str, object]
    ) -> Frame:
        return super().compose(event, run, seq, timestamp * 1000, fields)


@fault("timestamps-in-milliseconds", group="contract")
def timestamps_in_milliseconds(components: Components) -> Components:
    """Clients show events of the year 57000: their timestamps are in milliseconds."""
    return replace(components, events=_CountsMilliseconds)


class _StampsByAnotherClock(EventComposer):
    def compose(
        self, event: str, run: RunKey, seq: int, timestamp: float, fields: Mapping[str, object]
    ) -> Frame:
        behind = CLOCKS_APART if event == "tool_completed" else 0.0
        return super().compose(event, run, seq, timestamp - behind, fields)


@fault("timestamps-going-backwards", group="contract")
def timestamps_going_backwards(components: Components) -> Components:
    """Clients that sort by time show results before their calls: a slow clock stamps them."""
    return replace(components, events=_StampsByAnotherClock)


class _BurnsNumbers(EventLog):
    def insert(self, connection: Connection, run: RunKey, draft: Draft, now: float) -> Appended:
        if draft.type == "tool_completed" and draft.nth == 1:
            self.allocate(connection, run.user_id, now)
        return super().insert(connection, run, draft, now)


@fault("seq-gap", group="contract")
def seq_gap(components: Components) -> Components:
    """Clients ask again and again for an event that does not exist: a number was taken and never used."""
    return replace(components, event_log=_BurnsNumbers)


class _SendsTheLastOfAPageAgain(Cursor):
    async def live(self, bound: int) -> AsyncIterator[Appended]:
        async for event in super().live(bound):
            yield event
            if event.seq % PAGE == 0:
                yield event


@fault("seq-repeat", group="contract")
def seq_repeat(components: Components) -> Components:
    """Clients get every twentieth event twice: the end of a page is the beginning of the next."""
    return replace(components, cursor=_SendsTheLastOfAPageAgain)


class _ReadsThreeBytes(FrameParser):
    def text(self, message: str | bytes) -> str:
        text = super().text(message)
        return "".join(character if ord(character) <= BASIC_PLANE else "\ufffd" for character in text)


@fault("unicode-damaged", group="contract")
def unicode_damaged(components: Components) -> Components:
    """Customers' emoji are lost: characters that take four bytes in UTF-8 are not understood."""
    return replace(components, parser=_ReadsThreeBytes)
