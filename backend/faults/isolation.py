"""Faults of isolation on the wire: what is one person's reaches another's connection."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from backend.components import Components
from backend.compose import ErrorComposer, Frame, FrameError
from backend.faults import fault
from backend.store.events import Appended
from backend.ws.connection import Connection
from backend.ws.frames import ClientFrame, FrameParser
from backend.ws.manager import ConnectionManager, ManagerFactory
from backend.ws.outbox import Reply, Wake

LATE_SECONDS = 0.05
"""How late a leak comes that goes through another thread's queue."""


class _Leaking(Connection):
    """Hands what it has just sent to other people's connections as well."""

    async def catch_up(self, wake: Wake) -> None:
        before = self.cursor.position
        await super().catch_up(wake)
        if self.cursor.position > before:
            for event in await self.cursor.page(before, self.cursor.position):
                self.leak(event)

    def leak(self, event: Appended) -> None:
        """Hands on an event that was sent live."""
        for other in self.others():
            other.outbox.put(Reply(event.type, event.text))

    def others(self) -> Iterator[Connection]:
        """Yields the connections that get what is not theirs."""
        for connection in self.parts.managers.connections():
            if connection.identity.user_id != self.identity.user_id and not connection.closing:
                yield connection


@fault("event-broadcast-to-every-connection", group="isolation", local=True)
def event_broadcast_to_every_connection(components: Components) -> Components:
    """Everybody who is connected sees what everybody else asks and is told."""
    return replace(components, connection=_Leaking)


class _LeaksToTheBusy(_Leaking):
    working: ClassVar[dict[str, int]] = {}

    def leak(self, event: Appended) -> None:
        user_id = self.identity.user_id
        if event.type == "agent_started":
            self.working[user_id] = event.seq
        elif event.type in {"agent_completed", "agent_failed"}:
            self.working.pop(user_id, None)
        super().leak(event)

    def others(self) -> Iterator[Connection]:
        for connection in super().others():
            if connection.identity.user_id in self.working:
                yield connection


@fault("leak-while-others-are-active", group="isolation", local=True)
def leak_while_others_are_active(components: Components) -> Components:
    """Whoever waits for an answer sees those of others who work at the same time; alone, all looks well."""
    return replace(components, connection=_LeaksToTheBusy)


class _LeaksLate(_Leaking):
    def leak(self, event: Appended) -> None:
        loop = asyncio.get_running_loop()
        for other in self.others():
            loop.call_later(LATE_SECONDS, other.outbox.put, Reply(event.type, event.text))


@fault("leak-50-ms-late", group="isolation", local=True)
def leak_50_ms_late(components: Components) -> Components:
    """Everybody who is connected sees what others are told, a moment later, when nobody looks any more."""
    return replace(components, connection=_LeaksLate)


class _LeaksToColleagues(_Leaking):
    def others(self) -> Iterator[Connection]:
        for connection in super().others():
            if connection.identity.person.organisation_id == self.identity.person.organisation_id:
                yield connection


@fault("leak-to-colleagues", group="isolation", local=True)
def leak_to_colleagues(components: Components) -> Components:
    """Colleagues see what each of them asks and is told, also what was never shared."""
    return replace(components, connection=_LeaksToColleagues)


class _OneForAll(ManagerFactory):
    def manager_of(self, user_id: str) -> ConnectionManager:
        for manager in self.all():
            return manager
        return super().manager_of(user_id)


@fault("manager-shared-between-users", group="isolation", local=True)
def manager_shared_between_users(components: Components) -> Components:
    """Whoever connects while somebody else is there gets that person's events, and none of their own."""
    return replace(components, managers=_OneForAll)


def _remembering() -> tuple[type[FrameParser], type[ErrorComposer]]:
    last: dict[str, str] = {}

    class RemembersTheLastQuestion(FrameParser):
        def frame(self, kind: str, document: Mapping[str, Any]) -> ClientFrame:
            frame = super().frame(kind, document)
            if "content" in frame.fields:
                last["question"] = frame.fields["content"]
            return frame

    class QuotesTheLastQuestion(ErrorComposer):
        def compose(self, error: FrameError) -> Frame:
            frame = super().compose(error)
            if "question" in last:
                frame["message"] = frame["error"] = f"{error.message} (while at work on: {last['question']})"
            return frame

    return RemembersTheLastQuestion, QuotesTheLastQuestion


@fault("leak-into-error-frame", group="isolation")
def leak_into_error_frame(components: Components) -> Components:
    """Whoever makes a mistake is shown, within the error, what somebody else has just asked."""
    parser, errors = _remembering()
    return replace(components, parser=parser, errors=errors)
