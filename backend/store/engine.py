"""The database: short transactions in threads, so that the event loop never waits for a disk.

SQLite has one writer at a time; its writes queue up in a thread of their own, in order, which is fair and
spares them its polling for the lock. Other databases write from as many threads as they read from.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError, ResourceClosedError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from backend.store.metadata import metadata

P = ParamSpec("P")
T = TypeVar("T")
Work = Callable[Concatenate[Connection, P], T]

EXTRA_CONNECTIONS = 4
"""Connections beside those of the threads: the writer, the probe, and two in reserve."""

GRACE_SECONDS = 1.0
"""How much longer than the database's own limit the event loop waits for a thread."""


class DatabaseUnavailableError(Exception):
    """The database did not do the work in time; nothing of it was stored."""


class Database:
    """Runs functions of a connection, each in one transaction."""

    def __init__(self, url: str, *, patience: float, connections: int, read_threads: int) -> None:
        self.patience = patience
        self.sqlite = url.startswith("sqlite")
        self.last_write = float("-inf")
        """Monotonic time of the last commit that succeeded."""
        self._size = connections + EXTRA_CONNECTIONS
        self.engine = self.make_engine(url, self._size)
        self._immediate = self.engine.execution_options(agent_chat_write=True)
        self._readers = ThreadPoolExecutor(read_threads, "database-read")
        self._writers = ThreadPoolExecutor(1, "database-write") if self.sqlite else self._readers

    def make_engine(self, url: str, size: int) -> Engine:
        """Returns the engine.

        Args:
            url: SQLAlchemy URL.
            size: Connections that may be open at the same time.
        """
        if not self.sqlite:
            return create_engine(
                url, pool_size=size, max_overflow=0, pool_pre_ping=True, pool_timeout=self.patience
            )
        engine = create_engine(
            url, pool_size=size, max_overflow=0, pool_timeout=self.patience, connect_args={"timeout": 1.0}
        )
        event.listen(engine, "connect", _sqlite_connected)
        event.listen(engine, "begin", _sqlite_begins)
        return engine

    def create_tables(self) -> None:
        """Makes the tables that do not exist yet."""
        with self._immediate.begin() as connection:
            metadata.create_all(connection)

    async def open_all(self) -> None:
        """Opens every connection of the pool, so that load finds them open and descriptors stay as many."""
        await asyncio.get_running_loop().run_in_executor(self._readers, self._open_all)

    def _open_all(self) -> None:
        # A database that is not there yet is found out, and told, by whoever needs it.
        with contextlib.ExitStack() as stack, contextlib.suppress(OperationalError, PoolTimeoutError):
            for _ in range(self._size):
                stack.enter_context(self.engine.connect())

    async def read(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs ``work(connection, ...)`` on a consistent view of the data.

        Raises:
            DatabaseUnavailableError: It could not be done in time.
        """
        return await self._in_thread(self._readers, lambda: self._reading(work, *args, **kwargs))

    def read_here(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As ``read``, in the calling thread.

        Raises:
            DatabaseUnavailableError: It could not be done.
        """
        return self._reading(work, *args, **kwargs)

    async def write(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs ``work(connection, ...)`` in a transaction that is committed unless it raises.

        Raises:
            DatabaseUnavailableError: It could not be done in time; nothing was stored.
        """
        deadline = time.monotonic() + self.patience
        return await self._in_thread(self._writers, lambda: self._writing(deadline, work, *args, **kwargs))

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
        for pool in {self._readers, self._writers}:
            pool.shutdown(wait=True, cancel_futures=True)
        self.engine.dispose()

    async def _in_thread(self, pool: Executor, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.patience + GRACE_SECONDS):
                return await loop.run_in_executor(pool, work)
        except TimeoutError:
            raise DatabaseUnavailableError("The database did not answer in time.") from None

    def _reading(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            with self.engine.connect() as connection:
                return work(connection, *args, **kwargs)
        except (OperationalError, PoolTimeoutError, ResourceClosedError) as problem:
            raise DatabaseUnavailableError(type(problem).__name__) from problem
        except DBAPIError as problem:
            if problem.connection_invalidated:
                raise DatabaseUnavailableError(type(problem).__name__) from problem
            raise

    def _writing(self, deadline: float, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            with self._immediate.connect() as connection:
                if self.sqlite:
                    self._limit(connection, deadline)
                with connection.begin():
                    result = work(connection, *args, **kwargs)
                    # Whoever waits for this has been told "unavailable" by now: it must not happen any more.
                    if time.monotonic() > deadline:
                        raise DatabaseUnavailableError("The database was too slow.")
        except (OperationalError, PoolTimeoutError, ResourceClosedError) as problem:
            raise DatabaseUnavailableError(type(problem).__name__) from problem
        except DBAPIError as problem:
            if problem.connection_invalidated:
                raise DatabaseUnavailableError(type(problem).__name__) from problem
            raise
        self.last_write = time.monotonic()
        return result

    def _limit(self, connection: Connection, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise DatabaseUnavailableError("The database was too slow.")
        raw = connection.connection.dbapi_connection
        if raw is not None:
            raw.execute(f"PRAGMA busy_timeout = {int(left * 1000)}")


def _sqlite_connected(raw: Any, _record: object) -> None:  # noqa: ANN401 -- the driver's own object
    # The driver would begin transactions by itself and too late; they are begun below.
    raw.isolation_level = None
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("PRAGMA synchronous = NORMAL")


def _sqlite_begins(connection: Connection) -> None:
    # A deferred transaction that turns out to write fails at once when another one is writing.
    kind = "IMMEDIATE" if connection.get_execution_options().get("agent_chat_write") else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {kind}")
