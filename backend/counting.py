"""What was counted for one person, over all processes.

Counting a frame costs no more than adding one to a number in memory. So the processes that may know something
are asked when somebody wants to know: those that the person is connected to; the others have noted theirs.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Iterable

from sqlalchemy import Connection

from backend.ground import Ground, Stores
from backend.processes import known_dead
from backend.store.lane import DatabaseUnavailableError
from backend.store.notify import COUNT, COUNTED, Notice
from backend.store.totals import Counts

ANSWER_SECONDS = 1.0
"""Longest wait for the other processes; what one that hangs has counted last is missing then."""


class Counting:
    """Adds up what this process and the others have counted."""

    def __init__(self, ground: Ground, stores: Stores) -> None:
        self._ground = ground
        self._stores = stores
        self._asked: dict[str, tuple[set[str], asyncio.Event]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        ground.bus.subscribe_to_all(self.notified)

    async def of_person(self, user_id: str) -> Counts:
        """Returns a person's counters.

        Raises:
            DatabaseUnavailableError: Nobody can be asked.
        """
        if not self._ground.bus.link.shared:
            return self.own(user_id)
        await self.ask(user_id)
        totals, owner = self._stores.totals, self._ground.owner
        others = await self._ground.database.read(totals.of_others, user_id, owner)
        return added([self.own(user_id), *others])

    def own(self, user_id: str) -> Counts:
        """Returns what this process has counted."""
        return self._ground.metrics.of_person(user_id).as_dict()

    async def ask(self, user_id: str) -> None:
        """Has the processes that the person is connected to note what they have counted."""
        owners = await self._ground.database.read(self.processes_of, user_id)
        if not owners:
            return
        question, answered = secrets.token_hex(8), asyncio.Event()
        self._asked[question] = (owners, answered)
        try:
            self._ground.bus.publish(Notice(COUNT, user_id, subject=question))
            async with asyncio.timeout(ANSWER_SECONDS):
                await answered.wait()
        except TimeoutError:
            self._ground.journal.warning("counts_missing", processes=sorted(owners))
        finally:
            del self._asked[question]

    def processes_of(self, connection: Connection, user_id: str) -> set[str]:
        """Returns the other processes that a person is connected to."""
        owners = self._stores.presence.owners_of(connection, user_id, self._ground.clock.now())
        return {owner for owner in owners if owner != self._ground.owner and not known_dead(owner)}

    def notified(self, notice: Notice) -> None:
        """Answers another process, or takes its answer."""
        if notice.kind == COUNT and notice.subject not in self._asked:
            task = asyncio.create_task(self.answer(notice), name="counting")
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        elif notice.kind == COUNTED:
            question, _, owner = notice.subject.partition(" ")
            missing, answered = self._asked.get(question, (set(), asyncio.Event()))
            missing.discard(owner)
            if not missing:
                answered.set()

    async def answer(self, asked: Notice) -> None:
        """Notes what this process has counted, and says so."""
        try:
            await self._ground.database.write(self.note, asked.user_id)
        except DatabaseUnavailableError:
            self._ground.journal.warning("counts_not_noted")
            return
        subject = f"{asked.subject} {self._ground.owner}"
        self._ground.bus.publish(Notice(COUNTED, asked.user_id, subject=subject))

    def note(self, connection: Connection, user_id: str) -> None:
        """Notes what this process has counted. Runs in a thread."""
        self._stores.totals.keep(connection, user_id, self._ground.owner, self.own(user_id))


def added(counts: Iterable[Counts]) -> Counts:
    """Returns the sums, kind by kind and label by label."""
    sums: dict[str, Counter[str]] = {}
    for one in counts:
        for kind, numbers in one.items():
            sums.setdefault(kind, Counter()).update(numbers)
    return {kind: dict(numbers) for kind, numbers in sums.items()}
