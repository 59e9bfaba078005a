"""A connection that records every frame at the protocol event, and stamps it before anything is parsed.

Frames never pass through the client's receive queue: nothing is dropped, reordered, or stamped late because
nobody was reading. The stamp is the moment at which a frame's last bytes arrived from the socket.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from websockets.asyncio.client import ClientConnection
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import Event, State

from ..framelog import Payload
from ..frames import Direction, Kind
from ..transcript import Transcript

SWITCHING_PROTOCOLS: Final = 101

_watching: Final = threading.Lock()
"""Held while somebody begins or ends to wait; recording never takes it."""


class Recorder:
    """Appends what a connection sends and receives to a transcript, and wakes whoever waits for it.

    All of it happens in the loop's thread, so that nothing has to be locked; only waking reaches others.
    """

    __slots__ = ("_arrival", "_waiting", "transcript")

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self._arrival: float | None = None
        self._waiting: tuple[threading.Event, ...] = ()

    def record(
        self, direction: Direction, kind: Kind, data: str | bytes = "", code: int | None = None
    ) -> None:
        """Appends one frame: stamped with the moment at which its bytes arrived, else with this one."""
        arrival = self._arrival
        self.transcript.append(time.monotonic() if arrival is None else arrival, direction, kind, data, code)
        if arrival is None:
            self._wake()

    def record_text(self, payload: Payload) -> None:
        """Appends a whole message of text that was received; it is decoded when somebody looks at it."""
        arrival = self._arrival
        self.transcript.append_text(time.monotonic() if arrival is None else arrival, payload)
        if arrival is None:
            self._wake()

    @contextmanager
    def arriving(self) -> Iterator[None]:
        """Stamps every frame that is recorded inside with this moment, and wakes those who wait once."""
        self._arrival = time.monotonic()
        try:
            yield
        finally:
            self._arrival = None
            self._wake()

    @contextmanager
    def watched(self) -> Iterator[threading.Event]:
        """Gives what is set whenever something has been recorded, until the block ends.

        Whoever waits clears it first, then looks, then waits: so that nothing is missed in between.
        """
        news = threading.Event()
        with _watching:
            self._waiting = (*self._waiting, news)
        try:
            yield news
        finally:
            with _watching:
                self._waiting = tuple(other for other in self._waiting if other is not news)

    def opened(self) -> None:
        """Notes the moment at which the upgrade succeeded."""
        # Frames that came with the answer are stamped with the same moment, and must not be older.
        now = time.monotonic()
        at = now if self._arrival is None else self._arrival
        self.transcript.opened_at, self.transcript.opened_wall = at, time.time() - (now - at)

    def _wake(self) -> None:
        for news in self._waiting:
            news.set()


class RecordingConnection(ClientConnection):
    """A client connection whose frames go straight into a transcript."""

    def __init__(self, recorder: Recorder, protocol: ClientProtocol, **options: Any) -> None:  # noqa: ANN401 -- the parent's options
        super().__init__(protocol, **options)
        self.recorder = recorder
        self._deaf = False
        self._fragments: list[bytes] = []
        self._fragmented: Opcode = Opcode.TEXT

    def process_event(self, event: Event) -> None:
        """Records the frame at the moment the protocol has it."""
        if isinstance(event, Frame):
            # Nearly every frame is a whole message of text; everything else takes its time.
            if event.opcode is Opcode.TEXT and event.fin:
                self.recorder.record_text(event.data)
                return
            self._received(event)
            if event.opcode is Opcode.PONG:
                super().process_event(event)
            return
        if isinstance(event, Response) and event.status_code == SWITCHING_PROTOCOLS:
            self.recorder.opened()
        super().process_event(event)

    def _received(self, frame: Frame) -> None:
        received, record = Direction.RECEIVED, self.recorder.record
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self._received_data(frame)
        elif frame.opcode is Opcode.PING:
            record(received, Kind.PING, bytes(frame.data))
        elif frame.opcode is Opcode.PONG:
            record(received, Kind.PONG, bytes(frame.data))
        elif frame.opcode is Opcode.CLOSE:
            close = Close.parse(bytes(frame.data))
            record(received, Kind.CLOSE, close.reason, close.code)

    def _received_data(self, frame: Frame) -> None:
        """A message may come in fragments; it is received when its last one is (RFC 6455, section 5.4)."""
        if frame.opcode is not Opcode.CONT:
            self._fragmented = frame.opcode
        if not frame.fin:
            self._fragments.append(bytes(frame.data))
            return
        data = b"".join([*self._fragments, bytes(frame.data)]) if self._fragments else bytes(frame.data)
        self._fragments.clear()
        if self._fragmented is Opcode.BINARY:
            self.recorder.record(Direction.RECEIVED, Kind.BINARY, data)
            return
        self.recorder.record_text(data)

    def go_deaf(self) -> None:
        """Takes no notice of anything that arrives from now on, as a program that hangs."""
        self._deaf = True

    def data_received(self, data: bytes) -> None:
        """Hands what arrives to the protocol, unless the client is deaf."""
        if not self._deaf:
            with self.recorder.arriving():
                super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Records an end that no close frame announced, so that every transcript has its end."""
        if self.recorder.transcript.end is None and self.response is not None:
            reason = str(exc) if exc is not None else "the connection ended without a close frame"
            self.recorder.record(Direction.RECEIVED, Kind.DROP, reason)
        super().connection_lost(exc)

    async def send_text(self, text: str | bytes) -> None:
        """Sends one message and records it just before it goes out.

        Args:
            text: Text for a text frame, bytes for a binary frame.
        """
        kind = Kind.TEXT if isinstance(text, str) else Kind.BINARY
        self.recorder.record(Direction.SENT, kind, text)
        await self.send(text)

    def send_now(self, message: str | bytes) -> bool:
        """Sends one message and records it, when nothing has to be waited for.

        Args:
            message: Text for a text frame, bytes for a binary frame.

        Returns:
            Whether it was sent; else nothing was done, and :meth:`send_text` must wait for its turn.
        """
        if self.paused or self.send_in_progress is not None or self.protocol.state is not State.OPEN:
            return False
        if isinstance(message, str):
            self.recorder.record(Direction.SENT, Kind.TEXT, message)
            self.protocol.send_text(message.encode())
        else:
            self.recorder.record(Direction.SENT, Kind.BINARY, message)
            self.protocol.send_binary(message)
        self.send_data()
        return True

    async def send_fragments(self, parts: list[str] | list[bytes]) -> None:
        """Sends one message in fragments (RFC 6455, section 5.4) and records it as the one message it is."""
        whole = "".join(str(p) for p in parts) if isinstance(parts[0], str) else b"".join(parts)
        kind = Kind.TEXT if isinstance(whole, str) else Kind.BINARY
        self.recorder.record(Direction.SENT, kind, whole)
        await self.send(parts)

    async def send_raw_text(self, data: bytes) -> None:
        """Sends bytes as one text frame, also when they are no UTF-8 (RFC 6455, section 8.1)."""
        self.recorder.record(Direction.SENT, Kind.TEXT, data)
        async with self.send_context():
            self.protocol.send_text(data)

    async def close_cleanly(self, code: int, reason: str = "") -> None:
        """Ends with a close handshake; does nothing when the connection has ended already."""
        if self.recorder.transcript.end is None:
            self.recorder.record(Direction.SENT, Kind.CLOSE, reason, code)
        await self.close(code, reason)

    def drop(self) -> None:
        """Ends at once by a TCP reset, without a close frame, as a vanished client does."""
        raw = self.transport.get_extra_info("socket")
        if raw is not None:
            # Linger on with no time: closing sends RST instead of FIN (socket(7)).
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.recorder.record(Direction.SENT, Kind.DROP, "dropped by the client: TCP reset")
        self.transport.abort()

    @property
    def ended(self) -> bool:
        """Whether the connection has ended, cleanly or not."""
        return self.connection_lost_waiter.done()

    def raise_if_closed(self) -> None:
        """Raises :class:`ConnectionClosed` when nothing can be sent any more."""
        if self.ended:
            raise ConnectionClosed(self.protocol.close_rcvd, self.protocol.close_sent)
