"""Faults in limits that hold for each process alone, or not at the same moment."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from backend.faults import fault
from backend.limits import Concurrency, Quota
from backend.store.schema import presence, runs
from backend.ws.connection import Connection

if TYPE_CHECKING:
    from sqlalchemy import Connection as Transaction

    from backend.components import Components
    from backend.store.people import Person

_HERE = f"{os.getpid()}:%"
"""What the owner of runs and connections of this process is like."""


class _ConnectionsHere(Concurrency):
    def another_connection(self, connection: Transaction, person: Person, now: float) -> bool:
        del now
        here = (
            select(func.count())
            .select_from(presence)
            .where(presence.c.user_id == person.id, presence.c.owner.like(_HERE))
        )
        return int(connection.execute(here).scalar_one()) < person.policy.connections


@fault("connections-counted-by-process", group="limits")
def connections_counted_by_process(components: Components) -> Components:
    """With ten processes one customer holds ten times as many connections as were sold."""
    return replace(components, concurrency=_ConnectionsHere)


class _RunsHere(Concurrency):
    def another_run(self, connection: Transaction, person: Person) -> bool:
        here = (
            select(func.count())
            .select_from(runs)
            .where(runs.c.user_id == person.id, runs.c.open.is_(True), runs.c.owner.like(_HERE))
        )
        return int(connection.execute(here).scalar_one()) < person.policy.concurrent_runs


@fault("runs-counted-by-process", group="limits")
def runs_counted_by_process(components: Components) -> Components:
    """With ten processes one customer's questions take ten times the share of the service."""
    return replace(components, concurrency=_RunsHere)


class _QuotaHere(Quota):
    def take(self, connection: Transaction, person: Person, now: float) -> float | None:
        return super().take(connection, replace(person, id=f"{person.id}@{os.getpid()}"), now)


@fault("quota-counted-by-process", group="limits")
def quota_counted_by_process(components: Components) -> Components:
    """Whoever reconnects often enough finds a process where nothing was asked yet, and never pays."""
    return replace(components, quota=_QuotaHere)


class _LetsPileUp(Connection):
    def mind_slowness(self) -> None:
        """Leaves it to the time alone."""


@fault("unread-without-end", group="limits")
def unread_without_end(components: Components) -> Components:
    """A phone in a tunnel fills the service's memory for half a minute, and a hundred phones end it."""
    return replace(components, connection=_LetsPileUp)
