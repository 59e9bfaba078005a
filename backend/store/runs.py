"""Runs: who asked, whose process works on them, and whether they have ended."""

from dataclasses import dataclass

from sqlalchemy import Connection, Double, bindparam, insert, literal, or_, select, update
from sqlalchemy import func as sql

from backend.store.engine import one_statement
from backend.store.schema import asked, runs
from backend.store.sql import CHUNK, not_before


@dataclass(frozen=True, slots=True)
class Run:
    """A run, as far as others than its own loop need it."""

    id: str
    user_id: str
    organisation_id: str
    thread_id: str
    open: bool
    owner: str
    started_at: float


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of a question that was accepted before under the same ``message_id``."""

    content_hash: str
    thread_id: str
    run_id: str


class Runs:
    """The runs of all people. Times are Unix seconds."""

    def begin(
        self,
        connection: Connection,
        run_id: str,
        user_id: str,
        organisation_id: str,
        thread_id: str,
        owner: str,
        now: float,
        lease_until: float,
    ) -> None:
        """Adds an open run that ``owner`` works on."""
        previous = connection.execute(_LAST_ENDED, {"the_thread": thread_id}).scalar()
        connection.execute(
            _BEGIN,
            {
                "id": run_id,
                "user_id": user_id,
                "organisation_id": organisation_id,
                "thread_id": thread_id,
                "previous_run_id": previous,
                "open": True,
                "owner": owner,
                "lease_until": lease_until,
                "cancel_requested": False,
                "started_at": now,
            },
        )

    def open_of(self, connection: Connection, user_id: str) -> int:
        """Returns how many runs of a person are open, over all processes."""
        return int(connection.execute(_OPEN_OF, {"the_user": user_id}).scalar_one())

    def find(self, connection: Connection, run_id: str) -> Run | None:
        """Returns a run, or None."""
        row = connection.execute(select(*_RUN).where(runs.c.id == run_id)).one_or_none()
        return None if row is None else Run(*row)

    def previous_plan(self, connection: Connection, run_id: str) -> str | None:
        """Returns the stored plan of the thread's run that had ended last when this one began."""
        return connection.execute(_PREVIOUS_PLAN, {"the_run": run_id}).scalar()

    def keep_plan(self, connection: Connection, run_id: str, plan: str) -> None:
        """Stores a run's plan."""
        connection.execute(_KEEP_PLAN, {"the_run": run_id, "the_plan": plan})

    def request_cancel(self, connection: Connection, run_id: str, user_id: str) -> bool:
        """Asks that a person's run end.

        Returns:
            Whether there is such an open run of that person.
        """
        changed = connection.execute(
            update(runs)
            .where(runs.c.id == run_id, runs.c.user_id == user_id, runs.c.open.is_(True))
            .values(cancel_requested=True)
        )
        return changed.rowcount == 1

    @one_statement
    def cancelled_of(self, connection: Connection, owner: str) -> list[str]:
        """Returns the open runs of a process that were asked to end."""
        statement = select(runs.c.id).where(
            runs.c.owner == owner, runs.c.open.is_(True), runs.c.cancel_requested.is_(True)
        )
        return list(connection.execute(statement).scalars())

    def renew(
        self, connection: Connection, owner: str, run_ids: list[str], now: float, lease_until: float
    ) -> int:
        """Prolongs the leases of a process on runs that it works on; one that has run out stays so.

        Others of its own are left alone: a run whose beginning was lost on its way back from the database
        must not stay open for as long as the process lives.

        Returns:
            How many were prolonged.
        """
        prolonged = 0
        for start in range(0, len(run_ids), CHUNK):
            changed = connection.execute(
                update(runs)
                .where(
                    runs.c.id.in_(run_ids[start : start + CHUNK]),
                    runs.c.owner == owner,
                    runs.c.open.is_(True),
                    runs.c.lease_until > not_before(literal(now, Double)),
                )
                .values(lease_until=lease_until)
            )
            prolonged += changed.rowcount
        return prolonged

    def expired(self, connection: Connection, now: float, dead_owners: list[str]) -> list[Run]:
        """Returns the open runs that nobody works on any more."""
        statement = select(*_RUN).where(
            runs.c.open.is_(True), or_(runs.c.lease_until <= now, runs.c.owner.in_(dead_owners))
        )
        return [Run(*row) for row in connection.execute(statement)]

    def owners(self, connection: Connection) -> list[str]:
        """Returns the processes that open runs belong to."""
        statement = select(runs.c.owner).where(runs.c.open.is_(True)).distinct()
        return list(connection.execute(statement).scalars())


class MessageIds:
    """The questions that were accepted, by person and ``message_id``: asked again, they are not run again."""

    def find(self, connection: Connection, user_id: str, message_id: str) -> Asked | None:
        """Returns what came of the message, or None when it is new."""
        row = connection.execute(_ASKED, {"the_user": user_id, "the_message": message_id}).one_or_none()
        return None if row is None else Asked(*row)

    def keep(self, connection: Connection, user_id: str, message_id: str, accepted: Asked) -> None:
        """Notes what came of a new message. The key makes a second one impossible, over all processes."""
        connection.execute(
            _KEEP,
            {
                "user_id": user_id,
                "message_id": message_id,
                "content_hash": accepted.content_hash,
                "thread_id": accepted.thread_id,
                "run_id": accepted.run_id,
            },
        )


_RUN = (
    runs.c.id,
    runs.c.user_id,
    runs.c.organisation_id,
    runs.c.thread_id,
    runs.c.open,
    runs.c.owner,
    runs.c.started_at,
)

# What every question needs is put together once: doing so takes longer than the database takes to do it.
_LAST_ENDED = (
    select(runs.c.id)
    .where(runs.c.thread_id == bindparam("the_thread"), runs.c.open.is_(False), runs.c.plan.is_not(None))
    .order_by(runs.c.ended_at.desc())
    .limit(1)
)
_BEGIN = insert(runs)
_OPEN_OF = (
    select(sql.count())
    .select_from(runs)
    .where(runs.c.user_id == bindparam("the_user"), runs.c.open.is_(True))
)
_PREVIOUS_PLAN = select(runs.c.plan).where(
    runs.c.id == select(runs.c.previous_run_id).where(runs.c.id == bindparam("the_run")).scalar_subquery()
)
_KEEP_PLAN = update(runs).where(runs.c.id == bindparam("the_run")).values(plan=bindparam("the_plan"))
_ASKED = select(asked.c.content_hash, asked.c.thread_id, asked.c.run_id).where(
    asked.c.user_id == bindparam("the_user"), asked.c.message_id == bindparam("the_message")
)
_KEEP = insert(asked)
