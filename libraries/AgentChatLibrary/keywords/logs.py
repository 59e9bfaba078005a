"""What the backend's log tells operators, where the environment shows it."""

from __future__ import annotations

import re
import secrets
from typing import Final

from robot.api.deco import keyword
from robot.api.types import Secret

from ..environment import EnvironmentProblem
from ..kit import Kit
from ..redaction import issued, mask
from .promises import BrokenPromise, no_secret
from .refusing import UNAUTHORISED, Refusing

PASSING: Final = re.compile(r"[0-9a-f]{8,}|\d+")
"""What differs between any two lines: ids, times, ports."""
SHOWN: Final = 200
"""Characters of a line of the log that a message shows."""


class Logs:
    """Keywords about the backend's log."""

    def __init__(self, kit: Kit, refusing: Refusing) -> None:
        self.kit = kit
        self._refusing = refusing

    @keyword(tags=("Judging", "Operations"))
    def backend_log_should_tell_refusals_apart(self, person: str, first: Secret, second: Secret) -> None:
        """Connects with two tokens that are bad in different ways, and looks for the reasons in the log.

        Whoever is refused is told the same of both; only the log tells operators what was wrong.

        Args:
            person: In whose name.
            first: A bad token.
            second: A token that is bad in another way.

        Raises:
            EnvironmentProblem: The environment does not show the log.
            Unexpected: One was let in, or nothing of its refusal stands in the log.
            BrokenPromise: The log tells both alike.

        Example, on a backend of its own:
        | ${early} | Mint Token | Ana | valid_from=60 |
        | ${other} | Mint Token | Ana | iss=somebody-else |
        | Backend Log Should Tell Refusals Apart | Ana | ${early} | ${other} |
        """
        told, other = self._told(person, first), self._told(person, second)
        # Either may have lines that the other has not yet: what is alike in all that both have tells nothing.
        if not (told - other and other - told):
            raise BrokenPromise(
                f"{person} was refused for two different reasons, and the backend's log tells both alike; "
                f"an operator cannot help. The line: {min(told)[:SHOWN]}"
            )

    @keyword(tags=("Judging", "Security"))
    def backend_log_should_holdno_secret(self) -> int:
        """Checks that the log of the backend in use holds no secret that this process has issued.

        Returns:
            How many secrets were looked for.

        Raises:
            EnvironmentProblem: The environment does not show the log.
            BrokenPromise: The log holds one.

        Example:
        | Sign In | Ana |
        | Backend Log Should Hold No Secret |
        """
        no_secret(self._log(), "backend's log")
        return len(issued())

    @keyword(tags=("Judging", "Security"))
    def backend_log_should_hold_no_query(self, person: str) -> None:
        """Asks for a team's usage over HTTP, and checks that the backend's log does not tell which team's.

        Args:
            person: Who asks.

        Raises:
            EnvironmentProblem: The environment does not show the log.
            BrokenPromise: The log holds what was asked for in the address.

        Example:
        | Backend Log Should Hold No Query | Ana |
        """
        found, team = self.kit.world.person(person), f"team-{secrets.token_hex(8)}"
        # The second request comes by the same connection: when it is answered, the first has been noted.
        for path in (f"/usage/summary?team={team}", "/usage/summary"):
            found.service.expect("GET", path, token=self.kit.token(found))
        line = next((line for line in self._log().splitlines() if team in line), None)
        if line is not None:
            raise BrokenPromise(
                f"{person} asked for the usage of one team, and the backend's log tells which; an address"
                f" belongs there without its query. The line: {mask(line)[:SHOWN]}"
            )

    def _told(self, person: str, token: Secret) -> set[str]:
        """What the log tells of one refusal, without what differs between any two."""
        start = len(self._log())
        self._refusing.connection_should_be_refused(person, UNAUTHORISED, "invalid_token", token=token)
        self.kit.until(
            lambda: bool(self._refusals(start)),
            lambda: (
                f"nothing of {person}'s refusal with {UNAUTHORISED} stands in the backend's log; "
                "an operator cannot tell why."
            ),
            self.kit.environment.timeout("notice"),
        )
        return self._refusals(start)

    def _refusals(self, start: int) -> set[str]:
        lines = self._log()[start:].splitlines()
        return {PASSING.sub("#", mask(line)) for line in lines if str(UNAUTHORISED) in line}

    def _log(self) -> str:
        log = self.kit.service.deployment.log
        if log is None:
            raise EnvironmentProblem("The environment does not show the backend's log.")
        return log.read_text("utf-8", "replace")
