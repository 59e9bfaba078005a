"""Faults in what of a client's offer at the handshake is taken."""

from asyncio import BaseTransport
from dataclasses import replace

from starlette.types import Scope
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

from backend.components import Components
from backend.credentials import CredentialReader
from backend.faults import fault
from backend.ws.protocol import ChatProtocol


class _SelectsTheFirst(CredentialReader):
    def subprotocol(self, scope: Scope) -> str | None:
        offered: list[str] = scope.get("subprotocols", [])
        return offered[0] if offered else None


@fault("first-subprotocol-selected", group="auth")
def first_subprotocol_selected(components: Components) -> Components:
    """Clients that would rather speak another protocol are told that they do, and understand nothing."""
    return replace(components, credentials=_SelectsTheFirst)


class _Compresses(ChatProtocol):
    def connection_made(self, transport: BaseTransport) -> None:
        self.conn.available_extensions = [ServerPerMessageDeflateFactory()]
        super().connection_made(transport)


@fault("compression-negotiated", group="auth")
def compression_negotiated(components: Components) -> Components:
    """Whoever offers compression gets it, with a dictionary in memory for each connection that is open."""
    return replace(components, protocol=_Compresses)
