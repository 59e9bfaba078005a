"""Holds: an administrator stops a person's runs just before a step, so that tests can be exact."""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from backend.store.engine import one_statement
from backend.store.schema import held, holds
from backend.store.sql import put


@dataclass(frozen=True, slots=True)
class Hold:
    """A boundary at which a run stops.

    Attributes:
        before: Type of the event before which it stops.
        nth: Which event of that type in the run, from 1.
    """

    before: str
    nth: int


@dataclass(frozen=True, slots=True)
class HeldRun:
    """A run that stands at a boundary."""

    run_id: str
    before: str
    nth: int


class Holds:
    """One hold per person, and the runs that stand at one. Read in the transaction that would append."""

    def set(self, connection: Connection, user_id: str, hold: Hold) -> None:
        """Puts ``hold`` in the place of the person's hold. Runs that already stand stay where they are."""
        # Changed in place: a run that is about to look at it waits for the row and then sees the new hold.
        put(connection, holds, {"user_id": user_id}, {"before": hold.before, "nth": hold.nth})

    def release(self, connection: Connection, user_id: str, then: Hold | None) -> int:
        """Lets the person's runs go on.

        Args:
            connection: An open connection.
            user_id: Whose runs.
            then: The next hold, in force before anything moves; a run that already stands at it passes it.

        Returns:
            How many runs stood.
        """
        if then is None:
            connection.execute(delete(holds).where(holds.c.user_id == user_id))
        else:
            self.set(connection, user_id, then)
        changed = connection.execute(
            update(held).where(held.c.user_id == user_id, held.c.released.is_(False)).values(released=True)
        )
        return changed.rowcount

    def stops(
        self, connection: Connection, user_id: str, run_id: str, boundary: Hold, *, stood: bool
    ) -> bool:
        """Says whether a run must stop at a boundary, and notes that it stands there.

        Args:
            connection: An open connection.
            user_id: Whose run.
            run_id: The run.
            boundary: The event that it would append.
            stood: Whether it has stood at a hold before this, so that there may be a note of it.
        """
        hold = connection.execute(_HOLD_OF, {"the_user": user_id}).one_or_none()
        if hold is None or Hold(*hold) != boundary:
            if stood:
                self.leave(connection, run_id)
            return False
        standing = connection.execute(
            select(held.c.before, held.c.nth, held.c.released).where(held.c.run_id == run_id)
        ).one_or_none()
        if standing is not None and Hold(standing.before, standing.nth) == boundary:
            if standing.released:
                self.leave(connection, run_id)
            return not standing.released
        self.leave(connection, run_id)
        connection.execute(
            insert(held).values(
                run_id=run_id,
                user_id=user_id,
                before=boundary.before,
                nth=boundary.nth,
                released=False,
            )
        )
        return True

    def leave(self, connection: Connection, run_id: str) -> None:
        """Forgets that a run stands."""
        connection.execute(delete(held).where(held.c.run_id == run_id))

    @one_statement
    def is_standing(self, connection: Connection, run_id: str) -> bool:
        """Says whether a run stands and has not been released."""
        statement = select(held.c.run_id).where(held.c.run_id == run_id, held.c.released.is_(False))
        return connection.execute(statement).scalar() is not None

    def standing(self, connection: Connection, user_id: str) -> list[HeldRun]:
        """Returns the person's runs that stand."""
        rows = connection.execute(
            select(held.c.run_id, held.c.before, held.c.nth)
            .where(held.c.user_id == user_id, held.c.released.is_(False))
            .order_by(held.c.run_id)
        )
        return [HeldRun(*row) for row in rows]


# The hold stays what it is until the run has stopped or gone on: a release in between would find nobody
# to release, and leave the run standing for ever.
_HOLD_OF = (
    select(holds.c.before, holds.c.nth)
    .where(holds.c.user_id == bindparam("the_user"))
    .with_for_update(read=True)
)
