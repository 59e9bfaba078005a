"""An environment: where the backend is, how to sign in, what it can do, and what it promises in seconds.

An environment is one Python file in ``variables/``. It holds plain values in capitals, so that it is read the
same way by this library, by Robot Framework and by ``run.py``.
"""

from __future__ import annotations

import os
import runpy
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from . import known
from .known import KnownFailure
from .nearest import choices, did_you_mean
from .rules.timing import TRANSITIONS

if TYPE_CHECKING:
    from .dialect.model import Dialect

VARIABLE: Final = "AGENT_CHAT_ENV"
"""The environment variable that names the environment."""

CAPABILITIES: Final = {
    "admin": "people, organisations and records can be made through /admin",
    "hold": "a person's runs can be held before a step and released",
    "mint": "the environment gives the key that tokens are signed with",
    "sign_up": "people can register and log in over HTTP",
    "sentinel": "all devices see all events in one order, so a later answer proves an absence",
    "private_backend": "a backend of a suite's own can be started",
    "backend_log": "the backend's log file can be read",
    "lose_database": "the database can be taken away from a private backend, and given back",
    "several_processes": "several processes share everything, and each has an address of its own",
    "restart_database": "the database server of a private deployment can crash and come back",
    "read_database": "a test can look into the database itself",
    "ping": "a ping is answered by a pong",
    "one_queue": "a pong, as any reply, comes after all that earlier messages have caused",
    "echo": "a pong brings back the number and the data of its ping",
    "subprotocol": "the credential can travel as a subprotocol, as browsers need it",
    "refusal_codes": "refusals carry the agreed codes",
    "tiers": "people have tiers, and with them quotas, offers and rights",
    "five_events": "each run shows all five events, tool calls and their results among them",
    "reasoning": "the agent tells its reasoning in words, and they are about the question",
    "records": "a test can give a company its cost records, and the agent answers from them",
    "threads": "conversations are kept, can be continued by their id, and can be read over HTTP",
    "devices": "every open connection of a person receives every event of that person",
    "resume": "events are numbered, and a client that comes back can have what it missed",
    "cancel": "a run can be cancelled",
    "message_ids": "replies name the client's message that they answer, and the same message twice is one",
    "errors": "a message that is wrong is refused with the agreed code, and the field at fault is named",
    "limits": "sizes, rates, questions and connections are limited as agreed",
    "refresh": "a new token can be handed over on a live connection, and expiry and logout end it",
}
"""What an environment may offer, and what that means. A test that needs one is tagged ``needs:NAME``."""


class EnvironmentProblem(Exception):
    """The environment cannot be used; the message says why and what to do."""

    ROBOT_SUPPRESS_NAME = True


