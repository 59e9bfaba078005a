"""Schemas: each backend of a run has one of its own in the run's database.

Making one takes a millisecond, where a database takes fifty, and it needs no right but that to make schemas.
"""

from __future__ import annotations

import secrets
import urllib.parse
from typing import Final

from .postgres_programs import OLDEST, NoPostgres

GIVEN: Final = "DATABASE_URL"
"""The environment variable by which a user names a server."""


class Given:
    """A server that the user names: everything that a run makes there is in schemas of its own.

    Args:
        url: How to reach it.
        schema: How the names of the run's schemas begin.
    """

    def __init__(self, url: str, schema: str) -> None:
        self.url = url
        self._schema = schema

    def start(self) -> None:
        """Finds out whether it answers.

        Raises:
            NoPostgres: It does not, or is too old.
        """
        import psycopg  # noqa: PLC0415 -- a private server needs none to be started

        try:
            with psycopg.connect(self.url, connect_timeout=5) as connection:
                version = connection.info.server_version // 10_000
        except psycopg.Error as problem:
            reason = str(problem).strip().splitlines()[0]
            raise NoPostgres(f"The server that {GIVEN} names does not answer: {reason}") from problem
        if version < OLDEST:
            raise NoPostgres(f"The server that {GIVEN} names is PostgreSQL {version}; {OLDEST} is needed.")

    def stop(self) -> None:
        """Removes all that was made."""
        import psycopg  # noqa: PLC0415 -- as above

        with psycopg.connect(self.url, connect_timeout=5, autocommit=True) as connection:
            pattern = self._schema.replace("_", "\\_") + "%"
            made = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE %s", (pattern,))
            for (name,) in made.fetchall():
                connection.execute(f'DROP SCHEMA "{name}" CASCADE')  # made by this run, of letters and digits


def new_schema() -> str:
    """How the names of one run's schemas begin."""
    return f"agent_chat_{secrets.token_hex(6)}"


def in_schema(url: str, schema: str) -> str:
    """The URL of one schema of a database.

    Args:
        url: The database's URL.
        schema: The schema's name.
    """
    parts = urllib.parse.urlsplit(url)
    query = urllib.parse.parse_qsl(parts.query)
    before = [value for name, value in query if name == "options"]
    options = " ".join([*before, f"-csearch_path={schema}"])
    kept = [(name, value) for name, value in query if name != "options"]
    # libpq reads a plus sign as itself, so spaces must be %20.
    text = urllib.parse.urlencode([*kept, ("options", options)], quote_via=urllib.parse.quote)
    # urlunsplit would drop the empty host of a socket's URL.
    return f"{parts.scheme}://{parts.netloc}{parts.path}?{text}"


def create_schema(url: str, schema: str) -> None:
    """Makes a schema unless it is there.

    Raises:
        NoPostgres: The server does not answer, or does not allow it.
    """
    import psycopg  # noqa: PLC0415 -- a private server needs none to be started

    try:
        with psycopg.connect(url, connect_timeout=5, autocommit=True) as connection:
            connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    except psycopg.Error as problem:
        reason = str(problem).strip().splitlines()[0]
        raise NoPostgres(f"The schema {schema} could not be made: {reason}") from problem
