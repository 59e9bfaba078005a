"""The way between processes that share a PostgreSQL database: LISTEN and NOTIFY.

A NOTIFY makes its commit wait for a lock that the whole server has once. So notices do not go along with
the transactions that they speak of, which would then be written one after the other, but right after them,
many in one statement that writes nothing. One that is lost costs time alone: everything is also looked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections import deque
from dataclasses import asdict
from typing import Any

import psycopg

from backend.log import Journal
from backend.store.notify import MISSED, Link, Notice, Receiver
from backend.store.postgres import conninfo

MAX_BYTES = 7_900
"""Longest payload: PostgreSQL takes less than 8,000 bytes, and JSON is measured before it is sent."""

MAX_WAITING = 10_000
"""Notices that wait for a lost connection; beyond them the others are told to look for themselves."""

AT_ONCE = 200
"""Notices in one statement."""

FIRST_SECONDS = 2.0
"""Time that the first connection gets before the service starts without it."""

AGAIN_SECONDS = (0.05, 1.0)
"""Shortest and longest pause before a lost connection is tried again."""

SEND_SECONDS = 3.0
"""Time after which a server that does not take notices counts as lost."""

_SEND = "SELECT pg_notify(%s, notice) FROM unnest(%s::text[]) AS notice"


class PostgresLink(Link):
    """Listens on one connection and sends on another; both come back by themselves.

    Args:
        url: The database.
        name: What tells this process from others.
        journal: Where trouble is noted.
    """

    shared = True

    def __init__(self, url: str, name: str, journal: Journal) -> None:
        self._conninfo = conninfo(url)
        self._name = name
        self._journal = journal
        self._receiver: Receiver
        self._listening = asyncio.Event()
        self._waiting: deque[str] = deque()
        self._sending: list[str] = []
        self._filled = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def works(self) -> bool:
        """Whether this process hears the others."""
        return self._listening.is_set()

    async def start(self, receiver: Receiver) -> None:
        """Begins to listen and to send."""
        self._receiver = receiver
        self._tasks = [
            asyncio.create_task(self._keep(self._listen), name="listener"),
            asyncio.create_task(self._keep(self._send_all), name="notifier"),
        ]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_SECONDS):
                await self._listening.wait()

    async def stop(self) -> None:
        """Ends both connections."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def send(self, notice: Notice) -> None:
        """Puts a notice among those that are sent next."""
        text = self._text(notice)
        if len(text.encode()) > MAX_BYTES:
            text = self._text(Notice(MISSED, ""))
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.clear()
            text = self._text(Notice(MISSED, ""))
        self._waiting.append(text)
        self._filled.set()

    def _text(self, notice: Notice) -> str:
        return json.dumps({"from": self._name, **asdict(notice)}, separators=(",", ":"))

    async def _keep(self, work: Any) -> None:  # noqa: ANN401 -- one of the two methods below
        """Does something on a connection, on a new one whenever it is lost."""
        pause, longest = AGAIN_SECONDS
        while True:
            try:
                connecting = psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
                async with await connecting as connection:
                    pause = AGAIN_SECONDS[0]
                    await work(connection)
            except (psycopg.Error, OSError, TimeoutError) as problem:
                self._journal.warning("link_lost", part=work.__name__.strip("_"), kind=type(problem).__name__)
            except Exception as problem:  # noqa: BLE001 -- goes on, whatever a receiver met
                self._journal.failure("link_failed", problem)
            await asyncio.sleep(pause)
            pause = min(longest, pause * 2)

    async def _listen(self, connection: psycopg.AsyncConnection[Any]) -> None:
        await connection.execute(f'LISTEN "{await channel(connection)}"')
        self._listening.set()
        try:
            # Nothing is known of what was said before, be it during a loss or before the first time.
            self._receiver(Notice(MISSED, ""))
            async for notification in connection.notifies():
                self._heard(notification.payload)
        finally:
            self._listening.clear()

    def _heard(self, payload: str) -> None:
        try:
            fields = json.loads(payload)
            if fields.pop("from") == self._name:
                return
            notice = Notice(**fields)
        except (ValueError, TypeError, KeyError, AttributeError):
            # From a process of another version, or from a stranger.
            notice = Notice(MISSED, "")
        self._receiver(notice)

    async def _send_all(self, connection: psycopg.AsyncConnection[Any]) -> None:
        name = await channel(connection)
        while True:
            while not self._sending:
                await self._filled.wait()
                self._filled.clear()
                self._take()
            async with asyncio.timeout(SEND_SECONDS):
                await connection.execute(_SEND, (name, self._sending))
            # What a lost connection has not sent is sent by the next one, perhaps twice, which harms nobody.
            self._take()

    def _take(self) -> None:
        self._sending = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]


async def channel(connection: psycopg.AsyncConnection[Any]) -> str:
    """Returns the name under which the processes of one schema speak to each other."""
    cursor = await connection.execute("SELECT current_schema()")
    row = await cursor.fetchone()
    schema = "" if row is None else str(row[0])
    return f"agent_chat_{hashlib.sha256(schema.encode()).hexdigest()[:16]}"
