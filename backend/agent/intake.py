"""Accepting a question: everything that must hold for it is checked and stored in one transaction."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection

from backend.agent.context import ContextFactory, UserExecutionContext
from backend.compose import FrameError
from backend.ground import Ground, Stores
from backend.ids import new_id
from backend.limits import Concurrency, Quota
from backend.store.people import Person
from backend.store.runs import Asked


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it was sent.

    Attributes:
        user_id: The asker.
        content: What was asked.
        message_id: The client's id of it, or None.
        thread_id: The thread it continues, or None for a new one.
        share: Whether a new thread is opened to the organisation.
    """

    user_id: str
    content: str
    message_id: str | None
    thread_id: str | None
    share: bool


@dataclass(frozen=True, slots=True)
class Accepted:
    """A question that is stored.

    Attributes:
        context: Of the new run; None when the same question was accepted before.
    """

    message_id: str
    thread_id: str
    run_id: str
    context: UserExecutionContext | None


class Intake:
    """Accepts questions. Each check is a method of its own and raises ``FrameError``."""

    def __init__(
        self,
        ground: Ground,
        stores: Stores,
        quota: Quota,
        concurrency: Concurrency,
        contexts: ContextFactory,
    ) -> None:
        self._ground = ground
        self._stores = stores
        self._quota = quota
        self._concurrency = concurrency
        self._contexts = contexts

    def accept(self, connection: Connection, question: Question, busy: FrameError | None) -> Accepted:
        """Stores a question and its new run.

        Args:
            connection: An open connection, in a transaction.
            question: The question.
            busy: Why no new question is accepted at present; one that was accepted before is acknowledged.

        Raises:
            FrameError: It is not accepted; nothing was stored.
        """
        self._stores.people.lock(connection, question.user_id)
        person = self._stores.people.by_id(connection, question.user_id)
        if person is None:
            raise FrameError("forbidden", "You may not do this.")
        message_id = question.message_id or new_id("m")
        before = self.accepted_before(connection, question, message_id)
        if before is not None:
            return before
        if busy is not None:
            raise busy
        self.may_share(person, question)
        self.thread_is_theirs(connection, person, question)
        self.room_for_a_run(connection, person)
        self.within_quota(connection, person)
        return self.store(connection, person, question, message_id)

    def accepted_before(self, connection: Connection, question: Question, message_id: str) -> Accepted | None:
        """Returns what came of the same question under the same ``message_id``, if it was asked before."""
        before = self._stores.message_ids.find(connection, question.user_id, message_id)
        if before is None:
            return None
        if before.content_hash != self.fingerprint(question.content):
            raise FrameError(
                "invalid_message", "This message_id belongs to another question.", field="message_id"
            )
        return Accepted(message_id, before.thread_id, before.run_id, None)

    def may_share(self, person: Person, question: Question) -> None:
        """Checks that a person who opens a thread to the organisation may do so."""
        if question.share and not person.may(self._ground.tiers.permission_for("share")):
            raise FrameError("forbidden", "You may not share threads.")

    def thread_is_theirs(self, connection: Connection, person: Person, question: Question) -> None:
        """Checks that a thread to continue is there for this person."""
        if question.thread_id is None:
            return
        if self._stores.threads.find(connection, person, question.thread_id) is None:
            raise FrameError("not_found", "There is no such thread.")

    def room_for_a_run(self, connection: Connection, person: Person) -> None:
        """Checks that the person has fewer runs open than they may."""
        if not self._concurrency.another_run(connection, person):
            limit = person.policy.concurrent_runs
            raise FrameError("too_many_runs", f"You may have {limit} questions open at the same time.")

    def within_quota(self, connection: Connection, person: Person) -> None:
        """Counts the question, if there is one left."""
        retry_after = self._quota.take(connection, person, self._ground.clock.now())
        if retry_after is not None:
            limit = person.policy.questions_per_day
            raise FrameError(
                "quota_exceeded",
                f"You have asked the {limit} questions of this day.",
                retry_after=retry_after,
            )

    def fingerprint(self, content: str) -> str:
        """Returns what tells one question from another without keeping it twice."""
        return hashlib.sha256(content.encode()).hexdigest()

    def run_id(self) -> str:
        """Returns the id of a new run."""
        return new_id("r")

    def store(
        self,
        connection: Connection,
        person: Person,
        question: Question,
        message_id: str,
    ) -> Accepted:
        """Stores the thread, the message and the run."""
        now, run_id = self._ground.clock.now(), self.run_id()
        thread_id = question.thread_id or self._stores.threads.open(
            connection, person, question.content, question.share, now
        )
        self._stores.threads.add(connection, thread_id, "user", question.content, run_id, now)
        self._stores.runs.begin(
            connection,
            run_id,
            person.id,
            person.organisation_id,
            thread_id,
            self._ground.owner,
            now,
            self._ground.lease_until(),
        )
        kept = Asked(self.fingerprint(question.content), thread_id, run_id)
        self._stores.message_ids.keep(connection, person.id, message_id, kept)
        context = self._contexts.make(person, run_id, thread_id, question.content)
        return Accepted(message_id, thread_id, run_id, context)
