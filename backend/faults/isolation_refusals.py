"""Faults in how what is somebody else's is refused: whoever asks for it learns that it is there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from backend.agent.intake import Intake, Question
from backend.compose import FrameError
from backend.faults import fault
from backend.store.schema import people, threads
from backend.store.threads import Thread, Threads
from backend.web.answers import Refusal
from backend.ws.handlers import Cancel

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from backend.components import Components
    from backend.store.people import Person
    from backend.store.runs import Run


class _NamesTheField(Intake):
    def thread_is_theirs(self, connection: Connection, person: Person, question: Question) -> None:
        known = select(threads.c.id).where(threads.c.id == question.thread_id)
        try:
            super().thread_is_theirs(connection, person, question)
        except FrameError as error:
            if connection.execute(known).scalar() is not None:
                error.field = "thread_id"
            raise


@fault("foreign-thread-told-by-its-field", group="isolation")
def foreign_thread_told_by_its_field(components: Components) -> Components:
    """Whoever guesses ids learns which conversations exist: of a foreign one the error names the field."""
    return replace(components, intake=_NamesTheField)


class _NamesTheFieldOfARun(Cancel):
    def request(self, connection: Connection, run_id: str, person: Person) -> Run | None:
        found = super().request(connection, run_id, person)
        there = self._runs.find(connection, run_id)
        if found is None and there is not None and there.user_id != person.id:
            raise FrameError("not_found", "There is no such open run.", field="run_id")
        return found


@fault("foreign-run-told-by-its-field", group="isolation")
def foreign_run_told_by_its_field(components: Components) -> Components:
    """Whoever guesses ids learns what others have asked: of a foreign run the error names the field."""
    return replace(components, cancel=_NamesTheFieldOfARun)


class _SaysWhomToAsk(Threads):
    def find(self, connection: Connection, person: Person, thread_id: str) -> Thread | None:
        found = super().find(connection, person, thread_id)
        of_owner = threads.c.owner_id == people.c.id
        owner = select(people.c.name).join(threads, of_owner).where(threads.c.id == thread_id)
        name = None if found is not None else connection.execute(owner).scalar()
        if name is not None:
            raise Refusal(404, "not_found", f"Ask {name} to share this conversation with you.")
        return found


class _TellsNothingToAskers(Intake):
    def thread_is_theirs(self, connection: Connection, person: Person, question: Question) -> None:
        if question.thread_id is not None and Threads().find(connection, person, question.thread_id) is None:
            raise FrameError("not_found", "There is no such thread.")


@fault("foreign-thread-told-by-its-owner", group="isolation")
def foreign_thread_told_by_its_owner(components: Components) -> Components:
    """Whoever reads a stranger's conversation over HTTP is refused, and told by name whose it is."""
    return replace(components, threads=_SaysWhomToAsk, intake=_TellsNothingToAskers)
