"""The database: short transactions in threads, so that the event loop never waits for a disk.

SQLite has one writer at a time; its writes queue up in a thread of their own, in order, which is fair and
spares them its polling for the lock. PostgreSQL is written to from several threads.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError, ResourceClosedError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from backend.store.lane import DatabaseUnavailableError, Lane
from backend.store.metadata import metadata

P = ParamSpec("P")
Q = ParamSpec("Q")
T = TypeVar("T")
Work = Callable[Concatenate[Connection, P], T]

FIRST_SECONDS = 30.0
"""Longest time for the tables to be made at the start, which others that start as well may have begun."""


class DatabaseUrlError(Exception):
    """The database's URL is none; the message does not hold it, as it may hold a password."""


class Connections(Protocol):
    """The open connections to a database of one kind. All moments are monotonic times."""

    one_writer: bool
    """Whether only one transaction can write at a time, so that more than one thread for it is no use."""

    def reading(self, deadline: float, *, view: bool) -> AbstractContextManager[Connection]:
        """Lends a connection.

        Args:
            deadline: Until when an answer is of use.
            view: Whether all statements must see the data as they were at one moment.
        """

    def writing(self, deadline: float) -> AbstractContextManager[Connection]:
        """Lends a connection in a transaction that is committed unless the block raises."""

    def first_time(self, connection: Connection) -> None:
        """Keeps other processes from making the same tables until the transaction ends."""

    def open_all(self) -> None:
        """Opens as many as there may be."""

    def close(self) -> None:
        """Closes all."""


class Database:
    """Runs functions of a connection, each in one transaction.

    Args:
        url: SQLAlchemy URL.
        patience: Longest wait for one operation, in seconds, while nothing else gets done either.
        connections: Connections that read at the same time, at the most.
        read_threads: Threads that read.
        write_threads: Threads that write, where the database can do that at the same time.
    """

    def __init__(
        self, url: str, *, patience: float, connections: int, read_threads: int, write_threads: int = 1
    ) -> None:
        self.patience = patience
        self.sqlite = url.startswith("sqlite")
        self.last_write = float("-inf")
        """Monotonic time of the last commit that succeeded."""
        self._connections = self.connect(url, connections, write_threads)
        writers = 1 if self._connections.one_writer else write_threads
        self._readers = Lane("database-read", read_threads, patience)
        self._writers = Lane("database-write", writers, patience)

    def connect(self, url: str, readers: int, writers: int) -> Connections:
        """Returns the connections to the database of a URL; none is opened yet.

        Raises:
            DatabaseUrlError: It is no URL of a database that is known here.
        """
        # Only what is needed is loaded: PostgreSQL's driver takes half as long as the rest of the service.
        if self.sqlite:
            from backend.store.sqlite import SqliteConnections  # noqa: PLC0415

            return SqliteConnections(url, patience=self.patience, readers=readers)
        if not url.startswith("postgres"):
            raise DatabaseUrlError("It must begin with sqlite:/// or postgresql://.")
        from backend.store.postgres import PostgresConnections  # noqa: PLC0415

        return PostgresConnections(url, patience=self.patience, readers=readers, writers=writers)

    def create_tables(self) -> None:
        """Makes the tables that do not exist yet.

        Raises:
            DatabaseUnavailableError: The database is not there.
        """

        def create(connection: Connection) -> None:
            self._connections.first_time(connection)
            metadata.create_all(connection)

        self._writing(time.monotonic() + FIRST_SECONDS, create)

    async def open_all(self) -> None:
        """Opens every connection, so that load finds them open and descriptors stay as many."""
        await self._readers.submit(self._connections.open_all)

    async def read(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs ``work(connection, ...)`` on a consistent view of the data.

        Raises:
            DatabaseUnavailableError: It could not be done in time.
        """
        return await self._readers.run(lambda deadline: self._reading(deadline, work, *args, **kwargs))

    async def read_first(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As ``read``, before whatever waits for its turn: for what looks after everything else.

        Raises:
            DatabaseUnavailableError: It could not be done in time.
        """
        return await self._readers.run(
            lambda deadline: self._reading(deadline, work, *args, **kwargs), first=True
        )

    def read_here(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As ``read``, in the calling thread.

        Raises:
            DatabaseUnavailableError: It could not be done.
        """
        return self._reading(time.monotonic() + self.patience, work, *args, **kwargs)

    async def write(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs ``work(connection, ...)`` in a transaction that is committed unless it raises.

        Raises:
            DatabaseUnavailableError: It could not be done in time; nothing was stored. Only where the
                database goes away in the very moment of the commit, nobody can know.
        """
        return await self._writers.run(lambda deadline: self._writing(deadline, work, *args, **kwargs))

    async def write_first(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As ``write``, before whatever waits for its turn: for what would be lost if it came too late.

        Raises:
            DatabaseUnavailableError: It could not be done in time; nothing was stored.
        """
        return await self._writers.run(
            lambda deadline: self._writing(deadline, work, *args, **kwargs), first=True
        )

    def write_now(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As ``write``, in the calling thread.

        Raises:
            DatabaseUnavailableError: It could not be done in time; nothing was stored.
        """
        return self._writing(time.monotonic() + self.patience, work, *args, **kwargs)

    def probe(self, work: Work[P, T], seconds: float, *args: P.args, **kwargs: P.kwargs) -> T:
        """As ``write_now`` with a time limit of its own; for whoever asks whether the database works.

        Raises:
            DatabaseUnavailableError: It could not be done within ``seconds``.
        """
        return self._writing(time.monotonic() + seconds, work, *args, **kwargs)

    def close(self) -> None:
        """Ends the threads and closes the connections."""
        for lane in (self._readers, self._writers):
            lane.close()
        self._connections.close()

    def _reading(self, deadline: float, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            if time.monotonic() > deadline:
                raise DatabaseUnavailableError("The database was too slow.")
            with self._connections.reading(deadline, view=not _asks_once(work)) as connection:
                return work(connection, *args, **kwargs)
        except (DBAPIError, PoolTimeoutError, ResourceClosedError) as problem:
            if not _is_loss(problem):
                raise
            raise DatabaseUnavailableError(type(problem).__name__) from problem

    def _writing(self, deadline: float, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            with self._connections.writing(deadline) as connection:
                result = work(connection, *args, **kwargs)
                # Whoever waits for this has been told "unavailable" by now: it must not happen any more.
                if time.monotonic() > deadline:
                    raise DatabaseUnavailableError("The database was too slow.")
        except (DBAPIError, PoolTimeoutError, ResourceClosedError) as problem:
            if not _is_loss(problem):
                raise
            raise DatabaseUnavailableError(type(problem).__name__) from problem
        self.last_write = time.monotonic()
        return result


def one_statement(work: Callable[Q, T]) -> Callable[Q, T]:
    """Says of a function of a connection that it executes one statement, so that it needs no transaction."""
    work.one_statement = True  # type: ignore[attr-defined]
    return work


def _asks_once(work: Callable[..., object]) -> bool:
    return getattr(work, "one_statement", False)


def _is_loss(problem: Exception) -> bool:
    """Says whether an error means that the database is not there, or not in time, rather than a mistake."""
    if isinstance(problem, DBAPIError) and problem.connection_invalidated:
        return True
    return isinstance(problem, OperationalError | PoolTimeoutError | ResourceClosedError)
