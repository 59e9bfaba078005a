"""Faults in accepting questions, in cancelling, and in runs that nobody works on any more."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from backend.agent.context import ContextFactory
from backend.agent.intake import Accepted, Intake, Question
from backend.agent.run import MESSAGES, RunLoop
from backend.agent.supervisor import Supervisor
from backend.compose import FrameError, RunKey
from backend.faults import fault
from backend.ids import new_id
from backend.store.events import Draft, EventLog, NotAppended, Ownership
from backend.store.lane import DatabaseUnavailableError
from backend.store.notify import WAKE, Notice
from backend.store.runs import MessageIds
from backend.store.schema import asked, messages, runs, threads
from backend.ws.handlers import Cancel, Chat
from backend.ws.router import Router

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sqlalchemy import Connection as Transaction

    from backend.agent.context import UserExecutionContext
    from backend.components import Components
    from backend.ground import Ground, Stores
    from backend.store.people import Person
    from backend.store.runs import Asked, Run
    from backend.ws.connection import Connection
    from backend.ws.frames import ClientFrame

BEHIND_SECONDS = 0.2
"""How long after its acknowledgement a question is stored where that is put off."""


class _AskedAnew(Intake):
    def accepted_before(
        self, connection: Transaction, question: Question, message_id: str
    ) -> Accepted | None:
        del connection, question, message_id
        return None


class _OverwritesMessageIds(MessageIds):
    def keep(self, connection: Transaction, user_id: str, message_id: str, accepted: Asked) -> None:
        if self.find(connection, user_id, message_id) is None:
            super().keep(connection, user_id, message_id, accepted)


@fault("same-message-id-runs-twice", group="resilience")
def same_message_id_runs_twice(components: Components) -> Components:
    """A client that sends a question again, unsure whether it arrived, pays for it twice."""
    return replace(components, intake=_AskedAnew, message_ids=_OverwritesMessageIds)


class _OnlyRehearsedError(Exception):
    """Undoes what was stored to find out what would come of it."""

    def __init__(self, question: Question, promised: Accepted) -> None:
        super().__init__()
        self.question = replace(question, message_id=promised.message_id)
        self.promised = promised


class _Rehearses(Intake):
    def accept(self, connection: Transaction, question: Question, busy: FrameError | None) -> Accepted:
        accepted = super().accept(connection, question, busy)
        if accepted.context is not None:
            raise _OnlyRehearsedError(question, accepted)
        return accepted

    def keep_promise(self, connection: Transaction, question: Question, promised: Accepted) -> None:
        """Stores a question under the ids that its asker was told."""
        stored = super().accept(connection, question, None)
        run, thread = stored.run_id, stored.thread_id
        for table in (runs, messages, asked):
            key = runs.c.id if table is runs else table.c.run_id
            new = {key.name: promised.run_id, "thread_id": promised.thread_id}
            connection.execute(update(table).where(key == run).values(new))
        connection.execute(update(threads).where(threads.c.id == thread).values(id=promised.thread_id))


@fault("acknowledged-before-stored", group="resilience")
def acknowledged_before_stored(components: Components) -> Components:
    """A question that was acknowledged is gone when the service, or its database, ends in the next moment."""
    unchecked: set[str] = set()
    later: dict[str, asyncio.Task[None]] = {}

    class AdmitsWithoutDatabase(Router):
        async def admitted(self, connection: Connection, document: Mapping[str, Any] | FrameError) -> Person:
            try:
                return await super().admitted(connection, document)
            except DatabaseUnavailableError:
                if isinstance(document, FrameError) or document["type"] not in {"chat", "user_message"}:
                    raise
                person = connection.identity.person
                unchecked.add(person.id)
                return person

    class AcknowledgesFirst(Chat):
        """Finds out what will come of a question, says so, and stores it a little later."""

        async def accept(self, frame: ClientFrame, person: Person) -> Accepted:
            if person.id in unchecked:
                unchecked.discard(person.id)
                return Accepted(frame.message_id or new_id("m"), new_id("t"), new_id("r"), None)
            try:
                return await super().accept(frame, person)
            except _OnlyRehearsedError as rehearsed:
                promised = rehearsed.promised
                later[promised.run_id] = asyncio.create_task(self.store(rehearsed.question, promised))
                return promised

        async def store(self, question: Question, promised: Accepted) -> None:
            await asyncio.sleep(BEHIND_SECONDS)
            intake = self._intake
            if isinstance(intake, _Rehearses):
                await self._database.write(intake.keep_promise, question, promised)
            del later[promised.run_id]
            super().begin(promised)

        def begin(self, accepted: Accepted) -> None:
            if accepted.run_id not in later:
                super().begin(accepted)

    return replace(components, router=AdmitsWithoutDatabase, intake=_Rehearses, chat=AcknowledgesFirst)


class _Acknowledges(Cancel):
    async def handle(self, connection: Connection, frame: ClientFrame, person: Person) -> None:
        run = await self._ground.database.read(self._runs.find, frame.fields["run_id"])
        if run is None or not run.open or run.user_id != person.id:
            await super().handle(connection, frame, person)
            return
        fields = {"thread_id": run.thread_id, "run_id": run.id}
        connection.reply("ack", fields, frame.message_id or new_id("m"))


@fault("cancel-ignored", group="resilience")
def cancel_ignored(components: Components) -> Components:
    """A cancellation is acknowledged, and the run goes on as if nothing had been said."""
    return replace(components, cancel=_Acknowledges)


class _EndsOnlyInName(Cancel):
    def __init__(self, ground: Ground, stores: Stores) -> None:
        super().__init__(ground, stores)
        self._log = stores.log

    async def handle(self, connection: Connection, frame: ClientFrame, person: Person) -> None:
        run = await self._ground.database.read(self._runs.find, frame.fields["run_id"])
        if run is None or not run.open or run.user_id != person.id:
            await super().handle(connection, frame, person)
            return
        fields = {"thread_id": run.thread_id, "run_id": run.id}
        connection.reply("ack", fields, frame.message_id or new_id("m"))
        seq = await self._ground.database.write(self.say_so, run)
        self._ground.bus.publish(Notice(WAKE, person.id, seq=seq))

    def say_so(self, connection: Transaction, run: Run) -> int:
        """Writes the end of a run, and leaves the run itself alone."""
        key, now = RunKey(run.id, run.user_id, run.thread_id), self._ground.clock.now()
        closed = self._log.open_calls(connection, run, now)
        end = Draft("agent_failed", 1, {"code": "cancelled", "message": MESSAGES["cancelled"]})
        written = [self._log.insert(connection, key, draft, now) for draft in (*closed, end)]
        connection.execute(update(runs).where(runs.c.id == run.id).values(open=True, ended_at=None))
        return written[-1].seq


@fault("cancelled-run-goes-on", group="resilience")
def cancelled_run_goes_on(components: Components) -> Components:
    """A question that was cancelled, and called so, is worked on and answered all the same."""
    return replace(components, cancel=_EndsOnlyInName)


class _LeavesCallsOpen(RunLoop):
    async def end(self, code: str, status: str = "cancelled") -> None:
        self.open_calls.clear()
        await super().end(code, status)


@fault("cancel-leaves-calls-open", group="resilience")
def cancel_leaves_calls_open(components: Components) -> Components:
    """After a cancellation the last tool seems to work for ever."""
    return replace(components, run_loop=_LeavesCallsOpen)


class _AnybodyAppends(EventLog):
    def refusal(
        self, connection: Transaction, run: RunKey, draft: Draft, ownership: Ownership
    ) -> NotAppended | None:
        del ownership
        told_to_end = connection.execute(select(runs.c.cancel_requested).where(runs.c.id == run.run_id))
        return NotAppended.CANCELLED if told_to_end.scalar() and not draft.closing else None


@fault("stale-owner-appends", group="resilience")
def stale_owner_appends(components: Components) -> Components:
    """A process that was stopped for a while goes on with runs that were ended meanwhile: two ends."""
    return replace(components, event_log=_AnybodyAppends)


class _NeverFull(set[str]):
    def add(self, run_id: str) -> None:
        del run_id


class _ForgetsLostRuns(Supervisor):
    def __init__(self, *parts: Any, **more: Any) -> None:  # noqa: ANN401 -- as the healthy one has them
        super().__init__(*parts, **more)
        self._abandoned = _NeverFull()


@fault("run-lost-with-its-database", group="resilience")
def run_lost_with_its_database(components: Components) -> Components:
    """Whoever was waiting when the database was gone for a moment waits on: their run has no end."""
    return replace(components, supervisor=_ForgetsLostRuns)


class _TellsSeconds(EventLog):
    def open_calls(self, connection: Transaction, run: Run, now: float) -> list[Draft]:
        drafts = super().open_calls(connection, run, now)
        return [replace(one, fields={**one.fields, "duration_ms": _thousandth(one)}) for one in drafts]


def _thousandth(draft: Draft) -> float:
    milliseconds = draft.fields["duration_ms"]
    assert isinstance(milliseconds, float)  # noqa: S101 -- set by the event log
    return milliseconds / 1000


@fault("cut-off-call-in-seconds", group="resilience")
def cut_off_call_in_seconds(components: Components) -> Components:
    """A tool that was cut off after seconds is said to have worked for milliseconds: nobody looks for it."""
    return replace(components, event_log=_TellsSeconds)


class _LeavesTheDead(Supervisor):
    async def sweep(self) -> None:
        return


@fault("abandoned-run-never-ends", group="resilience")
def abandoned_run_never_ends(components: Components) -> Components:
    """A question whose process died stays open for ever: no answer, no failure, one run fewer to ask."""
    return replace(components, supervisor=_LeavesTheDead)


class _WorksAgain(Supervisor):
    async def sweep(self) -> None:
        for run, owner_is_dead in await self._ground.database.read(self.lost_runs):
            if owner_is_dead:
                self.start(await self._ground.database.write(self.taken_over, run))
        await super().sweep()

    def taken_over(self, connection: Transaction, run: Run) -> UserExecutionContext:
        """Returns the context of a run that this process owns from now on."""
        lease = {"owner": self._ground.owner, "lease_until": self._ground.lease_until()}
        connection.execute(update(runs).where(runs.c.id == run.id).values(**lease))
        asked_for = select(messages.c.content).where(messages.c.run_id == run.id, messages.c.role == "user")
        question = str(connection.execute(asked_for).scalar_one())
        person = self._stores.people.by_id(connection, run.user_id)
        if person is None:
            raise LookupError("Nobody has asked this.")
        return ContextFactory(self._ground.clock).make(person, run.id, run.thread_id, question)


@fault("abandoned-run-executed-again", group="resilience")
def abandoned_run_executed_again(components: Components) -> Components:
    """A question whose process died is worked on once more: its tools run twice, its stream begins anew."""
    return replace(components, supervisor=_WorksAgain)


class _OwnsOnce(Supervisor):
    async def renew(self) -> None:
        return


@fault("leases-not-renewed", group="resilience")
def leases_not_renewed(components: Components) -> Components:
    """A question that takes longer than a few seconds is ended as if its process had died."""
    return replace(components, supervisor=_OwnsOnce)
