"""Threads and the messages in them."""

from dataclasses import dataclass

from sqlalchemy import Connection, Row, Select, and_, bindparam, insert, or_, select, update

from backend.ids import new_id
from backend.store.engine import one_statement
from backend.store.people import Person
from backend.store.schema import messages, threads

TITLE_CHARACTERS = 80
"""Characters of the first question that name the thread in a list."""


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation.

    Attributes:
        shared: Whether the owner's whole organisation may read and continue it.
    """

    id: str
    title: str
    shared: bool
    owner_id: str
    created_at: float
    updated_at: float

    def as_dict(self) -> dict[str, object]:
        """Returns the thread in the form of ``GET /threads``."""
        return {
            "id": self.id,
            "title": self.title,
            "shared": self.shared,
            "owner_id": self.owner_id,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


class Threads:
    """The threads, seen by one person at a time."""

    def visible_to(self, statement: Select[tuple[object, ...]], person: Person) -> Select[tuple[object, ...]]:
        """Narrows a statement to the threads that a person may see: their own, and their organisation's."""
        own = threads.c.owner_id == person.id
        shared = and_(threads.c.shared.is_(True), threads.c.organisation_id == person.organisation_id)
        return statement.where(or_(own, shared))

    def open(self, connection: Connection, person: Person, question: str, shared: bool, now: float) -> str:
        """Begins a thread with its first question and returns its id."""
        thread_id = new_id("t")
        connection.execute(
            _OPEN,
            {
                "id": thread_id,
                "owner_id": person.id,
                "organisation_id": person.organisation_id,
                "title": question[:TITLE_CHARACTERS],
                "shared": shared,
                "created_at": now,
                "updated_at": now,
            },
        )
        return thread_id

    def find(self, connection: Connection, person: Person, thread_id: str) -> Thread | None:
        """Returns a thread that the person may read and continue; None for unknown and foreign ones."""
        statement = self.visible_to(select(*_THREAD).where(threads.c.id == thread_id), person)
        row = connection.execute(statement).one_or_none()
        return None if row is None else _thread(row)

    @one_statement
    def listed(self, connection: Connection, person: Person) -> list[Thread]:
        """Returns the person's threads, the one with the newest message first."""
        statement = self.visible_to(select(*_THREAD), person)
        rows = connection.execute(statement.order_by(threads.c.updated_at.desc(), threads.c.id))
        return [_thread(row) for row in rows]

    def add(
        self,
        connection: Connection,
        thread_id: str,
        role: str,
        content: str,
        run_id: str,
        now: float,
    ) -> None:
        """Adds a message to a thread.

        Args:
            connection: An open connection.
            thread_id: The thread.
            role: ``user`` or ``assistant``.
            content: The text, kept code point for code point.
            run_id: The run that it began or ended.
            now: Unix time.
        """
        connection.execute(
            _ADD,
            {
                "id": new_id("m"),
                "thread_id": thread_id,
                "role": role,
                "content": content,
                "run_id": run_id,
                "created_at": now,
            },
        )
        connection.execute(_TOUCH, {"the_thread": thread_id, "now": now})

    def messages(self, connection: Connection, thread_id: str) -> list[dict[str, object]]:
        """Returns a thread's messages in their order, in the form of ``GET /threads/{id}/messages``."""
        rows = connection.execute(
            select(
                messages.c.id,
                messages.c.role,
                messages.c.content,
                messages.c.run_id,
                messages.c.created_at,
            )
            .where(messages.c.thread_id == thread_id)
            .order_by(messages.c.position)
        )
        return [dict(row._mapping) for row in rows]


_THREAD = (
    threads.c.id,
    threads.c.title,
    threads.c.shared,
    threads.c.owner_id,
    threads.c.created_at,
    threads.c.updated_at,
)


_OPEN = insert(threads)
_ADD = insert(messages)
_TOUCH = update(threads).where(threads.c.id == bindparam("the_thread")).values(updated_at=bindparam("now"))


def _thread(row: Row[tuple[object, ...]]) -> Thread:
    fields = row._mapping
    return Thread(
        id=fields["id"],
        title=fields["title"],
        shared=bool(fields["shared"]),
        owner_id=fields["owner_id"],
        created_at=fields["created_at"],
        updated_at=fields["updated_at"],
    )
