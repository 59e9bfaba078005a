"""Faults in what is counted, and for whom: kinds of messages, quotas, tiers and what is offered."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from sqlalchemy import delete, func, select, update

from backend.agent.intake import Accepted, Intake, Question
from backend.agent.offers import Offers, UpgradeOffer
from backend.compose import FrameError
from backend.faults import fault
from backend.limits import Quota, RateLimiter
from backend.store.runs import Runs
from backend.store.schema import buckets, quotas, runs
from backend.tiers import Tiers
from backend.ws.connection import Connection
from backend.ws.handlers import Chat
from backend.ws.handshake import Handshake
from backend.ws.router import Router

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sqlalchemy import Connection as Transaction

    from backend.components import Components
    from backend.identity import Identity
    from backend.store.people import Person
    from backend.ws.frames import ClientFrame
    from backend.ws.outbox import Reply


class _AsksForSomeKindsOnly(Router):
    free: ClassVar[tuple[str, ...]] = ()

    async def admitted(self, connection: Connection, document: Mapping[str, Any] | FrameError) -> Person:
        if isinstance(document, FrameError) or document["type"] not in self.free:
            return await super().admitted(connection, document)
        person = await self._ground.database.read(self.sender, connection.identity)
        self.not_expired(connection, self._ground.clock.now())
        return person

    def sender(self, connection: Transaction, identity: Identity) -> Person:
        """Looks the sender up, and takes nothing of what they may send."""
        person = self._admissions._people.by_id(connection, identity.user_id)
        self._admissions.enabled(person)
        self._admissions.logged_in(connection, identity)
        return person or identity.person


class _FreeQuestions(_AsksForSomeKindsOnly):
    free = ("chat", "user_message")


@fault("questions-cost-nothing", group="limits")
def questions_cost_nothing(components: Components) -> Components:
    """What costs most, a question, is not limited at all: a script asks without end."""
    return replace(components, router=_FreeQuestions)


class _FreeCancelling(_AsksForSomeKindsOnly):
    free = ("cancel", "refresh_token")


@fault("cancelling-costs-nothing", group="limits")
def cancelling_costs_nothing(components: Components) -> Components:
    """Somebody tries run after run, or token after token, and is never slowed down."""
    return replace(components, router=_FreeCancelling)


class _ForgivesWhatCannotBeRead(Router):
    async def admitted(self, connection: Connection, document: Mapping[str, Any] | FrameError) -> Person:
        if isinstance(document, FrameError) and document.code in {"invalid_json", "message_too_large"}:
            raise document
        return await super().admitted(connection, document)


@fault("unreadable-messages-cost-nothing", group="limits")
def unreadable_messages_cost_nothing(components: Components) -> Components:
    """Whoever sends nothing but rubbish is never slowed down, as long as it is bad enough."""
    return replace(components, router=_ForgivesWhatCannotBeRead)


class _ForgetsWhoLeft(Handshake):
    def leave(self, transaction: Transaction, connection_id: str, user_id: str) -> None:
        super().leave(transaction, connection_id, user_id)
        if not self._presence.count(transaction, user_id, self._ground.clock.now()):
            transaction.execute(delete(buckets).where(buckets.c.key == user_id))


@fault("burst-refilled-at-return", group="limits")
def burst_refilled_at_return(components: Components) -> Components:
    """A script that hangs up and comes back after each burst is never slowed down."""
    return replace(components, handshake=_ForgetsWhoLeft)


class _BeginsAnew(RateLimiter):
    def take(self, connection: Transaction, person: Person, connection_id: str, now: float) -> float | None:
        mine = buckets.c.key == person.id
        since = connection.execute(select(buckets.c.at).where(mine)).scalar()
        if since is not None and now - since >= 60 / person.policy.messages_per_minute:
            connection.execute(update(buckets).where(mine).values(level=0.0, at=now))
        return super().take(connection, person, connection_id, now)


@fault("whole-burst-after-a-wait", group="limits")
def whole_burst_after_a_wait(components: Components) -> Components:
    """A script that waits for one message's time gets a whole burst, and sends many times what was sold."""
    return replace(components, rate_limiter=_BeginsAnew)


class _WholeSeconds(RateLimiter):
    def take(self, connection: Transaction, person: Person, connection_id: str, now: float) -> float | None:
        wait = super().take(connection, person, connection_id, now)
        return None if wait is None else float(math.ceil(wait))


@fault("retry-after-in-whole-seconds", group="limits")
def retry_after_in_whole_seconds(components: Components) -> Components:
    """Clients that do as they are told wait for longer than they must, each time."""
    return replace(components, rate_limiter=_WholeSeconds)


class _QuotaOfTheOrganisation(Quota):
    def take(self, connection: Transaction, person: Person, now: float) -> float | None:
        return super().take(connection, replace(person, id=person.organisation_id), now)


@fault("quota-of-the-organisation", group="limits")
def quota_of_the_organisation(components: Components) -> Components:
    """A colleague has used up the questions of somebody who has asked nothing yet."""
    return replace(components, quota=_QuotaOfTheOrganisation)


class _WindowFromTheLatest(Quota):
    def take(self, connection: Transaction, person: Person, now: float) -> float | None:
        wait = super().take(connection, person, now)
        if wait is None:
            changed = update(quotas).where(quotas.c.user_id == person.id).values(window_start=now)
            connection.execute(changed)
        return wait


@fault("quota-window-from-the-latest", group="limits")
def quota_window_from_the_latest(components: Components) -> Components:
    """Each question puts the end of the wait further off: the day never ends for whoever goes on asking."""
    return replace(components, quota=_WindowFromTheLatest)


