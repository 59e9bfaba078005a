"""An environment: where the backend is, how to sign in, what it can do, and what it promises in seconds.

An environment is one Python file in ``variables/``. It holds plain values in capitals, so that it is read the
same way by this library, by Robot Framework and by ``run.py``.
"""

from __future__ import annotations

import difflib
import os
import runpy
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

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
    """

    issuer: str = "agent-chat"
    audience: str = "agent-chat"
    algorithm: str = "HS256"
    lifetime: int = 900


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment, as its file describes it.

    Attributes:
        name: The file's name without its ending.
        file: Where it was read from.
        url: HTTP address of the backend; None when the library starts one.
        command: How to start a backend, without options; empty where none can be started.
        services: How to start all that a run needs, where that is more than one backend; else empty.
        backends: HTTP addresses of the single processes, where ``url`` is one in front of several.
        directory: The folder the command is started in.
        settings: Settings handed to a backend that is started.
        capabilities: What the environment offers; see :data:`CAPABILITIES`.
        database: A file below the private folder of a backend that was started: its SQLite database, or
            what names its schema in PostgreSQL (``.schema``); None where unknown.
        tokens: How access tokens are minted.
        budgets: Longest acceptable times in seconds, by name.
        timeouts: Longest waits in seconds, by name; see :data:`DEFAULT_TIMEOUTS`.
    """

    name: str
    file: Path
    url: str | None
    command: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    backends: tuple[str, ...] = ()
    directory: Path = Path()
    settings: Mapping[str, object] = field(default_factory=dict)
    capabilities: frozenset[str] = frozenset()
    database: str | None = None
    tokens: TokenRules = TokenRules()
    budgets: Mapping[str, float] = field(default_factory=dict)
    timeouts: Mapping[str, float] = field(default_factory=dict)

    def budget(self, name: str) -> float:
        """The budget of this name in seconds.

        Raises:
            EnvironmentProblem: The environment sets no such budget; the message lists those it sets.
        """
        if name not in self.budgets:
            raise EnvironmentProblem(
                f"The environment {self.name} sets no budget {name!r}. "
                f"It sets: {', '.join(sorted(self.budgets))}."
            )
        return self.budgets[name]

    def median_budget(self, name: str) -> float | None:
        """The budget of the median in seconds, set as ``NAME p50``; None where only all values have one."""
        return self.budgets.get(f"{name} p50")

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
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise EnvironmentProblem(
        f"There is no environment {name!r} in {folder}.{hint} It holds: {', '.join(known) or 'none'}."
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
    unknown = set(given) - _KNOWN
    if unknown:
        name = min(unknown)
        near = difflib.get_close_matches(name, _KNOWN, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise EnvironmentProblem(f"{file} sets {name}, which means nothing here.{hint}")
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
            f"{file} declares the capability {strange[0]!r}. Known are: {', '.join(sorted(CAPABILITIES))}."
        )
    rules = _typed(file, given, "TOKENS", (dict,), {})
    try:
        tokens = TokenRules(**rules)
    except TypeError as problem:
        raise EnvironmentProblem(f"{file}: TOKENS is wrong: {problem}") from problem
    return Environment(
        name=file.stem,
        file=file,
        url=url.rstrip("/") if url else None,
        command=command,
        services=services,
        backends=tuple(backend.rstrip("/") for backend in backends),
        directory=Path(_typed(file, given, "DIRECTORY", (str, Path), file.resolve().parent.parent)),
        settings=_typed(file, given, "SETTINGS", (dict,), {}),
        capabilities=capabilities,
        database=_typed(file, given, "DATABASE", (str,), None),
        tokens=tokens,
        budgets=_seconds(file, given, "BUDGETS", {}),
        timeouts=_seconds(file, given, "TIMEOUTS", DEFAULT_TIMEOUTS),
    )


_KNOWN: Final = {
    "BACKENDS",
    "BUDGETS",
    "CAPABILITIES",
    "COMMAND",
    "DATABASE",
    "DIRECTORY",
    "SERVICES",
    "SETTINGS",
    "TIMEOUTS",
    "TOKENS",
    "URL",
}


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
    for key, value in values.items():
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
