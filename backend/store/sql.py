"""What the two databases write differently, and what several writers at the same time need.

SQLite has one writer at a time, so that what is read in a transaction that writes cannot change before its
end. On PostgreSQL somebody else may write at the same time; these make the difference.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Double, Table, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

CHUNK = 500
"""Values in one IN list; below the lowest limit of bound parameters of any SQLite (999)."""

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


def one_at_a_time(connection: Connection, what: str, key: str) -> None:
    """Makes others who want the same wait until this transaction ends.

    For what is counted first and added then, where there may be no row yet that could be locked.

    Args:
        connection: An open connection, in a transaction.
        what: The kind of thing.
        key: Which one.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"name": f"{what} {key}"})


def insert_if_absent(connection: Connection, table: Table, values: Mapping[str, object]) -> bool:
    """Adds a row unless there is one with its key.

    Returns:
        Whether it was added; if not, whoever has added the other row has committed it.
    """
    statement = _insert_if_absent(connection.dialect.name, table)
    return bool(connection.execute(statement, dict(values)).rowcount == 1)


@functools.cache
def _insert_if_absent(dialect: str, table: Table) -> Any:  # noqa: ANN401 -- the two have no class in common
    # Of a whole row, so that it need be put together only once for each table.
    return _insert(dialect, table).on_conflict_do_nothing()


def put(
    connection: Connection, table: Table, key: Mapping[str, object], values: Mapping[str, object]
) -> None:
    """Adds a row, or changes the one with its key.

    Args:
        connection: An open connection.
        table: The table.
        key: Its primary key.
        values: The other columns.
    """
    statement = _insert(connection.dialect.name, table).values({**key, **values})
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=dict(values)))


def _insert(dialect: str, table: Table) -> Any:  # noqa: ANN401 -- the two have no class in common
    return importlib.import_module(f"sqlalchemy.dialects.{dialect}").insert(table)


class not_before(FunctionElement[float]):  # noqa: N801 -- a function of SQL
    """The moment given or, if that is later and the database has a clock, the database's own time.

    What a process believes to be now may be long ago: it may have been stopped between looking at its clock
    and asking the database.
    """

    inherit_cache = True
    type = Double()

    def __init__(self, moment: ColumnElement[float]) -> None:
        super().__init__(moment)


@compiles(not_before)
def _as_given(element: not_before, compiler: Any, **options: Any) -> str:  # noqa: ANN401 -- SQLAlchemy's
    return str(compiler.process(element.clauses, **options))


@compiles(not_before, "postgresql")
def _by_its_clock(element: not_before, compiler: Any, **options: Any) -> str:  # noqa: ANN401 -- SQLAlchemy's
    given = compiler.process(element.clauses, **options)
    return f"greatest({given}, extract(epoch FROM clock_timestamp())::double precision)"
