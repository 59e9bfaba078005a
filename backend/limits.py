"""How much one person may do: the rate of messages, questions a day, runs and connections at a time.

Everything is counted in the database, so that a second connection or a second process is no second allowance.
"""

import math

from sqlalchemy import Connection, bindparam, insert, select, update

from backend.store.people import Person
from backend.store.presence import Presence
from backend.store.runs import Runs
from backend.store.schema import buckets, quotas
from backend.store.sql import insert_if_absent, one_at_a_time

QUOTA_WINDOW_SECONDS = 86_400.0
"""Length of the window that questions are counted in (contract, "Limits": 24 h)."""

_ROUNDING_SECONDS = 1e-6
"""What Unix times lose in floats (2.4e-7 s) and a little more, so that the wait asked for is enough."""


def rounded_up(seconds: float) -> float:
    """Returns a waiting time in whole milliseconds that is never too short and never 0."""
    return max(math.ceil(seconds * 1000), 1) / 1000


class RateLimiter:
    """A token bucket per user. It keeps what was taken, so that a larger tier helps at once."""

    def key(self, person: Person, connection_id: str) -> str:
        """Returns whose bucket a message empties: the person's, whichever connection it came by."""
        del connection_id
        return person.id

    def take(self, connection: Connection, person: Person, connection_id: str, now: float) -> float | None:
        """Takes one token.

        Args:
            connection: An open connection.
            person: Who sent the message.
            connection_id: By which connection.
            now: Unix time.

        Returns:
            None when there was one, else the seconds until there is; then nothing was taken.
        """
        per_second = person.policy.messages_per_minute / 60
        key = self.key(person, connection_id)
        row = connection.execute(_BUCKET, {"the_key": key}).one_or_none()
        if row is None:
            # Two first messages may come at once, by two connections: both then wait for the same row.
            insert_if_absent(connection, buckets, {"key": key, "level": 0.0, "at": now})
            row = connection.execute(_BUCKET, {"the_key": key}).one()
        level = max(0.0, row.level - max(0.0, now - row.at) * per_second)
        excess = level + 1 - person.policy.burst
        if excess > _ROUNDING_SECONDS * per_second:
            return rounded_up(excess / per_second)
        values = {"the_key": key, "new_level": level + 1, "new_at": max(now, row.at)}
        connection.execute(_FILL, values)
        return None


_BUCKET = select(buckets.c.level, buckets.c.at).where(buckets.c.key == bindparam("the_key")).with_for_update()
_FILL = (
    update(buckets)
    .where(buckets.c.key == bindparam("the_key"))
    .values(level=bindparam("new_level"), at=bindparam("new_at"))
)


class Quota:
    """Questions in a window of 24 h that begins with the first one counted."""

    def take(self, connection: Connection, person: Person, now: float) -> float | None:
        """Counts one question.

        Returns:
            None when it is within the quota, else the seconds until the window ends; then it was not counted.
        """
        row = connection.execute(_QUOTA, {"the_user": person.id}).one_or_none()
        if row is None or now >= row.window_start + QUOTA_WINDOW_SECONDS:
            start, used = now, 0
        else:
            start, used = row.window_start, row.used
        if used >= person.policy.questions_per_day:
            return rounded_up(start + QUOTA_WINDOW_SECONDS - now)
        if row is None:
            connection.execute(_COUNT_FIRST, {"user_id": person.id, "window_start": start, "used": 1})
        else:
            connection.execute(_COUNT, {"the_user": person.id, "start": start, "counted": used + 1})
        return None


_QUOTA = (
    select(quotas.c.window_start, quotas.c.used)
    .where(quotas.c.user_id == bindparam("the_user"))
    .with_for_update()
)
_COUNT_FIRST = insert(quotas)
_COUNT = (
    update(quotas)
    .where(quotas.c.user_id == bindparam("the_user"))
    .values(window_start=bindparam("start"), used=bindparam("counted"))
)


class Concurrency:
    """Runs and connections that one person may have open at the same time."""

    def __init__(self, runs: Runs, presence: Presence) -> None:
        self._runs = runs
        self._presence = presence

    def another_run(self, connection: Connection, person: Person) -> bool:
        """Says whether the person may begin one more run."""
        return self._runs.open_of(connection, person.id) < person.policy.concurrent_runs

    def another_connection(self, connection: Connection, person: Person, now: float) -> bool:
        """Says whether the person may open one more connection; others of theirs wait until it is noted."""
        one_at_a_time(connection, "connections", person.id)
        return self._presence.count(connection, person.id, now) < person.policy.connections
