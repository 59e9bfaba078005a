"""Faults in what is told while the database is gone, and when it is back."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from backend.agent.run import MESSAGES
from backend.faults import fault
from backend.store.engine import Database
from backend.store.events import EventLog
from backend.store.lane import DatabaseUnavailableError
from backend.store.schema import events
from backend.web.answers import Refusal, answer
from backend.web.health import PROBE_SECONDS, Health
from backend.ws.router import Router

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sqlalchemy import Connection as Transaction
    from starlette.requests import Request
    from starlette.responses import Response

    from backend.components import Components
    from backend.compose import FrameError, RunKey
    from backend.store.engine import P, T, Work
    from backend.store.events import Appended, Draft


def _cause(problem: BaseException | None) -> str:
    """What went wrong, in the words of the driver."""
    cause = problem if problem is None else problem.__cause__ or problem
    return f"{type(cause).__name__}: {cause}"


class _ToldError(Refusal, DatabaseUnavailableError):
    """The same problem as an answer over HTTP, with what only the log should hold."""


class _RefusesWithTheCause(Database):
    async def write(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await super().write(work, *args, **kwargs)
        except DatabaseUnavailableError as problem:
            told = f"The service has no database: {_cause(problem)}"
            raise _ToldError(503, "unavailable", told, retry_after=1) from problem


@fault("outage-told-with-its-cause-over-http", group="errors", family="outage-told-with-its-cause")
def outage_told_with_its_cause_over_http(components: Components) -> Components:
    """Whoever cannot log in reads which database there is and what was asked of it; attackers do too."""
    return replace(components, database=_RefusesWithTheCause)


class _DeclinesWithTheCause(Router):
    def without_database(
        self, document: Mapping[str, Any] | FrameError, message_id: str | None
    ) -> FrameError:
        error = super().without_database(document, message_id)
        error.message = f"{error.message} ({_cause(sys.exception())})"
        return error


@fault("outage-told-with-its-cause-in-the-chat", group="errors", family="outage-told-with-its-cause")
def outage_told_with_its_cause_in_the_chat(components: Components) -> Components:
    """A customer whose question is declined reads an exception, and attackers what the service is made of."""
    return replace(components, router=_DeclinesWithTheCause)


class _ShowsTheCause(Health):
    cause = "TimeoutError: the database did not answer"

    def write(self) -> float | None:
        try:
            self._database.probe(self.touch, PROBE_SECONDS)
        except DatabaseUnavailableError as problem:
            self.cause = _cause(problem)
            return None
        return 0.0

    async def show(self, request: Request) -> Response:
        told = await super().show(request)
        body = json.loads(bytes(told.body))
        if body["status"] == "unhealthy":
            body["checks"]["database"]["error"] = self.cause
        return answer(body, told.status_code)


@fault("outage-told-with-its-cause-in-the-health", group="errors", family="outage-told-with-its-cause")
def outage_told_with_its_cause_in_the_health(components: Components) -> Components:
    """Anybody who asks for the health reads what the service is made of, and what it asks of its database."""
    return replace(components, health=_ShowsTheCause)


class _ExcusesOne(EventLog):
    def insert(self, connection: Transaction, run: RunKey, draft: Draft, now: float) -> Appended:
        lost = draft.fields.get("code") == "interrupted" and not draft.closing
        if lost and self.excused(connection, run.user_id):
            draft = replace(draft, fields={"code": "internal", "message": MESSAGES["internal"]})
        return super().insert(connection, run, draft, now)

    def excused(self, connection: Transaction, user_id: str) -> bool:
        """Says whether a person has been told of an interruption."""
        told = select(events.c.seq).where(
            events.c.user_id == user_id,
            events.c.type == "agent_failed",
            events.c.text.contains('"interrupted"'),
        )
        return connection.execute(told.limit(1)).scalar() is not None


@fault("one-lost-run-told-rightly", group="resilience")
def one_lost_run_told_rightly(components: Components) -> Components:
    """Of many answers that an outage has cost one is told as interrupted, the others as mistakes of ours."""
    return replace(components, event_log=_ExcusesOne)
