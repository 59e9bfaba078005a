"""The composition root: the one place where it is said which class does which job.

``Components`` names them; ``build`` puts one service together. To replace a part of the service, hand in
other components: ``dataclasses.replace(Components(), outbox=MyOutbox)``.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from backend.agent.context import ContextFactory
from backend.agent.intake import Intake
from backend.agent.narrator import Narrator
from backend.agent.offers import Offers
from backend.agent.planner import Planner
from backend.agent.run import RunLoop, RunParts
from backend.agent.supervisor import Supervisor, owner_name
from backend.agent.tools import Toolbox
from backend.agent.turns import FairThreads
from backend.clock import Clock
from backend.compose import Encoder, ErrorComposer, EventComposer, ReplyComposer
from backend.credentials import CredentialReader, OriginPolicy
from backend.drain import Drain, DrainState
from backend.identity import Authenticator, Identity, IdentityResolver
from backend.limits import Concurrency, Quota, RateLimiter
from backend.log import Journal, JsonLines
from backend.metrics import Metrics
from backend.passwords import Passwords
from backend.seed import seeded_records
from backend.settings import Settings
from backend.store import schema  # noqa: F401 -- its tables are to be made
from backend.store.engine import Database, DatabaseUnavailableError
from backend.store.events import EventLog
from backend.store.holds import Holds
from backend.store.logins import Logins, LoginThrottle
from backend.store.notify import Bus
from backend.store.people import Organisations, People
from backend.store.presence import Presence
from backend.store.record_set import RecordSet
from backend.store.records import Records
from backend.store.runs import MessageIds, Runs
from backend.store.threads import Threads
from backend.tiers import Tiers
from backend.tokens import RefreshTokenVerifier, TokenIssuer, TokenVerifier
from backend.web.admin import Admin
from backend.web.answers import Refusal, http_error, refused
from backend.web.auth import Auth
from backend.web.guard import Guard
from backend.web.health import Health, MetricsPage
from backend.web.journal import AccessLog
from backend.web.reading import ThreadPages, Usage
from backend.ws.admission import Admissions
from backend.ws.connection import Connection, ConnectionParts
from backend.ws.cursor import Cursor
from backend.ws.expiry import ExpiryWatch
from backend.ws.frames import FrameParser
from backend.ws.handlers import Cancel, Chat, RefreshToken, Resume
from backend.ws.handshake import Handshake
from backend.ws.manager import ManagerFactory
from backend.ws.outbox import Outbox
from backend.ws.protocol import ChatProtocol
from backend.ws.router import Handler, Router
from backend.ws.watch import Watch


@dataclass(frozen=True)
class Components:
    """The classes and factories that the service is built of, one for each job."""

    # What everything rests on.
    clock: type[Clock] = Clock
    journal: type[Journal] = Journal
    log_format: type[JsonLines] = JsonLines
    metrics: type[Metrics] = Metrics
    database: type[Database] = Database
    bus: type[Bus] = Bus
    seed: Callable[[str], RecordSet] = seeded_records
    # Who is who.
    people: type[People] = People
    organisations: type[Organisations] = Organisations
    logins: type[Logins] = Logins
    throttle: type[LoginThrottle] = LoginThrottle
    passwords: type[Passwords] = Passwords
    issuer: type[TokenIssuer] = TokenIssuer
    verifier: type[TokenVerifier] = TokenVerifier
    refresh_verifier: type[RefreshTokenVerifier] = RefreshTokenVerifier
    resolver: type[IdentityResolver] = IdentityResolver
    authenticator: type[Authenticator] = Authenticator
    credentials: type[CredentialReader] = CredentialReader
    origins: type[OriginPolicy] = OriginPolicy
    guard: type[Guard] = Guard
    # What may be done how often.
    rate_limiter: type[RateLimiter] = RateLimiter
    quota: type[Quota] = Quota
    concurrency: type[Concurrency] = Concurrency
    # Frames.
    encoder: type[Encoder] = Encoder
    events: type[EventComposer] = EventComposer
    replies: type[ReplyComposer] = ReplyComposer
    errors: type[ErrorComposer] = ErrorComposer
    parser: type[FrameParser] = FrameParser
    # What is kept.
    event_log: type[EventLog] = EventLog
    holds: type[Holds] = Holds
    runs: type[Runs] = Runs
    message_ids: type[MessageIds] = MessageIds
    threads: type[Threads] = Threads
    records: type[Records] = Records
    presence: type[Presence] = Presence
    # The agent.
    planner: type[Planner] = Planner
    toolbox: type[Toolbox] = Toolbox
    narrator: type[Narrator] = Narrator
    offers: type[Offers] = Offers
    contexts: type[ContextFactory] = ContextFactory
    intake: type[Intake] = Intake
    run_loop: type[RunLoop] = RunLoop
    supervisor: type[Supervisor] = Supervisor
    tool_threads: type[FairThreads] = FairThreads
    # Connections.
    handshake: type[Handshake] = Handshake
    connection: type[Connection] = Connection
    outbox: type[Outbox] = Outbox
    cursor: type[Cursor] = Cursor
    expiry: type[ExpiryWatch] = ExpiryWatch
    managers: type[ManagerFactory] = ManagerFactory
    admissions: type[Admissions] = Admissions
    router: type[Router] = Router
    chat: type[Chat] = Chat
    resume: type[Resume] = Resume
    cancel: type[Cancel] = Cancel
    refresh_token: type[RefreshToken] = RefreshToken
    watch: type[Watch] = Watch
    protocol: type[ChatProtocol] = ChatProtocol
    # The whole.
    health: type[Health] = Health
    access_log: type[AccessLog] = AccessLog
    drain_state: type[DrainState] = DrainState
    drain: type[Drain] = Drain
    tiers: Callable[[], Tiers] = Tiers.load


@dataclass(frozen=True)
class Service:
    """A service that is put together.

    Attributes:
        app: The ASGI application.
        protocol: uvicorn's WebSocket protocol class.
        heartbeat_seconds: Time between two WebSocket PINGs.
        hard_message_bytes: Largest message that is read at all.
        drain: Takes it down; calls ``end`` when that is done.
        database: Where it keeps everything.
        supervisor: Looks after its runs.
        origins: Which web pages may connect.
    """

    app: Starlette
    protocol: type[ChatProtocol]
    heartbeat_seconds: float
    hard_message_bytes: int
    drain: Drain
    database: Database
    supervisor: Supervisor
    managers: ManagerFactory
    metrics: Metrics
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
    tiers = c.tiers()
    heartbeat = settings.heartbeat_seconds or tiers.limits.heartbeat_seconds
    owner = owner_name(settings.instance, secrets.token_hex(8))

    clock, journal, metrics, bus = c.clock(), c.journal(), c.metrics(), c.bus()
    database = c.database(
        settings.database_url,
        patience=settings.database_seconds,
        read_threads=settings.read_threads,
        tool_threads=settings.tool_threads,
    )
    tool_threads = c.tool_threads(settings.tool_threads)

    people, organisations, logins = c.people(tiers), c.organisations(), c.logins()
    threads, runs, records = c.threads(), c.runs(), c.records()
    holds, presence, passwords = c.holds(), c.presence(), c.passwords(settings.password_profile)
    encoder, replies = c.encoder(), c.replies(clock)
    log = c.event_log(c.events(), encoder, holds)

    resolver = c.resolver(people, logins)
    authenticator = c.authenticator(database, c.verifier(settings, clock), resolver)
    credentials = c.credentials()
    origins = c.origins(settings.allowed_origins.split(","))
    guard = c.guard(settings, credentials, authenticator, database, people, tiers)
    concurrency = c.concurrency(runs, presence)

    toolbox = c.toolbox(records)
    offers = c.offers(toolbox, tiers)
    parts = RunParts(
        database=database,
        threads_for_tools=tool_threads,
        log=log,
        holds=holds,
        runs=runs,
        threads=threads,
        bus=bus,
        clock=clock,
        journal=journal,
        records=records,
        planner=c.planner(),
        toolbox=toolbox,
        narrator=c.narrator(),
        offers=offers,
        owner=owner,
        lease_seconds=settings.lease_seconds,
    )
    supervisor = c.supervisor(parts, c.run_loop, metrics, journal)
    intake = c.intake(
        people, threads, runs, c.message_ids(), c.quota(), concurrency, c.contexts(clock), tiers
    )

    draining = c.drain_state(settings)
    health = c.health(settings, database, draining, clock)
    managers = c.managers(bus, metrics)
    watch = c.watch(settings, database, people, logins, presence, managers, clock, journal, owner)
    drain = c.drain(settings, draining, supervisor, managers, watch, journal)

    chat = c.chat(
        database,
        intake,
        supervisor,
        offers,
        tool_threads,
        draining,
        clock,
        owner,
        settings.lease_seconds,
    )
    handlers: dict[str, Handler] = {
        "chat": chat,
        "user_message": chat,
        "resume": c.resume(),
        "cancel": c.cancel(database, runs, bus),
        "refresh_token": c.refresh_token(database, authenticator, logins, presence, clock),
    }
    router = c.router(
        database,
        c.parser(tiers.limits.max_message_bytes),
        c.admissions(people, logins, c.rate_limiter()),
        tiers,
        handlers,
        metrics,
        clock,
        journal,
    )
    connection_parts = ConnectionParts(
        settings=settings,
        clock=clock,
        journal=journal,
        metrics=metrics,
        encoder=encoder,
        replies=replies,
        errors=c.errors(replies),
        router=router,
        managers=managers,
        heartbeat_seconds=heartbeat,
        max_message_bytes=tiers.limits.max_message_bytes,
    )

    def connect(connection_id: str, identity: Identity, wire: ChatProtocol) -> Connection:
        manager = managers.manager_of(identity.user_id)
        connection = c.connection(connection_parts, connection_id, identity, manager, wire)
        connection.equip(
            c.outbox(), c.cursor(database, log, manager.user_id), c.expiry(clock, connection)
        )
        return connection

    handshake = c.handshake(
        database,
        draining,
        health,
        origins,
        credentials,
        authenticator,
        concurrency,
        presence,
        watch,
        connect,
        metrics,
        clock,
        journal,
        owner,
    )
    auth = Auth(
        database,
        people,
        organisations,
        records,
        logins,
        c.throttle(),
        passwords,
        c.issuer(settings, clock),
        c.refresh_verifier(settings, clock),
        resolver,
        guard,
        bus,
        clock,
        c.seed,
    )
    admin = Admin(
        database,
        people,
        organisations,
        records,
        logins,
        presence,
        runs,
        holds,
        passwords,
        metrics,
        tiers,
        guard,
        bus,
        clock,
        c.seed,
        lambda: drain.begin(end),
    )

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await bus.start()
        keepers = [
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
            await bus.stop()
            health.close()
            passwords.close()
            tool_threads.close()
            database.close()

    app = Starlette(
        routes=[
            WebSocketRoute("/ws", handshake),
            Route("/ws", upgrade_required, methods=["GET"]),
            *health.routes(),
            *MetricsPage(metrics, guard).routes(),
            *auth.routes(),
            *ThreadPages(database, threads, guard).routes(),
            *Usage(database, records, guard).routes(),
            *admin.routes(),
        ],
        middleware=[Middleware(c.access_log, journal=journal)],
        exception_handlers={
            Refusal: refused,
            HTTPException: http_error,
            DatabaseUnavailableError: without_database,
            Exception: unexpected(journal),
        },
        lifespan=lifespan,
    )
    # Routes need no second way to write them: a redirect would carry credentials along.
    app.router.redirect_slashes = False
    return Service(
        app=app,
        protocol=c.protocol,
        heartbeat_seconds=heartbeat,
        hard_message_bytes=tiers.limits.hard_message_bytes,
        drain=drain,
        database=database,
        supervisor=supervisor,
        managers=managers,
        metrics=metrics,
        origins=origins,
    )


async def upgrade_required(_request: Request) -> Response:
    """Answers a plain request to the WebSocket's address (RFC 9110, section 15.5.22)."""
    refusal = Refusal(426, "upgrade_required", "This address speaks WebSocket.")
    return Response(
        refusal.body(),
        refusal.status,
        headers={**refusal.headers(), "upgrade": "websocket", "connection": "Upgrade"},
    )


def without_database(request: Request, _problem: Exception) -> Response:
    """Answers a request that the database was not there for."""
    return refused(request, Refusal(503, "unavailable", "The service has no database.", retry_after=1))


def unexpected(journal: Journal) -> Callable[[Request, Exception], Response]:
    """Returns what answers a request that met something unexpected: nothing of it, but a line in the log."""

    def respond(request: Request, problem: Exception) -> Response:
        journal.failure("request_failed", problem, path=request.url.path)
        return refused(request, Refusal(500, "internal", "Something went wrong on our side."))

    return respond
