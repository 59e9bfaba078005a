"""What all keywords share: the environment, the backend, the contract, and what a test has made so far."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from robot.libraries.BuiltIn import BuiltIn, RobotNotRunningError

from . import environment as environments
from .chat import Unexpected
from .contract import Contract
from .deployment import Deployment, embedded, launch, launch_beside, relaunch
from .dialect.door import address
from .dialect.relaxed import DialectContract
from .engine.offer import Carrier, Offer
from .environment import Environment, EnvironmentProblem
from .identity import Person, mint
from .newcomers import Newcomers
from .redaction import issue
from .service import Service
from .world import World

REPOSITORY: Final = Path(__file__).resolve().parents[2]
POLL_SECONDS: Final = 0.02
"""Time between two questions to the backend about something that it does not announce."""


class Kit:
    """The shared state of one library instance.

    Args:
        variables: The folder of environment files.
    """

    def __init__(self, variables: Path | None = None) -> None:
        self.variables = variables or REPOSITORY / "variables"
        self.world = World()
        self.bad_tokens_told: dict[str, str] = {}
        self._contract: Contract | None = None
        self._newcomers: Newcomers | None = None
        self._environment: Environment | None = None
        self._service: Service | None = None
        self._problem: str | None = None

    @property
    def environment(self) -> Environment:
        """The environment that ``AGENT_CHAT_ENV`` names.

        Raises:
            EnvironmentProblem: There is none of that name, or its file is wrong.
        """
        if self._environment is None:
            self._environment = environments.chosen(self.variables)
        return self._environment

    @property
    def service(self) -> Service:
        """The backend in use: a suite's private one where it has started one, else the run's.

        Raises:
            EnvironmentProblem: No backend answers and none can be started.
        """
        for scope in reversed(self.world.scopes):
            if scope.service is not None:
                return scope.service
        return self.shared

    @property
    def shared(self) -> Service:
        """The run's backend.

        Raises:
            EnvironmentProblem: No backend answers and none can be started.
        """
        if self._service is None:
            self._service = Service(self._deploy())
        return self._service

    @property
    def newcomers(self) -> Newcomers:
        """Makes people where the backend has no administration."""
        if self._newcomers is None:
            self._newcomers = Newcomers(self.environment)
        return self._newcomers

    @property
    def contract(self) -> Contract:
        """What frames are judged by: the contract, as far as the environment's dialect goes."""
        if self._contract is None:
            dialect = self.environment.translation
            self._contract = DialectContract(dialect) if dialect is not None else Contract()
        return self._contract

    def offer(
        self,
        deployment: Deployment,
        credentials: Sequence[tuple[Carrier, str]],
        headers: Mapping[str, str] | None = None,
    ) -> Offer:
        """What a client presents to a backend of this environment.

        Args:
            deployment: The backend.
            credentials: Tokens and how each travels.
            headers: Further headers of the handshake.
        """
        env = self.environment
        url = deployment.websocket_url
        if env.dialect is not None:
            url = f"ws{deployment.url.removeprefix('http')}{address(env.dialect, env.values)}"
        return Offer(url, credentials, headers or {}, env.translation, env.values)

    def _deploy(self) -> Deployment:
        builtin = BuiltIn()
        try:
            output = Path(str(builtin.get_variable_value("${OUTPUT DIR}")))
            parallel = builtin.get_variable_value("${CALLER_ID}") is not None
        except RobotNotRunningError:
            raise EnvironmentProblem("A backend is only started inside a Robot Framework run.") from None
        return embedded(self.environment, output, parallel=parallel)

    def problem(self) -> str | None:
        """Why no test can run, found out once; None when all is well."""
        if self._problem is None:
            try:
                _ = self.service
                self._problem = ""
            except EnvironmentProblem as problem:
                self._problem = str(problem)
        return self._problem or None

    def start_private(self, settings: dict[str, object], log: Path | None = None) -> Service:
        """Starts a backend of the innermost scope's own and uses it for everything made from now on.

        Raises:
            EnvironmentProblem: The environment cannot start one.
        """
        # What it needs beside itself, such as a database server, is the run's.
        beside = self.shared.deployment if self.environment.services else None
        return self._start(settings, log, beside)

    def start_private_services(self, settings: dict[str, object], log: Path | None = None) -> Service:
        """Starts all that a run needs for the innermost scope alone, and uses it from now on.

        Raises:
            EnvironmentProblem: The environment cannot start several processes.
        """
        if not self.environment.services:
            raise EnvironmentProblem(
                f"The environment {self.environment.name} starts one process: no SERVICES."
            )
        return self._start(settings, log, None)

    def _start(self, settings: dict[str, object], log: Path | None, beside: Deployment | None) -> Service:
        service = Service(
            launch(self.environment, owner_pid=os.getpid(), log=log, settings=settings, beside=beside)
        )
        self.world.scope.service = service
        self.world.scope.deployments.append(service.deployment)
        return service

    def restart_private(self, deployment: Deployment) -> None:
        """Starts a private backend again whose process has ended, on the same data.

        Raises:
            EnvironmentProblem: It did not come up.
        """
        relaunch(self.environment, deployment, owner_pid=os.getpid())

    def start_beside(self, first: Deployment) -> Deployment:
        """Starts a second process on a private backend's data; it ends with the innermost scope.

        Raises:
            EnvironmentProblem: It did not come up.
        """
        second = launch_beside(self.environment, first, owner_pid=os.getpid())
        self.world.scope.deployments.append(second)
        return second

    def until_held(self, person: Person, run_id: str) -> None:
        """Waits until a run stands where it is held.

        Raises:
            Unexpected: It did not come there, or went past it and ended.
        """

        def held() -> bool:
            view = person.service.admin("GET", f"/people/{person.user_id}")
            if any(stop["run_id"] == run_id for stop in view["held"]):
                return True
            if view["runs_open"] == 0:
                raise Unexpected(f"{person.name}'s run has ended without stopping where it should be held.")
            return False

        self.until(
            held,
            lambda: f"{person.name}'s run is open, but does not come to where it should be held.",
            self.environment.timeout("silence"),
        )

    def until(self, reached: Callable[[], bool], otherwise: Callable[[], str], within: float) -> None:
        """Waits until something that only the backend knows is so, asking again and again.

        Args:
            reached: Asks the backend.
            otherwise: Says what is so instead, for the message.
            within: The longest wait in seconds.

        Raises:
            Unexpected: It is not so by then.
        """
        deadline = time.monotonic() + within
        while True:
            last = time.monotonic() > deadline
            if reached():
                return
            if last:
                raise Unexpected(f"After {within:.1f} s: {otherwise()}")
            self.pause()

    def pause(self) -> None:
        """Leaves the backend alone for a moment between two questions."""
        threading.Event().wait(POLL_SECONDS)

    def token(self, person: Person) -> str:
        """A good access token: the person's own after a login, else a minted one, else from a login.

        Raises:
            Declined: The backend declined the login.
        """
        if person.access_token:
            return person.access_token
        if "mint" in self.environment.capabilities:
            return mint(person, self.environment.tokens, self.signing_key(person))
        person.sign_in()
        return person.access_token

    def heartbeat_seconds(self, person: Person) -> float:
        """How far heartbeats are apart: as the backend of ``person`` was told, else as the contract says."""
        settings = {**self.environment.settings, **person.service.deployment.settings}
        given = settings.get("heartbeat_seconds")
        return float(str(given)) if given else float(self.contract.limits["heartbeat_seconds"])

    def signing_key(self, person: Person) -> str:
        """The key that the backend of ``person`` signs its tokens with.

        Raises:
            EnvironmentProblem: The environment does not give it.
        """
        key = person.service.deployment.jwt_key
        if not key:
            raise EnvironmentProblem(
                f"The environment {self.environment.name} gives no signing key: tokens come from a login."
            )
        return issue(key)
