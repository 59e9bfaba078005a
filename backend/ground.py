"""What the parts of one service share: the ground that they stand on, and the stores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.clock import Clock
    from backend.log import Journal
    from backend.metrics import Metrics
    from backend.settings import Settings
    from backend.store.engine import Database
    from backend.store.events import EventLog
    from backend.store.holds import Holds
    from backend.store.logins import Logins
    from backend.store.notify import Bus
    from backend.store.people import Organisations, People
    from backend.store.presence import Presence
    from backend.store.records import Records
    from backend.store.runs import MessageIds, Runs
    from backend.store.threads import Threads
    from backend.store.totals import Totals
    from backend.tiers import Tiers


@dataclass(frozen=True, slots=True)
class Ground:
    """What nearly everything needs.

    Attributes:
        owner: The name under which this process owns runs and connections.
    """

    settings: Settings
    tiers: Tiers
    clock: Clock
    journal: Journal
    metrics: Metrics
    bus: Bus
    database: Database
    owner: str

    def lease_until(self, leases: int = 1) -> float:
        """Returns until when something that is taken now belongs to this process, Unix seconds."""
        return self.clock.now() + leases * self.settings.lease_seconds


@dataclass(frozen=True, slots=True)
class Stores:
    """Everything that is kept, one object for each kind."""

    people: People
    organisations: Organisations
    logins: Logins
    threads: Threads
    runs: Runs
    message_ids: MessageIds
    records: Records
    holds: Holds
    presence: Presence
    totals: Totals
    log: EventLog
