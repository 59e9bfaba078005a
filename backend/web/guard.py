"""Who may ask for what by HTTP."""

import hmac
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.credentials import CredentialReader
from backend.ground import Ground
from backend.identity import Authenticator, Identity
from backend.store.people import Person
from backend.tokens import InvalidTokenError
from backend.web import paths  # noqa: F401 -- what {name:id} means in a path
from backend.web.answers import Refusal, refusal_for_token

Action = Callable[[Request], Awaitable[Response]]


class Guard:
    """Lets through people with a token and a permission, and the administrator."""

    def __init__(
        self,
        ground: Ground,
        credentials: CredentialReader,
        authenticator: Authenticator,
    ) -> None:
        self._ground = ground
        self._credentials = credentials
        self._authenticator = authenticator

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
        if not person.may(self._ground.tiers.permission_for(operation)):
            raise Refusal(403, "forbidden", "You may not do this.")

    def administrator(self, request: Request) -> None:
        """Checks that the administrator asks."""
        try:
            token = self._credentials.read(request.scope)
        except InvalidTokenError as problem:
            raise refusal_for_token(problem) from None
        if not hmac.compare_digest(token.encode(), self._ground.settings.admin_token.encode()):
            raise refusal_for_token(InvalidTokenError("not the administrator"))

    def admin_route(self, path: str, action: Action, method: str) -> Route:
        """Returns a route for the administrator alone.

        Args:
            path: Its path.
            action: Answers the request.
            method: Its HTTP method.
        """

        async def guarded(request: Request) -> Response:
            self.administrator(request)
            return await action(request)

        return Route(path, guarded, methods=[method])
