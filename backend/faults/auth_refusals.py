"""Faults in what a refused handshake is told."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from backend.credentials import CredentialReader
from backend.faults import fault
from backend.tokens import InvalidTokenError
from backend.web.answers import Refusal, encoded
from backend.ws.handshake import Handshake

if TYPE_CHECKING:
    from starlette.types import Send

    from backend.components import Components

TALKATIVE = {403, 429, 503}
"""Refusals that are not about the credential."""


class _SaysNothing(Handshake):
    async def refuse(self, send: Send, refusal: Refusal) -> None:
        if refusal.code == "missing_credential":
            refusal.message = ""
        await super().refuse(send, refusal)


@fault("refused-without-a-word", group="auth")
def refused_without_a_word(components: Components) -> Components:
    """Whoever comes without a credential sees an error with nothing in it."""
    return replace(components, handshake=_SaysNothing)


class _SaysWhy(Refusal):
    def body(self) -> bytes:
        error = json.loads(super().body())["error"]
        return encoded({"error": {**error, "debug": self.why}})


class _TellsTheInside(Handshake):
    async def refuse(self, send: Send, refusal: Refusal) -> None:
        if refusal.status in TALKATIVE:
            refusal = _SaysWhy(
                refusal.status,
                refusal.code,
                refusal.message,
                retry_after=refusal.retry_after,
                why=refusal.why,
            )
        await super().refuse(send, refusal)


@fault("refusals-tell-the-inside", group="auth")
def refusals_tell_the_inside(components: Components) -> Components:
    """Whoever is refused reads what only operators should: a field for debugging was left in."""
    return replace(components, handshake=_TellsTheInside)


class _DescribesTheError(Handshake):
    async def refuse(self, send: Send, refusal: Refusal) -> None:
        if refusal.code == "invalid_token":
            refusal.challenge = f'{refusal.challenge}, error_description="{refusal.why}"'
        await super().refuse(send, refusal)


@fault("reason-told-in-the-challenge", group="auth")
def reason_told_in_the_challenge(components: Components) -> Components:
    """Whoever forges tokens reads in a header which check the last try has failed (RFC 6750, section 3)."""
    return replace(components, handshake=_DescribesTheError)


class _TrustsBase64(CredentialReader):
    def decoded(self, text: str) -> str:
        padded = text + "=" * (-len(text) % 4)
        try:
            return base64.urlsafe_b64decode(padded).decode("ascii")
        except UnicodeDecodeError:
            raise InvalidTokenError("subprotocol") from None


@fault("cut-subprotocol-crashes", group="auth")
def cut_subprotocol_crashes(components: Components) -> Components:
    """A browser whose token was cut off is told of a fault of the server's, and tries for ever."""
    return replace(components, credentials=_TrustsBase64)
