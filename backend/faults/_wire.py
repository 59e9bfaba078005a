"""What goes over the wire between client and service, and what somebody on the way does to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from websockets.frames import Frame, Opcode
from websockets.utils import apply_mask

READ_LIMIT = 1 << 17
"""Longest head or frame that is looked at; what is longer goes through unread."""


@dataclass(frozen=True, slots=True)
class WireFrame:
    """A WebSocket frame on its way (RFC 6455, section 5.2).

    Attributes:
        raw: Its bytes.
        opcode: What it is.
        final: Whether it is the last fragment of its message.
        masked: Whether it came masked.
        payload: What it carries, unmasked.
    """

    raw: bytes
    opcode: int
    final: bool
    masked: bool
    payload: bytes

    def written(
        self,
        *,
        opcode: int | None = None,
        final: bool | None = None,
        masked: bool | None = None,
        payload: bytes | None = None,
    ) -> bytes:
        """Returns the bytes of the same frame with something changed."""
        frame = Frame(
            Opcode(self.opcode if opcode is None else opcode),
            self.payload if payload is None else payload,
            self.final if final is None else final,
        )
        return frame.serialize(mask=self.masked if masked is None else masked)


Pieces = AsyncIterator[bytes | None]
"""What goes on; None cuts the connection off."""


class Tampering:
    """What the relay does to one connection; this one does nothing."""

    reads_client = False
    """Whether the client's frames are looked at; if not, they go through as they come, whole or not."""

    reads_service = False
    """Whether the service's frames are looked at."""

    def request(self, head: bytes) -> bytes:
        """Returns the head of an upgrade request as the service gets it."""
        return head

    def answer(self, head: bytes) -> bytes:
        """Returns the head of the answer to an upgrade request as the client gets it."""
        return head

    def from_client(self, frame: WireFrame) -> bytes | None:
        """Returns what the service gets in the place of a frame."""
        return frame.raw

    def from_service(self, frame: WireFrame) -> bytes | None:
        """Returns what the client gets in the place of a frame."""
        return frame.raw


async def read_head(reader: asyncio.StreamReader) -> bytes:
    """Returns the head of an HTTP message, or what there is of it."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as end:
        return end.partial
    except asyncio.LimitOverrunError:
        return await reader.read(READ_LIMIT)


async def read_frames(reader: asyncio.StreamReader, tamper: Callable[[WireFrame], bytes | None]) -> Pieces:
    """Yields what becomes of each frame. Half a frame at the end, and what is too long, goes on as it is."""
    while True:
        raw = mask = b""
        try:
            raw = await reader.readexactly(2)
            size, masked = raw[1] & 0x7F, bool(raw[1] & 0x80)
            if size > 125:  # noqa: PLR2004 -- longer sizes stand behind (RFC 6455, section 5.2)
                raw += await reader.readexactly(2 if size == 126 else 8)  # noqa: PLR2004
                size = int.from_bytes(raw[2:], "big")
            if masked:
                mask = await reader.readexactly(4)
                raw += mask
            if size > READ_LIMIT:
                yield raw
                return
            payload = await reader.readexactly(size)
        except asyncio.IncompleteReadError as end:
            yield raw + end.partial
            return
        plain = apply_mask(payload, mask) if masked else payload
        yield tamper(WireFrame(raw + payload, raw[0] & 0x0F, bool(raw[0] & 0x80), masked, plain))
