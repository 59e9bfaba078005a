"""Who sends a request: from a verified token to a person of the database."""

from dataclasses import dataclass

from sqlalchemy import Connection

from backend.store.engine import Database
from backend.store.logins import Logins
from backend.store.people import People, Person
from backend.tokens import Claims, InvalidTokenError, TokenVerifier


@dataclass(frozen=True, slots=True)
class Identity:
    """A person who showed a good token.

    Attributes:
        person: As the database knew them when the token was shown.
        claims: What the token says about itself.
    """

    person: Person
    claims: Claims

    @property
    def user_id(self) -> str:
        """The person's id."""
        return self.person.id


class IdentityResolver:
    """Finds the person a token speaks of. Each check is a method of its own."""

    def __init__(self, people: People, logins: Logins) -> None:
        self._people = people
        self._logins = logins

    def resolve(self, connection: Connection, claims: Claims) -> Identity:
        """Returns who it is.

        Raises:
            InvalidTokenError: Nobody, somebody else's organisation, disabled or revoked.
        """
        person = self.person(connection, claims)
        self.organisation(person, claims)
        self.enabled(person)
        self.not_revoked(connection, person, claims)
        return Identity(person, claims)

    def person(self, connection: Connection, claims: Claims) -> Person:
        """Returns the person with the token's ``sub``."""
        person = self._people.by_id(connection, claims.sub)
        if person is None:
            raise InvalidTokenError("unknown person")
        return person

    def organisation(self, person: Person, claims: Claims) -> None:
        """Checks that the token was issued for the organisation that the person belongs to."""
        if claims.org != person.organisation_id:
            raise InvalidTokenError("another organisation")

    def enabled(self, person: Person) -> None:
        """Checks that the person is not disabled."""
        if person.disabled:
            raise InvalidTokenError("disabled")

    def not_revoked(self, connection: Connection, person: Person, claims: Claims) -> None:
        """Checks that neither the token nor its login was revoked."""
        if claims.iat < person.revoked_before or self._logins.is_revoked(connection, claims.sid, claims.jti):
            raise InvalidTokenError("revoked")


class Authenticator:
    """Turns a token into an identity: what it says, whom it means, and last whether it has expired."""

    def __init__(self, database: Database, verifier: TokenVerifier, resolver: IdentityResolver) -> None:
        self._database = database
        self._verifier = verifier
        self._resolver = resolver

    async def authenticate(self, token: str) -> Identity:
        """Returns who shows ``token``.

        Raises:
            ExpiredTokenError: The token is valid but for its expiry.
            InvalidTokenError: It is not.
            DatabaseUnavailableError: Nobody can be looked up.
        """
        identity = await self.identify(token)
        self._verifier.expiry(identity.claims)
        return identity

    async def identify(self, token: str) -> Identity:
        """Returns whom ``token`` means, whether it has expired or not.

        Raises:
            InvalidTokenError: It is not valid.
            DatabaseUnavailableError: Nobody can be looked up.
        """
        claims = self._verifier.verify(token)
        return await self._database.read(self._resolver.resolve, claims)
