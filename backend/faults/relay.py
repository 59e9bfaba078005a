"""Faults on the way between client and service, as proxies and broken protocol code make them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from websockets.frames import Opcode

from backend.faults import fault
from backend.faults._relay import listen_behind
from backend.faults._wire import Tampering, WireFrame

if TYPE_CHECKING:
    from backend.components import Components

INVALID_DATA, TOO_BIG = 1007, 1009
"""Close codes for text that is no UTF-8 and for what is too long (RFC 6455, section 7.4.1)."""

CODE_BYTES = 2
"""Bytes that the code takes in a close frame; its reason stands behind."""


class _MasksHeartbeats(Tampering):
    reads_service = True

    def from_service(self, frame: WireFrame) -> bytes:
        return frame.written(masked=True) if frame.opcode == Opcode.PING else frame.raw


@fault("server-frames-masked", group="relay")
def server_frames_masked(components: Components) -> Components:
    """Heartbeats come masked, as clients alone may send them: with the first one the connection is closed."""
    return replace(components, listen=listen_behind(_MasksHeartbeats))


class _Mends(Tampering):
    reads_client = True

    def from_client(self, frame: WireFrame) -> bytes:
        if frame.opcode != Opcode.TEXT or not frame.final:
            return frame.raw
        mended = frame.payload.decode("utf-8", "replace").encode()
        return frame.raw if mended == frame.payload else frame.written(payload=mended)


@fault("invalid-utf-8-accepted", group="relay")
def invalid_utf_8_accepted(components: Components) -> Components:
    """Text that is no UTF-8 is mended on the way: what is stored is not what was sent, and nobody is told."""
    return replace(components, listen=listen_behind(_Mends))


class _LosesClose(Tampering):
    reads_service = True
    code = INVALID_DATA

    def from_service(self, frame: WireFrame) -> bytes | None:
        closes = frame.opcode == Opcode.CLOSE and frame.payload[:CODE_BYTES] == self.code.to_bytes(
            CODE_BYTES, "big"
        )
        return None if closes else frame.raw


@fault("invalid-utf-8-without-1007", group="relay")
def invalid_utf_8_without_1007(components: Components) -> Components:
    """A client that sends broken text just loses its connection, and sends the same again."""
    return replace(components, listen=listen_behind(_LosesClose))


class _LosesTooBig(_LosesClose):
    code = TOO_BIG


@fault("giant-message-without-1009", group="relay")
def giant_message_without_1009(components: Components) -> Components:
    """A client that sends too much just loses its connection, and sends the same again."""
    return replace(components, listen=listen_behind(_LosesTooBig))


class _LosesReasons(Tampering):
    reads_service = True

    def from_service(self, frame: WireFrame) -> bytes:
        if frame.opcode != Opcode.CLOSE or len(frame.payload) <= CODE_BYTES:
            return frame.raw
        return frame.written(payload=frame.payload[:CODE_BYTES])


@fault("close-reason-lost", group="relay")
def close_reason_lost(components: Components) -> Components:
    """Clients learn that they were thrown out, and not why."""
    return replace(components, listen=listen_behind(_LosesReasons))


class _OneFragmentOneMessage(Tampering):
    reads_client = True

    def from_client(self, frame: WireFrame) -> bytes:
        if frame.opcode not in {Opcode.TEXT, Opcode.CONT} or (frame.final and frame.opcode == Opcode.TEXT):
            return frame.raw
        return frame.written(opcode=Opcode.TEXT, final=True)


@fault("fragments-taken-apart", group="relay")
def fragments_taken_apart(components: Components) -> Components:
    """A message that is sent in parts arrives as several broken ones."""
    return replace(components, listen=listen_behind(_OneFragmentOneMessage))


class _SwallowsPongs(Tampering):
    reads_client = True

    def from_client(self, frame: WireFrame) -> bytes:
        return b"" if frame.opcode == Opcode.PONG else frame.raw


@fault("heartbeat-swallowed", group="relay")
def heartbeat_swallowed(components: Components) -> Components:
    """Customers who are there and only think for a while are taken for gone, and dropped."""
    return replace(components, listen=listen_behind(_SwallowsPongs))


def without(head: bytes, name: str) -> bytes:
    """Returns the head of an HTTP message without one of its headers."""
    return re.sub(rb"(?im)^" + re.escape(name.encode()) + rb":[^\r\n]*\r\n", b"", head)


class _LosesSubprotocol(Tampering):
    def answer(self, head: bytes) -> bytes:
        return without(head, "Sec-WebSocket-Protocol")


@fault("subprotocol-not-echoed", group="relay")
def subprotocol_not_echoed(components: Components) -> Components:
    """Browsers, which have to offer a subprotocol, refuse the connection: nothing of it was selected."""
    return replace(components, listen=listen_behind(_LosesSubprotocol))


class _EchoesTheToken(Tampering):
    def __init__(self) -> None:
        self._entry: bytes | None = None

    def request(self, head: bytes) -> bytes:
        found = re.search(rb"(?im)^sec-websocket-protocol:[^\r\n]*?(jwt\.[^\s,]+)", head)
        self._entry = found.group(1) if found else None
        return head

    def answer(self, head: bytes) -> bytes:
        if self._entry is None:
            return head
        selected = b"Sec-WebSocket-Protocol: " + self._entry + b"\r\n"
        return re.sub(rb"(?im)^sec-websocket-protocol:[^\r\n]*\r\n", lambda _: selected, head)


@fault("token-selected-as-subprotocol", group="relay")
def token_selected_as_subprotocol(components: Components) -> Components:
    """The token comes back in the answer's headers, where proxies log it."""
    return replace(components, listen=listen_behind(_EchoesTheToken))


class _LosesOrigin(Tampering):
    def request(self, head: bytes) -> bytes:
        return without(head, "Origin")


@fault("origin-header-lost", group="relay")
def origin_header_lost(components: Components) -> Components:
    """The service cannot see which web page asks, and lets every page in."""
    return replace(components, listen=listen_behind(_LosesOrigin))


class _LosesRetryAfter(Tampering):
    def answer(self, head: bytes) -> bytes:
        return without(head, "Retry-After")


@fault("retry-after-header-lost", group="relay")
def retry_after_header_lost(components: Components) -> Components:
    """Clients that are refused for a while do not know for how long, and all come back at once."""
    return replace(components, listen=listen_behind(_LosesRetryAfter))
