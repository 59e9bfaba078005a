"""The handshake: who may open a connection. Refusals come before the upgrade."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from backend.credentials import CredentialReader, MissingCredentialError, OriginPolicy
from backend.ground import Ground, Stores
from backend.identity import Authenticator, Identity
from backend.ids import new_id
from backend.limits import Concurrency
from backend.store.lane import DatabaseUnavailableError
from backend.tokens import ExpiredTokenError, InvalidTokenError
from backend.web.answers import Refusal, refusal_for_token
from backend.ws.protocol import EXTENSION, ChatProtocol

if TYPE_CHECKING:
    from sqlalchemy import Connection as Transaction

    from backend.drain import DrainState
    from backend.web.health import Health
    from backend.ws.connection import Connection
    from backend.ws.watch import Watch

ConnectionFactory = Callable[[str, Identity, ChatProtocol], "Connection"]


@dataclass(frozen=True, slots=True)
class Gate:
    """What an upgrade request is judged by, in the order of precedence."""

    draining: DrainState
    health: Health
    origins: OriginPolicy
    credentials: CredentialReader
    authenticator: Authenticator


class Handshake:
    """Refuses, in the contract's order of precedence, or opens a connection."""

    def __init__(
        self,
        ground: Ground,
        stores: Stores,
        gate: Gate,
        concurrency: Concurrency,
        watch: Watch,
        connections: ConnectionFactory,
    ) -> None:
        self._ground = ground
        self._presence = stores.presence
        self._totals = stores.totals
        self._gate = gate
        self._concurrency = concurrency
        self._watch = watch
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one upgrade request, and the connection that comes of it."""
        with self._gate.draining.upgrade():
            await self.serve(scope, receive, send)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses the request, or serves its connection to the end."""
        connection_id = new_id("n")
        try:
            await self.available()
            self.own_page(scope)
            identity = await self.identified(scope)
            await self.counted(connection_id, identity)
        except Refusal as refusal:
            await self.refuse(send, refusal)
            return
        try:
            await self.open(scope, receive, send, connection_id, identity)
        finally:
            await self.left(connection_id, identity.user_id)

    async def available(self) -> None:
        """503: the service drains or has no database."""
        if self._gate.draining.active:
            raise Refusal(503, "unavailable", "The service is going down.", retry_after=1, why="draining")
        if not await self._gate.health.database_works():
            raise Refusal(503, "unavailable", "The service has no database.", retry_after=1, why="database")

    def own_page(self, scope: Scope) -> None:
        """403: a page of another origin asks."""
        if not self._gate.origins.allows(scope):
            raise Refusal(403, "forbidden", "This origin may not connect.", why="origin")

    async def identified(self, scope: Scope) -> Identity:
        """401: nobody who may connect."""
        try:
            return await self._gate.authenticator.authenticate(self._gate.credentials.read(scope))
        except (MissingCredentialError, ExpiredTokenError, InvalidTokenError) as problem:
            raise refusal_for_token(problem) from None
        except DatabaseUnavailableError:
            raise Refusal(
                503, "unavailable", "The service has no database.", retry_after=1, why="database"
            ) from None

    async def counted(self, connection_id: str, identity: Identity) -> None:
        """429: one connection too many."""
        # Before it is noted in the database: what is noted there and not here is forgotten.
        self._watch.present[connection_id] = (identity.user_id, identity.claims.sid)
        entered = False
        try:
            entered = await self._ground.database.write(self.enter, connection_id, identity)
        except DatabaseUnavailableError:
            raise Refusal(
                503, "unavailable", "The service has no database.", retry_after=1, why="database"
            ) from None
        finally:
            if not entered:
                del self._watch.present[connection_id]
        if entered:
            self._watch.entered.add(connection_id)
        else:
            raise Refusal(
                429,
                "too_many_connections",
                f"You may have {identity.person.policy.connections} connections open at the same time.",
                retry_after=1,
                why="connections",
            )

    def enter(self, transaction: Transaction, connection_id: str, identity: Identity) -> bool:
        """Notes the connection if the person may have one more."""
        if not self._concurrency.another_connection(transaction, identity.person, self._ground.clock.now()):
            return False
        self._presence.enter(
            transaction,
            connection_id,
            identity.user_id,
            identity.claims.sid,
            self._ground.owner,
            self._watch.lease_until,
        )
        return True

    async def left(self, connection_id: str, user_id: str) -> None:
        """Forgets the connection; without a database its lease runs out."""
        del self._watch.present[connection_id]
        self._watch.entered.discard(connection_id)
        try:
            await self._ground.database.write(self.leave, connection_id, user_id)
        except DatabaseUnavailableError:
            self._ground.journal.warning("presence_not_left", connection_id=connection_id)

    def leave(self, transaction: Transaction, connection_id: str, user_id: str) -> None:
        """Forgets the connection, and notes for other processes what was counted on it."""
        self._presence.leave(transaction, connection_id)
        if self._ground.bus.link.shared:
            counts = self._ground.metrics.of_person(user_id).as_dict()
            self._totals.keep(transaction, user_id, self._ground.owner, counts)

    async def open(
        self, scope: Scope, receive: Receive, send: Send, connection_id: str, identity: Identity
    ) -> None:
        """Accepts the upgrade and serves the connection."""
        await receive()  # websocket.connect, the first message of every connection
        wire: ChatProtocol = scope["extensions"][EXTENSION]["wire"]
        try:
            await send({"type": "websocket.accept", "subprotocol": self._gate.credentials.subprotocol(scope)})
        except OSError:
            return  # gone before it was let in
        self._ground.journal.info("connection_opened", connection_id=connection_id, user_id=identity.user_id)
        connection = self._connections(connection_id, identity, wire)
        await connection.serve(receive, send)
        self._ground.journal.info("connection_closed", connection_id=connection_id, user_id=identity.user_id)

    async def refuse(self, send: Send, refusal: Refusal) -> None:
        """Answers with the refusal, counted before it goes out; its reason goes to the log alone."""
        self._ground.metrics.refused(refusal.status, refusal.code)
        self._ground.journal.warning(
            "upgrade_refused", status=refusal.status, code=refusal.code, why=refusal.why
        )
        body = refusal.body()
        await send(
            {
                "type": "websocket.http.response.start",
                "status": refusal.status,
                "headers": _raw({**refusal.headers(), "content-length": str(len(body))}),
            }
        )
        await send({"type": "websocket.http.response.body", "body": body})


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
