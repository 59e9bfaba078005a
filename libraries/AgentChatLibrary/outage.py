"""Taking the database away from a backend that this side has started, and giving it back."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, Final, Protocol

from .deployment import SERVER

PATIENCE_SECONDS: Final = 5.0
"""Longest wait for the lock: the backend's own transactions are over in milliseconds."""
AGAIN_SECONDS: Final = 0.0002
"""Time between two tries to lock a SQLite database; a busy backend leaves it alone for a fraction of 1 ms."""
PRIMARY: Final = 0xFF
"""The bits of a SQLite error code that tell its kind (https://sqlite.org/rescode.html, section 2)."""
LOOK_SECONDS: Final = 0.02
"""Time that whoever is in the way has to be done by itself: its transactions take milliseconds."""
_END_WHO_BLOCKS: Final = "SELECT pg_terminate_backend(pid) FROM unnest(pg_blocking_pids(%s)) AS pid"
SCHEMA_FILE: Final = ".schema"
"""Ending of the file that names a backend's schema in PostgreSQL, in the place of a SQLite database."""


class Outage(Protocol):
    """A database that is locked by somebody else, for good: whoever writes to it hangs."""

    def begin(self, *, readable: bool = False) -> None:
        """Takes the lock.

        Args:
            readable: Whether it can still be read, and only writing hangs.
        """

    def end(self) -> None:
        """Gives the lock back."""


def outage(file: Path, database: Mapping[str, str]) -> Outage:
    """An outage of a backend's database that has not begun yet.

    Args:
        file: Its SQLite database, or what names its schema in PostgreSQL.
        database: The variables that say where the database server is, if there is one.
    """
    if file.suffix == SCHEMA_FILE:
        return PostgresOutage(database[SERVER], file.read_text("utf-8"))
    return SqliteOutage(file)


def writable(file: Path, seconds: float) -> bool:
    """Whether others than a process that was stopped can write to its database within ``seconds``.

    In PostgreSQL they always can: only rows are locked, and not for long.

    Args:
        file: The SQLite database, or what names the schema in PostgreSQL.
        seconds: Longest wait.
    """
    if file.suffix == SCHEMA_FILE:
        return True
    with contextlib.closing(sqlite3.connect(file, timeout=seconds, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.rollback()
        except sqlite3.OperationalError:
            return False
    return True


class SqliteOutage:
    """A lock on a SQLite database that another process holds, so that nothing can be written.

    It can be read, always: with a write-ahead log nothing keeps a reader out (https://sqlite.org/wal.html).

    Args:
        file: The database.
    """

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, timeout=0, isolation_level=None)

    def begin(self, *, readable: bool = False) -> None:  # noqa: ARG002 -- it is, either way
        """Takes the lock (https://sqlite.org/lang_transaction.html, EXCLUSIVE).

        Args:
            readable: Changes nothing.

        Raises:
            sqlite3.OperationalError: The lock was not to be had in time.
        """
        # SQLite itself would look less and less often, and what is to be cut off would be over by then.
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._locked(last=time.monotonic() > deadline):
            threading.Event().wait(AGAIN_SECONDS)

    def _locked(self, *, last: bool) -> bool:
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as problem:
            if last or problem.sqlite_errorcode & PRIMARY != sqlite3.SQLITE_BUSY:
                raise
            return False
        return True

    def end(self) -> None:
        """Gives the lock back."""
        self._connection.rollback()
        self._connection.close()


class PostgresOutage:
    """A lock on every table of a schema, so that nothing can be written, nor read unless that is asked for.

    Args:
        server: URL of the database.
        schema: The backend's schema.
    """

    def __init__(self, server: str, schema: str) -> None:
        # Loaded only where it is used: it takes every worker some 200 ms of CPU.
        import psycopg  # noqa: PLC0415

        self._schema = schema
        self._connection: psycopg.Connection[Any] = psycopg.connect(server)
        self._other: psycopg.Connection[Any] = psycopg.connect(server, autocommit=True)

    def begin(self, *, readable: bool = False) -> None:
        """Takes the lock (https://www.postgresql.org/docs/15/sql-lock.html).

        Whoever is in the middle of a transaction that uses one of the tables loses its connection, as it does
        when a server goes away. Nothing else keeps two from waiting for each other, as transactions take the
        tables in more than one order.

        Args:
            readable: Whether it can still be read, and only writing hangs.

        Raises:
            psycopg.OperationalError: The lock was not to be had in time.
        """
        from psycopg import sql  # noqa: PLC0415 -- as above

        named = self._connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", (self._schema,)
        )
        tables = sql.SQL(", ").join(sql.Identifier(self._schema, name) for (name,) in named)
        limit = sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(int(PATIENCE_SECONDS * 1000)))
        self._connection.execute(limit)
        mode = "EXCLUSIVE" if readable else "ACCESS EXCLUSIVE"
        lock = sql.SQL("LOCK TABLE {} IN {} MODE").format(tables, sql.SQL(mode))
        with ThreadPoolExecutor(1, "lock") as thread:
            locking = thread.submit(self._connection.execute, lock)
            while not wait([locking], LOOK_SECONDS).done:
                self._other.execute(_END_WHO_BLOCKS, (self._connection.info.backend_pid,))
            locking.result()

    def end(self) -> None:
        """Gives the lock back."""
        self._connection.rollback()
        self._connection.close()
        self._other.close()
