"""What health tells."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from robot.api.deco import keyword

from ..chat import Unexpected
from ..kit import Kit
from ..service import Answer, NoAnswer, Service
from .promises import BrokenPromise

HEALTH: Final = "/ws/health"
UNAVAILABLE: Final = 503
"""RFC 9110, section 15.6.4."""
NOW_SECONDS: Final = 10.0
"""How far the clocks of two machines may be apart where a time is called "now"."""
MARGIN_SECONDS: Final = 0.1
"""Added to the age of what is told: the question is on its way for a moment."""
LIFE_SECONDS: Final = 1.0
"""Longest wait for a sign of life."""
FIELDS: Final = ("service", "version", "timestamp", "instance", "checks")
"""What health tells beside its status (contract: HTTP)."""


class Health:
    """Keywords about health."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Health",))
    def health_should_become(
        self, status: str, http_status: int, within: float, age: float | None = None
    ) -> Mapping[str, Any]:
        """Asks for the health until it is so, and checks that every answer comes in time.

        Args:
            status: Expected state, for example ``healthy``.
            http_status: Expected HTTP status.
            within: Longest time for any answer, in seconds.
            age: How old what an answer tells may be, in seconds, where it is so already; omitted: any.

        Returns:
            The answer's body.

        Raises:
            Unexpected: It did not become so, an answer took longer, none came, or one told what was too old.
            BrokenPromise: Its checks tell something else than its state.

        Example:
        | ${health}                     | Health Should Become | healthy | 200 | within=2 |
        | Health Should Tell Who Speaks | ${health} |
        """
        service, patience = self.kit.service, self.kit.environment.timeout("notice")
        begun, told = time.monotonic(), "it was never told"
        expected = f"expected {http_status} {status!r}"
        while True:
            asked = time.monotonic()
            try:
                answer = service.request("GET", HEALTH, seconds=within)
            except NoAnswer as problem:
                raise Unexpected(
                    f"{problem} {expected.capitalize()}; {told}. {self._life(service)}"
                ) from None
            took = time.monotonic() - asked
            if took > within:
                raise Unexpected(f"The health took {took:.2f} s to answer, expected at most {within:g} s.")
            if (answer.status, answer.body.get("status")) == (http_status, status):
                _checks_should_agree(answer)
                return answer.body
            told = f"the last answer was {answer.status} {answer.body.get('status')!r}"
            if age is not None and asked - begun > age + MARGIN_SECONDS:
                raise Unexpected(
                    f"The health may tell what was true {age:g} s ago; {asked - begun:.2f} s after it had"
                    f" changed {told}, {expected}."
                )
            if asked - begun > patience:
                raise Unexpected(f"{patience:g} s long the health has not changed: {told}, {expected}.")
            self.kit.pause()

    def _life(self, service: Service) -> str:
        """Whether the backend answers anything else, as a sentence."""
        try:
            answer = service.request("GET", "/metrics", seconds=LIFE_SECONDS)
        except NoAnswer:
            return "Nothing else is answered either: the backend is gone, or hangs altogether."
        return f"The backend is alive: GET /metrics was answered with {answer.status}."

    @keyword(tags=("Health",))
    def health_should_tell_who_speaks(self, body: Mapping[str, Any]) -> None:
        """Checks that a health answer says which service, version, instance and time it speaks of.

        Args:
            body: The answer's body, as `Health Should Become` returned it.

        Raises:
            BrokenPromise: Something is missing or wrong.

        Example:
        | ${health}                     | Health Should Become | healthy | 200 | within=2 |
        | Health Should Tell Who Speaks | ${health} |
        """
        absent = [name for name in FIELDS if not body.get(name)]
        if absent:
            raise BrokenPromise(f"The health does not tell {', '.join(absent)}.")
        if "websocket" not in str(body["service"]):
            raise BrokenPromise(f"The health is of {body['service']!r}, not of a websocket service.")
        if abs(time.time() - float(body["timestamp"])) > NOW_SECONDS:
            raise BrokenPromise(f"The health's time is {body['timestamp']}, which is not now.")


def _checks_should_agree(answer: Answer) -> None:
    """Compares the single checks with what they come to (contract: Health and metrics)."""
    checks = answer.body.get("checks")
    told = {name: check.get("status") for name, check in checks.items()} if isinstance(checks, dict) else {}
    bad = [f"{name} {status!r}" for name, status in told.items() if status != "ok"]
    if answer.body["status"] == "healthy" and bad:
        raise BrokenPromise(f"The health is healthy, and its checks tell of {', '.join(bad)}.")
    if answer.status == UNAVAILABLE and not bad:
        raise BrokenPromise(
            f"The health is {answer.body['status']}, and none of its checks tells why: {told}."
        )
