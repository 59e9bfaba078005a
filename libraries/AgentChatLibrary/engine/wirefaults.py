"""Real network faults on the client's side: what phones, tunnels and broken programs do to a connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from websockets.frames import Frame, Opcode

from ..frames import Direction, Kind
from . import loop
from .recording import RecordingConnection
from .session import Ended, Session

MISSING_BYTES: Final = 8
"""Bytes of a message that never arrive: few, so that it is nearly whole, and no JSON all the same."""


def _serialized(text: str) -> bytes:
    """One whole text frame as it goes over the wire, masked (RFC 6455, section 5.3)."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=True)


def reset_in_the_middle_of_a_frame(connection: RecordingConnection, text: str) -> None:
    """Sends most of a frame, then resets the TCP connection.

    Args:
        connection: The connection to break.
        text: The message of which only the first part arrives: all but its last few characters.
    """
    part = _serialized(text)[:-MISSING_BYTES]

    async def act() -> None:
        connection.transport.write(part)
        connection.drop()
        await connection.wait_closed()

    loop.call(act())


def go_deaf(connection: RecordingConnection) -> None:
    """Stays connected, but takes no notice of anything any more: answers no PING, no close, nothing.

    The server's bytes still arrive and are acknowledged by TCP, as with a program that hangs.
    """
    loop.call(_call(connection.go_deaf))


def stop_reading(connection: RecordingConnection) -> None:
    """Stops reading from the socket, so that the server's bytes pile up (a slow reader)."""
    loop.call(_call(connection.transport.pause_reading))


def read_again(*connections: RecordingConnection) -> None:
    """Reads again after :func:`stop_reading`; does nothing to connections that read."""
    loop.call(_call(*(connection.transport.resume_reading for connection in connections)))


async def _call(*actions: Callable[[], object]) -> None:
    for action in actions:
        action()


class SlowMessage:
    """One text frame that is sent bit by bit, each bit when the sender says so (a slow sender).

    Args:
        session: The session to send on.
        text: The message.
        parts: In how many parts it goes out.

    Attributes:
        sent: How many parts have gone out.
    """

    def __init__(self, session: Session, text: str, parts: int) -> None:
        self.sent = 0
        self._session = session
        self._text = text
        whole = _serialized(text)
        size = max(1, -(-len(whole) // parts))
        self._parts = [whole[i : i + size] for i in range(0, len(whole), size)]

    def send_next(self) -> bool:
        """Sends the next part; returns whether there was one.

        Raises:
            Ended: The connection has ended before the message was all sent.
        """
        if self.sent == len(self._parts):
            return False
        loop.call(self._write(self._session.connection, self._parts[self.sent]))
        self.sent += 1
        return True

    async def _write(self, connection: RecordingConnection, part: bytes) -> None:
        if connection.transport.is_closing():
            raise Ended(f"{self._session.alias}'s connection has ended ({self._session.end_text()})")
        if self.sent == len(self._parts) - 1:  # sent before anything can answer it
            connection.recorder.record(Direction.SENT, Kind.TEXT, self._text)
        connection.transport.write(part)
        await asyncio.sleep(0)
