"""The composition root: here, and nowhere else, a service is put together of its components."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from backend.agent.stream import RunParts
from backend.agent.supervisor import Supervisor
from backend.components import Components
from backend.counting import Counting
from backend.credentials import OriginPolicy
from backend.drain import Drain
from backend.ground import Ground, Stores
from backend.identity import Identity
from backend.log import Journal
from backend.processes import owner_name
from backend.settings import Settings
from backend.store import schema  # noqa: F401 -- its tables are to be made
from backend.store.lane import DatabaseUnavailableError
from backend.store.people import EmailTakenError
from backend.web.admin_control import AdminControl
from backend.web.answers import Refusal, http_error, refused
from backend.web.auth import Tokens
from backend.web.health import MetricsPage
from backend.web.reading import ThreadPages
from backend.ws.connection import Connection, ConnectionParts
from backend.ws.handshake import Gate
from backend.ws.manager import ManagerFactory
from backend.ws.protocol import ChatProtocol
from backend.ws.router import Handler
from backend.ws.watch import Watch

__all__ = ["Components", "Service", "build"]


@dataclass(frozen=True)
class Service:
    """A service that is put together.

    Attributes:
        app: The ASGI application.
        protocol: uvicorn's WebSocket protocol class.
        heartbeat_seconds: Time between two WebSocket PINGs.
        hard_message_bytes: Largest message that is read at all.
        ground: What its parts stand on.
        drain: Takes it down.
        supervisor: Looks after its runs.
        managers: Hold its connections.
        origins: Which web pages may connect.
    """

    app: Starlette
    protocol: type[ChatProtocol]
    heartbeat_seconds: float
    hard_message_bytes: int
    ground: Ground
    drain: Drain
    supervisor: Supervisor
    managers: ManagerFactory
    origins: OriginPolicy


def build(settings: Settings, components: Components, end: Callable[[], None]) -> Service:
    """Puts a service together.

    Args:
        settings: What it is told.
        components: What it is made of.
        end: Called when draining is done, to end the process.

    Returns:
        The service; its background work begins with the application's lifespan.
    """
    c = components
    ground = lay_ground(settings, c)
    stores = open_stores(ground, c)

    authenticator = c.authenticator(
        ground.database, c.verifier(settings, ground.clock), c.resolver(stores.people, stores.logins)
    )
    credentials, origins = c.credentials(), c.origins(settings.allowed_origins.split(","))
    guard = c.guard(ground, credentials, authenticator)
    passwords, tool_threads = c.passwords(settings.password_profile), c.tool_threads(settings.tool_threads)

    toolbox = c.toolbox(stores.records)
    offers = c.offers(toolbox, ground.tiers)
    supervisor = c.supervisor(
        RunParts(ground, stores, tool_threads, c.planner(), toolbox, c.narrator(), offers), c.run_loop
    )
    concurrency = c.concurrency(stores.runs, stores.presence)
    intake = c.intake(ground, stores, c.quota(), concurrency, c.contexts(ground.clock))

    draining = c.drain_state(settings)
    health = c.health(ground, draining)
    managers = c.managers(ground.bus, ground.metrics)
    watch = c.watch(ground, stores, managers)
    drain = c.drain(ground, draining, supervisor, managers, watch)

    chat = c.chat(ground, intake, supervisor, offers, tool_threads, draining)
    handlers: dict[str, Handler] = {
        "chat": chat,
        "user_message": chat,
        "resume": c.resume(),
        "cancel": c.cancel(ground, stores),
        "refresh_token": c.refresh_token(ground, stores, authenticator),
    }
    handshake = c.handshake(
        ground,
        stores,
        Gate(draining, health, origins, credentials, authenticator),
        concurrency,
        watch,
        connection_factory(c, ground, stores, managers, handlers),
    )
    tokens = Tokens(
        c.issuer(settings, ground.clock),
        c.refresh_verifier(settings, ground.clock),
        c.resolver(stores.people, stores.logins),
    )
    app = application(
        c,
        ground.journal,
        [
            WebSocketRoute("/ws", handshake),
            Route("/ws", upgrade_required, methods=["GET"]),
            *health.routes(),
            *MetricsPage(ground, guard).routes(),
            *c.auth(ground, stores, guard, c.throttle(), passwords, tokens, c.seed).routes(),
            *ThreadPages(ground, stores, guard).routes(),
            *c.usage(ground, stores, guard).routes(),
            *c.admin_people(ground, stores, guard, passwords, Counting(ground, stores), c.seed).routes(),
            *AdminControl(ground, stores, guard, lambda: drain.begin(end)).routes(),
        ],
        background(ground, supervisor, watch, [health.close, passwords.close, tool_threads.close]),
    )
    return Service(
        app=app,
        protocol=c.protocol,
        heartbeat_seconds=heartbeat(ground),
        hard_message_bytes=ground.tiers.limits.hard_message_bytes,
        ground=ground,
        drain=drain,
        supervisor=supervisor,
        managers=managers,
        origins=origins,
    )


def lay_ground(settings: Settings, c: Components) -> Ground:
    """Makes what nearly everything needs."""
    journal, owner = c.journal(), owner_name(settings.instance, secrets.token_hex(8))
    return Ground(
        settings=settings,
        tiers=c.tiers(),
        clock=c.clock(),
        journal=journal,
        metrics=c.metrics(),
        bus=c.bus(c.link(settings.database_url, owner, journal)),
        database=c.database(
            settings.database_url,
            patience=settings.database_seconds,
            connections=settings.read_threads + settings.tool_threads,
            read_threads=settings.read_threads,
            write_threads=settings.write_threads,
        ),
        owner=owner,
    )


def open_stores(ground: Ground, c: Components) -> Stores:
    """Makes the stores."""
    holds = c.holds()
    return Stores(
        people=c.people(ground.tiers),
        organisations=c.organisations(),
        logins=c.logins(),
        threads=c.threads(),
        runs=c.runs(),
        message_ids=c.message_ids(),
        records=c.records(),
        holds=holds,
        presence=c.presence(),
        totals=c.totals(),
        log=c.event_log(c.events(), c.encoder(), holds),
    )


def connection_factory(
    c: Components,
    ground: Ground,
    stores: Stores,
    managers: ManagerFactory,
    handlers: Mapping[str, Handler],
) -> Callable[[str, Identity, ChatProtocol], Connection]:
    """Returns what makes a connection, with all that belongs to it alone."""
    replies = c.replies(ground.clock)
    max_message_bytes = ground.tiers.limits.max_message_bytes
    admissions = c.admissions(stores.people, stores.logins, c.rate_limiter())
    parts = ConnectionParts(
        ground=ground,
        encoder=c.encoder(),
        replies=replies,
        errors=c.errors(replies),
        router=c.router(ground, c.parser(max_message_bytes), admissions, handlers),
        managers=managers,
        heartbeat_seconds=heartbeat(ground),
        max_message_bytes=max_message_bytes,
    )

    def connect(connection_id: str, identity: Identity, wire: ChatProtocol) -> Connection:
        manager = managers.manager_of(identity.user_id)
        connection = c.connection(parts, connection_id, identity, manager, wire)
        cursor = c.cursor(ground.database, stores.log, manager.user_id)
        connection.equip(c.outbox(), cursor, c.expiry(ground.clock, connection))
        return connection

    return connect


def heartbeat(ground: Ground) -> float:
    """Returns the time between two WebSocket PINGs, in seconds."""
    return ground.settings.heartbeat_seconds or ground.tiers.limits.heartbeat_seconds


Lifespan = Callable[[Starlette], contextlib.AbstractAsyncContextManager[None]]


def background(
    ground: Ground, supervisor: Supervisor, watch: Watch, closers: list[Callable[[], None]]
) -> Lifespan:
    """Returns what goes on beside all requests, from the application's start to its end."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await ground.bus.start()
        keepers = [
            asyncio.create_task(ground.database.open_all(), name="connections"),
            asyncio.create_task(supervisor.keep_leases(), name="leases"),
            asyncio.create_task(supervisor.keep_sweeping(), name="sweeper"),
            asyncio.create_task(watch.keep_watch(), name="watch"),
        ]
        try:
            yield
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.wait(keepers)
            await ground.bus.stop()
            for close in (*closers, ground.database.close):
                close()

    return lifespan


