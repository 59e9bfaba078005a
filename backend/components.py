"""The classes that a service is built of, one for each job.

To replace a part of the service, hand ``build`` other components:
``dataclasses.replace(Components(), outbox=MyOutbox)``.
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass

from backend.agent.context import ContextFactory
from backend.agent.intake import Intake
from backend.agent.narrator import Narrator
from backend.agent.offers import Offers
from backend.agent.planner import Planner
from backend.agent.run import RunLoop
from backend.agent.supervisor import Supervisor
from backend.agent.tools import Toolbox
from backend.agent.turns import FairThreads
from backend.clock import Clock
from backend.compose import Encoder, ErrorComposer, EventComposer, ReplyComposer
from backend.credentials import CredentialReader, OriginPolicy
from backend.drain import Drain, DrainState
from backend.identity import Authenticator, IdentityResolver
from backend.limits import Concurrency, Quota, RateLimiter
from backend.listening import listen
from backend.log import Journal, JsonLines
from backend.metrics import Metrics
from backend.passwords import Passwords
from backend.seed import seeded_records
from backend.signals import Signals, on_signal
from backend.store.engine import Database
from backend.store.events import EventLog
from backend.store.holds import Holds
from backend.store.logins import Logins, LoginThrottle
from backend.store.notify import Bus, Link, link_to
from backend.store.people import Organisations, People
from backend.store.presence import Presence
from backend.store.record_set import RecordSet
from backend.store.records import Records
from backend.store.runs import MessageIds, Runs
from backend.store.threads import Threads
from backend.store.totals import Totals
from backend.tiers import Tiers
from backend.tokens import RefreshTokenVerifier, TokenIssuer, TokenVerifier
from backend.web.admin_people import AdminPeople
from backend.web.auth import Auth
from backend.web.guard import Guard
from backend.web.health import Health
from backend.web.journal import AccessLog
from backend.web.reading import Usage
from backend.ws.admission import Admissions
from backend.ws.connection import Connection
from backend.ws.cursor import Cursor
from backend.ws.expiry import ExpiryWatch
from backend.ws.frames import FrameParser
from backend.ws.handlers import Cancel, Chat, RefreshToken, Resume
from backend.ws.handshake import Handshake
from backend.ws.manager import ManagerFactory
from backend.ws.outbox import Outbox
from backend.ws.protocol import ChatProtocol
from backend.ws.router import Router
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
    link: Callable[[str, str, Journal], Link] = link_to
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
    auth: type[Auth] = Auth
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
    totals: type[Totals] = Totals
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
    listen: Callable[[str, int], socket.socket] = listen
    signals: Signals = on_signal
    health: type[Health] = Health
    access_log: type[AccessLog] = AccessLog
    usage: type[Usage] = Usage
    admin_people: type[AdminPeople] = AdminPeople
    drain_state: type[DrainState] = DrainState
    drain: type[Drain] = Drain
    tiers: Callable[[], Tiers] = Tiers.load
