"""What can be set from outside, its default, and where it comes from.

A setting is given as ``--setting name=value`` or as the variable ``AGENT_CHAT_<NAME>``; the option wins.
Secrets come from the environment alone, because a command line is visible to everybody on the machine.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

MIN_SECRET_BYTES = 32
"""Shortest key for HS256 (RFC 7518, section 3.2) and shortest administrator's credential."""

PREFIX = "AGENT_CHAT_"


class SettingsError(Exception):
    """A setting is missing or wrong; the message is one line for whoever starts the backend."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a backend process is told.

    Attributes:
        jwt_key: Key that tokens are signed with.
        admin_token: Credential of ``/admin`` and ``/metrics``.
        database_url: SQLAlchemy URL; of SQLite or of PostgreSQL.
        instance: Name of this process in frames and health.
        drain_seconds: Time that running questions get when the service drains.
        heartbeat_seconds: Time between two WebSocket PINGs; 0 takes the contract's figure (tiers.json).
        lease_seconds: Longest time that a process owns a run without renewing it (contract: at most 5 s).
        access_token_seconds: Lifetime of an access token.
        refresh_token_seconds: Lifetime of a refresh token.
        password_profile: ``owasp``, or ``fast`` for throw-away people.
        jwt_issuer: The ``iss`` claim.
        jwt_audience: The ``aud`` claim.
        allowed_origins: Origins besides the service's own that browsers may connect from, comma-separated.
        slow_consumer_bytes: Unsent bytes beyond which a connection is closed (contract, "Limits": 1 MiB).
        slow_consumer_seconds: Longest time without progress while bytes are unsent (contract: 30 s).
        wake_seconds: Time after which a connection looks into the log though no notification came.
        close_seconds: Time that a peer gets to answer a close frame before it is cut off.
        database_seconds: Longest wait for the database in one operation while it does nothing else either.
        slow_probe_seconds: Duration of the health's own write from which the service calls itself degraded.
        read_threads: Threads that read from the database.
        write_threads: Threads that write to it, where it can do that at the same time (PostgreSQL).
        tool_threads: Threads that the agent's tools run in.
    """

    jwt_key: str = field(repr=False)
    admin_token: str = field(repr=False)
    database_url: str = field(repr=False)
    instance: str = "agent-chat-1"
    drain_seconds: float = 10.0
    heartbeat_seconds: float = 0.0
    lease_seconds: float = 5.0
    access_token_seconds: int = 900
    refresh_token_seconds: int = 86400
    password_profile: str = "owasp"  # noqa: S105 -- the name of a cost profile
    jwt_issuer: str = "agent-chat"
    jwt_audience: str = "agent-chat"
    allowed_origins: str = ""
    slow_consumer_bytes: int = 1 << 20
    slow_consumer_seconds: float = 30.0
    wake_seconds: float = 1.0
    close_seconds: float = 5.0
    database_seconds: float = 3.0
    slow_probe_seconds: float = 0.5
    read_threads: int = 4
    write_threads: int = 3
    tool_threads: int = 2


NOT_SETTABLE = {"jwt_key", "admin_token", "database_url", "instance"}
"""These have their own option or variable."""


def load(
    options: Sequence[str],
    environ: Mapping[str, str],
    *,
    instance: str,
    data_dir: Path,
    throw_away: bool,
) -> Settings:
    """Puts the settings together.

    Args:
        options: ``name=value`` texts of the command line.
        environ: The environment's variables.
        instance: Name of the process.
        data_dir: Where the SQLite database lies when no other database is named.
        throw_away: Whether the data does not outlive the process; passwords may then be hashed fast.

    Raises:
        SettingsError: A secret is missing or short, or a setting is unknown or no number.
    """
    kinds: dict[str, type] = {
        item.name: type(item.default) for item in fields(Settings) if item.name not in NOT_SETTABLE
    }
    given: dict[str, str] = {
        name: environ[PREFIX + name.upper()] for name in kinds if environ.get(PREFIX + name.upper())
    }
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or name not in kinds:
            raise SettingsError(f"There is no setting {name!r}. Settings: {', '.join(sorted(kinds))}.")
        given[name] = value
    values: dict[str, object] = {"password_profile": "fast" if throw_away else "owasp"}
    for name, text in given.items():
        try:
            values[name] = kinds[name](text)
        except ValueError:
            raise SettingsError(f"The setting {name} must be a number, not {text!r}.") from None
    if values["password_profile"] not in {"fast", "owasp"}:
        raise SettingsError("The setting password_profile must be fast or owasp.")
    return Settings(
        jwt_key=_secret(environ, "AGENT_CHAT_JWT_KEY"),
        admin_token=_secret(environ, "AGENT_CHAT_ADMIN_TOKEN"),
        database_url=environ.get("AGENT_CHAT_DATABASE_URL") or f"sqlite:///{data_dir / 'agent-chat.sqlite3'}",
        instance=instance,
        **values,  # type: ignore[arg-type]
    )


def _secret(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if len(os.fsencode(value)) < MIN_SECRET_BYTES:
        state = "is too short" if value else "is not set"
        raise SettingsError(
            f"{name} {state}: it needs at least {MIN_SECRET_BYTES} bytes. `python3 run.py serve` makes one."
        )
    return value
