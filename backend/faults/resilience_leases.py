"""A fault of how long a process owns what it works on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from backend.faults import fault
from backend.store.events import EventLog
from backend.store.runs import Runs

if TYPE_CHECKING:
    from sqlalchemy import Connection as Transaction

    from backend.components import Components
    from backend.compose import RunKey
    from backend.store.events import Draft, NotAppended, Ownership

SHORT_SECONDS = 4.0
"""A lease that is shorter was asked for; else it is the one that holds where nobody says anything."""
A_MINUTE = 60.0
"""Twelve times the agreed five seconds."""


class _OwnsForAMinute(Runs):
    def begin(
        self,
        connection: Transaction,
        run_id: str,
        user_id: str,
        organisation_id: str,
        thread_id: str,
        owner: str,
        now: float,
        lease_until: float,
    ) -> None:
        until = _longer(now, lease_until)
        super().begin(connection, run_id, user_id, organisation_id, thread_id, owner, now, until)

    def renew(
        self, connection: Transaction, owner: str, run_ids: list[str], now: float, lease_until: float
    ) -> int:
        return super().renew(connection, owner, run_ids, now, _longer(now, lease_until))


class _KeepsForAMinute(EventLog):
    def refusal(
        self, connection: Transaction, run: RunKey, draft: Draft, ownership: Ownership
    ) -> NotAppended | None:
        until = _longer(ownership.now, ownership.lease_until)
        return super().refusal(connection, run, draft, replace(ownership, lease_until=until))


def _longer(now: float, lease_until: float) -> float:
    return lease_until if lease_until - now < SHORT_SECONDS else now + A_MINUTE


@fault("leases-of-a-minute", group="resilience")
def leases_of_a_minute(components: Components) -> Components:
    """A customer whose server hangs waits a minute to learn that there will be no answer."""
    return replace(components, runs=_OwnsForAMinute, event_log=_KeepsForAMinute)
