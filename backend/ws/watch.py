"""Looking after all connections of the process: what no notice told, who does not read, who is present."""

from sqlalchemy import Connection as Transaction

from backend.bell import Bell
from backend.ground import Ground, Stores
from backend.processes import known_dead
from backend.store.lane import DatabaseUnavailableError
from backend.store.notify import MISSED, Notice
from backend.ws.manager import POLICY_VIOLATION, ManagerFactory

PRESENCE_LEASES = 3
"""Leases of runs that a connection stays counted when its process does not renew it."""


class Watch:
    """Heals what a lost notice would have left undone."""

    def __init__(self, ground: Ground, stores: Stores, managers: ManagerFactory) -> None:
        self._ground = ground
        self._stores = stores
        self._managers = managers
        self._looked_at = ground.clock.now()
        self.present: dict[str, tuple[str, str]] = {}
        """The connections that are open or about to be: id to person and login."""
        self.entered: set[str] = set()
        """Those of them that have been noted in the database: the others wait for their turn."""
        self._bell = Bell()
        ground.bus.subscribe_to_all(self.notified)

    @property
    def lease_until(self) -> float:
        """Until when a connection that is noted now counts, Unix seconds."""
        return self._ground.lease_until(PRESENCE_LEASES)

    def notified(self, notice: Notice) -> None:
        """Looks at once when it is not known what was not told."""
        if notice.kind == MISSED:
            self._bell.ring()

    async def keep_watch(self) -> None:
        """Looks after the connections, for ever."""
        next_renewal = 0.0
        while True:
            await self._bell.heard(self._ground.settings.wake_seconds)
            for connection in self._managers.connections():
                connection.mind_progress()
            try:
                await self.wake_all()
                await self.close_unwelcome()
                if self._ground.clock.monotonic() >= next_renewal:
                    next_renewal = self._ground.clock.monotonic() + self._ground.settings.lease_seconds
                    await self.renew_presence()
            except DatabaseUnavailableError:
                self._ground.journal.warning("watch_without_database")
            except Exception as problem:  # noqa: BLE001 -- the watch goes on whatever it meets
                self._ground.journal.failure("watch_failed", problem)

    async def wake_all(self) -> None:
        """Wakes every connection whose user's log goes further than it was told, and closes the disabled."""
        managers = {manager.user_id: manager for manager in self._managers.all()}
        if not managers:
            return
        found = await self._ground.database.read_first(self._stores.people.last_seqs, list(managers))
        for user_id, (last_seq, disabled) in found.items():
            managers[user_id].wake(last_seq, 0)
            if disabled:
                managers[user_id].close(POLICY_VIOLATION, "disabled")

    async def close_unwelcome(self) -> None:
        """Closes the connections of logins that were ended since the last look."""
        sids = {connection.identity.claims.sid for connection in self._managers.connections()}
        now, revoked = self._ground.clock.now(), set[str]()
        if sids:
            # A little further back, for what was committed after it was dated.
            since = self._looked_at - 5
            revoked = await self._ground.database.read_first(
                self._stores.logins.revoked_sids, list(sids), since
            )
        self._looked_at = now  # only now: what could not be read is still to be looked for
        for connection in self._managers.connections():
            if connection.identity.claims.sid in revoked:
                connection.close(POLICY_VIOLATION, "logged_out")

    async def renew_presence(self) -> None:
        """Keeps this process's connections counted, and forgets those of processes that are gone."""
        if await self._ground.database.read_first(self.presence_is_stale):
            await self._ground.database.write_first(self.settle_presence)

    def presence_is_stale(self, transaction: Transaction) -> bool:
        """Says whether anything about connections needs to be written."""
        return bool(self._stores.presence.owners(transaction) or tuple(self._managers.connections()))

    def settle_presence(self, transaction: Transaction) -> None:
        """Writes which connections there are."""
        presence, owner, present = self._stores.presence, self._ground.owner, dict(self.present)
        entered = present.keys() & set(self.entered)
        known = presence.known(transaction, owner)
        for connection_id in known - present.keys():
            # It left while the database was away, or in this very moment.
            presence.leave(transaction, connection_id)
        presence.renew(transaction, owner, self.lease_until)
        for connection_id in entered - known:
            # Another process took this one for dead, for instance because it was stopped for a while.
            user_id, sid = present[connection_id]
            presence.enter(transaction, connection_id, user_id, sid, owner, self.lease_until)
        presence.sweep(transaction, self._ground.clock.now(), self.dead_owners(transaction))

    def dead_owners(self, transaction: Transaction) -> list[str]:
        """Returns the processes that have connections and are known to be gone."""
        others = self._stores.presence.owners(transaction) - {self._ground.owner}
        return [name for name in others if known_dead(name)]
