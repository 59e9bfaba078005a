"""Looking after all connections of the process: what no notice told, who does not read, who is present."""

import asyncio

from sqlalchemy import Connection as Transaction

from backend.clock import Clock
from backend.log import Journal
from backend.processes import alive
from backend.settings import Settings
from backend.store.engine import Database, DatabaseUnavailableError
from backend.store.logins import Logins
from backend.store.people import People
from backend.store.presence import Presence
from backend.ws.manager import POLICY_VIOLATION, ManagerFactory

PRESENCE_LEASES = 3
"""Leases of runs that a connection stays counted when its process does not renew it."""


class Watch:
    """Heals what a lost notice would have left undone."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        people: People,
        logins: Logins,
        presence: Presence,
        managers: ManagerFactory,
        clock: Clock,
        journal: Journal,
        owner: str,
    ) -> None:
        self._settings = settings
        self._database = database
        self._people = people
        self._logins = logins
        self._presence = presence
        self._managers = managers
        self._clock = clock
        self._journal = journal
        self._owner = owner
        self._looked_at = clock.now()
        self.present: dict[str, tuple[str, str]] = {}
        """The connections that are noted as open: id to person and login."""

    @property
    def lease_until(self) -> float:
        """Until when a connection that is noted now counts, Unix seconds."""
        return self._clock.now() + PRESENCE_LEASES * self._settings.lease_seconds

    async def keep_watch(self) -> None:
        """Looks after the connections, for ever."""
        next_renewal = 0.0
        while True:
            await asyncio.sleep(self._settings.wake_seconds)
            for connection in self._managers.connections():
                connection.mind_progress()
            try:
                await self.wake_all()
                await self.close_unwelcome()
                if self._clock.monotonic() >= next_renewal:
                    next_renewal = self._clock.monotonic() + self._settings.lease_seconds
                    await self.renew_presence()
            except DatabaseUnavailableError:
                self._journal.warning("watch_without_database")
            except Exception as problem:  # noqa: BLE001 -- the watch goes on whatever it meets
                self._journal.failure("watch_failed", problem)

    async def wake_all(self) -> None:
        """Wakes every connection whose user's log goes further than it was told, and closes the disabled."""
        managers = {manager.user_id: manager for manager in self._managers.all()}
        if not managers:
            return
        found = await self._database.read(self._people.last_seqs, list(managers))
        for user_id, (last_seq, disabled) in found.items():
            managers[user_id].wake(last_seq, 0)
            if disabled:
                managers[user_id].close(POLICY_VIOLATION, "disabled")

    async def close_unwelcome(self) -> None:
        """Closes the connections of logins that were ended since the last look."""
        sids = {connection.identity.claims.sid for connection in self._managers.connections()}
        since, self._looked_at = self._looked_at, self._clock.now()
        if not sids:
            return
        # A little further back, for what was committed after it was dated.
        revoked = await self._database.read(self._logins.revoked_sids, list(sids), since - 5)
        for connection in self._managers.connections():
            if connection.identity.claims.sid in revoked:
                connection.close(POLICY_VIOLATION, "logged_out")

    async def renew_presence(self) -> None:
        """Keeps this process's connections counted, and forgets those of processes that are gone."""
        if await self._database.read(self.presence_is_stale):
            await self._database.write(self.settle_presence)

    def presence_is_stale(self, transaction: Transaction) -> bool:
        """Says whether anything about connections needs to be written."""
        return bool(self._presence.owners(transaction) or tuple(self._managers.connections()))

    def settle_presence(self, transaction: Transaction) -> None:
        """Writes which connections there are."""
        owners = self._presence.owners(transaction) if self._database.sqlite else set()
        dead = [name for name in owners if name != self._owner and not alive(int(name.partition(":")[0]))]
        present = dict(self.present)
        if self._presence.renew(transaction, self._owner, self.lease_until) < len(present):
            # Another process took this one for dead, for instance because it was stopped for a while.
            for connection_id in present.keys() - self._presence.known(transaction, self._owner):
                user_id, sid = present[connection_id]
                self._presence.enter(
                    transaction, connection_id, user_id, sid, self._owner, self.lease_until
                )
        self._presence.sweep(transaction, self._clock.now(), dead)
