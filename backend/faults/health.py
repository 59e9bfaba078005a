"""Faults in what the service says of itself: health, counters, gauges, logs."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge
from sqlalchemy import select

from backend.agent.supervisor import Supervisor
from backend.faults import fault
from backend.log import Journal, JsonLines
from backend.metrics import Metrics, PersonCounters
from backend.passwords import Passwords
from backend.store.schema import probes
from backend.tokens import InvalidTokenError
from backend.web.answers import answer
from backend.web.health import Health
from backend.web.journal import AccessLog
from backend.ws.handshake import Handshake

if TYPE_CHECKING:
    from sqlalchemy import Connection as Transaction
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from backend.agent.context import UserExecutionContext
    from backend.components import Components
    from backend.identity import Identity

POLL_SECONDS = 0.1

UNCOUNTED = "message_too_large"
"""The error that one counter misses."""

KEPT_BYTES = 256 * 1024
"""Memory that is kept for each run where it is never given back."""


class _AlwaysHealthy(Health):
    def status(self, seconds: float | None) -> str:
        del seconds
        return "healthy"


@fault("health-always-healthy", group="health")
def health_always_healthy(components: Components) -> Components:
    """Customers are sent to a service that can answer nobody, because it says that it is well."""
    return replace(components, health=_AlwaysHealthy)


class _Hangs(Health):
    async def probe(self) -> float | None:
        while True:
            seconds = await super().probe()
            if seconds is not None:
                return seconds
            await asyncio.sleep(POLL_SECONDS)

    async def database_works(self) -> bool:
        return await super().probe() is not None


@fault("health-hangs-with-database", group="health")
def health_hangs_with_database(components: Components) -> Components:
    """Whoever asks for the health gets no answer while the database hangs, and does not switch over."""
    return replace(components, health=_Hangs)


class _ReadsOnly(Health):
    def write(self) -> float | None:
        began = self._clock.monotonic()
        self._database.read_here(self.touch)
        return self._clock.monotonic() - began

    def touch(self, connection: Transaction) -> None:
        connection.execute(select(probes.c.at)).first()


@fault("health-probe-only-reads", group="health")
def health_probe_only_reads(components: Components) -> Components:
    """The service calls itself healthy while it can store nothing."""
    return replace(components, health=_ReadsOnly)


class _BelievesTooLong(Health):
    fresh_seconds = 2.4


@fault("health-of-a-while-ago", group="health")
def health_of_a_while_ago(components: Components) -> Components:
    """Customers are sent into an outage for seconds longer than agreed: health tells what was true before."""
    return replace(components, health=_BelievesTooLong)


class _ChecksAreAllWell(Health):
    async def show(self, request: Request) -> Response:
        response = await super().show(request)
        body = json.loads(bytes(response.body))
        for check in body["checks"].values():
            check["status"] = "ok"
        return answer(body, response.status_code)


@fault("checks-always-ok", group="health")
def checks_always_ok(components: Components) -> Components:
    """Whoever is called at night because the service is down reads that everything that it needs works."""
    return replace(components, health=_ChecksAreAllWell)


class _DrainingIsWell(Health):
    def status(self, seconds: float | None) -> str:
        status = super().status(seconds)
        return "healthy" if status == "draining" else status


@fault("draining-told-as-healthy", group="health")
def draining_told_as_healthy(components: Components) -> Components:
    """New customers are sent to a service that is going down."""
    return replace(components, health=_DrainingIsWell)


class _DegradedIsDown(Health):
    async def show(self, request: Request) -> Response:
        told = await super().show(request)
        if json.loads(bytes(told.body))["status"] == "degraded":
            told.status_code = 503
        return told


@fault("degraded-told-as-down", group="health")
def degraded_told_as_down(components: Components) -> Components:
    """A service that is only slow is taken out altogether, and its customers have none at all."""
    return replace(components, health=_DegradedIsDown)


class _TellsOnlyItsStatus(Health):
    async def show(self, request: Request) -> Response:
        told = await super().show(request)
        return answer({"status": json.loads(bytes(told.body))["status"]}, told.status_code)


@fault("health-tells-only-its-status", group="health")
def health_tells_only_its_status(components: Components) -> Components:
    """Whoever is called at night sees that something is ill, and not which process, version or part."""
    return replace(components, health=_TellsOnlyItsStatus)


class _Rises(Gauge):
    def set(self, value: float) -> None:
        super().set(max(value, self._value.get()))


class _GaugeRises(Metrics):
    def _gauge(self, name: str, text: str) -> Gauge:
        kind = _Rises if name == "agent_chat_connections" else Gauge
        return kind(name, text, registry=self.registry)


@fault("gauge-never-falls", group="health")
def gauge_never_falls(components: Components) -> Components:
    """The count of open connections only rises: an operator sees a crowd where nobody is."""
    return replace(components, metrics=_GaugeRises)


class _MissesACode(Metrics):
    def error(self, user_id: str, code: str) -> None:
        if code != UNCOUNTED:
            super().error(user_id, code)


@fault("error-counter-misses-a-code", group="health")
def error_counter_misses_a_code(components: Components) -> Components:
    """One kind of error is counted nowhere, and nobody notices when there are thousands."""
    return replace(components, metrics=_MissesACode)


class _CountsTwice(Metrics):
    def sent(self, user_id: str, kind: str) -> None:
        super().sent(user_id, kind)
        if kind == "agent_thinking":
            super().sent(user_id, kind)


@fault("frames-counted-twice", group="health")
def frames_counted_twice(components: Components) -> Components:
    """What is billed and planned by the counters is more than was sent."""
    return replace(components, metrics=_CountsTwice)


class _RefusesUncounted(Metrics):
    def refused(self, status: int, code: str) -> None:
        del status, code


@fault("refusals-not-counted", group="health")
def refusals_not_counted(components: Components) -> Components:
    """An attack on the door, or customers who are locked out, shows in no figure."""
    return replace(components, metrics=_RefusesUncounted)


class _OneForAll(Metrics):
    def of_person(self, user_id: str) -> PersonCounters:
        del user_id
        return super().of_person("everybody")


@fault("counters-shared", group="health")
def counters_shared(components: Components) -> Components:
    """What the administration shows of one person is what all have done together."""
    return replace(components, metrics=_OneForAll)


class _NamesPeople(Metrics):
    def __init__(self) -> None:
        super().__init__()
        self._by_person = self._counter("agent_chat_person_frames", "Frames sent, by person.", "user_id")

    def sent(self, user_id: str, kind: str) -> None:
        super().sent(user_id, kind)
        self._by_person.count(user_id)


@fault("metrics-expose-user-ids", group="health")
def metrics_expose_user_ids(components: Components) -> Components:
    """Whoever reads the metrics learns who uses the service, and how much; the metrics grow without end."""
    return replace(components, metrics=_NamesPeople)


class _CountsTokens(Handshake):
    async def identified(self, scope: Scope) -> Identity:
        registry = self._ground.metrics.registry
        if not hasattr(self, "_attempts"):
            self._attempts = Counter("agent_chat_attempts", "Attempts.", ("credential",), registry=registry)
        try:
            self._attempts.labels(self._gate.credentials.read(scope)).inc()
        except InvalidTokenError:
            self._attempts.labels("none").inc()
        return await super().identified(scope)


@fault("token-in-metrics", group="health")
def token_in_metrics(components: Components) -> Components:
    """Whoever reads the metrics can log in as everybody who is connected."""
    return replace(components, handshake=_CountsTokens)


class _Unmasked(JsonLines):
    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, "fields", {})
        return json.dumps({"event": record.getMessage(), **fields}, default=str)


class _LogsHeaders(Handshake):
    async def identified(self, scope: Scope) -> Identity:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self._ground.journal.info("upgrade_asked", headers=headers)
        return await super().identified(scope)


@fault("token-in-logs", group="health")
def token_in_logs(components: Components) -> Components:
    """Whoever reads the log, or its backup, can log in as everybody who was connected."""
    return replace(components, log_format=_Unmasked, handshake=_LogsHeaders)


class _NotesWrongPasswords(Passwords):
    async def matches(self, password_hash: str | None, password: str) -> bool:
        right = await super().matches(password_hash, password)
        if not right:
            Journal().warning("login_refused", password=password)
        return right


@fault("wrong-password-in-logs", group="health")
def wrong_password_in_logs(components: Components) -> Components:
    """Whoever reads the log sees what people mistype: all but a letter of their passwords, or another one."""
    return replace(components, passwords=_NotesWrongPasswords)


class _NotesQueries(AccessLog):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope.get("query_string", b"").decode("latin-1")
        await super().__call__(scope, receive, send)
        if query:
            self._journal.info("query", path=f"{scope['path']}?{query}")


@fault("questions-in-addresses-in-logs", group="health")
def questions_in_addresses_in_logs(components: Components) -> Components:
    """Whoever reads the log learns what customers look for, and a token that somebody put into an address."""
    return replace(components, access_log=_NotesQueries)


class _KeepsEverything(Supervisor):
    kept: tuple[bytes, ...] = ()

    def start(self, context: UserExecutionContext) -> None:
        self.kept = (*self.kept, context.run_id.encode().ljust(KEPT_BYTES, b"."))
        super().start(context)


@fault("memory-kept-per-run", group="health")
def memory_kept_per_run(components: Components) -> Components:
    """Each question takes memory that is never given back, until the service is killed."""
    return replace(components, supervisor=_KeepsEverything)
