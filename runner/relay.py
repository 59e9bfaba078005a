"""One address in front of several backends: bytes go through as they come, health decides where to.

It knows nothing of HTTP but the health page. Every end goes on as it came: a close as a close, a reset as a
reset, so that neither side is spared what happens to the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, cast

CHECK_SECONDS: Final = 0.5
"""How often each backend is asked for its health."""
ANSWER_SECONDS: Final = 3.0
"""Longest wait for an answer; the contract gives a backend 2 s."""
CONNECT_SECONDS: Final = 2.0
WAITING_BYTES: Final = 64 * 1024
"""Bytes that wait for one side before nothing more is read from the other."""
BACKLOG: Final = 2048
HEALTHY: Final = b"HTTP/1.1 200"
RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER that makes a close a reset."""

Address = tuple[str, int]


class Side(asyncio.Protocol):
    """One side of a connection through the relay."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: Side | None = None
        self.ended = False
        self._before: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins; what comes waits until the other side is there."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=WAITING_BYTES)

    def join(self, other: Side) -> None:
        """Lets this side's bytes go to the other, those that have come before it first."""
        self.other = other
        for data in self._before:
            other.write(data)
        self._before.clear()
        if self.ended:
            other.end()

    def data_received(self, data: bytes) -> None:
        """Passes on."""
        if self.other is None:
            self._before.append(data)
        else:
            self.other.write(data)

    def write(self, data: bytes) -> None:
        """Sends to this side's peer."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def eof_received(self) -> bool:
        """Passes on that nothing more comes; the other way stays open until it ends as well."""
        self.ended = True
        if self.other is None:
            return True
        self.other.end()
        return not self.other.ended

    def end(self) -> None:
        """Says to this side's peer that nothing more comes."""
        if self.transport is None or self.transport.is_closing():
            return
        if self.ended:
            self.transport.close()
        elif self.transport.can_write_eof():
            self.transport.write_eof()

    def pause_writing(self) -> None:
        """Reads nothing more from the other side while this one does not keep up."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """Goes on reading."""
        if self.other is not None and self.other.transport is not None:
            with contextlib.suppress(RuntimeError):  # it has ended meanwhile
                self.other.transport.resume_reading()

    def connection_lost(self, problem: Exception | None) -> None:
        """Ends the other side in the same way."""
        if self.other is None:
            self.ended = True
        elif problem is not None:
            self.other.reset()
        elif self.other.transport is not None:
            self.other.transport.close()

    def reset(self) -> None:
        """Ends this side as a crash would."""
        if self.transport is None or self.transport.is_closing():
            return
        raw = self.transport.get_extra_info("socket")
        if raw is not None:
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.transport.abort()


class Backend(Side):
    """The side of a backend.

    Args:
        hung_up: Told when the backend was the first to end the connection.
    """

    def __init__(self, hung_up: Callable[[], None]) -> None:
        super().__init__()
        self._hung_up = hung_up

    def eof_received(self) -> bool:
        """Passes on, and says so."""
        if self.other is not None and not self.other.ended:
            self._hung_up()
        return super().eof_received()

    def connection_lost(self, problem: Exception | None) -> None:
        """Ends the other side in the same way, and says so after a reset."""
        if problem is not None:
            self._hung_up()
        super().connection_lost(problem)


class Client(Side):
    """The side that comes to the relay.

    Args:
        arrived: Told when it is there.
    """

    def __init__(self, arrived: Callable[[Side], None]) -> None:
        super().__init__()
        self._arrived = arrived

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins, and says so."""
        super().connection_made(transport)
        self._arrived(self)


class Relay:
    """Passes connections on to the backends that are well, to each in its turn, from ``async with`` on.

    When none is well, any that still listens gets them: its own refusal says why. One that has hung up on
    somebody may be going down, so it comes after the others until it has said how it is since, and is asked
    at once where there is no other.

    Args:
        listener: Where clients connect.
        backends: Where backends listen.
    """

    def __init__(self, listener: socket.socket, backends: Sequence[Address]) -> None:
        self._listener = listener
        self._well = dict.fromkeys(backends, True)
        self._doubts: dict[Address, int] = dict.fromkeys(backends, 0)
        self._asked: dict[Address, int] = dict.fromkeys(backends, 0)
        self._answered: dict[Address, int] = dict.fromkeys(backends, 0)
        self._turn = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Relay:
        for backend in self._well:
            self._begin(self._check(backend))
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Client(self._arrived), sock=self._listener, backlog=BACKLOG
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()

    def choices(self) -> list[Address]:
        """The backends that a new connection is offered to, in this order."""
        self._turn += 1
        backends = list(self._well)
        at = self._turn % len(backends)
        turned = backends[at:] + backends[:at]
        return sorted(turned, key=lambda one: (not self._well[one], self.is_doubtful(one)))

    def is_doubtful(self, backend: Address) -> bool:
        """Whether a backend has hung up on somebody, and has not said since that it is well."""
        return self._doubts[backend] > 0

    def doubt(self, backend: Address) -> None:
        """Notes that a backend has hung up on somebody."""
        self._doubts[backend] += 1

    async def look_at(self, backend: Address) -> None:
        """Asks a backend how it is, now.

        An answer that comes after the answer to a later question counts no more, and it says nothing about
        a hang-up that came after its question.
        """
        self._asked[backend] += 1
        question, doubts = self._asked[backend], self._doubts[backend]
        well = await is_well(backend)
        if question < self._answered[backend]:
            return
        self._answered[backend], self._well[backend] = question, well
        if self._doubts[backend] == doubts:
            self._doubts[backend] = 0

    def _arrived(self, client: Side) -> None:
        self._begin(self._connect(client))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _offered(self) -> list[Address]:
        """What :meth:`choices` says; those in doubt are asked first when the best of them is in doubt."""
        choices = self.choices()
        if self.is_doubtful(choices[0]):
            await asyncio.gather(*(self.look_at(one) for one in choices if self.is_doubtful(one)))
            choices = self.choices()
        return choices

    async def _connect(self, client: Side) -> None:
        loop = asyncio.get_running_loop()
        for backend in await self._offered():
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    _, service = await loop.create_connection(self._side_of(backend), *backend)
            except (OSError, TimeoutError):
                self._well[backend] = False
                continue
            client.join(service)
            service.join(client)
            if client.transport is None or client.transport.is_closing():
                service.reset()
            return
        client.reset()

    def _side_of(self, backend: Address) -> Callable[[], Side]:
        return lambda: Backend(lambda: self.doubt(backend))

    async def _check(self, backend: Address) -> None:
        while True:
            await self.look_at(backend)
            await asyncio.sleep(CHECK_SECONDS)


async def is_well(backend: Address) -> bool:
    """Whether a backend says that it is healthy, or good enough.

    Args:
        backend: Where it listens.
    """
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(*backend)
            try:
                writer.write(b"GET /ws/health HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n")
                return (await reader.readline()).startswith(HEALTHY)
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
