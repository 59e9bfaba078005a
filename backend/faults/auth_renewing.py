"""Faults of a token that is renewed on an open connection: which one may, and whom it concerns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from backend.faults import fault
from backend.identity import Authenticator, IdentityResolver
from backend.ws.admission import Admissions, NoLongerWelcomeError
from backend.ws.handlers import RefreshToken

if TYPE_CHECKING:
    from sqlalchemy import Connection as Transaction

    from backend.components import Components
    from backend.ground import Ground, Stores
    from backend.identity import Identity
    from backend.store.people import Person
    from backend.tokens import Claims


class _EndedButNotForgotten(IdentityResolver):
    def not_revoked(self, connection: Transaction, person: Person, claims: Claims) -> None:
        del connection, person, claims


class _TakesRevokedTokens(RefreshToken):
    def __init__(self, ground: Ground, stores: Stores, authenticator: Authenticator) -> None:
        super().__init__(ground, stores, authenticator)
        resolver = _EndedButNotForgotten(stores.people, stores.logins)
        self._authenticator = Authenticator(ground.database, authenticator._verifier, resolver)


@fault("revoked-token-renews-connection", group="auth")
def revoked_token_renews_connection(components: Components) -> Components:
    """A token that was replaced or logged out, and opens nothing any more, keeps a connection open."""
    return replace(components, refresh_token=_TakesRevokedTokens)


class _ComparesPeopleAlone(RefreshToken):
    def same_person(self, old: Identity, new: Identity) -> None:
        if new.claims.sub != old.claims.sub:
            super().same_person(old, new)


@fault("token-of-another-company-renews", group="auth")
def token_of_another_company_renews(components: Components) -> Components:
    """A connection that began for one company goes on for another, which its owner has moved to."""
    return replace(components, refresh_token=_ComparesPeopleAlone)


class _WantsTheLatestToken(Admissions):
    def logged_in(self, connection: Transaction, identity: Identity) -> None:
        super().logged_in(connection, identity)
        if self._logins.is_revoked(connection, identity.claims.sid, identity.claims.jti):
            raise NoLongerWelcomeError("logged_out")


@fault("renewal-ends-other-devices", group="auth")
def renewal_ends_other_devices(components: Components) -> Components:
    """Whoever renews the token on the laptop is thrown out on the phone, which has the same one."""
    return replace(components, admissions=_WantsTheLatestToken)
