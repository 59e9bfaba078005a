"""The connections of one user in this process, and the factory that makes a manager for each user."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from backend.metrics import Metrics
from backend.store.notify import DISABLED, REVOKED, WAKE, Bus, Notice

if TYPE_CHECKING:
    from backend.ws.connection import Connection

POLICY_VIOLATION = 1008
"""Close code for whoever may not stay (RFC 6455, section 7.4.1)."""


class ConnectionManager:
    """Holds one user's open connections and passes on what concerns them.

    Attributes:
        user_id: The user, whose log all these connections read.
    """

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self._connections: dict[str, Connection] = {}

    @property
    def connections(self) -> tuple[Connection, ...]:
        """The open connections."""
        return tuple(self._connections.values())

    def add(self, connection: Connection) -> None:
        """Takes in a connection; from now on it is woken."""
        self._connections[connection.id] = connection

    def remove(self, connection: Connection) -> None:
        """Lets go of a connection that has closed."""
        self._connections.pop(connection.id, None)

    def notified(self, notice: Notice) -> None:
        """Passes on a notice about the user."""
        if notice.kind == WAKE:
            self.wake(notice.seq, notice.size)
        elif notice.kind == DISABLED:
            self.close(POLICY_VIOLATION, "disabled")
        elif notice.kind == REVOKED:
            self.close(POLICY_VIOLATION, "logged_out", sid=notice.subject or None)

    def wake(self, bound: int, size: int) -> None:
        """Lets every connection send what the log holds up to ``bound``."""
        for connection in self.connections:
            connection.wake(bound, size)

    def close(self, code: int, reason: str, sid: str | None = None) -> None:
        """Closes the user's connections.

        Args:
            code: Close code.
            reason: For the peer.
            sid: Only those of this login.
        """
        for connection in self.connections:
            if sid is None or connection.identity.claims.sid == sid:
                connection.close(code, reason)


class ManagerFactory:
    """Makes a manager for each user with a connection, and forgets it with the last one."""

    def __init__(self, bus: Bus, metrics: Metrics) -> None:
        self._bus = bus
        self._metrics = metrics
        self._managers: dict[str, ConnectionManager] = {}
        self._farewell: Callable[[Connection], None] | None = None

    def manager_of(self, user_id: str) -> ConnectionManager:
        """Returns the user's own manager."""
        manager = self._managers.get(user_id)
        if manager is None:
            manager = self.make(user_id)
            self._managers[user_id] = manager
            self._bus.subscribe(user_id, manager.notified)
            self._measure()
        return manager

    def make(self, user_id: str) -> ConnectionManager:
        """Returns a new manager."""
        return ConnectionManager(user_id)

    def connected(self, manager: ConnectionManager, connection: Connection) -> None:
        """Takes a connection into a manager."""
        manager.add(connection)
        self._measure()
        if self._farewell is not None:
            self._farewell(connection)

    def disconnected(self, manager: ConnectionManager, connection: Connection) -> None:
        """Takes a connection out of a manager, and forgets a manager that is empty then."""
        manager.remove(connection)
        if not manager.connections and self._managers.get(manager.user_id) is manager:
            del self._managers[manager.user_id]
            self._bus.unsubscribe(manager.user_id, manager.notified)
        self._measure()

    def all(self) -> Iterable[ConnectionManager]:
        """Returns all managers of this process."""
        return tuple(self._managers.values())

    def connections(self) -> Sequence[Connection]:
        """Returns all connections of this process."""
        return tuple(connection for manager in self.all() for connection in manager.connections)

    def dismiss(self, code: int, reason: str, patience: float) -> None:
        """Closes all connections of this process, and from now on each that comes as soon as it is there.

        Args:
            code: Close code.
            reason: For the peers.
            patience: Seconds until one is closed in any case.
        """

        def farewell(connection: Connection) -> None:
            connection.close(code, reason, patience=patience)

        self._farewell = farewell
        for connection in self.connections():
            farewell(connection)

    def _measure(self) -> None:
        self._metrics.managers.set(len(self._managers))
        self._metrics.connections.set(len(self.connections()))
