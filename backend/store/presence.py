"""Which connections are open, over all processes."""

from sqlalchemy import Connection, delete, func, select, update

from backend.store.schema import presence
from backend.store.sql import insert_if_absent


class Presence:
    """The open connections. A process that is gone loses its own when their lease runs out."""

    def count(self, connection: Connection, user_id: str, now: float) -> int:
        """Returns how many connections a person has open."""
        statement = (
            select(func.count())
            .select_from(presence)
            .where(presence.c.user_id == user_id, presence.c.lease_until > now)
        )
        return int(connection.execute(statement).scalar_one())

    def owners_of(self, connection: Connection, user_id: str, now: float) -> set[str]:
        """Returns the processes that a person has connections to."""
        statement = select(presence.c.owner).where(
            presence.c.user_id == user_id, presence.c.lease_until > now
        )
        return set(connection.execute(statement.distinct()).scalars())

    def enter(
        self,
        connection: Connection,
        connection_id: str,
        user_id: str,
        sid: str,
        owner: str,
        lease_until: float,
    ) -> None:
        """Notes an open connection."""
        insert_if_absent(
            connection,
            presence,
            {
                "connection_id": connection_id,
                "user_id": user_id,
                "sid": sid,
                "owner": owner,
                "lease_until": lease_until,
            },
        )

    def leave(self, connection: Connection, connection_id: str) -> None:
        """Forgets a connection that has closed."""
        connection.execute(delete(presence).where(presence.c.connection_id == connection_id))

    def change_login(self, connection: Connection, connection_id: str, sid: str) -> None:
        """Notes that a connection goes on under another login."""
        connection.execute(update(presence).where(presence.c.connection_id == connection_id).values(sid=sid))

    def logins(self, connection: Connection, user_id: str) -> set[str]:
        """Returns the logins under which a person has connections."""
        statement = select(presence.c.sid).where(presence.c.user_id == user_id)
        return set(connection.execute(statement).scalars())

    def renew(self, connection: Connection, owner: str, lease_until: float) -> int:
        """Prolongs the connections of a process and returns how many there are."""
        changed = connection.execute(
            update(presence).where(presence.c.owner == owner).values(lease_until=lease_until)
        )
        return changed.rowcount

    def known(self, connection: Connection, owner: str) -> set[str]:
        """Returns the connections that are noted for a process."""
        statement = select(presence.c.connection_id).where(presence.c.owner == owner)
        return set(connection.execute(statement).scalars())

    def sweep(self, connection: Connection, now: float, dead_owners: list[str]) -> int:
        """Forgets the connections of processes that are gone."""
        gone = connection.execute(
            delete(presence).where((presence.c.lease_until <= now) | presence.c.owner.in_(dead_owners))
        )
        return gone.rowcount

    def owners(self, connection: Connection) -> set[str]:
        """Returns the processes that connections belong to."""
        return set(connection.execute(select(presence.c.owner).distinct()).scalars())