def application(c: Components, journal: Journal, routes: list[BaseRoute], lifespan: Lifespan) -> Starlette:
    """Returns the ASGI application."""
    app = Starlette(
        routes=routes,
        middleware=[Middleware(c.access_log, journal=journal)],
        exception_handlers={
            Refusal: refused,
            HTTPException: http_error,
            DatabaseUnavailableError: without_database,
            EmailTakenError: email_taken,
            Exception: unexpected(journal),
        },
        lifespan=lifespan,
    )
    # Addresses need no second way to write them: a redirect would carry credentials along.
    app.router.redirect_slashes = False
    return app


async def upgrade_required(_request: Request) -> Response:
    """Answers a plain request to the WebSocket's address (RFC 9110, section 15.5.22)."""
    refusal = Refusal(426, "upgrade_required", "This address speaks WebSocket.")
    return Response(
        refusal.body(),
        refusal.status,
        headers={**refusal.headers(), "upgrade": "websocket", "connection": "Upgrade"},
    )


async def without_database(request: Request, _problem: Exception) -> Response:
    """Answers a request that the database was not there for."""
    return await refused(request, Refusal(503, "unavailable", "The service has no database.", retry_after=1))


async def email_taken(request: Request, _problem: Exception) -> Response:
    """Answers a request to give somebody the address of somebody else."""
    return await refused(request, Refusal(409, "email_taken", "Somebody has this address.", field="email"))


def unexpected(journal: Journal) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Returns what answers a request that met something unexpected: nothing of it, but a line in the log."""

    async def respond(request: Request, problem: Exception) -> Response:
        journal.failure("request_failed", problem, path=request.url.path)
        return await refused(request, Refusal(500, "internal", "Something went wrong on our side."))

    return respond
