"""Faults with lines that are slow, or break in the middle of a message."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from websockets.utils import apply_mask

from backend.agent.run import RunLoop
from backend.faults import fault
from backend.store.notify import REVOKED, Notice
from backend.ws.connection import Connection
from backend.ws.protocol import ChatProtocol

if TYPE_CHECKING:
    import asyncio

    from starlette.types import Receive

    from backend.agent.plan import ToolCall
    from backend.agent.tools import ToolResult
    from backend.components import Components

GIVE_UP_SECONDS = 0.05
"""How long a message may take to arrive where that is far too short."""

HEAD_BYTES, MASK_BYTES = 2, 4
EXTENDED = {126: 2, 127: 8}
"""Bytes of a longer size that stand behind the head (RFC 6455, section 5.2)."""
TEXT_ALONE = 0x81
"""First byte of a text message in one frame."""


def _sizes(data: bytes) -> tuple[int, int] | None:
    """Returns how many bytes the head and the payload of the frame that ``data`` begins with have."""
    if len(data) < HEAD_BYTES:
        return None
    size, longer = data[1] & 0x7F, EXTENDED.get(data[1] & 0x7F, 0)
    head = HEAD_BYTES + longer + (MASK_BYTES if data[1] & 0x80 else 0)
    if len(data) < head:
        return None
    return head, int.from_bytes(data[HEAD_BYTES : HEAD_BYTES + longer], "big") if longer else size


def unfinished(data: bytes) -> bytes:
    """Returns the last frame of ``data`` if not all of it is there."""
    while data:
        sizes = _sizes(data)
        if sizes is None or len(data) < sum(sizes):
            return data
        data = data[sum(sizes) :]
    return b""


class _KnowsThePart(ChatProtocol):
    part = b""
    """What has come of a frame that is not all there yet."""

    def data_received(self, data: bytes) -> None:
        """As it should be, and remembers how far the peer is."""
        frames = self.part + data if self.handshake_complete else b""
        super().data_received(data)
        self.part = unfinished(frames)


class _GivesUp(_KnowsThePart):
    waiting: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self.part:
            self.stop_waiting()
        elif self.waiting is None:
            self.waiting = self.loop.call_later(GIVE_UP_SECONDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self.stop_waiting()
        super().connection_lost(exc)

    def stop_waiting(self) -> None:
        """Is content with what has come."""
        if self.waiting is not None:
            self.waiting.cancel()
            self.waiting = None


@fault("slow-message-given-up", group="resilience")
def slow_message_given_up(components: Components) -> Components:
    """Whoever has a slow line loses the connection in the middle of a question, every time anew."""
    return replace(components, protocol=_GivesUp)


@fault("slow-sender-blocks-others", group="resilience")
def slow_sender_blocks_others(components: Components) -> Components:
    """While the question of one customer with a slow line arrives, nobody else is listened to."""
    listened_to: list[ChatProtocol] = []
    waiting: deque[tuple[ChatProtocol, bytes]] = deque()

    class OneAfterTheOther(_KnowsThePart):
        def data_received(self, data: bytes) -> None:
            if listened_to and self not in listened_to:
                waiting.append((self, data))
                return
            super().data_received(data)
            listened_to[:] = [self] if self.part else []
            self.listen_to_the_next()

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            if self in listened_to:
                listened_to.clear()
                self.listen_to_the_next()

        def listen_to_the_next(self) -> None:
            """Takes in what others have sent meanwhile."""
            while waiting and not listened_to:
                peer, data = waiting.popleft()
                peer.data_received(data)

    return replace(components, protocol=OneAfterTheOther)


@fault("half-message-fails-the-runs-of-others", group="resilience")
def half_message_fails_the_runs_of_others(components: Components) -> Components:
    """While the question of one customer arrives over a slow line, what others ask is taken, and fails."""
    arriving: set[ChatProtocol] = set()

    class TakesTheBuffer(_KnowsThePart):
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.part:
                arriving.add(self)
            else:
                arriving.discard(self)

        def connection_lost(self, exc: Exception | None) -> None:
            arriving.discard(self)
            super().connection_lost(exc)

    class NeedsTheBuffer(RunLoop):
        async def run_tool(self, call: ToolCall) -> ToolResult:
            if arriving:
                raise BufferError("The buffer holds half a message.")
            return await super().run_tool(call)

    return replace(components, protocol=TakesTheBuffer, run_loop=NeedsTheBuffer)


class _MendsHalves(_KnowsThePart):
    def connection_lost(self, exc: Exception | None) -> None:
        text = self.mended()
        if text is not None:
            self.queue.put_nowait({"type": "websocket.receive", "text": text})
        super().connection_lost(exc)

    def mended(self) -> str | None:
        """Returns the message that the peer was sending, as far as it came, made whole."""
        sizes = _sizes(self.part)
        if sizes is None or self.part[0] != TEXT_ALONE:
            return None
        head, _ = sizes
        payload = apply_mask(self.part[head:], self.part[head - MASK_BYTES : head])
        text = payload.decode("utf-8", "ignore") + '"}'
        try:
            json.loads(text)
        except ValueError:
            return None
        return text


@fault("half-message-taken-for-whole", group="resilience")
def half_message_taken_for_whole(components: Components) -> Components:
    """Whoever loses the connection while sending is answered, and charged, for half a question."""
    return replace(components, protocol=_MendsHalves)


class _SendsAllAway(Connection):
    async def read(self, receive: Receive) -> None:
        await super().read(receive)
        if isinstance(self.wire, _KnowsThePart) and self.wire.part:
            self.ground.bus.publish(Notice(REVOKED, self.identity.user_id))


@fault("broken-line-ends-every-device", group="resilience")
def broken_line_ends_every_device(components: Components) -> Components:
    """When a phone loses its line while it sends, its owner is thrown out at the desk too."""
    return replace(components, protocol=_KnowsThePart, connection=_SendsAllAway)
