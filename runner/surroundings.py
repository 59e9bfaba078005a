"""What the environment variables of the user's shell do to a run, said out loud."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final

from AgentChatLibrary.environment import Environment
from AgentChatLibrary.nearest import did_you_mean

from .arguments import USAGE_ERROR
from .console import Stop
from .project import VARIABLES

FAULT: Final = "AGENT_CHAT_FAULT"
"""Names the fault that an environment starts its backend with."""
PREFIX: Final = "AGENT_CHAT_"
BENCHMARKS: Final = (f"{PREFIX}BENCH_", f"{PREFIX}MUTANT")
"""How the names begin that the benchmarks and the mutants hand to their own processes."""
KNOWN: Final = frozenset(
    PREFIX + name
    for name in (
        *("ENV", "URL", "FAULT", "CREDENTIAL", "CREDENTIALS", "JWT_KEY", "ADMIN_TOKEN", "DATABASE_URL"),
        *("SERVER_URL", "SCHEMA", "BACKENDS", "BACKEND_LOG", "POSTGRES_BIN", "RECORDING"),
        *("TRANSCRIPTS", "KEEP_TRANSCRIPTS", "SECRETS_FILE", "SWARM_PEOPLE"),
    )
)
"""The variables that something in the project reads."""


def fault(env: Environment) -> str:
    """The fault that a backend started in an environment has; empty where it has none.

    Args:
        env: The environment.
    """
    name = os.environ.get(FAULT, "")
    return name if env.url is None and name in env.command else ""


def without_fault(command: str) -> None:
    """Stops a command that would take what is broken on purpose for whole.

    Args:
        command: Its name.

    Raises:
        Stop: A fault is set.
    """
    name = os.environ.get(FAULT)
    if name:
        raise Stop(f"{FAULT} is set ({name}); {command} chooses its faults itself: unset it", USAGE_ERROR)


def unknown(names: Iterable[str] | None = None) -> list[str]:
    """What to say about variables that nothing reads, a line each.

    Args:
        names: The names of all variables; those of this process when omitted.
    """
    return [
        f"Nothing reads the environment variable {name}.{did_you_mean(name, KNOWN, '{}')}"
        for name in sorted(os.environ if names is None else names)
        if name.startswith(PREFIX) and name not in KNOWN and not name.startswith(BENCHMARKS)
        if not _of_an_environment(name)
    ]


def _of_an_environment(name: str) -> bool:
    """Whether an environment reads a variable that is its own."""
    return any(name in file.read_text("utf-8") for file in VARIABLES.glob("*.*"))
