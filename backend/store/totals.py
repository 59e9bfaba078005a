"""What each process has counted for each person, where other processes want to know it."""

import json
from collections.abc import Mapping

from sqlalchemy import Connection, select

from backend.store.engine import one_statement
from backend.store.schema import totals
from backend.store.sql import put

Counts = Mapping[str, Mapping[str, int]]
"""Numbers by kind of counter and label."""


class Totals:
    """One row for each person and process, written when a connection ends and when somebody asks."""

    def keep(self, connection: Connection, user_id: str, owner: str, counts: Counts) -> None:
        """Notes what a process has counted for a person since it started."""
        put(connection, totals, {"user_id": user_id, "owner": owner}, {"counts": json.dumps(counts)})

    @one_statement
    def of_others(self, connection: Connection, user_id: str, owner: str) -> list[Counts]:
        """Returns what all processes but ``owner`` have noted for a person."""
        rows = connection.execute(
            select(totals.c.counts).where(totals.c.user_id == user_id, totals.c.owner != owner)
        )
        return [json.loads(counts) for counts in rows.scalars()]
