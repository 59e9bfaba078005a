"""Faults in what is kept of questions: conversations, lists of them, and the ids they go by."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from backend.faults import fault
from backend.store.runs import Asked, MessageIds
from backend.store.schema import asked, runs
from backend.store.threads import Threads

if TYPE_CHECKING:
    from sqlalchemy import Connection as Transaction

    from backend.components import Components
    from backend.store.people import Person
    from backend.store.threads import Thread

LATEST = 2
"""Messages of a conversation that are shown where it is cut short."""
PAGE = 50
"""Conversations on the first page of a list, where nobody can ask for the second."""


class _ShowsTheLatest(Threads):
    def messages(self, connection: Transaction, thread_id: str) -> list[dict[str, object]]:
        return super().messages(connection, thread_id)[-LATEST:]


@fault("history-cut-short", group="resilience")
def history_cut_short(components: Components) -> Components:
    """Whoever comes back to a long conversation finds the last question alone; the rest seems never said."""
    return replace(components, threads=_ShowsTheLatest)


class _ListsTheOldestFirst(Threads):
    def listed(self, connection: Transaction, person: Person) -> list[Thread]:
        return sorted(super().listed(connection, person), key=lambda thread: thread.updated_at)


@fault("conversations-oldest-first", group="resilience")
def conversations_oldest_first(components: Components) -> Components:
    """What somebody worked on yesterday stands behind everything they have ever asked."""
    return replace(components, threads=_ListsTheOldestFirst)


class _ListsByTheirBeginning(Threads):
    def listed(self, connection: Transaction, person: Person) -> list[Thread]:
        found = super().listed(connection, person)
        return sorted(found, key=lambda thread: thread.created_at, reverse=True)


@fault("conversations-by-their-beginning", group="resilience")
def conversations_by_their_beginning(components: Components) -> Components:
    """A conversation that is gone on with stays where it was on the list, far down, and is not found."""
    return replace(components, threads=_ListsByTheirBeginning)


class _ListsTheNewest(Threads):
    def listed(self, connection: Transaction, person: Person) -> list[Thread]:
        return super().listed(connection, person)[:PAGE]


@fault("conversations-beyond-fifty-hidden", group="resilience")
def conversations_beyond_fifty_hidden(components: Components) -> Components:
    """Whoever has asked for long finds the fifty newest conversations; older ones seem never to have been."""
    return replace(components, threads=_ListsTheNewest)


class _CallsThemAlike(Threads):
    def open(self, connection: Transaction, person: Person, question: str, shared: bool, now: float) -> str:
        del question
        return super().open(connection, person, "Conversation", shared, now)


@fault("conversations-called-alike", group="resilience")
def conversations_called_alike(components: Components) -> Components:
    """All conversations on the list have the same title, and each must be opened to find the right one."""
    return replace(components, threads=_CallsThemAlike)


class _DatesThemInMilliseconds(Threads):
    def listed(self, connection: Transaction, person: Person) -> list[Thread]:
        return [
            replace(thread, created_at=thread.created_at * 1000, updated_at=thread.updated_at * 1000)
            for thread in super().listed(connection, person)
        ]


@fault("conversations-dated-in-milliseconds", group="resilience")
def conversations_dated_in_milliseconds(components: Components) -> Components:
    """The list of conversations shows each with a date tens of thousands of years away."""
    return replace(components, threads=_DatesThemInMilliseconds)


class _ShowsThemAsShared(Threads):
    def listed(self, connection: Transaction, person: Person) -> list[Thread]:
        return [
            replace(thread, shared=thread.shared or thread.owner_id == person.id)
            for thread in super().listed(connection, person)
        ]


@fault("own-conversations-shown-as-shared", group="resilience")
def own_conversations_shown_as_shared(components: Components) -> Components:
    """People are told that their colleagues can read what they ask in confidence, and ask no more."""
    return replace(components, threads=_ShowsThemAsShared)


class _NamesNoRuns(Threads):
    def messages(self, connection: Transaction, thread_id: str) -> list[dict[str, object]]:
        return [{**message, "run_id": None} for message in super().messages(connection, thread_id)]


@fault("history-names-no-runs", group="resilience")
def history_names_no_runs(components: Components) -> Components:
    """A client that comes back cannot tell which answer belongs to which question, and shows them twice."""
    return replace(components, threads=_NamesNoRuns)


class _DatesMessagesInMilliseconds(Threads):
    def messages(self, connection: Transaction, thread_id: str) -> list[dict[str, object]]:
        found = super().messages(connection, thread_id)
        return [{**message, "created_at": float(str(message["created_at"])) * 1000} for message in found]


@fault("history-dated-in-milliseconds", group="resilience")
def history_dated_in_milliseconds(components: Components) -> Components:
    """Whoever reads an old conversation sees every message with a date that nobody will live to see."""
    return replace(components, threads=_DatesMessagesInMilliseconds)


class _KeepsThemInMemory(MessageIds):
    def __init__(self) -> None:
        self._accepted: dict[tuple[str, str], Asked] = {}

    def find(self, connection: Transaction, user_id: str, message_id: str) -> Asked | None:
        del connection
        return self._accepted.get((user_id, message_id))

    def keep(self, connection: Transaction, user_id: str, message_id: str, accepted: Asked) -> None:
        del connection
        self._accepted[user_id, message_id] = accepted


@fault("message-ids-of-one-process", group="resilience")
def message_ids_of_one_process(components: Components) -> Components:
    """A question that is sent again after a drop, and reaches another process, is run and billed twice."""
    return replace(components, message_ids=_KeepsThemInMemory)


class _BeginsAnew(MessageIds):
    def __init__(self) -> None:
        self._began = time.time()

    def find(self, connection: Transaction, user_id: str, message_id: str) -> Asked | None:
        before = select(runs.c.id).where(runs.c.started_at < self._began)
        connection.execute(delete(asked).where(asked.c.run_id.in_(before)))
        return super().find(connection, user_id, message_id)


@fault("message-ids-forgotten-at-restart", group="resilience")
def message_ids_forgotten_at_restart(components: Components) -> Components:
    """A question whose acceptance was lost when the service was restarted is run and billed twice."""
    return replace(components, message_ids=_BeginsAnew)
