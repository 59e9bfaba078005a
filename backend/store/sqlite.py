"""Connections to SQLite: one file, one writer at a time, everybody on this machine."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from backend.store.lane import DatabaseUnavailableError

EXTRA_CONNECTIONS = 4
"""Connections beside those of the readers: the writer, the probe, and two in reserve."""


class SqliteConnections:
    """Connections to one SQLite file, in WAL mode.

    Args:
        url: SQLAlchemy URL.
        patience: Longest wait for a connection, in seconds.
        readers: Connections that read at the same time, at the most.
    """

    one_writer = True

    def __init__(self, url: str, *, patience: float, readers: int) -> None:
        self._size = readers + EXTRA_CONNECTIONS
        self._engine = create_engine(
            url,
            pool_size=self._size,
            max_overflow=0,
            pool_timeout=patience,
            connect_args={"timeout": 1.0},
            hide_parameters=True,  # questions and hashes have no business in a log
        )
        event.listen(self._engine, "connect", _connected)
        event.listen(self._engine, "begin", _begins)
        self._immediate = self._engine.execution_options(agent_chat_write=True)

    @contextlib.contextmanager
    def reading(self, deadline: float, *, view: bool) -> Iterator[Connection]:
        """Lends a connection that sees the data as they were at one moment."""
        del deadline, view  # under WAL, readers wait for nobody, and a transaction costs nothing
        with self._engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self, deadline: float) -> Iterator[Connection]:
        """Lends a connection in a transaction that holds the lock for writing from its beginning.

        Raises:
            DatabaseUnavailableError: The deadline has passed already.
        """
        with self._immediate.connect() as connection:
            left = deadline - time.monotonic()
            if left <= 0:
                raise DatabaseUnavailableError("The database was too slow.")
            raw = connection.connection.dbapi_connection
            if raw is not None:
                raw.execute(f"PRAGMA busy_timeout = {int(left * 1000)}")
            with connection.begin():
                yield connection

    def first_time(self, connection: Connection) -> None:
        """Does nothing: whoever writes has the lock."""

    def open_all(self) -> None:
        """Opens as many as there may be."""
        # A database that is not there yet is found out, and told, by whoever needs it.
        with contextlib.ExitStack() as stack, contextlib.suppress(OperationalError, PoolTimeoutError):
            for _ in range(self._size):
                stack.enter_context(self._engine.connect())

    def close(self) -> None:
        """Closes all."""
        self._engine.dispose()


def _connected(raw: Any, _record: object) -> None:  # noqa: ANN401 -- the driver's own object
    # The driver would begin transactions by itself and too late; they are begun below.
    raw.isolation_level = None
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("PRAGMA synchronous = NORMAL")


def _begins(connection: Connection) -> None:
    # A deferred transaction that turns out to write fails at once when another one is writing.
    kind = "IMMEDIATE" if connection.get_execution_options().get("agent_chat_write") else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {kind}")
