"""Who may ask for what by HTTP."""

import hmac

from starlette.requests import Request

from backend.credentials import CredentialReader
from backend.identity import Authenticator, Identity
from backend.settings import Settings
from backend.store.engine import Database
from backend.store.people import People, Person
from backend.tiers import Tiers
from backend.tokens import InvalidTokenError
from backend.web.answers import Refusal, refusal_for_token


class Guard:
    """Lets through people with a token and a permission, and the administrator."""

    def __init__(
        self,
        settings: Settings,
        credentials: CredentialReader,
        authenticator: Authenticator,
        database: Database,
        people: People,
        tiers: Tiers,
    ) -> None:
        self._settings = settings
        self._credentials = credentials
        self._authenticator = authenticator
        self._database = database
        self._people = people
        self._tiers = tiers

    async def identity(self, request: Request) -> Identity:
        """Returns who asks; 401 as at the handshake."""
        try:
            return await self._authenticator.authenticate(self._credentials.read(request.scope))
        except InvalidTokenError as problem:
            raise refusal_for_token(problem) from None

    async def person(self, request: Request, operation: str) -> Person:
        """Returns the person who asks, if they may.

        Args:
            request: The request.
            operation: Its name in ``tiers.json``, such as ``GET /threads``.
        """
        identity = await self.identity(request)
        self.permitted(identity.person, operation)
        return identity.person

    def permitted(self, person: Person, operation: str) -> None:
        """Checks the permission that an operation needs (tiers.json)."""
        if not person.may(self._tiers.permission_for(operation)):
            raise Refusal(403, "forbidden", "You may not do this.")

    def administrator(self, request: Request) -> None:
        """Checks that the administrator asks."""
        try:
            token = self._credentials.read(request.scope)
        except InvalidTokenError as problem:
            raise refusal_for_token(problem) from None
        if not hmac.compare_digest(token.encode(), self._settings.admin_token.encode()):
            raise refusal_for_token(InvalidTokenError("not the administrator"))
