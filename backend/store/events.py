"""The log of run events: what is durable. Written before it is sent, read by every connection's cursor."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from sqlalchemy import Connection, Double, Integer, bindparam, case, insert, select, update

from backend.compose import Encoder, EventComposer, RunKey
from backend.store.engine import one_statement
from backend.store.holds import Hold, Holds
from backend.store.recent import RecentEvents
from backend.store.runs import Run
from backend.store.schema import events, people, runs
from backend.store.sql import not_before

Also = Callable[[Connection, float], None]


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that a run wants to append.

    Attributes:
        type: Its type.
        nth: Which event of that type in the run, from 1; what a hold counts.
        fields: The fields of its own.
        closing: Whether it belongs to the end of a run that was told to end.
        skips_hold: Whether no hold stops it.
        stood: Whether the run has stood at a hold.
        also: Stored in the same transaction, given the event's time.
    """

    type: str
    nth: int
    fields: Mapping[str, object]
    closing: bool = False
    skips_hold: bool = False
    stood: bool = False
    also: Also | None = None

    @property
    def ends(self) -> bool:
        """Whether it is the last event of its run."""
        return self.type in {"agent_completed", "agent_failed"}


class NotAppended(Enum):
    """Why an event was not appended; nothing was stored."""

    HELD = "a hold stops the run here"
    CANCELLED = "the run was asked to end"
    LOST = "the run has ended or belongs to another process"


@dataclass(frozen=True, slots=True)
class Appended:
    """An event in the log.

    Attributes:
        user_id: Whose log.
        seq: Its number there.
        type: Its type.
        text: The frame as it is sent, byte for byte.
        timestamp: When it was stored, in Unix seconds.
    """

    user_id: str
    seq: int
    type: str
    text: str = field(repr=False)
    timestamp: float = 0.0


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who appends, and until when that is theirs (Unix seconds)."""

    owner: str
    now: float
    lease_until: float


class EventLog:
    """Appends and reads events. ``seq`` is allocated in the transaction that writes the event.

    Attributes:
        recent: What this process has appended lately; only the event loop may use it.
    """

    def __init__(self, composer: EventComposer, encoder: Encoder, holds: Holds) -> None:
        self._composer = composer
        self._encoder = encoder
        self._holds = holds
        self.recent = RecentEvents()

    def append(
        self, connection: Connection, run: RunKey, draft: Draft, ownership: Ownership
    ) -> Appended | NotAppended:
        """Appends one event, if the run is open, belongs to the owner and no hold stops it."""
        refused = self.refusal(connection, run, draft, ownership)
        if refused is not None:
            return refused
        if self.held(connection, run, draft):
            return NotAppended.HELD
        return self.insert(connection, run, draft, ownership.now)

    def held(self, connection: Connection, run: RunKey, draft: Draft) -> bool:
        """Says whether a hold stops the run here."""
        if draft.skips_hold:
            if draft.stood:
                self._holds.leave(connection, run.run_id)
            return False
        boundary = Hold(draft.type, draft.nth)
        return self._holds.stops(connection, run.user_id, run.run_id, boundary, stood=draft.stood)

    def refusal(
        self, connection: Connection, run: RunKey, draft: Draft, ownership: Ownership
    ) -> NotAppended | None:
        """Says why the owner may not append, and prolongs the lease of one who may."""
        mine = {"the_run": run.run_id, "the_owner": ownership.owner, "the_time": ownership.now}
        prolong = _PROLONG_CLOSING if draft.closing else _PROLONG
        changed = connection.execute(prolong, {**mine, "until": ownership.lease_until})
        if changed.rowcount == 1:
            return None
        still_mine = connection.execute(_MINE, mine).scalar() is not None
        return NotAppended.CANCELLED if still_mine else NotAppended.LOST

    def insert(self, connection: Connection, run: RunKey, draft: Draft, now: float) -> Appended:
        """Allocates the next ``seq`` of the user and stores the event under it."""
        seq, timestamp = self.allocate(connection, run.user_id, now)
        frame = self._composer.compose(draft.type, run, seq, timestamp, draft.fields)
        text = self._encoder.encode(frame)
        connection.execute(
            _INSERT,
            {
                "user_id": run.user_id,
                "seq": seq,
                "run_id": run.run_id,
                "type": draft.type,
                "tool_call_id": draft.fields.get("tool_call_id"),
                "tool_name": draft.fields.get("tool_name"),
                "at": timestamp,
                "text": text,
            },
        )
        self.settle(connection, run, draft, timestamp)
        return Appended(run.user_id, seq, draft.type, text, timestamp)

    def settle(self, connection: Connection, run: RunKey, draft: Draft, timestamp: float) -> None:
        """Does what goes along with an event in its transaction: what the draft brings, the run's end."""
        if draft.also is not None:
            draft.also(connection, timestamp)
        if draft.ends:
            connection.execute(_END, {"the_run": run.run_id, "at": timestamp})

    def allocate(self, connection: Connection, user_id: str, now: float) -> tuple[int, float]:
        """Returns the next ``seq`` and a time that is not before that of the event before it."""
        # The row stays locked until the commit, so that events are committed in the order of their seq.
        row = connection.execute(_ALLOCATE, {"the_user": user_id, "the_time": now}).one()
        return int(row.last_seq), float(row.last_event_at)

    def end_abandoned(
        self, connection: Connection, run: Run, now: float, message: str, *, owner_is_dead: bool
    ) -> list[Appended]:
        """Ends a run that nobody works on any more: closes its tool calls, then ``agent_failed``.

        Args:
            connection: An open connection.
            run: The run.
            now: Unix time.
            message: For people.
            owner_is_dead: Whether its process is known to be gone, so that its lease need not run out.

        Returns:
            The events; none when somebody else has ended the run or works on it again.
        """
        wanted = [runs.c.id == run.id, runs.c.owner == run.owner, runs.c.open.is_(True)]
        if not owner_is_dead:
            wanted.append(runs.c.lease_until <= now)
        taken = connection.execute(update(runs).where(*wanted).values(lease_until=0.0))
        if taken.rowcount != 1:
            return []
        key = RunKey(run.id, run.user_id, run.thread_id)
        closed = [self.insert(connection, key, draft, now) for draft in self.open_calls(connection, run, now)]
        end = Draft("agent_failed", 1, {"code": "interrupted", "message": message})
        self._holds.leave(connection, run.id)
        return [*closed, self.insert(connection, key, end, now)]

    def open_calls(self, connection: Connection, run: Run, now: float) -> list[Draft]:
        """Returns the events that close the tool calls which a run has left open."""
        rows = connection.execute(
            select(events.c.type, events.c.tool_call_id, events.c.tool_name, events.c.at)
            .where(events.c.run_id == run.id, events.c.tool_call_id.is_not(None))
            .order_by(events.c.seq)
        ).all()
        answered = {row.tool_call_id for row in rows if row.type == "tool_completed"}
        return [
            Draft(
                "tool_completed",
                1,
                {
                    "tool_name": row.tool_name,
                    "tool_call_id": row.tool_call_id,
                    "status": "cancelled",
                    "result": None,
                    # The clock that began the call went down with its process; this is the best there is.
                    "duration_ms": round(max(0.0, now - row.at) * 1000, 3),
                },
            )
            for row in rows
            if row.type == "tool_executing" and row.tool_call_id not in answered
        ]

    @one_statement
    def read(
        self, connection: Connection, user_id: str, after: int, up_to: int, at_most: int
    ) -> list[Appended]:
        """Returns a user's events with ``after`` < ``seq`` <= ``up_to``, in order, the first ``at_most``."""
        wanted = {"the_user": user_id, "after": after, "up_to": up_to, "at_most": at_most}
        rows = connection.execute(_READ, wanted)
        return [Appended(user_id, int(row.seq), row.type, row.text, row.at) for row in rows]

    @one_statement
    def last_seq(self, connection: Connection, user_id: str) -> int:
        """Returns the highest ``seq`` of a user, 0 where there is none."""
        return int(connection.execute(_LAST_SEQ, {"the_user": user_id}).scalar() or 0)


