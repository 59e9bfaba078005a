"""Connections to PostgreSQL, for several processes at the same time; bounded in number and in time.

Readers and writers have pools of their own, so that who waits for a row's lock keeps nobody from reading.
"""

import contextlib
import select
import threading
import time
from collections.abc import Generator, Iterator
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine.interfaces import IsolationLevel
from sqlalchemy.exc import InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from backend.store.engine import DatabaseUrlError
from backend.store.lane import DatabaseUnavailableError

EXTRA_CONNECTIONS = 1
"""Connections in each pool beside those of its threads: for the probe, and for other threads that read."""

CONNECT_SECONDS = 2
"""Longest wait for a new connection; libpq takes no less."""

LATE_SECONDS = 0.25
"""How much longer than the server's own limit the client waits before it gives a connection up."""

LAST_SECONDS = 0.2
"""Time that is left for a rollback when the deadline has passed."""

RESILIENT = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 10_000,
    "application_name": "agent-chat",
}
"""How a connection over a network notices, within seconds, that the other side is gone without a word."""

FIRST_TIME = 0x61676368
"""Number of the lock that a process holds while it makes the tables."""

_VIEW = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

_limit = threading.local()


@contextlib.contextmanager
def limited(deadline: float) -> Iterator[None]:
    """Bounds all that the thread waits for a connection meanwhile.

    A server that hangs does not keep to any limit of its own, so the client has to give up.

    Args:
        deadline: Monotonic time.
    """
    before = getattr(_limit, "deadline", None)
    _limit.deadline = deadline
    try:
        yield
    finally:
        _limit.deadline = before


class PatientConnection(psycopg.Connection[Any]):
    """A connection that waits no longer than its thread's deadline; after that it is closed."""

    def wait(
        self,
        gen: Generator[Any, Any, Any],
        interval: float = 0.1,
        timeout: float | None = None,
    ) -> Any:  # noqa: ANN401 -- as the driver has it
        """Waits for the server's answer.

        Raises:
            psycopg.OperationalError: It did not come in time.
        """
        deadline = getattr(_limit, "deadline", None)
        if deadline is not None:
            left = max(LAST_SECONDS, deadline + LATE_SECONDS - time.monotonic())
            timeout = left if timeout is None else min(timeout, left)
        try:
            return super().wait(gen, interval=interval, timeout=timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                # The answer is still to come: nobody can use this connection for anything else.
                self.pgconn.finish()
            raise


class PostgresConnections:
    """Connections to one PostgreSQL database.

    Args:
        url: SQLAlchemy URL, or one that libpq understands.
        patience: Longest wait for one statement, in seconds.
        readers: Threads that read.
        writers: Threads that write.
    """

    one_writer = False

    def __init__(self, url: str, *, patience: float, readers: int, writers: int) -> None:
        self._patience = patience
        milliseconds = int(patience * 1000)
        limits = {
            "statement_timeout": f"{milliseconds}",
            # A process that is stopped within a transaction would keep its locks from all others.
            "idle_in_transaction_session_timeout": f"{milliseconds}",
        }
        self._sizes = {"read": readers + EXTRA_CONNECTIONS, "write": writers + EXTRA_CONNECTIONS}
        read_only = {"default_transaction_read_only": "on"}
        # A single statement needs no transaction around it, which would take two more round trips.
        self._readers = self._pool(conninfo(url, {**limits, **read_only}), self._sizes["read"], "AUTOCOMMIT")
        self._writers = self._pool(conninfo(url, limits), self._sizes["write"], "READ COMMITTED")

    def _pool(self, parameters: str, size: int, isolation: IsolationLevel) -> Engine:
        def connect() -> PatientConnection:
            return PatientConnection.connect(parameters)

        engine = create_engine(
            "postgresql+psycopg://",
            creator=connect,
            pool_size=size,
            max_overflow=0,
            pool_timeout=self._patience,
            isolation_level=isolation,
            hide_parameters=True,  # questions and hashes have no business in a log
            use_native_hstore=False,  # nobody stores any, and finding out takes a query
        )
        event.listen(engine, "checkout", _still_there)
        return engine

    @contextlib.contextmanager
    def reading(self, deadline: float, *, view: bool) -> Iterator[Connection]:
        """Lends a connection, in a transaction where several statements must see the same."""
        with limited(deadline), self._readers.connect() as connection:
            if view:
                connection.exec_driver_sql(_VIEW)
            yield connection  # which the pool rolls back

    @contextlib.contextmanager
    def writing(self, deadline: float) -> Iterator[Connection]:
        """Lends a connection in a transaction.

        Raises:
            DatabaseUnavailableError: The deadline has passed already.
        """
        with limited(deadline), self._writers.connect() as connection:
            left = deadline - time.monotonic()
            if left <= 0:
                raise DatabaseUnavailableError("The database was too slow.")
            with connection.begin():
                if left < self._patience - LATE_SECONDS:
                    # The server gives up first, so that the connection need not be given up.
                    connection.exec_driver_sql(f"SET LOCAL statement_timeout = {max(1, int(left * 1000))}")
                yield connection

    def first_time(self, connection: Connection) -> None:
        """Keeps other processes from making the same tables until the transaction ends."""
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": FIRST_TIME})

    def open_all(self) -> None:
        """Opens as many as there may be."""
        # A database that is not there is found out, and told, by whoever needs it.
        with (
            contextlib.suppress(OperationalError, PoolTimeoutError),
            limited(time.monotonic() + self._patience),
            contextlib.ExitStack() as stack,
        ):
            for engine, size in ((self._readers, self._sizes["read"]), (self._writers, self._sizes["write"])):
                for _ in range(size):
                    stack.enter_context(engine.connect())

    def close(self) -> None:
        """Closes all."""
        for engine in (self._readers, self._writers):
            engine.dispose()


def conninfo(url: str, settings: dict[str, str] | None = None) -> str:
    """Returns what libpq connects with.

    Args:
        url: SQLAlchemy URL, or one that libpq understands.
        settings: Server settings of the connection, values with spaces escaped.

    Raises:
        DatabaseUrlError: It is none.
    """
    scheme, separator, rest = url.partition("://")
    try:
        given: dict[str, Any] = conninfo_to_dict(f"{scheme.partition('+')[0]}{separator}{rest}")
    except psycopg.ProgrammingError:
        raise DatabaseUrlError("libpq does not understand it.") from None
    options = [str(given.pop("options", "") or ""), *(f"-c {k}={v}" for k, v in (settings or {}).items())]
    return make_conninfo(**{**RESILIENT, **given, "options": " ".join(filter(None, options))})


def _still_there(raw: Any, _record: object, _proxy: object) -> None:  # noqa: ANN401 -- the driver's own object
    """Finds out whether the server has closed a connection while nobody used it."""
    # Nothing comes on an idle connection, but its end; looking for that costs no round trip.
    poll = select.poll()
    poll.register(raw.fileno(), select.POLLIN)
    if poll.poll(0):
        try:
            raw.execute("")
            raw.rollback()
        except psycopg.Error as problem:
            raise InvalidatePoolError from problem
