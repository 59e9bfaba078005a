"""Taking the database away, and giving it back."""

from __future__ import annotations

from robot.api.deco import keyword

from ..environment import EnvironmentProblem
from ..kit import Kit
from ..outage import Outage, outage


class Outages:
    """Keywords about outages of the database."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Outages",))
    def get_ready_to_lose_the_database(self) -> None:
        """Lets the next `Lose The Database` take the database away at once.

        Otherwise it connects to the database first, which can take longer than what it is to interrupt.

        Raises:
            EnvironmentProblem: The backend is not a private one, or its database cannot be reached.

        Example, on a backend of its own:
        | Get Ready To Lose The Database |
        | Lose The Database |
        | Restore The Database |
        """
        self.kit.world.scope.next_outage = self._outage()

    @keyword(tags=("Outages",))
    def lose_the_database(self, *, readable: bool = False) -> None:
        """Takes the database away from the suite's private backend: writing to it hangs from now on.

        It comes back at `Restore The Database`, and at the test's end at the latest.

        Args:
            readable: Whether it can still be read. Otherwise reading hangs too where a lock can do that:
                PostgreSQL's can, SQLite's cannot.

        Raises:
            EnvironmentProblem: The backend is not a private one, or its database cannot be reached.

        Example, on a backend of its own:
        | Lose The Database |
        | Health Should Become | unhealthy | 503 | within=2 |
        | Restore The Database |
        | Health Should Become | healthy   | 200 | within=2 |
        """
        lost, self.kit.world.scope.next_outage = self.kit.world.scope.next_outage or self._outage(), None
        lost.begin(readable=readable)

    @keyword(tags=("Outages",))
    def restore_the_database(self) -> None:
        """Gives the database back.

        Example, on a backend of its own:
        | Lose The Database |
        | Health Should Become | unhealthy | 503 | within=2 |
        | Restore The Database |
        | Health Should Become | healthy   | 200 | within=2 |
        """
        self.kit.world.scope.end_outages()

    def _outage(self) -> Outage:
        """An outage that has not begun, and ends with the innermost scope."""
        deployment, name = self.kit.service.deployment, self.kit.environment.database
        if deployment.home is None or name is None:
            raise EnvironmentProblem(
                "Only a private backend's database can be lost; use `Start Private Backend`."
            )
        made = outage(deployment.home / name, deployment.database)
        self.kit.world.scope.outages.append(made)
        return made
