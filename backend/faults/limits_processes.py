"""Faults in limits that hold for each process alone, or not at the same moment."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from backend.agent.supervisor import Supervisor
from backend.faults import fault
from backend.faults._links import silent_about
from backend.limits import Concurrency, Quota
from backend.store.logins import Logins
from backend.store.notify import CANCEL, DISABLED, REVOKED
from backend.store.runs import Asked, MessageIds
from backend.store.schema import presence, runs
from backend.ws.connection import Connection
from backend.ws.watch import Watch

if TYPE_CHECKING:
    from sqlalchemy import Connection as Transaction

    from backend.components import Components
    from backend.store.people import Person
    from backend.store.presence import Presence
    from backend.store.runs import Runs

REMEMBERED_SECONDS = 0.25
"""For how long a count is taken for true."""

_HERE = f"{os.getpid()}:%"
"""What the owner of runs and connections of this process is like."""


class _ConnectionsHere(Concurrency):
    def another_connection(self, connection: Transaction, person: Person, now: float) -> bool:
        del now
        here = (
            select(func.count())
            .select_from(presence)
            .where(presence.c.user_id == person.id, presence.c.owner.like(_HERE))
        )
        return int(connection.execute(here).scalar_one()) < person.policy.connections


@fault("connections-counted-by-process", group="limits")
def connections_counted_by_process(components: Components) -> Components:
    """With ten processes one customer holds ten times as many connections as were sold."""
    return replace(components, concurrency=_ConnectionsHere)


class _RunsHere(Concurrency):
    def another_run(self, connection: Transaction, person: Person) -> bool:
        here = (
            select(func.count())
            .select_from(runs)
            .where(runs.c.user_id == person.id, runs.c.open.is_(True), runs.c.owner.like(_HERE))
        )
        return int(connection.execute(here).scalar_one()) < person.policy.concurrent_runs


@fault("runs-counted-by-process", group="limits")
def runs_counted_by_process(components: Components) -> Components:
    """With ten processes one customer's questions take ten times the share of the service."""
    return replace(components, concurrency=_RunsHere)


class _QuotaHere(Quota):
    def take(self, connection: Transaction, person: Person, now: float) -> float | None:
        return super().take(connection, replace(person, id=f"{person.id}@{os.getpid()}"), now)


@fault("quota-counted-by-process", group="limits")
def quota_counted_by_process(components: Components) -> Components:
    """Whoever reconnects often enough finds a process where nothing was asked yet, and never pays."""
    return replace(components, quota=_QuotaHere)


class _RunsNowAndThen(Concurrency):
    def __init__(self, runs: Runs, presence: Presence) -> None:
        super().__init__(runs, presence)
        self._counted: dict[str, tuple[float, int]] = {}

    def another_run(self, connection: Transaction, person: Person) -> bool:
        now = time.monotonic()
        at, count = self._counted.get(person.id, (0.0, 0))
        if now - at > REMEMBERED_SECONDS:
            count = self._runs.open_of(connection, person.id)
            self._counted[person.id] = (now, count)
        return count < person.policy.concurrent_runs


@fault("runs-counted-now-and-then", group="limits")
def runs_counted_now_and_then(components: Components) -> Components:
    """Whoever asks fast enough gets past the limit, before anybody has counted again."""
    return replace(components, concurrency=_RunsNowAndThen)


class _KnowsItsOwnMessages(MessageIds):
    def __init__(self) -> None:
        self._here: dict[tuple[str, str], Asked] = {}

    def find(self, connection: Transaction, user_id: str, message_id: str) -> Asked | None:
        del connection
        return self._here.get((user_id, message_id))

    def keep(self, connection: Transaction, user_id: str, message_id: str, accepted: Asked) -> None:
        del connection
        self._here[user_id, message_id] = accepted


@fault("message-ids-known-here-alone", group="limits")
def message_ids_known_here_alone(components: Components) -> Components:
    """A message that is sent again, and comes to another process, is worked on and paid for twice."""
    return replace(components, message_ids=_KnowsItsOwnMessages)


class _ReplacesHereAlone(Logins):
    def __init__(self) -> None:
        self._here: set[str] = set()

    def revoke(self, connection: Transaction, kind: str, value: str, now: float) -> None:
        if kind == "jti":
            self._here.add(value)
        else:
            super().revoke(connection, kind, value, now)

    def is_revoked(self, connection: Transaction, sid: str, jti: str) -> bool:
        return jti in self._here or super().is_revoked(connection, sid, jti)


@fault("replaced-token-known-here-alone", group="auth")
def replaced_token_known_here_alone(components: Components) -> Components:
    """A token that was replaced because somebody had stolen it is still good at every process but one."""
    return replace(components, logins=_ReplacesHereAlone)


class _WakesEverybody(Watch):
    async def wake_all(self) -> None:
        managers = {manager.user_id: manager for manager in self._managers.all()}
        found = await self._ground.database.read(self._stores.people.last_seqs, list(managers))
        for user_id, (last_seq, _) in found.items():
            managers[user_id].wake(last_seq, 0)


@fault("disabled-known-here-alone", group="auth")
def disabled_known_here_alone(components: Components) -> Components:
    """Whoever was disabled goes on reading along at every process but the one that was told."""
    return replace(components, watch=_WakesEverybody, link=silent_about(components, DISABLED))


class _LetsPileUp(Connection):
    def mind_slowness(self) -> None:
        """Leaves it to the time alone."""


@fault("unread-without-end", group="limits")
def unread_without_end(components: Components) -> Components:
    """A phone in a tunnel fills the service's memory for half a minute, and a hundred phones end it."""
    return replace(components, connection=_LetsPileUp)


class _MindsNoOthersCancels(Supervisor):
    async def notice_cancelled(self) -> None:
        return


@fault("cancel-known-here-alone", group="processes")
def cancel_known_here_alone(components: Components) -> Components:
    """Whoever cancels on the phone what was asked at the desk waits on, if another process has the phone."""
    return replace(components, supervisor=_MindsNoOthersCancels, link=silent_about(components, CANCEL))


class _MindsNoOthersLogouts(Watch):
    async def close_unwelcome(self) -> None:
        return


@fault("logout-known-here-alone", group="auth")
def logout_known_here_alone(components: Components) -> Components:
    """Whoever logs out because the phone is gone leaves it reading along at every process but one."""
    return replace(components, watch=_MindsNoOthersLogouts, link=silent_about(components, REVOKED))
