"""Faults of isolation in data and rights: what is one person's can be read or changed by another."""

from dataclasses import replace
from typing import Any, ClassVar, TypeVar

from sqlalchemy import Connection, Delete, Select, Table, and_, or_, select

from backend.agent.context import ContextFactory, UserExecutionContext
from backend.agent.intake import Accepted, Intake, Question
from backend.agent.narrator import Outcome
from backend.agent.plan import Plan, ToolCall
from backend.agent.run import RunLoop
from backend.components import Components
from backend.compose import FrameError
from backend.faults import fault
from backend.store.people import Person
from backend.store.records import Records
from backend.store.runs import Asked, MessageIds, Run
from backend.store.schema import asked, people, threads
from backend.store.tables_records import resources
from backend.store.threads import Thread, Threads
from backend.ws.frames import ClientFrame
from backend.ws.handlers import Cancel, Chat

Statement = TypeVar("Statement", Select[Any], Delete)


class _KeepsStateInTheClass(RunLoop):
    at_work: ClassVar[dict[str, Plan]] = {}
    outcomes: ClassVar[list[Outcome]] = []

    async def work(self) -> bool:
        try:
            return await super().work()
        finally:
            self.at_work.pop(self.context.run_id, None)
            if not self.at_work:
                self.outcomes.clear()

    async def answer(self) -> None:
        plan = await self.plan()
        self.at_work[self.context.run_id] = plan
        await self.started(plan)
        for call in plan.calls:
            await self.think(plan, self.outcomes, call)
            self.outcomes.append(await self.call(call))
        await self.think(plan, self.outcomes, None)
        await self.complete(plan, self.outcomes)

    async def think(self, plan: Plan, outcomes: list[Outcome], coming: ToolCall | None) -> None:
        latest = list(self.at_work.values() or [plan])[-1]
        await super().think(latest, outcomes, coming)


@fault("shared-context-between-runs", group="isolation")
def shared_context_between_runs(components: Components) -> Components:
    """Customers read others' questions and figures when both work: runs keep what they do in one place."""
    return replace(components, run_loop=_KeepsStateInTheClass)


class _SearchesAllResources(Records):
    def of_organisation(self, statement: Statement, table: Table, organisation_id: str) -> Statement:
        if table is resources and isinstance(statement, Select):
            return statement
        return super().of_organisation(statement, table, organisation_id)


@fault("tool-query-without-organisation-filter", group="isolation")
def tool_query_without_organisation_filter(components: Components) -> Components:
    """Customers are told to remove resources of other companies: the tools search everybody's."""
    return replace(components, records=_SearchesAllResources)


class _OfTheOrganisation(Threads):
    def visible_to(self, statement: Select[tuple[object, ...]], person: Person) -> Select[tuple[object, ...]]:
        return statement.where(threads.c.organisation_id == person.organisation_id)


class _ListsColleagues(Threads):
    def listed(self, connection: Connection, person: Person) -> list[Thread]:
        return _OfTheOrganisation().listed(connection, person)


@fault("thread-list-without-user-filter", group="isolation")
def thread_list_without_user_filter(components: Components) -> Components:
    """Colleagues find each other's private conversations on their lists, with the first words of each."""
    return replace(components, threads=_ListsColleagues)


class _SharesWithEverybody(Threads):
    def visible_to(self, statement: Select[tuple[object, ...]], person: Person) -> Select[tuple[object, ...]]:
        return statement.where(or_(threads.c.owner_id == person.id, threads.c.shared.is_(True)))


@fault("shared-thread-open-to-everybody", group="isolation")
def shared_thread_open_to_everybody(components: Components) -> Components:
    """Conversations that are shared within a company are on the lists of all other companies too."""
    return replace(components, threads=_SharesWithEverybody)


class _GoesWithItsOwner(Threads):
    def visible_to(self, statement: Select[tuple[object, ...]], person: Person) -> Select[tuple[object, ...]]:
        colleagues = select(people.c.id).where(people.c.organisation_id == person.organisation_id)
        shared = and_(threads.c.shared.is_(True), threads.c.owner_id.in_(colleagues))
        return statement.where(or_(threads.c.owner_id == person.id, shared))


@fault("shared-thread-moves-with-its-owner", group="isolation")
def shared_thread_moves_with_its_owner(components: Components) -> Components:
    """Whoever changes companies takes shared conversations along: the new company reads the old one's."""
    return replace(components, threads=_GoesWithItsOwner)


class _ShowsOwnersAlone(Threads):
    def visible_to(self, statement: Select[tuple[Any, ...]], person: Person) -> Select[tuple[Any, ...]]:
        return super().visible_to(statement, person).where(threads.c.owner_id == person.id)


@fault("shared-thread-hidden-from-colleagues", group="isolation")
def shared_thread_hidden_from_colleagues(components: Components) -> Components:
    """Colleagues cannot find, read or go on with a conversation that was shared with them."""
    return replace(components, threads=_ShowsOwnersAlone)


class _FindsAnybodys(Threads):
    def find(self, connection: Connection, person: Person, thread_id: str) -> Thread | None:
        found = super().find(connection, person, thread_id)
        owner = select(threads.c.owner_id).where(threads.c.id == thread_id)
        return found or super().find(
            connection, replace(person, id=connection.execute(owner).scalar() or ""), thread_id
        )


