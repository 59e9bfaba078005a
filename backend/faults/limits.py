"""Faults in how much a person may do: rates, quotas, connections, runs, and what is offered beyond them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from backend.agent.context import ContextFactory, UserExecutionContext
from backend.agent.offers import Offers, UpgradeOffer
from backend.compose import FrameError
from backend.faults import fault
from backend.limits import Concurrency, Quota, RateLimiter
from backend.store.people import Person
from backend.store.presence import Presence
from backend.tiers import Tiers
from backend.ws.router import Router

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sqlalchemy import Connection as Transaction

    from backend.components import Components
    from backend.ws.connection import Connection

FIVE_MINUTES = 300.0
"""Seconds; longer than many lines on the way stay open without a word."""


class _NoLimit(RateLimiter):
    def take(self, connection: Transaction, person: Person, connection_id: str, now: float) -> float | None:
        del connection, person, connection_id, now
        return None


@fault("no-rate-limit", group="limits")
def no_rate_limit(components: Components) -> Components:
    """One customer's runaway script can send as much as it likes, and takes the service from all others."""
    return replace(components, rate_limiter=_NoLimit)


class _OneBucket(RateLimiter):
    def key(self, person: Person, connection_id: str) -> str:
        del person, connection_id
        return "everybody"


@fault("limit-global", group="limits")
def limit_global(components: Components) -> Components:
    """One customer uses up what all may send; people who have sent nothing are refused."""
    return replace(components, rate_limiter=_OneBucket)


class _BucketPerConnection(RateLimiter):
    def key(self, person: Person, connection_id: str) -> str:
        del person
        return connection_id


@fault("limit-per-connection", group="limits")
def limit_per_connection(components: Components) -> Components:
    """Whoever opens ten connections may send ten times as much."""
    return replace(components, rate_limiter=_BucketPerConnection)


class _LocksOut(RateLimiter):
    def __init__(self) -> None:
        self._locked: dict[str, float] = {}

    def take(self, connection: Transaction, person: Person, connection_id: str, now: float) -> float | None:
        if person.id in self._locked:
            return self._locked[person.id]
        wait = super().take(connection, person, connection_id, now)
        if wait is not None:
            self._locked[person.id] = wait
        return wait


@fault("limit-never-recovers", group="limits")
def limit_never_recovers(components: Components) -> Components:
    """Whoever was too fast once is refused from then on, however long they wait."""
    return replace(components, rate_limiter=_LocksOut)


class _Impatient(RateLimiter):
    def take(self, connection: Transaction, person: Person, connection_id: str, now: float) -> float | None:
        wait = super().take(connection, person, connection_id, now)
        return None if wait is None else wait / 4


@fault("retry-after-too-short", group="limits")
def retry_after_too_short(components: Components) -> Components:
    """Clients that wait for as long as they are told are refused again, and come back ever more often."""
    return replace(components, rate_limiter=_Impatient)


class _Penalizes(RateLimiter):
    def take(self, connection: Transaction, person: Person, connection_id: str, now: float) -> float | None:
        wait = super().take(connection, person, connection_id, now)
        if wait is not None:
            lenient = replace(person.policy, burst=person.policy.burst + 1_000_000)
            super().take(connection, replace(person, policy=lenient), connection_id, now)
        return wait


@fault("refused-messages-cost", group="limits")
def refused_messages_cost(components: Components) -> Components:
    """Each refused message puts the next accepted one further off than was said."""
    return replace(components, rate_limiter=_Penalizes)


class _ForgivesMistakes(Router):
    async def admitted(self, connection: Connection, document: Mapping[str, Any] | FrameError) -> Person:
        if isinstance(document, FrameError):
            raise document
        return await super().admitted(connection, document)


@fault("wrong-messages-cost-nothing", group="limits")
def wrong_messages_cost_nothing(components: Components) -> Components:
    """A flood of messages that nobody can read is not throttled."""
    return replace(components, router=_ForgivesMistakes)


class _CountsPings(Router):
    async def receive(self, connection: Connection, message: str | bytes) -> None:
        kind, document = self._parser.kind(message)
        if kind == "ping":
            try:
                await self.admitted(connection, document)
            except FrameError as error:
                connection.refuse(error)
                return
        await super().receive(connection, message)


@fault("pings-cost", group="limits")
def pings_cost(components: Components) -> Components:
    """A client that keeps its connection alive uses up what it may ask."""
    return replace(components, router=_CountsPings)


class _NoQuota(Quota):
    def take(self, connection: Transaction, person: Person, now: float) -> float | None:
        del connection, person, now
        return None