@dataclass(frozen=True, slots=True)
class TokenRules:
    """How access tokens are minted (contract: Handshake).

    Attributes:
        issuer: The ``iss`` claim.
        audience: The ``aud`` claim.
        algorithm: The JWS algorithm.
        lifetime: Seconds from ``iat`` to ``exp``.
        claims: The other claims, with places for what is known of the person; the contract's when None.
    """

    issuer: str = "agent-chat"
    audience: str = "agent-chat"
    algorithm: str = "HS256"
    lifetime: int = 900
    claims: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment, as its file describes it.

    Attributes:
        name: The file's name without its ending.
        file: Where it was read from.
        url: HTTP address of the backend; None when the library starts one.
        command: How to start a backend, without options; empty where none can be started.
        preloaded: Modules that the command loads; who starts many backends may load them once.
        prepare: What installs the backend where it is not installed yet; empty where nothing must be.
        services: How to start all that a run needs, where that is more than one backend; else empty.
        backends: HTTP addresses of the single processes, where ``url`` is one in front of several.
        directory: The folder the command is started in.
        settings: Settings handed to a backend that is started.
        capabilities: What the environment offers; see :data:`CAPABILITIES`.
        database: A file below the private folder of a backend that was started: its SQLite database, or
            what names its schema in PostgreSQL (``.schema``); None where unknown.
        tokens: How access tokens are minted.
        dialect: How the backend speaks, as its file says; None where there is none: it is the contract then.
        values: The environment's own values for places in the dialect's templates.
        known_failures: The promises that the backend is known to break.
        budgets: Longest acceptable times in seconds, by name.
        timeouts: Longest waits in seconds, by name; see :data:`DEFAULT_TIMEOUTS`.
    """

    name: str
    file: Path
    url: str | None
    command: tuple[str, ...] = ()
    preloaded: tuple[str, ...] = ()
    prepare: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    backends: tuple[str, ...] = ()
    directory: Path = Path()
    settings: Mapping[str, object] = field(default_factory=dict)
    capabilities: frozenset[str] = frozenset()
    database: str | None = None
    tokens: TokenRules = TokenRules()
    dialect: Dialect | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    known_failures: tuple[KnownFailure, ...] = ()
    budgets: Mapping[str, float] = field(default_factory=dict)
    timeouts: Mapping[str, float] = field(default_factory=dict)

    @property
    def translation(self) -> Dialect | None:
        """The dialect, where anything is to be translated; None where the backend speaks the contract."""
        return self.dialect if self.dialect is not None and not self.dialect.canonical else None

    def offers(self, capability: str) -> bool:
        """Whether the environment offers a capability."""
        return capability in self.capabilities

    def budget(self, name: str) -> float:
        """The budget of this name in seconds.

        Raises:
            EnvironmentProblem: The environment sets no such budget; the message lists those it sets.
        """
        if name not in self.budgets:
            raise EnvironmentProblem(
                f"The environment {self.name} sets no budget {name!r}.{did_you_mean(name, self.budgets)} "
                f"It sets: {choices(name, self.budgets)}. Budgets stand in {self.file.name}, BUDGETS."
            )
        return self.budgets[name]

    def median_budget(self, name: str) -> float | None:
        """The budget of the median in seconds, set as ``NAME p50``; None where only all values have one."""
        return self.budgets.get(f"{name}{MEDIAN}")

    def timeout(self, name: str) -> float:
        """The longest wait of this name in seconds."""
        return self.timeouts[name]


DEFAULT_TIMEOUTS: Final = {
    "connect": 10.0,  # an upgrade, or a refusal
    "reply": 1.0,  # the reply to a message, before a ping is sent behind it; the pong then decides
    "answer": 20.0,  # anything, whatever comes meanwhile
    "life": 5.0,  # the pong of a ping, whatever the backend is busy with
    "silence": 5.0,  # nothing at all, while a run is open
    "delivery": 4.0,  # an event that is stored, on its way to a connection; lost wakes heal meanwhile
    "close": 4.0,  # the end of a connection that must end (contract: within 2 s)
    "notice": 4.0,  # until health and figures show what has happened (contract: health within 2 + 1 s)
    "interrupted": 12.0,  # the end of a run whose process is dead or asleep (contract: within 10 s)
    "quiet": 1.0,  # nothing has come for so long: an absence, where no ping and no later answer proves one
    "start": 20.0,  # a backend that is started, until it accepts
}
"""Seconds. Generous: they bound waits that end early when all is well; budgets are what a test judges."""


def names(folder: Path) -> list[str]:
    """The environments that ``folder`` holds, sorted."""
    return sorted(f.stem for f in folder.glob("*.py") if not f.stem.startswith("_"))


def find(name: str, folder: Path) -> Path:
    """The file of the environment ``name``.

    Args:
        name: The environment's name, or a path to its file.
        folder: The ``variables`` folder.

    Raises:
        EnvironmentProblem: There is no such file; the message lists those that exist.
    """
    for candidate in (folder / f"{name}.py", Path(name)):
        if candidate.suffix == ".py" and candidate.is_file():
            return candidate
    known = names(folder)
    raise EnvironmentProblem(
        f"There is no environment {name!r} in {folder}.{did_you_mean(name, known)} "
        f"It holds: {choices(name, known)}."
    )


def load(file: Path) -> Environment:
    """Reads an environment file.

    Args:
        file: The Python file, as :func:`find` gives it.

    Returns:
        The environment.

    Raises:
        EnvironmentProblem: The file cannot be run, or a value is missing, misspelt or of a wrong type; the
            message names the file, the value and the mend.
    """
    try:
        values = runpy.run_path(str(file))
    except Exception as problem:
        raise EnvironmentProblem(f"{file} cannot be read: {type(problem).__name__}: {problem}") from problem
    given = {name: value for name, value in values.items() if name.isupper()}
    unknown = set(given) - KNOWN_VALUES
    if unknown:
        name = min(unknown)
        raise EnvironmentProblem(
            f"{file} sets {name}, which means nothing here.{did_you_mean(name, KNOWN_VALUES, '{}')} "
            f"A file may set: {choices(name, KNOWN_VALUES)}."
        )
    url = _typed(file, given, "URL", (str, type(None)), None)
    command = tuple(_typed(file, given, "COMMAND", (list, tuple), ()))
    services = tuple(_typed(file, given, "SERVICES", (list, tuple), ()))
    backends = tuple(_typed(file, given, "BACKENDS", (list, tuple), ()))
    if not url and not command:
        raise EnvironmentProblem(
            f"{file} says neither where the backend is (URL) nor how to start one (COMMAND). Set one of them."
        )
    capabilities = frozenset(_typed(file, given, "CAPABILITIES", (list, tuple, set, frozenset), ()))
    strange = sorted(capabilities - set(CAPABILITIES))
    if strange:
        raise EnvironmentProblem(
            f"{file} declares the capability {strange[0]!r}.{did_you_mean(strange[0], CAPABILITIES)} "
            f"There are: {choices(strange[0], CAPABILITIES)}."
        )
    values = _typed(file, given, "VALUES", (dict,), {})
    dialect = _dialect(file, _typed(file, given, "DIALECT", (str,), ""), values, capabilities)
    rules = {**_minting(dialect), **_typed(file, given, "TOKENS", (dict,), {})}
    try:
        tokens = TokenRules(**rules)
    except TypeError as problem:
        raise EnvironmentProblem(f"{file}: TOKENS is wrong: {problem}") from problem
    return Environment(
        name=file.stem,
        file=file,
        url=url.rstrip("/") if url else None,
        command=command,
        preloaded=tuple(_typed(file, given, "PRELOADED", (list, tuple), ())),
        prepare=tuple(_typed(file, given, "PREPARE", (list, tuple), ())),
        services=services,
        backends=tuple(backend.rstrip("/") for backend in backends),
        directory=Path(_typed(file, given, "DIRECTORY", (str, Path), file.resolve().parent.parent)),
        settings=_typed(file, given, "SETTINGS", (dict,), {}),
        capabilities=capabilities,
        database=_typed(file, given, "DATABASE", (str,), None),
        tokens=tokens,
        dialect=dialect,
        values=values,
        known_failures=_known(file),
        budgets=_seconds(file, given, "BUDGETS", {}),
        timeouts=_seconds(file, given, "TIMEOUTS", DEFAULT_TIMEOUTS),
    )


KNOWN_VALUES: Final = {
    "BACKENDS",
    "BUDGETS",
    "CAPABILITIES",
    "COMMAND",
    "DATABASE",
    "DIALECT",
    "DIRECTORY",
    "PRELOADED",
    "PREPARE",
    "SERVICES",
    "SETTINGS",
    "TIMEOUTS",
    "TOKENS",
    "URL",
    "VALUES",
}
"""What an environment's file may set."""
MEDIAN: Final = " p50"
"""What the name of a median's budget ends with."""
KNOWN_BUDGETS: Final = (
    *TRANSITIONS,
    *("connect", "round_trip", "to_other_device", "memory_bytes_per_cycle"),
)
"""Budgets that keywords judge by, in seconds; memory in bytes."""


