"""A deployment: a backend that answers, where it is, and the credentials that its tests need.

``launch`` starts one, ``attach`` takes a running one, ``embedded`` does what is right inside a test run: the
address of the environment first, else one backend for the whole run, shared by all its workers.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Final, Protocol

from .environment import Environment, EnvironmentProblem

URL: Final = "AGENT_CHAT_URL"
STARTED: Final = "AGENT_CHAT_STARTED_URL"
"""Says that what answers at this address was started here: it is the same that private backends are."""
ADMIN_TOKEN: Final = "AGENT_CHAT_ADMIN_TOKEN"  # noqa: S105 -- the variable's name
JWT_KEY: Final = "AGENT_CHAT_JWT_KEY"
BACKENDS: Final = "AGENT_CHAT_BACKENDS"
"""The addresses of single processes, separated by commas."""
SEVERAL: Final = 2
"""How many processes several are at the least."""
SERVER: Final = "AGENT_CHAT_SERVER_URL"
"""The database server that backends of a suite's own share with the run's."""
SCHEMA: Final = "AGENT_CHAT_SCHEMA"
"""How the names of this run's schemas begin there."""
GIVEN_SERVER: Final = "DATABASE_URL"
"""The database server that the user names, where the run does not start one."""
REACH_SECONDS: Final = 4.0
"""Longest time to find out whether a backend answers; a run must say so within 5 s."""
READY_POLL_SECONDS: Final = 0.002
"""How often a starting backend is looked for: everybody waits for it."""
ADMIN_BYTES: Final = 32
"""Random bytes of a new administrator's credential."""
KEY_BYTES: Final = 48
"""Random bytes of a new signing key: 64 characters, enough for any HMAC of JWS (RFC 7518, section 3.2)."""
STOP_SECONDS: Final = 15.0
"""Longest time for a backend to drain and end before it is killed."""


class Unreachable(EnvironmentProblem):
    """No backend answers; the message names the address and the reason."""


class Process(Protocol):
    """What is asked of a process that was started here; ``subprocess.Popen`` offers it."""

    @property
    def pid(self) -> int:
        """Its process id."""

    @property
    def returncode(self) -> int | None:
        """Its exit status, once it has ended."""

    def poll(self) -> int | None:
        """Its exit status, if it has ended."""

    def wait(self, timeout: float | None = None) -> int:
        """Waits until it has ended.

        Raises:
            TimeoutExpired: It has not within ``timeout`` seconds.
        """

    def send_signal(self, number: int, /) -> None:
        """Sends it a signal."""

    def terminate(self) -> None:
        """Asks it to end."""

    def kill(self) -> None:
        """Ends it at once."""


class Start(Protocol):
    """Starts a program in a group of its own, with variables on top of this process's."""

    def __call__(
        self, command: Sequence[str], *, output: Path, variables: Mapping[str, str], cwd: Path
    ) -> Process:
        """Starts it; what it prints goes to the end of ``output``."""


def start_with(start: Start) -> None:
    """Says what starts the processes of backends from now on, unless whoever starts one says it.

    Args:
        start: What starts them; at first each is started anew.
    """
    _Starting.way = start


def _anew(command: Sequence[str], *, output: Path, variables: Mapping[str, str], cwd: Path) -> Process:
    with output.open("ab") as sink:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )


class _Starting:
    way: Start = staticmethod(_anew)


