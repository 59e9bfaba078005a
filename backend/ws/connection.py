"""One connection: one reader, one FIFO, one writer with a cursor."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.types import Receive, Send

from backend.compose import Encoder, ErrorComposer, FrameError, ReplyComposer
from backend.store.lane import DatabaseUnavailableError
from backend.ws.outbox import End, Outbox, Replay, Reply, Wake

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.ground import Ground
    from backend.identity import Identity
    from backend.ws.cursor import Cursor
    from backend.ws.expiry import ExpiryWatch
    from backend.ws.manager import ConnectionManager, ManagerFactory
    from backend.ws.protocol import ChatProtocol
    from backend.ws.router import Router

FLUSH_SECONDS = 1.0
"""Time for what stands in the FIFO when a connection is to be closed; contract: expiry closes within 2 s."""

INTERNAL_ERROR = 1011
"""Close code when the service cannot go on with a connection (RFC 6455, section 7.4.1)."""


@dataclass(frozen=True, slots=True)
class ConnectionParts:
    """What a connection works with. None of it belongs to one connection."""

    ground: Ground
    encoder: Encoder
    replies: ReplyComposer
    errors: ErrorComposer
    router: Router
    managers: ManagerFactory
    heartbeat_seconds: float
    max_message_bytes: int


class Connection:
    """A person's open WebSocket."""

    def __init__(
        self,
        parts: ConnectionParts,
        connection_id: str,
        identity: Identity,
        manager: ConnectionManager,
        wire: ChatProtocol,
    ) -> None:
        self.parts = parts
        self.ground = parts.ground
        self.id = connection_id
        self.identity = identity
        self.manager = manager
        self.wire = wire
        self.outbox: Outbox
        self.cursor: Cursor
        self.expiry: ExpiryWatch
        self.closing = False
        self._send: Send
        self._sent_bytes = 0
        self._woken = 0
        self._progress = (0, parts.ground.clock.monotonic())
        self._force: asyncio.TimerHandle | None = None

    def equip(self, outbox: Outbox, cursor: Cursor, expiry: ExpiryWatch) -> None:
        """Hands the connection what belongs to it alone."""
        self.outbox, self.cursor, self.expiry = outbox, cursor, expiry

    async def serve(self, receive: Receive, send: Send) -> None:
        """Serves the connection to its end."""
        self._send = send
        writer: asyncio.Task[None] | None = None
        try:
            # Before the wakes, so that an announcement comes right after the first frame.
            self.expiry.begin(self.identity.claims.exp)
            self.parts.managers.connected(self.manager, self)
            await self.establish()
            writer = asyncio.create_task(self.write(), name=f"writer {self.id}")
            await self.read(receive)
        except OSError:
            self.ground.journal.info("peer_gone", connection_id=self.id)
        except DatabaseUnavailableError:
            self.wire.force_close(INTERNAL_ERROR, "unavailable")
        except Exception as problem:  # noqa: BLE001 -- one connection's trouble stays its own
            self.ground.journal.failure("connection_failed", problem, connection_id=self.id)
            self.wire.force_close(INTERNAL_ERROR, "")
        finally:
            self.closing = True
            self.expiry.stop()
            self.parts.managers.disconnected(self.manager, self)
            if self._force is not None:
                self._force.cancel()
            if writer is not None:
                writer.cancel()
                await asyncio.wait({writer})

    async def establish(self) -> None:
        """Sends the first frame, with the watershed."""
        person, policy = self.identity.person, self.identity.person.policy
        last_seq = await self.cursor.start()
        self._woken = last_seq
        await self.transmit(
            self.made(
                "connection_established",
                {
                    "connection_id": self.id,
                    "instance": self.ground.settings.instance,
                    "user_id": person.id,
                    "tier": person.tier,
                    "limits": {
                        "max_message_bytes": self.parts.max_message_bytes,
                        "messages_per_minute": policy.messages_per_minute,
                        "burst": policy.burst,
                        "heartbeat_seconds": self.parts.heartbeat_seconds,
                        "concurrent_runs": policy.concurrent_runs,
                        "connections": policy.connections,
                    },
                    "last_seq": last_seq,
                },
            )
        )

    async def read(self, receive: Receive) -> None:
        """Reads messages and hands each to the router, until the connection ends."""
        while True:
            await self.outbox.room()
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            if not self.closing:
                text = message.get("text")
                await self.parts.router.receive(self, message["bytes"] if text is None else text)

    async def write(self) -> None:
        """Sends what stands in the FIFO, in its order, until the connection ends."""
        try:
            while True:
                item = await self.outbox.take()
                match item:
                    case Reply():
                        await self.transmit(item)
                    case Wake():
                        await self.catch_up(item)
                    case Replay():
                        await self.replay(item)
                    case End():
                        await self._send(
                            {"type": "websocket.close", "code": item.code, "reason": item.reason}
                        )
                        return
                self.outbox.done(item)
        except OSError:
            return  # the reader sees the end as well
        except Exception as problem:  # noqa: BLE001 -- one connection's trouble stays its own
            if not self.closing:
                self.ground.journal.failure("writer_failed", problem, connection_id=self.id)
                self.wire.force_close(INTERNAL_ERROR, "")

    async def transmit(self, reply: Reply) -> None:
        """Counts a frame and sends it."""
        self.ground.metrics.sent(self.identity.user_id, reply.type)
        if reply.code is not None:
            self.ground.metrics.error(self.identity.user_id, reply.code)
        await self._send({"type": "websocket.send", "text": reply.text})
        self._sent_bytes += len(reply.text.encode())

    async def catch_up(self, wake: Wake) -> None:
        """Sends what the log holds beyond the cursor, up to the wake's bound.

        When it cannot be read, the next wake comes from the watch, and what else stands in the FIFO goes on.
        """
        try:
            async for event in self.cursor.live(wake.bound):
                await self.transmit(Reply(event.type, event.text))
        except DatabaseUnavailableError:
            self.outbox.forget_wakes()
            self._woken = self.cursor.position  # so that the next wake is not taken for an old one

    async def replay(self, item: Replay) -> None:
        """Sends the events between ``after`` and the watershed again, and says so."""
        count = 0
        try:
            async for event in self.cursor.replay(item.after):
                await self.transmit(Reply(event.type, event.text))
                count += 1
        except DatabaseUnavailableError:
            await self.transmit(
                self.refused(
                    FrameError(
                        "unavailable",
                        "The events cannot be read at the moment.",
                        retry_after=1.0,
                        message_id=item.message_id,
                    )
                )
            )
            return
        await self.transmit(
            self.made(
                "resumed",
                {"from_seq": item.after + 1, "to_seq": self.cursor.watershed, "count": count},
                item.message_id,
            )
        )

    def reply(self, kind: str, fields: Mapping[str, object], message_id: str | None = None) -> None:
        """Puts a frame that is not durable into the FIFO."""
        self.outbox.put(self.made(kind, fields, message_id))
        self.mind_slowness()

    def refuse(self, error: FrameError) -> None:
        """Puts an ``error`` frame into the FIFO."""
        self.outbox.put(self.refused(error))
        self.mind_slowness()

    def made(self, kind: str, fields: Mapping[str, object], message_id: str | None = None) -> Reply:
        """Returns a frame that is not durable."""
        return Reply(kind, self.parts.encoder.encode(self.parts.replies.compose(kind, fields, message_id)))

    def refused(self, error: FrameError) -> Reply:
        """Returns an ``error`` frame."""
        return Reply("error", self.parts.encoder.encode(self.parts.errors.compose(error)), error.code)

    def wake(self, bound: int, size: int) -> None:
        """Lets the writer look into the log.

        Args:
            bound: The last event that is committed.
            size: Bytes that are new since the last wake, as far as they are known.
        """
        if bound > self._woken and not self.closing:
            self._woken = bound
            self.outbox.put(Wake(bound, size))
            self.mind_slowness()

    def resume(self, after: int, message_id: str | None) -> None:
        """Lets the writer replay the log."""
        self.outbox.put(Replay(after, message_id))

    def close(self, code: int, reason: str, *, patience: float = FLUSH_SECONDS) -> None:
        """Closes the connection behind what stands in the FIFO.

        Args:
            code: Close code.
            reason: For the peer.
            patience: Seconds until it is closed in any case.
        """
        if self.closing:
            return
        self.closing = True
        self.expiry.stop()
        self.ground.journal.info("connection_closing", connection_id=self.id, code=code, reason=reason)
        self.outbox.put(End(code, reason))
        self.outbox.open_wide()
        self._force = asyncio.get_running_loop().call_later(patience, self.wire.force_close, code, reason)

    def mind_slowness(self) -> None:
        """Closes a connection whose peer leaves too much unread."""
        if self.unsent() > self.ground.settings.slow_consumer_bytes:
            self.drop_slow_peer()

    def mind_progress(self) -> None:
        """Closes a connection whose peer has not read anything for too long."""
        now = self.ground.clock.monotonic()
        taken = self._sent_bytes - self.wire.unsent()
        if taken != self._progress[0] or self.unsent() == 0:
            self._progress = (taken, now)
        elif now - self._progress[1] >= self.ground.settings.slow_consumer_seconds:
            self.drop_slow_peer()

    def unsent(self) -> int:
        """Bytes that wait for the peer."""
        return self.outbox.bytes + self.wire.unsent()

    def drop_slow_peer(self) -> None:
        """Closes at once; the peer can come back and resume."""
        if not self.closing:
            self.closing = True
            self.ground.journal.info("connection_closing", connection_id=self.id, code=1008, reason="slow")
            self.outbox.open_wide()
            self.wire.force_close(1008, "slow_consumer")
