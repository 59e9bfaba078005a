"""What operators do and see: private backends, metrics, health, holds, draining."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from robot.api.deco import keyword
from robot.libraries.BuiltIn import BuiltIn

from ..kit import Kit
from ..metrics import Metrics
from .types import EventType


class Operations:
    """Keywords about running the service."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Operations",))
    def start_private_backend(self, **settings: Any) -> None:  # noqa: ANN401 -- any setting
        """Starts a backend of the suite's or test's own; everything made from now on lives there.

        It is stopped when the suite or test ends. While the proof runs it carries the same fault as the
        shared one. Its log lies beside the report.

        Args:
            settings: Settings of the backend, for example ``drain_seconds``.

        Raises:
            EnvironmentProblem: The environment cannot start one.

        Example:
        | Start Private Backend | drain_seconds=${1} |
        | Drain Backend |
        """
        builtin = BuiltIn()
        folder = Path(str(builtin.get_variable_value("${OUTPUT DIR}")))
        name = "".join(c if c.isalnum() else "-" for c in self.kit.world.scope.name)
        self.kit.start_private(settings, folder / f"backend-{name}.log")

    @keyword(tags=("Operations",))
    def hold_runs(self, person: str, before: EventType, nth: int = 1) -> None:
        """Holds every run of a person just before it would send an event, until it is released.

        Args:
            person: Whose runs.
            before: The event type that is not to come yet.
            nth: Before the how many-th event of that type in the run, counted from 1.

        Raises:
            Declined: The backend declined it.

        Example:
        | Hold Runs      | Ana | tool_completed |
        | Ask            | Ana | What did we spend in total? |
        | Wait For Event | Ana | tool_executing |
        | Release Runs   | Ana |
        """
        found = self.kit.world.person(person)
        found.service.admin("POST", f"/people/{found.user_id}/hold", {"before": before.value, "nth": nth})
        self.kit.world.scope.held.append(found)

    @keyword(tags=("Operations",))
    def release_runs(self, person: str, before: EventType | None = None, nth: int = 1) -> None:
        """Lets a person's held runs go on.

        Args:
            person: Whose runs.
            before: When given, the runs stop again before the ``nth`` event of this type; so a run can be
                stepped from event to event.
            nth: See ``before``.

        Raises:
            Declined: The backend declined it.

        Example:
        | Hold Runs      | Ana | tool_completed |
        | Ask            | Ana | What did we spend in total? |
        | Wait For Event | Ana | tool_executing |
        | Release Runs   | Ana |
        """
        found = self.kit.world.person(person)
        body = {"hold": {"before": before.value, "nth": nth}} if before else {}
        found.service.admin("POST", f"/people/{found.user_id}/release", body)

    @keyword(tags=("Operations",))
    def drain_backend(self) -> None:
        """Tells the backend in use to drain: nothing new, finish what runs, then close every connection.

        Example:
        | Start Private Backend | drain_seconds=${1} |
        | Drain Backend |
        """
        self.kit.service.admin("POST", "/drain", status=202)

    @keyword(tags=("Operations", "Health"))
    def get_metric(self, name: str, **labels: str) -> float:
        """Returns a metric of the backend in use.

        Args:
            name: Its name, with or without ``agent_chat_``, for example ``connections`` or ``errors_total``.
            labels: Labels that its samples must have, for example ``code=invalid_json``.

        Returns:
            The sum of the samples that fit; 0 when there is none yet.

        Example:
        | ${open}      | Get Metric | connections |
        | ${questions} | Get Metric | frames_received_total | type=chat |
        """
        return Metrics(self.kit.service.metrics()).sum(name, labels)

    @keyword(tags=("Operations", "Health"))
    def get_person_counters(self, person: str) -> dict[str, Any]:
        """Returns what the backend has counted for a person: frames sent and received, errors by code.

        Args:
            person: The person's name.

        Example:
        | ${counters} | Get Person Counters | Ana |
        | Log         | Frames sent, by type: ${counters}[frames_sent] |
        """
        return dict(self._view(person)["counters"])

    @keyword(tags=("Operations", "Health"))
    def get_open_connections(self, person: str) -> int:
        """Returns how many connections of a person the backend believes to be open.

        Args:
            person: The person's name.

        Example:
        | ${open}                     | Get Open Connections | Ana |
        | Should Be Equal As Integers | ${open}              | 1 |
        """
        return int(self._view(person)["connections"])

    @keyword(tags=("Operations", "Health"))
    def wait_until_connections_are(self, person: str, count: int, *, besides: float = 0.0) -> None:
        """Waits until the backend counts this many open connections of a person.

        Args:
            person: Whose connections.
            count: Expected number.
            besides: Seconds that the contract gives the backend on top of the environment's ``notice``.

        Raises:
            Unexpected: It still counts another number then.

        Example:
        | Drop Session               | Ana |
        | Wait Until Connections Are | Ana | 0 |
        """
        self.kit.until(
            lambda: self.get_open_connections(person) == count,
            lambda: (
                f"the backend counts {self.get_open_connections(person)} open connection(s) of {person};"
                f" there should be {count}."
            ),
            self.kit.environment.timeout("notice") + besides,
        )

    @keyword(tags=("Operations", "Waiting"))
    def wait_until_no_run_is_open(self, person: str) -> None:
        """Waits until every run of a person has ended; nobody needs to be connected, the backend is asked.

        Args:
            person: Whose runs.

        Raises:
            Unexpected: One is still open after the environment's ``answer`` timeout.

        Example:
        | Ask                       | Ana | What did we spend in total? |
        | Drop Session              | Ana |
        | Wait Until No Run Is Open | Ana |
        """
        self.kit.until(
            lambda: int(self._view(person)["runs_open"]) == 0,
            lambda: (
                f"{self._view(person)['runs_open']} run(s) of {person} have not ended; runs should go on to"
                " their end, whether somebody is connected or not."
            ),
            self.kit.environment.timeout("answer"),
        )

    @keyword(tags=("Operations", "Health"))
    def wait_until_metric_is(self, name: str, value: float, **labels: str) -> None:
        """Waits until a metric of the backend in use has a value.

        Args:
            name: The metric's name, without its prefix.
            value: Expected value.
            labels: Labels that the metric must have.

        Raises:
            Unexpected: It still has another one after the environment's ``notice`` timeout.

        Example, on a backend of its own:
        | Close Session        | Ana |
        | Wait Until Metric Is | connections | 0 |
        """
        self.kit.until(
            lambda: self.get_metric(name, **labels) == value,
            lambda: (
                f"the metric {name} is still {self.get_metric(name, **labels):g}; it should be {value:g}."
            ),
            self.kit.environment.timeout("notice"),
        )

    def _view(self, person: str) -> Mapping[str, Any]:
        found = self.kit.world.person(person)
        return found.service.admin("GET", f"/people/{found.user_id}")