@dataclass(slots=True)
class Deployment:
    """A backend that answers.

    Attributes:
        url: HTTP address, without a trailing slash.
        admin_token: Credential of ``/admin`` and ``/metrics``; empty where the environment has none.
        jwt_key: Key that tokens are signed with; empty where the environment does not give it.
        process: The process, when this side started it.
        home: Its private folder, when this side made it.
        log: The backend's log file, when it is known.
        settings: What it was told, when this side started it.
        backends: HTTP addresses of the single processes, where ``url`` is one in front of several.
        database: The variables that say where backends share a database server; empty where there is none.
        ready: The file in which what this side started tells where it is.
    """

    url: str
    admin_token: str = ""
    jwt_key: str = ""
    process: Process | None = None
    home: Path | None = None
    log: Path | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    backends: tuple[str, ...] = ()
    database: Mapping[str, str] = field(default_factory=dict, repr=False)
    ready: Path | None = None
    _asked: Process | None = field(default=None, repr=False)

    @property
    def websocket_url(self) -> str:
        """The address that chat sessions connect to."""
        return "ws" + self.url.removeprefix("http") + "/ws"

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that hand this backend to a worker."""
        given = {
            URL: self.url,
            STARTED: self.url if self.process is not None else "",
            ADMIN_TOKEN: self.admin_token,
            JWT_KEY: self.jwt_key,
            _LOG: str(self.log or ""),
            BACKENDS: ",".join(self.backends),
            **self.database,
        }
        return {name: value for name, value in given.items() if value}

    def ask_to_stop(self) -> None:
        """Tells the process that this side started to end, without waiting for it."""
        if self.process is not None and self.process.poll() is None and self._asked is not self.process:
            self._asked = self.process
            if sys.platform != "win32":
                self.process.send_signal(signal.SIGCONT)  # one that was stopped could not end
            self.process.terminate()

    def stop(self) -> None:
        """Ends the process that this side started and removes its folder; does nothing for any other."""
        self.ask_to_stop()
        if self.process is not None and self.process.poll() is None:
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.home is not None:
            shutil.rmtree(self.home, ignore_errors=True)


_LOG: Final = "AGENT_CHAT_BACKEND_LOG"


HEALTH: Final = "/ws/health"
"""Where a backend of the contract tells how it is."""


def check(url: str, health: str = HEALTH) -> None:
    """Finds out whether a backend answers at ``url``.

    Args:
        url: Its address.
        health: Where it is asked; any answer will do when empty.

    Raises:
        Unreachable: Nothing answers, or what answers is no agent-chat service.
    """
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Unreachable(f"The backend's address {url!r} is no HTTP address. Write it as http://HOST:PORT.")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=REACH_SECONDS)
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}{health or '/'}")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
        raise Unreachable(
            f"No backend answers at {url}: {reason or type(problem).__name__}. "
            "Start it, or correct the address in the environment file."
        ) from problem
    finally:
        connection.close()
    if health and status not in {200, 503}:
        raise Unreachable(
            f"What answers at {url} is no agent-chat backend: GET {health} gave {status}, not 200 or 503."
        )


def _health(environment: Environment) -> str:
    return environment.dialect.health if environment.dialect is not None else HEALTH


def attach(environment: Environment) -> Deployment:
    """Takes the running backend that the environment names.

    Raises:
        Unreachable: It does not answer.
        EnvironmentProblem: The environment offers what needs a credential, or several processes, and the
            credential or their addresses are not there.
    """
    if environment.url is None:
        raise EnvironmentProblem(f"The environment {environment.name} names no address.")
    check(environment.url, _health(environment))
    for capability, variable in (("admin", ADMIN_TOKEN), ("mint", JWT_KEY)):
        if capability in environment.capabilities and not os.environ.get(variable):
            raise EnvironmentProblem(
                f"The environment {environment.name} offers {capability!r}, but {variable} is not set. "
                f"Set it, or take {capability!r} out of CAPABILITIES in {environment.file}."
            )
    if "several_processes" in environment.capabilities and len(environment.backends) < SEVERAL:
        raise EnvironmentProblem(
            f"The environment {environment.name} offers 'several_processes', but its BACKENDS are "
            f"{len(environment.backends)}. Name the own addresses of at least two processes, or take "
            f"'several_processes' out of CAPABILITIES in {environment.file}."
        )
    log = os.environ.get(_LOG)
    return Deployment(
        environment.url,
        os.environ.get(ADMIN_TOKEN, ""),
        os.environ.get(JWT_KEY, ""),
        log=Path(log) if log else None,
        backends=environment.backends,
        database=_database(os.environ),
    )


def _database(told: Mapping[str, str]) -> dict[str, str]:
    """The variables that say where backends share a database server, from those of the run."""
    if not told.get(SCHEMA):
        return {}
    # The address of one that the user names may hold a password, so it stands in no file.
    return {SERVER: told.get(SERVER) or os.environ.get(GIVEN_SERVER, ""), SCHEMA: told[SCHEMA]}


def launch(
    environment: Environment,
    *,
    owner_pid: int,
    log: Path | None = None,
    settings: Mapping[str, object] | None = None,
    beside: Deployment | None = None,
    start: Start | None = None,
    within: Path | None = None,
) -> Deployment:
    """Starts a backend on a free loopback port and waits until it accepts.

    It ends with the process ``owner_pid``, however that ends. Its data lies in a private temporary folder or,
    where the environment has a database server, in a schema of its own.

    Args:
        environment: Says how to start it.
        owner_pid: The process that the backend ends with.
        log: Where its log goes; into its own folder when omitted.
        settings: Settings on top of the environment's.
        beside: The run's own deployment, when a single backend is wanted beside it.
        start: What starts its process; `start_with` says so when omitted.
        within: Where it makes its private folder; among the system's temporary ones when omitted.

    Raises:
        EnvironmentProblem: The environment cannot start one, or it did not come up; the message shows the end
            of its log.
    """
    prepare(environment)
    home = Path(tempfile.mkdtemp(prefix="agent-chat-", dir=within))
    deployment = Deployment(
        "",
        secrets.token_urlsafe(ADMIN_BYTES) if environment.offers("admin") else "",
        secrets.token_urlsafe(KEY_BYTES),
        home=home,
        log=(log or home / "backend.log").resolve(),
        settings={**environment.settings, **(settings or {})},
        database=beside.database if beside else {},
    )
    command = environment.command if beside else environment.services or environment.command
    _start(environment, deployment, home, owner_pid, ("--remove", str(home)), command, start)
    return deployment


def prepare(environment: Environment) -> None:
    """Installs a backend that the environment knows how to install; done at once when it is there.

    Raises:
        EnvironmentProblem: It could not be installed; the message shows what the installation said.
    """
    if not environment.prepare:
        return
    done = subprocess.run(
        environment.prepare, cwd=environment.directory, check=False, stderr=subprocess.PIPE, text=True
    )
    if done.returncode != 0:
        raise EnvironmentProblem(
            f"The environment {environment.name} cannot be prepared: {' '.join(environment.prepare)} gave "
            f"status {done.returncode}.\n{done.stderr.strip()}"
        )


def relaunch(environment: Environment, deployment: Deployment, *, owner_pid: int) -> None:
    """Starts a backend whose process has ended again, on the same data and with the same credentials.

    Raises:
        EnvironmentProblem: It was not started on this side, or did not come up.
    """
    if deployment.home is None:
        raise EnvironmentProblem("Only a backend that was started here can be started again.")
    _start(environment, deployment, deployment.home, owner_pid, ("--remove", str(deployment.home)))


def launch_beside(environment: Environment, first: Deployment, *, owner_pid: int) -> Deployment:
    """Starts a second process on the data of ``first``, with the same credentials and settings.

    Raises:
        EnvironmentProblem: ``first`` was not started on this side, or the second did not come up.
    """
    if first.home is None:
        raise EnvironmentProblem("Only a backend that was started here can have a second process.")
    log = first.log.with_name(f"{first.log.stem}-2.log") if first.log else None
    second = Deployment(
        "", first.admin_token, first.jwt_key, log=log, settings=first.settings, database=first.database
    )
    _start(environment, second, first.home, owner_pid, ("--instance", "agent-chat-2"))
    return second


def _start(
    environment: Environment,
    deployment: Deployment,
    home: Path,
    owner_pid: int,
    options: tuple[str, ...],
    program: tuple[str, ...] = (),
    start: Start | None = None,
) -> None:
    """Starts the process of a deployment on the data in ``home``, and waits until it accepts."""
    program = program or environment.command
    if not program:
        raise EnvironmentProblem(f"The environment {environment.name} cannot start a backend: no COMMAND.")
    ready, log = home / f"ready-{secrets.token_hex(4)}.json", deployment.log or home / "backend.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [
        *program,
        *("--ready-file", str(ready), "--owner-pid", str(owner_pid)),
        *("--log-file", str(log), "--data-dir", str(home / "data"), *options),
        *(part for key, value in deployment.settings.items() for part in ("--setting", f"{key}={value}")),
    ]
    variables = {**deployment.database, ADMIN_TOKEN: deployment.admin_token, JWT_KEY: deployment.jwt_key}
    process = (start or _Starting.way)(command, output=log, variables=variables, cwd=environment.directory)
    deployment.process = process
    deadline, pause = time.monotonic() + environment.timeout("start"), Event()
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            ended = (
                f"ended with status {process.returncode}" if process.poll() is not None else "did not come up"
            )
            tail = log.read_text("utf-8", "replace").strip().splitlines()[-3:]
            deployment.stop()
            raise EnvironmentProblem(f"The backend {ended}: {' '.join(command[:4])}\n" + "\n".join(tail))
        pause.wait(READY_POLL_SECONDS)
    deployment.ready, told = ready, json.loads(ready.read_text("utf-8"))
    deployment.url, deployment.backends = told["url"], tuple(told.get("backends", ()))
    if "schema" in told:
        deployment.database = _database({SERVER: told["server"], SCHEMA: told["schema"]})


def embedded(environment: Environment, output: Path, *, parallel: bool) -> Deployment:
    """The run's one backend: the environment's own, or one that the first worker to need it starts.

    Args:
        environment: The environment.
        output: Robot Framework's output folder of this worker.
        parallel: Whether this process is a worker of pabot.

    Raises:
        EnvironmentProblem: No backend answers and none can be started.
    """
    if environment.url is not None:
        return attach(environment)
    if not parallel:
        return launch(environment, owner_pid=os.getpid(), log=output / "backend.log")
    # Only plain pabot runs meet here; loading the lock costs every worker some 50 ms of CPU.
    from filelock import FileLock  # noqa: PLC0415

    meeting = output.parent / ".agent-chat-backend"
    with FileLock(f"{meeting}.lock"):
        found = _met(environment, meeting)
        if found is None:
            found = launch(environment, owner_pid=os.getppid(), log=meeting.with_name("backend.log"))
            if found.home is not None:
                given = os.environ.get(GIVEN_SERVER)  # known to all workers, and in no file
                variables = {name: value for name, value in found.variables.items() if value != given}
                _write_private(found.home / "worker.json", json.dumps(variables))
                meeting.write_text(str(found.home), "utf-8")
    return found


def _met(environment: Environment, meeting: Path) -> Deployment | None:
    """The backend that another worker of this run has started, if it still answers."""
    try:
        home = Path(meeting.read_text("utf-8"))
        given = json.loads((home / "worker.json").read_text("utf-8"))
        check(given[URL], _health(environment))
    except (OSError, ValueError, KeyError, Unreachable):
        return None
    log = given.get(_LOG)
    return Deployment(
        given[URL],
        given[ADMIN_TOKEN],
        given[JWT_KEY],
        log=Path(log) if log else None,
        backends=tuple(given[BACKENDS].split(",")) if given.get(BACKENDS) else (),
        database=_database(given),
    )


def _write_private(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