@fault("quota-not-counted", group="limits")
def quota_not_counted(components: Components) -> Components:
    """A free user asks without end, and has no reason ever to pay."""
    return replace(components, quota=_NoQuota)


class _OneQuestionLess(Quota):
    def take(self, connection: Transaction, person: Person, now: float) -> float | None:
        less = replace(person.policy, questions_per_day=person.policy.questions_per_day - 1)
        return super().take(connection, replace(person, policy=less), now)


@fault("quota-one-too-low", group="limits")
def quota_one_too_low(components: Components) -> Components:
    """The last question that was paid for is refused."""
    return replace(components, quota=_OneQuestionLess)


class _AllConnections(Concurrency):
    def another_connection(self, connection: Transaction, person: Person, now: float) -> bool:
        del connection, person, now
        return True


@fault("connections-unlimited", group="limits")
def connections_unlimited(components: Components) -> Components:
    """One customer can hold every connection that the service has."""
    return replace(components, concurrency=_AllConnections)


class _NeverLeaves(Presence):
    def leave(self, connection: Transaction, connection_id: str) -> None:
        del connection, connection_id


@fault("connection-slot-never-freed", group="limits")
def connection_slot_never_freed(components: Components) -> Components:
    """A phone that comes and goes is refused after a while, because its old connections still count."""
    return replace(components, presence=_NeverLeaves)


class _AllRuns(Concurrency):
    def another_run(self, connection: Transaction, person: Person) -> bool:
        del connection, person
        return True


@fault("runs-unlimited", group="limits")
def runs_unlimited(components: Components) -> Components:
    """One customer's questions can occupy every thread at once."""
    return replace(components, concurrency=_AllRuns)


class _EverythingForFree(ContextFactory):
    def make(self, person: Person, run_id: str, thread_id: str, question: str) -> UserExecutionContext:
        context = super().make(person, run_id, thread_id, question)
        tools = Tiers.load().policy("enterprise").tools
        return replace(context, policy=replace(context.policy, tools=tools))


@fault("free-tier-gets-enterprise-tools", group="limits")
def free_tier_gets_enterprise_tools(components: Components) -> Components:
    """Free users get for nothing what enterprise customers pay for."""
    return replace(components, contexts=_EverythingForFree)


class _NoOffers(Offers):
    def for_answer(self, connection: Transaction, organisation_id: str, tier: str) -> UpgradeOffer | None:
        del connection, organisation_id, tier
        return None

    def for_quota(self, connection: Transaction, organisation_id: str, tier: str) -> UpgradeOffer | None:
        del connection, organisation_id, tier
        return None


@fault("offer-missing", group="limits")
def offer_missing(components: Components) -> Components:
    """Free users never learn what an upgrade would bring them."""
    return replace(components, offers=_NoOffers)


class _ErrorWall(Offers):
    def for_quota(self, connection: Transaction, organisation_id: str, tier: str) -> UpgradeOffer | None:
        del connection, organisation_id, tier
        return None


@fault("quota-error-wall", group="limits")
def quota_error_wall(components: Components) -> Components:
    """A free user whose questions are used up meets an error, and no way on."""
    return replace(components, offers=_ErrorWall)


class _Promises(Offers):
    def for_answer(self, connection: Transaction, organisation_id: str, tier: str) -> UpgradeOffer | None:
        offer = super().for_answer(connection, organisation_id, tier)
        return None if offer is None else replace(offer, monthly_saving_cents=offer.monthly_saving_cents * 2)


@fault("offer-promises-too-much", group="limits")
def offer_promises_too_much(components: Components) -> Components:
    """The offer names a saving that the upgrade does not find, and the customer wants their money back."""
    return replace(components, offers=_Promises)


class _EverybodyFollowsTheTop(Offers):
    def for_answer(self, connection: Transaction, organisation_id: str, tier: str) -> UpgradeOffer | None:
        lowest = self._tiers.names[0]
        return super().for_answer(connection, organisation_id, lowest if tier != "pro" else tier)


@fault("offer-to-those-who-have-it", group="limits")
def offer_to_those_who_have_it(components: Components) -> Components:
    """Customers of the highest tier are asked to upgrade."""
    return replace(components, offers=_EverybodyFollowsTheTop)


def _patient() -> Tiers:
    tiers = Tiers.load()
    return replace(tiers, limits=replace(tiers.limits, heartbeat_seconds=FIVE_MINUTES))


@fault("heartbeat-of-minutes", group="limits")
def heartbeat_of_minutes(components: Components) -> Components:
    """Lines that are quiet are cut on the way, and whoever hangs is counted as connected for ten minutes."""
    return replace(components, tiers=_patient)
