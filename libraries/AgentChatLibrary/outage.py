"""Taking the database away from a backend that this side has started, and giving it back."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Final

PATIENCE_SECONDS: Final = 5.0
"""Longest wait for the lock: the backend's own transactions are over in milliseconds."""


def writable(file: Path, seconds: float) -> bool:
    """Whether a SQLite database can be written to within ``seconds``."""
    with contextlib.closing(sqlite3.connect(file, timeout=seconds, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.rollback()
        except sqlite3.OperationalError:
            return False
    return True


class SqliteOutage:
    """A lock on a SQLite database that another process holds, so that nothing can be written.

    Args:
        file: The database.
    """

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, timeout=PATIENCE_SECONDS, isolation_level=None)

    def begin(self) -> None:
        """Takes the lock (https://sqlite.org/lang_transaction.html, EXCLUSIVE).

        Raises:
            sqlite3.OperationalError: The lock was not to be had in time.
        """
        self._connection.execute("BEGIN EXCLUSIVE")

    def end(self) -> None:
        """Gives the lock back."""
        self._connection.rollback()
        self._connection.close()
