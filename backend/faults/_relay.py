"""A TCP relay in front of the service, for what something on the way may break.

It listens where the service was told to listen; the service itself gets a socket that the relay alone knows.
What nobody tampers with goes through byte for byte, and every end in the way it came: a close as a close, a
reset as a reset.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backend.faults._wire import READ_LIMIT, Pieces, Tampering, read_frames, read_head
from backend.listening import listen

CHUNK = 1 << 16
"""Bytes that are passed on at once."""

LINGER_SECONDS = 3.0
"""Time that the last bytes get when the service has ended."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a connection through the relay."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def reset(self) -> None:
        """Ends it as a crash would, with a TCP reset."""
        raw = self.writer.get_extra_info("socket")
        if raw is not None:
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Passage:
    """One connection through the relay."""

    def __init__(self, client: Side, service: Side, tampering: Tampering) -> None:
        self._client = client
        self._service = service
        self._tampering = tampering
        self._asks_upgrade = False
        self._answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def pass_on(self) -> None:
        """Passes everything on, both ways, until both sides have ended."""
        try:
            await asyncio.gather(
                self._way(self._requests(), self._service), self._way(self._answers(), self._client)
            )
        finally:
            for side in (self._client, self._service):
                side.writer.close()

    async def _way(self, pieces: Pieces, target: Side) -> None:
        """Writes what comes one way; its end goes on as an end."""
        try:
            async for piece in pieces:
                if piece is None:
                    self._cut()
                    return
                target.writer.write(piece)
                await target.writer.drain()
            if target.writer.can_write_eof():
                target.writer.write_eof()
        except OSError:
            self._cut()
        finally:
            if not self._answered.done():
                self._answered.set_result(False)

    def _cut(self) -> None:
        for side in (self._client, self._service):
            side.reset()

    async def _requests(self) -> Pieces:
        reader = self._client.reader
        head = await read_head(reader)
        self._asks_upgrade = b"\r\nupgrade: websocket" in head.lower()
        yield self._tampering.request(head) if self._asks_upgrade else head
        if self._asks_upgrade and self._tampering.reads_client and await self._answered:
            async for piece in read_frames(reader, self._tampering.from_client):
                yield piece
        while piece := await reader.read(CHUNK):
            yield piece

    async def _answers(self) -> Pieces:
        reader = self._service.reader
        head = await read_head(reader)
        upgraded = self._asks_upgrade and head.startswith(b"HTTP/1.1 101")
        yield self._tampering.answer(head) if self._asks_upgrade else head
        if not self._answered.done():
            self._answered.set_result(upgraded)
        if upgraded and self._tampering.reads_service:
            async for piece in read_frames(reader, self._tampering.from_service):
                yield piece
        while piece := await reader.read(CHUNK):
            yield piece


class Relay:
    """Passes connections on, in a thread of its own.

    Args:
        public: Where clients connect.
        service: Where the service listens.
        tampering: Makes what is done to one connection.
    """

    def __init__(
        self, public: socket.socket, service: tuple[str, int], tampering: Callable[[], Tampering]
    ) -> None:
        self._public = public
        self._address = service
        self._tampering = tampering
        self._loop = asyncio.new_event_loop()
        self._stopped = asyncio.Event()
        self._open: set[asyncio.Task[Any]] = set()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        """Begins to accept connections."""
        self._thread.start()

    def stop(self) -> None:
        """Accepts no more connections; those that are open go on to their end."""
        with contextlib.suppress(RuntimeError):  # it has ended already
            self._loop.call_soon_threadsafe(self._stopped.set)

    def join(self) -> None:
        """Waits until the last bytes have gone through, within a limit."""
        self._thread.join(LINGER_SECONDS + 1)

    def _run(self) -> None:
        with contextlib.closing(self._loop):
            self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._accepted, sock=self._public, limit=READ_LIMIT)
        await self._stopped.wait()
        server.close()
        if self._open:
            await asyncio.wait(self._open, timeout=LINGER_SECONDS)
        for task in self._open:
            task.cancel()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        client = Side(reader, writer)
        try:
            service = Side(*await asyncio.open_connection(*self._address, limit=READ_LIMIT))
        except OSError:
            client.reset()
            return
        await Passage(client, service, self._tampering()).pass_on()


class Hidden(socket.socket):
    """The socket of a service behind a relay: it calls the relay's address its own, and ends with it."""

    relay: Relay
    public_name: Any

    def getsockname(self) -> Any:  # noqa: ANN401 -- as the class above has it
        """Returns the address that clients know."""
        return self.public_name

    def close(self) -> None:
        """Closes the socket and lets the relay end."""
        super().close()
        self.relay.stop()

    def __exit__(self, *about: object) -> None:
        super().__exit__(*about)
        self.relay.join()


def listen_behind(tampering: Callable[[], Tampering]) -> Callable[[str, int], socket.socket]:
    """Returns what listens as ``listen`` does, with a relay in front.

    Args:
        tampering: Makes what the relay does to one connection.
    """

    def listen_there(host: str, port: int) -> socket.socket:
        public, inner = listen(host, port), listen("127.0.0.1", 0)
        hidden = Hidden(inner.family, inner.type, inner.proto, fileno=inner.detach())
        hidden.public_name = public.getsockname()
        hidden.relay = Relay(public, socket.socket.getsockname(hidden), tampering)
        hidden.relay.start()
        return hidden

    return listen_there
