"""Faults of the limits: what is counted wrong, or not at all."""

from dataclasses import replace

from sqlalchemy import Connection

from backend.components import Components
from backend.faults import fault
from backend.limits import RateLimiter
from backend.store.people import Person


class NoLimit(RateLimiter):
    """Counts nothing."""

    def take(self, connection: Connection, person: Person, connection_id: str, now: float) -> float | None:
        """Lets every message through."""
        del connection, person, connection_id, now
        return None


@fault("no-rate-limit", group="limits")
def no_rate_limit(components: Components) -> Components:
    """One person can flood the service until everybody else waits."""
    return replace(components, rate_limiter=NoLimit)
