"""uvicorn's WebSocket protocol, with what a service needs that closes peers who do not listen.

uvicorn waits for a peer to read before it sends a close frame, and for a lost peer to acknowledge before it
lets go of the socket. Both waits have an end here.
"""

from __future__ import annotations

from typing import ClassVar

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Close
from websockets.http11 import Request

_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"

EXTENSION = "agent_chat.wire"
"""Name under which a connection's scope holds its protocol."""


class ChatProtocol(WebSocketsSansIOProtocol):
    """One WebSocket connection on the wire."""

    close_seconds: ClassVar[float] = 5.0
    """Time that a peer gets to answer a close frame."""

    def handle_connect(self, event: Request) -> None:
        """Lets the application reach this protocol by its scope."""
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["extensions"][EXTENSION] = {"wire": self}

    def data_received(self, data: bytes) -> None:
        """As uvicorn's, and answers an upgrade request that cannot be read: 414, 431, or 400."""
        super().data_received(data)
        if not self.handshake_initiated:  # requests are handed over whole
            self.transport.write(b"".join(self.conn.data_to_send()) or _BAD_REQUEST)
            self.close_sent = self.handshake_complete = True
            self.transport.close()

    def unsent(self) -> int:
        """Bytes that were written and that the operating system has not taken yet."""
        return 0 if self.transport.is_closing() else self.transport.get_write_buffer_size()

    def force_close(self, code: int, reason: str) -> None:
        """Closes without waiting for the peer to read what was sent before.

        Args:
            code: Close code.
            reason: For the peer.
        """
        if self.close_sent or self.transport.is_closing():
            return
        self.stop_keepalive()
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.writable.set()  # whoever waits to send more must not wait any longer
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.arm()

    def arm(self) -> None:
        """Cuts the connection off when the peer does not answer the close frame in time."""
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = self.loop.call_later(self.close_seconds, self.cut)

    def cut(self) -> None:
        """Ends the connection, whatever is still unsent."""
        self.close_timer = None
        self.transport.abort()

    async def send(self, message: ASGISendEvent) -> None:
        """As uvicorn's, but a close frame that is not answered ends with a cut."""
        await super().send(message)
        if message["type"] == "websocket.close" and self.close_timer is not None:
            self.arm()

    def handle_parser_exception(self) -> None:
        """Sends the close frame and reads on, so that unread bytes do not reset it away from the peer."""
        if self.close_sent:  # every further chunk of the same message comes here too
            return
        close = self.conn.close_sent or Close(1002, "")
        self.queue.put_nowait({"type": "websocket.disconnect", "code": close.code, "reason": close.reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.stop_keepalive()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.arm()

    def eof_received(self) -> None:
        """The peer has said its last. The transport closes now, but for a peer that does not read: cut it."""
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": 1006, "reason": ""})
        self.writable.set()
        self.arm()

    def keepalive_timeout(self) -> None:
        """Drops a peer that did not answer a PING, even while bytes for it are stuck."""
        super().keepalive_timeout()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": 1011, "reason": ""})
        self.writable.set()
        self.arm()
