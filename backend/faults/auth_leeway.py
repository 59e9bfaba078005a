"""Faults of the leeway for clocks that differ: too much of it, or none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from backend.faults import fault
from backend.tokens import InvalidTokenError, TokenVerifier

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from backend.components import Components

FAR_AHEAD_SECONDS = 300
"""How far clocks would have to differ for such a leeway to be of use."""

LENIENT_SECONDS = 25
"""On top of the agreed five: half a minute in all."""


class _MinutesOfLeeway(TokenVerifier):
    too_much = FAR_AHEAD_SECONDS

    def not_before(self, claims: Mapping[str, Any]) -> None:
        super().not_before({**claims, "nbf": claims.get("nbf", 0) - self.too_much})

    def issued_at(self, claims: Mapping[str, Any]) -> None:
        super().issued_at({**claims, "iat": claims["iat"] - self.too_much})


@fault("leeway-of-minutes", group="auth")
def leeway_of_minutes(components: Components) -> Components:
    """A token opens the door minutes before it is valid."""
    return replace(components, verifier=_MinutesOfLeeway)


class _HalfAMinuteOfLeeway(_MinutesOfLeeway):
    too_much = LENIENT_SECONDS


@fault("leeway-of-half-a-minute", group="auth")
def leeway_of_half_a_minute(components: Components) -> Components:
    """A token opens the door long before it is valid, because many libraries allow half a minute."""
    return replace(components, verifier=_HalfAMinuteOfLeeway)


class _NoLeeway(TokenVerifier):
    def not_before(self, claims: Mapping[str, Any]) -> None:
        if claims.get("nbf", 0) > self._clock.now():
            raise InvalidTokenError("not before")
        super().not_before(claims)

    def issued_at(self, claims: Mapping[str, Any]) -> None:
        if claims["iat"] > self._clock.now():
            raise InvalidTokenError("issued in the future")


@fault("no-leeway-for-clocks", group="auth")
def no_leeway_for_clocks(components: Components) -> Components:
    """Fresh tokens are refused whenever the issuer's clock is a moment ahead."""
    return replace(components, verifier=_NoLeeway)
