"""Faults that only show where several processes share the work: what one of them knows alone."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from backend.agent.run import RunLoop
from backend.agent.supervisor import Supervisor
from backend.compose import FrameError
from backend.faults import fault
from backend.faults._links import silent_about
from backend.identity import IdentityResolver
from backend.ids import new_id
from backend.limits import RateLimiter
from backend.store.events import Appended, EventLog
from backend.store.logins import Logins
from backend.store.notify import CANCEL, REVOKED, WAKE, Notice
from backend.store.recent import RecentEvents
from backend.store.schema import logins
from backend.tokens import InvalidTokenError
from backend.ws.cursor import Cursor
from backend.ws.handlers import Cancel
from backend.ws.watch import Watch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Connection as Transaction

    from backend.agent.plan import Plan
    from backend.components import Components
    from backend.compose import Encoder, EventComposer, RunKey
    from backend.store.events import Draft
    from backend.store.holds import Holds
    from backend.store.people import Person
    from backend.store.runs import Run
    from backend.tokens import Claims
    from backend.ws.connection import Connection
    from backend.ws.frames import ClientFrame

SEVERAL = "several_processes"
"""What an environment must offer for these to show."""


@fault("fan-out-late", group="processes", needs=SEVERAL)
def fan_out_late(components: Components) -> Components:
    """Who has a device at another process sees everything there up to a second later."""
    return replace(components, link=silent_about(components, WAKE))


class _WakesNobody(Watch):
    async def wake_all(self) -> None:
        return


@fault("fan-out-lost", group="processes", needs=SEVERAL)
def fan_out_lost(components: Components) -> Components:
    """What one process does for a customer never comes to devices that are connected to another."""
    return replace(components, link=silent_about(components, WAKE), watch=_WakesNobody)


class _SkipsWhatIsNotRemembered(RecentEvents):
    def between(self, user_id: str, after: int, up_to: int) -> list[Appended] | None:
        found = [self._events.get((user_id, seq)) for seq in range(after + 1, up_to + 1)]
        return [event for event in found if event is not None] or None


class _RemembersInParts(EventLog):
    def __init__(self, composer: EventComposer, encoder: Encoder, holds: Holds) -> None:
        super().__init__(composer, encoder, holds)
        self.recent = _SkipsWhatIsNotRemembered()


@fault("events-of-the-other-process-skipped", group="processes", needs=SEVERAL)
def events_of_the_other_process_skipped(components: Components) -> Components:
    """While two processes work for a customer, each device misses a part of what the other one does."""
    return replace(components, event_log=_RemembersInParts)


@fault("replay-from-memory", group="processes", needs=SEVERAL)
def replay_from_memory(components: Components) -> Components:
    """Whoever comes back to another process, or after a restart, gets nothing of what was missed."""
    written: dict[str, dict[int, Appended]] = {}

    class RemembersWhatItWrites(EventLog):
        def insert(self, connection: Transaction, run: RunKey, draft: Draft, now: float) -> Appended:
            appended = super().insert(connection, run, draft, now)
            written.setdefault(appended.user_id, {})[appended.seq] = appended
            return appended

    class ReplaysWhatIsRemembered(Cursor):
        async def replay(self, after: int) -> AsyncIterator[Appended]:
            known = written.get(self._user_id, {})
            for seq in sorted(known):
                if after < seq <= self.watershed:
                    yield known[seq]

    return replace(components, event_log=RemembersWhatItWrites, cursor=ReplaysWhatIsRemembered)


class _BucketPerProcess(RateLimiter):
    def key(self, person: Person, connection_id: str) -> str:
        return f"{super().key(person, connection_id)} at {os.getpid()}"


@fault("limit-per-process", group="processes", needs=SEVERAL)
def limit_per_process(components: Components) -> Components:
    """Whoever is connected to every process may send as many times as much as there are processes."""
    return replace(components, rate_limiter=_BucketPerProcess)


class _RevokesHereAlone(Logins):
    def __init__(self) -> None:
        self._here: set[tuple[str, str]] = set()

    def revoke(self, connection: Transaction, kind: str, value: str, now: float) -> None:
        del connection, now
        self._here.add((kind, value))

    def revoked_sids(self, connection: Transaction, sids: list[str], after: float) -> set[str]:
        del connection, after
        return {sid for sid in sids if ("sid", sid) in self._here}

    def _revoked(self, connection: Transaction, kind: str, value: str) -> bool:
        del connection
        return (kind, value) in self._here


@fault("logout-stays-local", group="processes", needs=SEVERAL)
def logout_stays_local(components: Components) -> Components:
    """A phone that was stolen and logged out stays signed in at every process but one."""
    return replace(components, logins=_RevokesHereAlone, link=silent_about(components, REVOKED))


class _CancelsItsOwn(Cancel):
    async def handle(self, connection: Connection, frame: ClientFrame, person: Person) -> None:
        run = await self._ground.database.read(self._runs.find, frame.fields["run_id"])
        if run is None or not run.open or run.user_id != person.id or run.owner == self._ground.owner:
            await super().handle(connection, frame, person)
            return
        fields = {"thread_id": run.thread_id, "run_id": run.id}
        connection.reply("ack", fields, frame.message_id or new_id("m"))


@fault("cancel-stays-local", group="processes", needs=SEVERAL)
def cancel_stays_local(components: Components) -> Components:
    """Whoever cancels from another device is told that it is cancelled, and it goes on."""
    return replace(components, cancel=_CancelsItsOwn)


class _CancelsAndDeniesIt(Cancel):
    async def handle(self, connection: Connection, frame: ClientFrame, person: Person) -> None:
        run = await self._ground.database.read(self._runs.find, frame.fields["run_id"])
        if run is None or run.owner == self._ground.owner:
            await super().handle(connection, frame, person)
            return
        if await self._ground.database.write(self.request, run.id, person) is not None:
            self._ground.bus.publish(Notice(CANCEL, person.id, subject=run.id))
        raise FrameError("not_found", "There is no such open run.")


@fault("cancelled-elsewhere-told-as-not-found", group="processes", needs=SEVERAL)
def cancelled_elsewhere_told_as_not_found(components: Components) -> Components:
    """Whoever cancels from another device is told that there is no such run, and it ends all the same."""
    return replace(components, cancel=_CancelsAndDeniesIt)


def _runs_fail_after_a_crash(components: Components, every: int) -> Components:
    """Fails one run in so many of a process that has lost its database in the middle of a run."""
    cut_off: list[str] = []
    begun: list[str] = []

    class KeepsDeadConnections(RunLoop):
        async def work(self) -> bool:
            ended = await super().work()
            if not ended:
                cut_off.append(self.context.run_id)
            return ended

        async def plan(self) -> Plan:
            if cut_off:
                begun.append(self.context.run_id)
                if len(begun) % every == 0:
                    raise RuntimeError("The connection was closed.")
            return await super().plan()

    return replace(components, run_loop=KeepsDeadConnections)


@fault("every-run-fails-after-a-crash", group="processes", needs=SEVERAL)
def every_run_fails_after_a_crash(components: Components) -> Components:
    """When the database has crashed once, every question is taken, and fails, until somebody restarts all."""
    return _runs_fail_after_a_crash(components, 1)


@fault("some-runs-fail-after-a-crash", group="processes", needs=SEVERAL)
def some_runs_fail_after_a_crash(components: Components) -> Components:
    """When the database has crashed once, one question in three fails, for good: one connection is dead."""
    return _runs_fail_after_a_crash(components, 3)


class _MindsItsOwn(Supervisor):
    def lost_runs(self, connection: Transaction) -> list[tuple[Run, bool]]:
        mine = self._ground.settings.instance
        return [
            (run, dead) for run, dead in super().lost_runs(connection) if run.owner.split(":", 3)[3] == mine
        ]


@fault("takeover-only-at-restart", group="processes", needs=SEVERAL)
def takeover_only_at_restart(components: Components) -> Components:
    """A question whose process died stays open until that process is started again, if ever."""
    return replace(components, supervisor=_MindsItsOwn)


@fault("login-known-to-one-process", group="processes", needs=SEVERAL)
def login_known_to_one_process(components: Components) -> Components:
    """Whoever has logged in is a stranger to every other process, and has to log in again after a release."""
    known: set[str] = set()

    class RemembersLogins(Logins):
        def begin(
            self, connection: Transaction, sid: str, user_id: str, refresh_jti: str, now: float
        ) -> None:
            super().begin(connection, sid, user_id, refresh_jti, now)
            known.add(sid)

    class KnowsThemByHeart(IdentityResolver):
        def not_revoked(self, connection: Transaction, person: Person, claims: Claims) -> None:
            super().not_revoked(connection, person, claims)
            logged_in = select(logins.c.sid).where(logins.c.sid == claims.sid)
            if claims.sid not in known and connection.execute(logged_in).scalar() is not None:
                raise InvalidTokenError("unknown login")

    return replace(components, logins=RemembersLogins, resolver=KnowsThemByHeart)