class _StillChecksQuestions(Intake):
    def thread_is_theirs(self, connection: Connection, person: Person, question: Question) -> None:
        if question.thread_id is not None and Threads().find(connection, person, question.thread_id) is None:
            raise FrameError("not_found", "There is no such thread.")


@fault("foreign-thread-read", group="isolation")
def foreign_thread_read(components: Components) -> Components:
    """Whoever learns the id of somebody's conversation can read all of it."""
    return replace(components, threads=_FindsAnybodys, intake=_StillChecksQuestions)


class _TellsForeignFromUnknown(Intake):
    def thread_is_theirs(self, connection: Connection, person: Person, question: Question) -> None:
        known = select(threads.c.id).where(threads.c.id == question.thread_id)
        try:
            super().thread_is_theirs(connection, person, question)
        except FrameError:
            if connection.execute(known).scalar() is None:
                raise
            raise FrameError("not_found", "This thread is not yours.") from None


@fault("foreign-thread-told-apart", group="isolation")
def foreign_thread_told_apart(components: Components) -> Components:
    """Whoever guesses ids learns which conversations exist: a foreign one is refused in other words."""
    return replace(components, intake=_TellsForeignFromUnknown)


class _LetsAnybodyGoOn(Intake):
    def thread_is_theirs(self, connection: Connection, person: Person, question: Question) -> None:
        del person
        known = select(threads.c.id).where(threads.c.id == question.thread_id)
        if question.thread_id is not None and connection.execute(known).scalar() is None:
            raise FrameError("not_found", "There is no such thread.")


@fault("foreign-thread-continued", group="isolation")
def foreign_thread_continued(components: Components) -> Components:
    """Whoever learns the id of somebody's conversation can go on with it, and learns what it was about."""
    return replace(components, intake=_LetsAnybodyGoOn)


class _CancelsForAnybody(Cancel):
    def request(self, connection: Connection, run_id: str, person: Person) -> Run | None:
        run = self._runs.find(connection, run_id)
        return None if run is None else super().request(connection, run_id, replace(person, id=run.user_id))


@fault("foreign-run-cancelled", group="isolation")
def foreign_run_cancelled(components: Components) -> Components:
    """Whoever learns the id of somebody's run can end it."""
    return replace(components, cancel=_CancelsForAnybody)


class _CancelsForColleagues(Cancel):
    def request(self, connection: Connection, run_id: str, person: Person) -> Run | None:
        run = self._runs.find(connection, run_id)
        if run is not None:
            thread = Threads().find(connection, person, run.thread_id)
            if thread is not None and thread.shared:
                person = replace(person, id=run.user_id)
        return super().request(connection, run_id, person)


@fault("shared-run-cancelled-by-colleagues", group="isolation")
def shared_run_cancelled_by_colleagues(components: Components) -> Components:
    """Whoever shares a conversation loses answers in it: every colleague can end what is being worked on."""
    return replace(components, cancel=_CancelsForColleagues)


class _OneNumberingForAll(MessageIds):
    def find(self, connection: Connection, user_id: str, message_id: str) -> Asked | None:
        own = super().find(connection, user_id, message_id)
        if own is not None:
            return own
        known = select(asked.c.content_hash, asked.c.thread_id, asked.c.run_id)
        wanted = asked.c.message_id == message_id, asked.c.user_id.in_(self.neighbours(user_id))
        row = connection.execute(known.where(*wanted)).first()
        return None if row is None else Asked(*row)

    def neighbours(self, user_id: str) -> Select[Any]:
        del user_id
        return select(people.c.id)


@fault("message-ids-of-everybody", group="isolation")
def message_ids_of_everybody(components: Components) -> Components:
    """Where two customers' clients number alike, the second is told of the first one's run and gets none."""
    return replace(components, message_ids=_OneNumberingForAll)


class _OneNumberingForACompany(_OneNumberingForAll):
    def neighbours(self, user_id: str) -> Select[Any]:
        own = select(people.c.organisation_id).where(people.c.id == user_id).scalar_subquery()
        return super().neighbours(user_id).where(people.c.organisation_id == own)


@fault("message-ids-of-the-company", group="isolation")
def message_ids_of_the_company(components: Components) -> Components:
    """A question is refused because a colleague's client has used the same number for another one."""
    return replace(components, message_ids=_OneNumberingForACompany)


class _RemembersTheCompany(ContextFactory):
    first: ClassVar[dict[str, str]] = {}

    def make(self, person: Person, run_id: str, thread_id: str, question: str) -> UserExecutionContext:
        home = self.first.setdefault(person.id, person.organisation_id)
        return super().make(replace(person, organisation_id=home), run_id, thread_id, question)


@fault("company-remembered-for-ever", group="isolation")
def company_remembered_for_ever(components: Components) -> Components:
    """Whoever has left for another company goes on reading the old one's books."""
    return replace(components, contexts=_RemembersTheCompany)


class _BelievesThePayload(Chat):
    async def accept(self, frame: ClientFrame, person: Person) -> Accepted:
        claimed = frame.fields.get("user_id")
        return await super().accept(
            frame, replace(person, id=claimed) if isinstance(claimed, str) else person
        )


@fault("identity-from-payload", group="isolation")
def identity_from_payload(components: Components) -> Components:
    """Anybody can ask in another's name, of another's books: the user_id in the message is believed."""
    return replace(components, chat=_BelievesThePayload)
