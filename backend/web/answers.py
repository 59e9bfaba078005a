"""What the HTTP side answers with: JSON, and one form of error."""

import json
import math
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from backend.credentials import MissingCredentialError
from backend.tokens import ExpiredTokenError, InvalidTokenError

REALM = "agent-chat"

NO_STORE = {"cache-control": "no-store"}
"""Answers hold tokens and people's data; nothing on the way may keep them (RFC 6749, section 5.1)."""


class Refusal(Exception):
    """A request is not granted.

    Attributes:
        status: HTTP status.
        code: For programs.
        message: For people, without anything internal.
        field: The field at fault.
        retry_after: Seconds after which it is worth another try.
        challenge: The ``WWW-Authenticate`` header.
        why: The reason for the log, which the peer does not get.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str | None = None,
        retry_after: float | None = None,
        challenge: str | None = None,
        why: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.retry_after = retry_after
        self.challenge = challenge
        self.why = why

    def body(self) -> bytes:
        """Returns the body of the answer."""
        error: dict[str, object] = {"code": self.code, "message": self.message}
        if self.field is not None:
            error["field"] = self.field
        if self.retry_after is not None:
            error["retry_after"] = self.retry_after
        return encoded({"error": error})

    def headers(self) -> dict[str, str]:
        """Returns the headers of the answer."""
        headers = {"content-type": "application/json", **NO_STORE}
        if self.retry_after is not None:
            headers["retry-after"] = str(math.ceil(self.retry_after))
        if self.challenge is not None:
            headers["www-authenticate"] = self.challenge
        return headers


def refusal_for_token(problem: InvalidTokenError) -> Refusal:
    """Returns the 401 for a token that is missing or not accepted.

    Only an expired token is told apart; why another one is not accepted stands in the log alone.

    Args:
        problem: What the token's checks raised.
    """
    if isinstance(problem, MissingCredentialError):
        return Refusal(
            401,
            "missing_credential",
            "A bearer token is needed.",
            challenge=f'Bearer realm="{REALM}"',
            why=f"missing: {problem}",
        )
    if isinstance(problem, ExpiredTokenError):
        return Refusal(
            401,
            "token_expired",
            "The token has expired.",
            challenge=f'Bearer realm="{REALM}", error="invalid_token", error_description="token expired"',
            why="expired",
        )
    return Refusal(
        401,
        "invalid_token",
        "The token is not accepted.",
        challenge=f'Bearer realm="{REALM}", error="invalid_token"',
        why=str(problem),
    )


def encoded(value: object) -> bytes:
    """Returns a value as JSON in UTF-8, every character as itself."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def answer(
    value: Mapping[str, object] | None, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Returns an answer; None stands for one without a body."""
    if value is None:
        return Response(status_code=status, headers=dict(headers or NO_STORE))
    return Response(encoded(value), status, headers=dict(headers or NO_STORE), media_type="application/json")


# Starlette would run plain functions in a thread, and load what it needs for that at the first refusal.
async def refused(_request: Request, refusal: Exception) -> Response:
    """Answers a request that raised ``Refusal``."""
    assert isinstance(refusal, Refusal)  # noqa: S101 -- registered for this class alone
    return Response(refusal.body(), refusal.status, headers=refusal.headers())


async def http_error(_request: Request, problem: Exception) -> Response:
    """Answers a request that the routing declined."""
    assert isinstance(problem, HTTPException)  # noqa: S101 -- registered for this class alone
    codes = {404: ("not_found", "There is nothing here."), 405: ("method_not_allowed", "Not by this method.")}
    code, message = codes.get(problem.status_code, ("invalid_request", "The request is not valid."))
    refusal = Refusal(problem.status_code, code, message)
    return Response(refusal.body(), refusal.status, headers={**refusal.headers(), **(problem.headers or {})})
