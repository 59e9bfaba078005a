"""Faults in limits that hold for whoever does as most do, and not for whoever tries."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import delete

from backend.compose import FrameError
from backend.faults import fault
from backend.limits import RateLimiter
from backend.store.presence import Presence
from backend.store.schema import presence
from backend.web.answers import Refusal
from backend.ws.handshake import Handshake
from backend.ws.router import Router

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sqlalchemy import Connection as Transaction

    from backend.components import Components
    from backend.identity import Identity
    from backend.store.people import Person
    from backend.ws.connection import Connection

BETWEEN_SECONDS = 0.05
"""Between looking how many connections there are and noting one more, where that is done in two steps."""
WITHOUT_END = 1_000_000
"""Connections that nobody reaches."""


class _RefillsTwiceAsFast(RateLimiter):
    def take(self, connection: Transaction, person: Person, connection_id: str, now: float) -> float | None:
        policy = replace(person.policy, messages_per_minute=person.policy.messages_per_minute * 2)
        return super().take(connection, replace(person, policy=policy), connection_id, now)


@fault("bucket-refills-twice-as-fast", group="limits")
def bucket_refills_twice_as_fast(components: Components) -> Components:
    """A script that keeps to every refusal sends twice what was sold, minute after minute."""
    return replace(components, rate_limiter=_RefillsTwiceAsFast)


class _LooksAtTheFieldsFirst(Router):
    async def admitted(self, connection: Connection, document: Mapping[str, Any] | FrameError) -> Person:
        if not isinstance(document, FrameError):
            self.frame(document["type"], document)
        return await super().admitted(connection, document)


@fault("incomplete-messages-cost-nothing", group="limits")
def incomplete_messages_cost_nothing(components: Components) -> Components:
    """A client that leaves out a field, or fills it wrongly, floods the service and is never slowed."""
    return replace(components, router=_LooksAtTheFieldsFirst)


class _LooksAndThenNotes(Handshake):
    async def counted(self, connection_id: str, identity: Identity) -> None:
        if not await self._ground.database.read(self.has_room, identity):
            raise Refusal(429, "too_many_connections", "Too many connections.", retry_after=1, why="early")
        await asyncio.sleep(BETWEEN_SECONDS)
        await super().counted(connection_id, identity)

    def has_room(self, transaction: Transaction, identity: Identity) -> bool:
        """Says whether the person may have one more connection, as far as is noted."""
        now = self._ground.clock.now()
        open_ones = self._presence.count(transaction, identity.user_id, now)
        return open_ones < identity.person.policy.connections

    def enter(self, transaction: Transaction, connection_id: str, identity: Identity) -> bool:
        policy = replace(identity.person.policy, connections=WITHOUT_END)
        unlimited = replace(identity, person=replace(identity.person, policy=policy))
        return super().enter(transaction, connection_id, unlimited)


@fault("connections-looked-at-and-then-noted", group="limits")
def connections_looked_at_and_then_noted(components: Components) -> Components:
    """Whoever opens all connections in one moment gets as many as they like, and others get none."""
    return replace(components, handshake=_LooksAndThenNotes)


class _CountsForAWhile(Presence):
    def renew(self, connection: Transaction, owner: str, lease_until: float) -> int:
        del connection, owner, lease_until
        return 0


@fault("connections-counted-for-a-while", group="limits")
def connections_counted_for_a_while(components: Components) -> Components:
    """Whoever stays for a quarter of a minute may open as many connections more as the tier allows."""
    return replace(components, presence=_CountsForAWhile)


class _CountsOutOthers(Presence):
    def leave(self, connection: Transaction, connection_id: str) -> None:
        del connection_id
        connection.execute(delete(presence))


@fault("leaving-counts-out-others", group="limits")
def leaving_counts_out_others(components: Components) -> Components:
    """When somebody leaves, others count no more: operators see an empty house, limits let too many in."""
    return replace(components, presence=_CountsOutOthers)
