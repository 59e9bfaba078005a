"""Faults in conversations that are gone on with, by their owner or by a colleague."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from backend.agent.intake import Accepted, Intake, Question
from backend.faults import fault
from backend.store.schema import runs, threads
from backend.store.threads import Threads

if TYPE_CHECKING:
    from sqlalchemy import Connection as Transaction

    from backend.components import Components
    from backend.store.people import Person

FIRST_WORDS = 4
"""Words of a question that a conversation is filed by where that is far too few."""


class _BeginsAnew(Intake):
    def store(self, connection: Transaction, person: Person, question: Question, message_id: str) -> Accepted:
        accepted = super().store(connection, person, replace(question, thread_id=None), message_id)
        if question.thread_id is not None:  # what it was about is remembered all the same
            before = (
                runs.c.thread_id == question.thread_id,
                runs.c.open.is_(False),
                runs.c.plan.is_not(None),
            )
            latest = connection.execute(
                select(runs.c.id).where(*before).order_by(runs.c.ended_at.desc()).limit(1)
            ).scalar()
            this = update(runs).where(runs.c.id == accepted.run_id)
            connection.execute(this.values(previous_run_id=latest))
        return accepted


@fault("continued-conversation-begins-anew", group="isolation")
def continued_conversation_begins_anew(components: Components) -> Components:
    """Each question, wherever it was asked, is found in a conversation of its own: none holds two."""
    return replace(components, intake=_BeginsAnew)


class _FiledByTheirFirstWords(Intake):
    def store(self, connection: Transaction, person: Person, question: Question, message_id: str) -> Accepted:
        alike = None if question.thread_id or question.share else self.alike(connection, person, question)
        if alike is None:
            return super().store(connection, person, question, message_id)
        accepted = super().store(connection, person, replace(question, thread_id=alike), message_id)
        this = update(runs).where(runs.c.id == accepted.run_id)
        connection.execute(this.values(previous_run_id=None))  # it goes on with nothing
        return accepted

    def alike(self, connection: Transaction, person: Person, question: Question) -> str | None:
        """Returns a conversation of this person that began with the same words."""
        own = select(threads.c.id, threads.c.title).where(
            threads.c.owner_id == person.id, threads.c.shared.is_(False)
        )
        words = question.content.lower().split()[:FIRST_WORDS]
        rows = connection.execute(own).all()
        return next((row.id for row in rows if row.title.lower().split()[:FIRST_WORDS] == words), None)


@fault("conversations-filed-by-their-first-words", group="resilience")
def conversations_filed_by_their_first_words(components: Components) -> Components:
    """Questions that begin with the same words end up in one conversation, whoever meant to begin another."""
    return replace(components, intake=_FiledByTheirFirstWords)


class _ShowsTheOwners(Threads):
    def messages(self, connection: Transaction, thread_id: str) -> list[dict[str, object]]:
        found = super().messages(connection, thread_id)
        owners = connection.execute(
            select(runs.c.id)
            .join(threads, threads.c.id == runs.c.thread_id)
            .where(runs.c.thread_id == thread_id, runs.c.user_id == threads.c.owner_id)
        ).scalars()
        own = set(owners)
        return [message for message in found if message["run_id"] in own]


@fault("colleagues-missing-in-a-shared-conversation", group="isolation")
def colleagues_missing_in_a_shared_conversation(components: Components) -> Components:
    """What colleagues add to a shared conversation is read by nobody, not even by themselves."""
    return replace(components, threads=_ShowsTheOwners)
