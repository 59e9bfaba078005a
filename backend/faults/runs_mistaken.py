"""Faults of what a run is taken for: an ended one for open, an open one for ended, or for another's."""

from dataclasses import replace

from sqlalchemy import Connection as Transaction
from sqlalchemy import delete, select, update

from backend.components import Components
from backend.compose import FrameError
from backend.faults import fault
from backend.ids import new_id
from backend.store.holds import Hold, Holds
from backend.store.notify import CANCEL, Notice
from backend.store.people import Person
from backend.store.runs import Runs
from backend.store.schema import held, runs
from backend.ws.connection import Connection
from backend.ws.frames import ClientFrame
from backend.ws.handlers import Cancel


class _CancelsWhatHasEnded(Runs):
    def request_cancel(self, connection: Transaction, run_id: str, user_id: str) -> bool:
        changed = connection.execute(
            update(runs).where(runs.c.id == run_id, runs.c.user_id == user_id).values(cancel_requested=True)
        )
        return changed.rowcount == 1


@fault("ended-run-cancelled", group="input")
def ended_run_cancelled(components: Components) -> Components:
    """Whoever cancels too late is told that the run will end, and waits for an end that never comes."""
    return replace(components, runs=_CancelsWhatHasEnded)


class _NamesAnotherConversation(Cancel):
    async def handle(self, connection: Connection, frame: ClientFrame, person: Person) -> None:
        run = await self._ground.database.write(self.request, frame.fields["run_id"], person)
        if run is None:
            raise FrameError("not_found", "There is no such open run.")
        fields = {"thread_id": new_id("t"), "run_id": run.id}
        connection.reply("ack", fields, frame.message_id or new_id("m"))
        self._ground.bus.publish(Notice(CANCEL, person.id, subject=run.id))


@fault("cancel-acknowledged-with-a-strange-conversation", group="input")
def cancel_acknowledged_with_a_strange_conversation(components: Components) -> Components:
    """Clients that keep their conversations by id show the cancellation in one that does not exist."""
    return replace(components, cancel=_NamesAnotherConversation)


class _BuildsOnTheLatest(Runs):
    def begin(
        self,
        connection: Transaction,
        run_id: str,
        user_id: str,
        organisation_id: str,
        thread_id: str,
        owner: str,
        now: float,
        lease_until: float,
    ) -> None:
        super().begin(connection, run_id, user_id, organisation_id, thread_id, owner, now, lease_until)
        latest = connection.execute(
            select(runs.c.id)
            .where(runs.c.thread_id == thread_id, runs.c.plan.is_not(None), runs.c.id != run_id)
            .order_by(runs.c.started_at.desc())
            .limit(1)
        ).scalar()
        connection.execute(update(runs).where(runs.c.id == run_id).values(previous_run_id=latest))


@fault("open-run-built-upon", group="isolation")
def open_run_built_upon(components: Components) -> Components:
    """Of two questions at once in a conversation one is narrowed by the other, which may still fail."""
    return replace(components, runs=_BuildsOnTheLatest)


class _ForgetsWhoStood(Holds):
    def release(self, connection: Transaction, user_id: str, then: Hold | None) -> int:
        released = super().release(connection, user_id, then)
        if then is not None:
            connection.execute(delete(held).where(held.c.user_id == user_id))
        return released


@fault("renewed-hold-stops-again", group="events")
def renewed_hold_stops_again(components: Components) -> Components:
    """Whoever steps through a run to find out what went wrong never gets past the first step."""
    return replace(components, holds=_ForgetsWhoStood)