def _dialect(
    file: Path, name: str, values: Mapping[str, Any], capabilities: Collection[str]
) -> Dialect | None:
    """The dialect that an environment names; None where it names none, or one that translates nothing."""
    if not name:
        return None
    # Only environments with a dialect pay for reading one.
    from .dialect.building import load as load_dialect  # noqa: PLC0415
    from .dialect.files import DialectProblem  # noqa: PLC0415

    try:
        dialect = load_dialect(name, file.resolve().parent, values)
    except DialectProblem as problem:
        raise EnvironmentProblem(str(problem)) from problem
    for intent in ("ping", "resume", "cancel"):
        if intent in capabilities and not dialect.canonical and intent not in dialect.says:
            raise EnvironmentProblem(
                f"{file} declares the capability {intent!r}, but {dialect.file} has no `says.{intent}`. "
                f"Say how it is said, or take {intent!r} out of CAPABILITIES."
            )
    return dialect


def _known(file: Path) -> tuple[KnownFailure, ...]:
    """The known failures that lie beside an environment's file."""
    try:
        return known.load(file.stem, file.resolve().parent)
    except known.KnownProblem as problem:
        raise EnvironmentProblem(str(problem)) from problem


def _minting(dialect: Dialect | None) -> dict[str, Any]:
    """How a dialect has tokens minted."""
    if dialect is None or dialect.canonical or dialect.credential.got != "minted":
        return {}
    how = dialect.credential
    return {"claims": how.claims, "algorithm": how.algorithm, "lifetime": how.lifetime}


def _typed(file: Path, given: Mapping[str, Any], name: str, kinds: tuple[type, ...], default: Any) -> Any:  # noqa: ANN401 -- any value a file may set
    value = given.get(name, default)
    if not isinstance(value, kinds) and value is not default:
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise EnvironmentProblem(f"{file}: {name} is a {type(value).__name__}; it must be a {wanted}.")
    return value


def _seconds(
    file: Path, given: Mapping[str, Any], name: str, defaults: Mapping[str, float]
) -> Mapping[str, float]:
    values = _typed(file, given, name, (dict,), {})
    known = defaults or KNOWN_BUDGETS
    for key, value in values.items():
        plain = str(key) if defaults else str(key).removesuffix(MEDIAN)
        if plain not in known:
            raise EnvironmentProblem(
                f"{file}: {name}[{key!r}] means nothing here.{did_you_mean(plain, known)} "
                f"There are: {choices(plain, known)}."
            )
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise EnvironmentProblem(
                f"{file}: {name}[{key!r}] is {value!r}; it must be a number of seconds above 0."
            )
    return {**defaults, **values}


def chosen(folder: Path) -> Environment:
    """The environment that ``AGENT_CHAT_ENV`` names, ``embedded`` when it names none.

    Raises:
        EnvironmentProblem: There is no such environment, or its file is wrong.
    """
    return load(find(os.environ.get(VARIABLE) or "embedded", folder))