class _RemembersWhoWasRefused(Quota):
    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def take(self, connection: Transaction, person: Person, now: float) -> float | None:
        if now < self._until.get(person.id, 0.0):
            return self._until[person.id] - now
        wait = super().take(connection, person, now)
        if wait is not None:
            self._until[person.id] = now + wait
        return wait


@fault("upgrade-does-not-lift-a-spent-quota", group="limits")
def upgrade_does_not_lift_a_spent_quota(components: Components) -> Components:
    """Whoever took the offer, because the questions were used up, has paid and is still declined."""
    return replace(components, quota=_RemembersWhoWasRefused)


class _CountsRepeats(Intake):
    def accepted_before(
        self, connection: Transaction, question: Question, message_id: str
    ) -> Accepted | None:
        before = super().accepted_before(connection, question, message_id)
        if before is not None:
            person = self._stores.people.by_id(connection, question.user_id)
            if person is not None:
                self.within_quota(connection, person)
        return before


@fault("repeated-questions-count", group="limits")
def repeated_questions_count(components: Components) -> Components:
    """On a bad line a question is sent again and again, and uses up the whole day."""
    return replace(components, intake=_CountsRepeats)


class _CountsBeforeItLooks(Chat):
    async def accept(self, frame: ClientFrame, person: Person) -> Accepted:
        try:
            return await super().accept(frame, person)
        except FrameError as error:
            if error.code in {"not_found", "forbidden", "too_many_runs"}:
                now = self._intake._ground.clock.now()
                await self._database.write(self._intake._quota.take, person, now)
            raise


@fault("declined-questions-count", group="limits")
def declined_questions_count(components: Components) -> Components:
    """A question that was declined is missing at the end of the day."""
    return replace(components, chat=_CountsBeforeItLooks)


class _CountsTheCancelled(Runs):
    def open_of(self, connection: Transaction, user_id: str) -> int:
        cancelled = (
            select(func.count())
            .select_from(runs)
            .where(runs.c.user_id == user_id, runs.c.open.is_(False), runs.c.cancel_requested.is_(True))
        )
        return super().open_of(connection, user_id) + int(connection.execute(cancelled).scalar_one())


@fault("cancelled-runs-count", group="limits")
def cancelled_runs_count(components: Components) -> Components:
    """Whoever cancels a question that was a mistake has one less to ask at the same time, for ever."""
    return replace(components, runs=_CountsTheCancelled)


def _last_year() -> Tiers:
    tiers = Tiers.load()
    free, pro = tiers.policy("free"), tiers.policy("pro")
    old = {
        "free": replace(free, questions_per_day=5, connections=free.connections * 10),
        "pro": replace(pro, concurrent_runs=2, permissions=(*pro.permissions, "threads:share")),
    }
    return replace(tiers, policies={**tiers.policies, **old})


@fault("tiers-of-last-year", group="limits")
def tiers_of_last_year(components: Components) -> Components:
    """Customers get what was sold last year: some less than they pay for, some more."""
    return replace(components, tiers=_last_year)


class _TellsTheTier(Connection):
    def made(self, kind: str, fields: Mapping[str, object], message_id: str | None = None) -> Reply:
        if kind == "connection_established":
            policy = self.ground.tiers.policy(self.identity.person.tier)
            limits = cast("Mapping[str, object]", fields["limits"])
            told = {name: getattr(policy, name, value) for name, value in limits.items()}
            fields = {**fields, "limits": told}
        return super().made(kind, fields, message_id)


@fault("limits-told-of-the-tier", group="limits")
def limits_told_of_the_tier(components: Components) -> Components:
    """Clients keep to the limits that they are told, and are refused all the time: others are in force."""
    return replace(components, connection=_TellsTheTier)


class _OffersToEverybody(Offers):
    def for_answer(self, connection: Transaction, organisation_id: str, tier: str) -> UpgradeOffer | None:
        offer = super().for_answer(connection, organisation_id, tier)
        return offer or self.for_quota(connection, organisation_id, tier)


@fault("offer-to-those-who-pay", group="limits")
def offer_to_those_who_pay(components: Components) -> Components:
    """Paying customers find an advertisement under every answer."""
    return replace(components, offers=_OffersToEverybody)


class _OffersTheSame(Offers):
    def for_quota(self, connection: Transaction, organisation_id: str, tier: str) -> UpgradeOffer | None:
        offer = super().for_quota(connection, organisation_id, tier)
        return replace(offer, tier="pro") if offer is not None else None


@fault("offer-of-the-own-tier", group="limits")
def offer_of_the_own_tier(components: Components) -> Components:
    """A pro customer whose questions are used up is offered pro, which helps nothing."""
    return replace(components, offers=_OffersTheSame)


class _AsksTheQuotaFirst(Intake):
    def accept(self, connection: Transaction, question: Question, busy: FrameError | None) -> Accepted:
        person = self._stores.people.by_id(connection, question.user_id)
        used = connection.execute(select(quotas.c.used).where(quotas.c.user_id == question.user_id)).scalar()
        if person is not None and used is not None and used >= person.policy.questions_per_day:
            self.within_quota(connection, person)
        return super().accept(connection, question, busy)


@fault("repeats-declined-when-the-quota-is-spent", group="limits")
def repeats_declined_when_the_quota_is_spent(components: Components) -> Components:
    """Whoever sends the day's last question again after a drop is told to pay, and never gets its answer."""
    return replace(components, intake=_AsksTheQuotaFirst)
