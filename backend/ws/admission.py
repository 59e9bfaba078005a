"""What is looked up for each message: the person as they are now, and whether they may send one more."""

from dataclasses import dataclass

from sqlalchemy import Connection

from backend.identity import Identity
from backend.limits import RateLimiter
from backend.store.logins import Logins
from backend.store.people import People, Person


class NoLongerWelcomeError(Exception):
    """The connection must be closed; the text is the reason that the peer gets."""


@dataclass(frozen=True, slots=True)
class Admission:
    """A message is to be answered.

    Attributes:
        person: As the database knows them now.
        retry_after: Seconds until the next message is accepted, when this one is one too many.
    """

    person: Person
    retry_after: float | None


class Admissions:
    """Admits messages, each with rights that are read anew."""

    def __init__(self, people: People, logins: Logins, limiter: RateLimiter) -> None:
        self._people = people
        self._logins = logins
        self._limiter = limiter

    def admit(self, connection: Connection, identity: Identity, connection_id: str, now: float) -> Admission:
        """Looks up the sender and takes one token of theirs.

        Raises:
            NoLongerWelcomeError: The sender was disabled or logged out.
        """
        person = self._people.by_id(connection, identity.user_id)
        self.enabled(person)
        self.logged_in(connection, identity)
        if person is None:  # pragma: no cover - people are never deleted
            raise NoLongerWelcomeError("disabled")
        return Admission(person, self._limiter.take(connection, person, connection_id, now))

    def enabled(self, person: Person | None) -> None:
        """Checks that the sender may still do anything at all."""
        if person is None or person.disabled:
            raise NoLongerWelcomeError("disabled")

    def logged_in(self, connection: Connection, identity: Identity) -> None:
        """Checks that the sender's login was not ended."""
        # A token that another connection put a new one in the place of still serves this connection.
        if self._logins.has_ended(connection, identity.claims.sid):
            raise NoLongerWelcomeError("logged_out")
