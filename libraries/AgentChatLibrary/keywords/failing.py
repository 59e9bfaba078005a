"""A deployment of a test's own, whose processes and database fail and come back, one by one."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Any

from robot.api.deco import keyword
from robot.libraries.BuiltIn import BuiltIn

from ..fleet import Fleet
from ..kit import Kit
from ..redaction import issue
from .health import HEALTH


class Failing:
    """Keywords about processes that fail; they are numbered from 1."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Processes", "Operations"))
    def start_private_deployment(self, **settings: Any) -> None:  # noqa: ANN401 -- any setting
        """Starts a whole deployment of the test's own: several processes, a database, one address in front.

        Everything made from now on lives there. It is stopped when the suite or test ends. While the proof
        runs it carries the same fault as the shared one. Its log lies beside the report.

        Args:
            settings: Settings of the backends, for example ``lease_seconds``.

        Raises:
            EnvironmentProblem: The environment cannot start one.

        Example, on a deployment of its own:
        | Start Private Deployment | lease_seconds=1 |
        """
        folder = Path(str(BuiltIn().get_variable_value("${OUTPUT DIR}")))
        name = "".join(c if c.isalnum() else "-" for c in self.kit.world.scope.name)
        self.kit.start_private_services(settings, folder / f"backend-{name}.log")

    @property
    def _fleet(self) -> Fleet:
        return Fleet(self.kit.service.deployment)

    @keyword(tags=("Processes",))
    def kill_process(self, process: int) -> None:
        """Kills one process of the private deployment at once (SIGKILL): it can say and save nothing more.

        Example, on a deployment of its own:
        | Kill Process          | 1 |
        | Start Processes Again |

        Args:
            process: Which process, from 1.
        """
        self._fleet.kill(process)

    @keyword(tags=("Processes",))
    def pause_process(self, process: int) -> None:
        """Stops one process of the private deployment (SIGSTOP).

        Example, on a deployment of its own:
        | Pause Process    | 1 |
        | Continue Process | 1 |

        Args:
            process: Which process, from 1.
        """
        self._fleet.pause(process)

    @keyword(tags=("Processes",))
    def continue_process(self, process: int) -> None:
        """Lets one process of the private deployment go on after `Pause Process` (SIGCONT).

        Example, on a deployment of its own:
        | Pause Process    | 1 |
        | Continue Process | 1 |

        Args:
            process: Which process, from 1.
        """
        self._fleet.go_on(process)

    @keyword(tags=("Processes",))
    def start_processes_again(self) -> None:
        """Starts every process of the private deployment again that has ended, at the same address.

        Raises:
            EnvironmentProblem: One did not come back.

        Example, on a deployment of its own:
        | Kill Process          | 1 |
        | Start Processes Again |
        """
        self._fleet.start_again()

    @keyword(tags=("Processes", "Operations"))
    def drain_process(self, process: int) -> None:
        """Tells one process of the private deployment to finish what runs, send everybody away, and end.

        Args:
            process: Which process, from 1.

        Raises:
            Declined: It declined.
            EnvironmentProblem: There is no such process.

        Example, on a deployment of its own:
        | Drain Process                | 1 |
        | Wait Until Process Has Ended | 1 |
        | Start Processes Again        |
        """
        service = self.kit.service
        address = self._fleet.address(process)
        token = issue(service.deployment.admin_token)
        service.expect("POST", f"{address}/admin/drain", token=token, status=202)

    @keyword(tags=("Processes", "Waiting"))
    def wait_until_process_has_ended(self, process: int) -> None:
        """Waits until one process of the private deployment has ended that was told to.

        Args:
            process: Which process, from 1.

        Raises:
            EnvironmentProblem: It goes on, or there is no such process.

        Example, on a deployment of its own:
        | Drain Process                | 1 |
        | Wait Until Process Has Ended | 1 |
        | Start Processes Again        |
        """
        self._fleet.wait_until_ended(process)

    @keyword(tags=("Processes", "Operations"))
    def restart_the_database(self) -> None:
        """Ends the database server of the private deployment at once, as a crash does, and starts it again.

        Raises:
            EnvironmentProblem: It did not come back.

        Example, on a deployment of its own:
        | Restart The Database                |
        | Wait Until Every Process Is Healthy |
        """
        self._fleet.crash_database()

    @keyword(tags=("Processes", "Waiting"))
    def wait_until_every_process_is_healthy(self) -> None:
        """Waits until each process of the deployment has found out that all is well again.

        Raises:
            EnvironmentProblem: One does not become healthy.

        Example, on a deployment of its own:
        | Restart The Database                |
        | Wait Until Every Process Is Healthy |
        """
        self._fleet.wait_until_healthy(
            lambda address: self.kit.service.request("GET", f"{address}{HEALTH}").status == HTTPStatus.OK
        )