# What every event needs is put together once: doing so takes longer than the database takes to do it.
_IS_MINE = (
    runs.c.id == bindparam("the_run"),
    runs.c.owner == bindparam("the_owner"),
    runs.c.open.is_(True),
    runs.c.lease_until > not_before(bindparam("the_time", type_=Double)),
)
_MINE = select(runs.c.id).where(*_IS_MINE)
_PROLONG_CLOSING = update(runs).where(*_IS_MINE).values(lease_until=bindparam("until"))
_PROLONG = _PROLONG_CLOSING.where(runs.c.cancel_requested.is_(False))
_INSERT = insert(events)
_END = update(runs).where(runs.c.id == bindparam("the_run")).values(open=False, ended_at=bindparam("at"))
_LATER = case(
    (people.c.last_event_at > bindparam("the_time"), people.c.last_event_at), else_=bindparam("the_time")
)
_ALLOCATE = (
    update(people)
    .where(people.c.id == bindparam("the_user"))
    .values(last_seq=people.c.last_seq + 1, last_event_at=_LATER)
    .returning(people.c.last_seq, people.c.last_event_at)
)
_READ = (
    select(events.c.seq, events.c.type, events.c.text, events.c.at)
    .where(
        events.c.user_id == bindparam("the_user"),
        events.c.seq > bindparam("after"),
        events.c.seq <= bindparam("up_to"),
    )
    .order_by(events.c.seq)
    .limit(bindparam("at_most", type_=Integer))
)
_LAST_SEQ = select(people.c.last_seq).where(people.c.id == bindparam("the_user"))
