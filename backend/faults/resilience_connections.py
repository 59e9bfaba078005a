"""Faults in connections that drop, come back, double or do not read."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

from backend.agent.run import RunLoop
from backend.agent.supervisor import Supervisor
from backend.drain import GOING_AWAY
from backend.faults import fault
from backend.store.notify import CANCEL, Notice
from backend.store.presence import Presence
from backend.ws.connection import Connection
from backend.ws.handlers import Chat
from backend.ws.manager import ConnectionManager, ManagerFactory
from backend.ws.protocol import ChatProtocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection as Transaction
    from starlette.types import Message, Receive, Send

    from backend.agent.intake import Accepted
    from backend.components import Components
    from backend.store.events import Also, Appended, Draft, NotAppended
    from backend.ws.outbox import Reply

WITHOUT_CLOSE = {1005, 1006}
"""What stands for a connection that ended without a close frame, before and after it was opened."""

POLL_SECONDS = 0.2

IDLE_SECONDS = 3.0
"""Far below any heartbeat."""

CRASHED = "crashed"
"""A kind of notice that the service does not have."""


class _WakesTheFirst(ConnectionManager):
    def wake(self, bound: int, size: int) -> None:
        for connection in self.connections[:1]:
            connection.wake(bound, size)


class _OneDevice(ManagerFactory):
    def make(self, user_id: str) -> ConnectionManager:
        return _WakesTheFirst(user_id)


@fault("second-device-gets-nothing", group="resilience", local=True)
def second_device_gets_nothing(components: Components) -> Components:
    """Whoever has the chat open at the desk sees nothing of it on the phone."""
    return replace(components, managers=_OneDevice)


class _NoticesDrops(Connection):
    async def read(self, receive: Receive) -> None:
        async def noticing() -> Message:
            message = await receive()
            if message["type"] == "websocket.disconnect" and message.get("code") in WITHOUT_CLOSE:
                await self.dropped()
            return message

        await super().read(noticing)

    async def dropped(self) -> None:
        """Is called when the peer is gone without a close frame."""


class _Undead(_NoticesDrops):
    async def dropped(self) -> None:
        while not self.closing:  # noqa: ASYNC110 -- it is a fault to wait here at all
            await asyncio.sleep(POLL_SECONDS)


@fault("zombie-connection-after-drop", group="resilience")
def zombie_connection_after_drop(components: Components) -> Components:
    """A connection that was dropped is kept and counted for ever; after some, its owner gets no new one."""
    return replace(components, connection=_Undead)


class _CrashesTellAll(_NoticesDrops):
    async def dropped(self) -> None:
        self.ground.bus.publish(Notice(CRASHED, self.identity.user_id))


class _OneForAll(Supervisor):
    def notified(self, notice: Notice) -> None:
        super().notified(notice)
        if notice.kind == CRASHED:
            for context, control, _ in list(self._running.values()):
                if context.user_id != notice.user_id:
                    control.stop("interrupted")


@fault("crash-ends-another-run", group="resilience")
def crash_ends_another_run(components: Components) -> Components:
    """When the connection of one person breaks, the answers that all others wait for are lost."""
    return replace(components, connection=_CrashesTellAll, supervisor=_OneForAll)


def _runs_end_with_their_socket(components: Components, spared: frozenset[int | None]) -> Components:
    """Cancels what a connection has asked when it ends, but for ends with a close code that is spared."""
    asked_by: dict[str, list[str]] = {}

    class Noting(Chat):
        def acknowledge(self, connection: Connection, accepted: Accepted) -> None:
            super().acknowledge(connection, accepted)
            asked_by.setdefault(connection.id, []).append(accepted.run_id)

    class Leaving(Connection):
        ended_with: int | None = None

        async def read(self, receive: Receive) -> None:
            async def noting() -> Message:
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    self.ended_with = message.get("code")
                return message

            await super().read(noting)

        async def serve(self, receive: Receive, send: Send) -> None:
            await super().serve(receive, send)
            for run_id in asked_by.pop(self.id, ()):
                if self.ended_with not in spared:
                    self.ground.bus.publish(Notice(CANCEL, self.identity.user_id, subject=run_id))

    return replace(components, chat=Noting, connection=Leaving)


@fault("run-ends-with-its-socket", group="resilience")
def run_ends_with_its_socket(components: Components) -> Components:
    """Whoever loses the connection for a moment loses the answer that was being worked on too."""
    return _runs_end_with_their_socket(components, frozenset())


@fault("run-ends-with-a-close", group="resilience")
def run_ends_with_a_close(components: Components) -> Components:
    """Whoever closes the page, or is logged out meanwhile, loses the answer that was being worked on."""
    return _runs_end_with_their_socket(components, frozenset({None, *WITHOUT_CLOSE}))


@fault("run-fails-with-one-of-its-devices", group="resilience")
def run_fails_with_one_of_its_devices(components: Components) -> Components:
    """Whoever looks on from a phone, and loses the laptop in the middle, gets no answer but a failure."""
    lost_at: dict[str, float] = {}

    class Noting(_NoticesDrops):
        async def dropped(self) -> None:
            person, now = self.identity.user_id, self.ground.clock.now()
            if await self.ground.database.read(Presence().count, person, now) > 1:
                lost_at[person] = self.ground.clock.monotonic()

    class SendsToEachDevice(RunLoop):
        def append(self, connection: Transaction, draft: Draft) -> Appended | NotAppended:
            if not draft.closing and lost_at.get(self.context.user_id, 0.0) > self.context.began:
                raise RuntimeError("One of the devices is gone.")
            return super().append(connection, draft)

    return replace(components, connection=Noting, run_loop=SendsToEachDevice)


class _WorksForSomebody(RunLoop):
    async def emit(
        self, event: str, fields: Mapping[str, object], *, closing: bool = False, also: Also | None = None
    ) -> Appended:
        while not (closing or self.control.reason or await self.somebody_is_there()):
            await self.control.changed(POLL_SECONDS)
        return await super().emit(event, fields, closing=closing, also=also)

    async def somebody_is_there(self) -> bool:
        """Says whether the asker has a connection, to whichever process."""
        count, now = self.stores.presence.count, self.ground.clock.now()
        return await self.ground.database.read(count, self.context.user_id, now) > 0


@fault("run-stands-still-while-away", group="resilience")
def run_stands_still_while_away(components: Components) -> Components:
    """Whoever closes the page and comes back after lunch finds that nothing was worked on meanwhile."""
    return replace(components, run_loop=_WorksForSomebody)


class _Impatient(Connection):
    """Hangs up when nothing was asked for a while, whether its peer is there or not."""

    async def read(self, receive: Receive) -> None:
        async def waiting() -> Message:
            loop = asyncio.get_running_loop()
            bored = loop.call_later(IDLE_SECONDS, self.close, GOING_AWAY, "idle")
            try:
                return await receive()
            finally:
                bored.cancel()

        await super().read(waiting)


@fault("idle-connection-cut", group="resilience")
def idle_connection_cut(components: Components) -> Components:
    """Whoever reads an answer for a few seconds has lost the connection when they ask on."""
    return replace(components, connection=_Impatient)


@fault("descriptor-leak-per-reconnect", group="resilience")
def descriptor_leak_per_reconnect(components: Components) -> Components:
    """Each time somebody comes back the process loses a descriptor, until it can open nothing any more."""
    known: set[str] = set()
    lost: list[socket.socket] = []

    class Leaking(Connection):
        async def serve(self, receive: Receive, send: Send) -> None:
            if self.identity.user_id in known:
                lost.append(socket.socket())
            known.add(self.identity.user_id)
            await super().serve(receive, send)

    return replace(components, connection=Leaking)


@fault("slow-reader-blocks-others", group="resilience")
def slow_reader_blocks_others(components: Components) -> Components:
    """One customer whose phone does not read keeps everybody else from getting anything."""
    turn = asyncio.Lock()

    ending: set[asyncio.Task[None]] = set()

    class TakingTurns(Connection):
        async def transmit(self, reply: Reply) -> None:
            async with turn:
                await super().transmit(reply)

        def drop_slow_peer(self) -> None:
            if not ending:
                task = asyncio.create_task(self.drop_in_turn())
                ending.add(task)
                task.add_done_callback(ending.discard)

        async def drop_in_turn(self) -> None:
            async with turn:
                super().drop_slow_peer()

    return replace(components, connection=TakingTurns)


class _KeepsSlowReaders(Connection):
    def drop_slow_peer(self) -> None:
        return


@fault("slow-reader-never-dropped", group="resilience")
def slow_reader_never_dropped(components: Components) -> Components:
    """What nobody reads piles up in the memory of the service, without end."""
    return replace(components, connection=_KeepsSlowReaders)


class _NoHeartbeat(ChatProtocol):
    def start_keepalive(self) -> None:
        return


@fault("half-open-never-dropped", group="resilience")
def half_open_never_dropped(components: Components) -> Components:
    """A phone that went into a tunnel stays connected for ever, and counts."""
    return replace(components, protocol=_NoHeartbeat)


class _ReadsOrHangs(ChatProtocol):
    def data_received(self, data: bytes) -> None:
        super(ChatProtocol, self).data_received(data)


@fault("unreadable-request-unanswered", group="resilience")
def unreadable_request_unanswered(components: Components) -> Components:
    """A client whose token is too long waits for an answer that never comes, and shows a spinner."""
    return replace(components, protocol=_ReadsOrHangs)
