"""Faults in what people may do once they are in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from backend.agent.context import ContextFactory, UserExecutionContext
from backend.agent.intake import Accepted, Intake
from backend.faults import fault
from backend.ground import Ground, Stores
from backend.limits import Concurrency, Quota
from backend.store.people import NewPerson, People, Person
from backend.tiers import Tiers
from backend.tokens import TokenVerifier
from backend.web.admin_people import AdminPeople
from backend.web.guard import Guard
from backend.ws.admission import Admission, Admissions
from backend.ws.handlers import Chat
from backend.ws.handshake import Handshake
from backend.ws.router import Router

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sqlalchemy import Connection as Transaction
    from starlette.requests import Request
    from starlette.types import Scope

    from backend.components import Components
    from backend.identity import Identity
    from backend.ws.frames import ClientFrame


class _AnythingAllowed(Router):
    def permitted(self, frame: ClientFrame, person: Person) -> None:
        del frame, person


@fault("permissions-not-checked", group="auth")
def permissions_not_checked(components: Components) -> Components:
    """Somebody who may only read asks questions all the same."""
    return replace(components, router=_AnythingAllowed)


class _StumblesOverRights(Router):
    def permitted(self, frame: ClientFrame, person: Person) -> None:
        super().permitted(frame, person)
        if frame.type == "resume":
            person.permissions.index("usage:read")  # to show beside the replay what it has cost


@fault("replay-stumbles-over-rights", group="auth")
def replay_stumbles_over_rights(components: Components) -> Components:
    """Whoever may not read the usage gets an internal error in the place of a replay that they may have."""
    return replace(components, router=_StumblesOverRights)


class _AnyReading(Guard):
    def permitted(self, person: Person, operation: str) -> None:
        del person, operation


@fault("permissions-not-checked-over-http", group="auth")
def permissions_not_checked_over_http(components: Components) -> Components:
    """Somebody without the permission reads conversations and spending over HTTP."""
    return replace(components, guard=_AnyReading)


class _AnybodyShares(Intake):
    def may_share(self, person: Person, question: object) -> None:
        del person, question


@fault("sharing-open-to-all-tiers", group="auth")
def sharing_open_to_all_tiers(components: Components) -> Components:
    """Threads are shared without the permission that is sold for it."""
    return replace(components, intake=_AnybodyShares)


class _OneRightIsEnough(Router):
    def permitted(self, frame: ClientFrame, person: Person) -> None:
        if frame.fields.get("share") is not True:  # the right to share is asked for where threads are opened
            super().permitted(frame, person)


@fault("sharing-asks-for-one-right", group="auth")
def sharing_asks_for_one_right(components: Components) -> Components:
    """Whoever may not ask asks all the same: they only need to share the conversation."""
    return replace(components, router=_OneRightIsEnough)


@fault("permissions-from-the-token", group="auth")
def permissions_from_the_token(components: Components) -> Components:
    """A permission that was taken away is used for as long as the token is good."""
    said: dict[str, tuple[str, ...]] = {}

    class Remembering(TokenVerifier):
        def signature(self, token: str) -> Mapping[str, Any]:
            claims = super().signature(token)
            said[str(claims.get("jti"))] = tuple(claims.get("permissions", ()))
            return claims

    class Trusting(Admissions):
        def admit(
            self, connection: Transaction, identity: Identity, connection_id: str, now: float
        ) -> Admission:
            admission = super().admit(connection, identity, connection_id, now)
            permissions = said.get(identity.claims.jti, admission.person.permissions)
            return replace(admission, person=replace(admission.person, permissions=permissions))

    return replace(components, verifier=Remembering, admissions=Trusting)


@fault("tier-from-the-token", group="auth")
def tier_from_the_token(components: Components) -> Components:
    """Whoever was downgraded is served as before for as long as the token is good."""
    said: dict[str, str] = {}

    class Remembering(TokenVerifier):
        def signature(self, token: str) -> Mapping[str, Any]:
            claims = super().signature(token)
            said[str(claims.get("sub"))] = str(claims.get("tier"))
            return claims

    class Trusting(ContextFactory):
        def make(self, person: Person, run_id: str, thread_id: str, question: str) -> UserExecutionContext:
            context = super().make(person, run_id, thread_id, question)
            policies = Tiers.load().policies
            return replace(context, policy=policies.get(said.get(person.id, ""), context.policy))

    return replace(components, verifier=Remembering, contexts=Trusting)


@fault("upgrade-needs-reconnect", group="auth")
def upgrade_needs_reconnect(components: Components) -> Components:
    """Whoever has paid for an upgrade is served as before until they connect anew."""
    seen: dict[str, Person] = {}

    class PeopleOfTheFirstQuestion(People):
        def by_id(self, connection: Transaction, user_id: str) -> Person | None:
            person = super().by_id(connection, user_id)
            if person is None:
                return None
            first = seen.setdefault(user_id, person)
            return replace(person, tier=first.tier, policy=first.policy, permissions=first.permissions)

    class IntakeThatRemembers(Intake):
        def __init__(
            self,
            ground: Ground,
            stores: Stores,
            quota: Quota,
            concurrency: Concurrency,
            contexts: ContextFactory,
        ) -> None:
            stores = replace(stores, people=PeopleOfTheFirstQuestion(ground.tiers))
            super().__init__(ground, stores, quota, concurrency, contexts)

    class HandshakeThatForgets(Handshake):
        async def identified(self, scope: Scope) -> Identity:
            identity = await super().identified(scope)
            seen.pop(identity.user_id, None)
            return identity

    return replace(components, intake=IntakeThatRemembers, handshake=HandshakeThatForgets)


class _KeepsTheFirstPermissions(People):
    def create(self, connection: Transaction, new: NewPerson, now: float) -> Person:
        first = new.permissions or self._tiers.policy(new.tier).permissions
        return super().create(connection, replace(new, permissions=first), now)


@fault("permissions-frozen-at-creation", group="auth")
def permissions_frozen_at_creation(components: Components) -> Components:
    """Whoever upgrades may never share a conversation, and whoever is downgraded still may."""
    return replace(components, people=_KeepsTheFirstPermissions)


class _TierOfThePayload(Chat):
    async def accept(self, frame: ClientFrame, person: Person) -> Accepted:
        accepted = await super().accept(frame, person)
        claimed, policies = frame.fields.get("tier"), Tiers.load().policies
        if accepted.context is None or not isinstance(claimed, str) or claimed not in policies:
            return accepted
        return replace(accepted, context=replace(accepted.context, policy=policies[claimed]))


@fault("tier-from-the-payload", group="auth")
def tier_from_the_payload(components: Components) -> Components:
    """Whoever writes ``"tier": "enterprise"`` into a question gets what enterprise customers pay for."""
    return replace(components, chat=_TierOfThePayload)


class _OpenMetrics(Guard):
    def administrator(self, request: Request) -> None:
        if request.url.path != "/metrics":
            super().administrator(request)


@fault("metrics-for-everybody", group="auth")
def metrics_for_everybody(components: Components) -> Components:
    """Anybody on the network can read how much the service is used, and by how many."""
    return replace(components, guard=_OpenMetrics)


class _TakesAnyTier(AdminPeople):
    def changes(self, fields: dict[str, object]) -> dict[str, object]:
        tier = {name: value for name, value in fields.items() if name == "tier"}
        return super().changes({name: value for name, value in fields.items() if name != "tier"}) | tier


@fault("any-tier-may-be-given", group="limits")
def any_tier_may_be_given(components: Components) -> Components:
    """Support mistypes a tier, and from then on its customer is refused whatever they do."""
    return replace(components, admin_people=_TakesAnyTier)
