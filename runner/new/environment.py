"""``run.py new environment``: a file in ``variables/`` with every value explained."""

from __future__ import annotations

import argparse
from typing import Final
from urllib.parse import urlsplit

from AgentChatLibrary import environment
from AgentChatLibrary.environment import CAPABILITIES, DEFAULT_TIMEOUTS

from ..arguments import USAGE_ERROR
from ..console import Stop
from ..project import VARIABLES
from . import names, writing

CREDENTIALS: Final = "AGENT_CHAT_ADMIN_TOKEN=... AGENT_CHAT_JWT_KEY=..."
MEANINGS: Final = {
    "connect": "95 in 100 connections are welcomed within this time",
    "connect p50": "and half of them within this one",
    "round_trip": "a ping and its pong",
    "memory_bytes_per_cycle": "in bytes: what a connection that came and went may leave behind",
    "asked_to_ack": "from the question to its acceptance",
    "asked_to_started": "to the first sign of life",
    "started_to_thinking": "from each event to the next",
    "longest_gap": "the longest silence while the agent works",
    "whole": "from the question to the answer",
}
"""What a budget is about."""
NOT_ELSEWHERE: Final = ("private_backend", "backend_log", "lose_database")
"""What only a backend that is started here can have."""


def main(options: argparse.Namespace) -> int:
    """Writes the environment.

    Args:
        options: The command line: ``name`` and ``url``.

    Returns:
        The exit status.

    Raises:
        Stop: The name is bad or taken, or the address is none.
    """
    name = names.checked("environment", options.name, names.ENVIRONMENT, "_")
    url = options.url
    if url and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname):
        raise Stop(
            f"{url!r} is no HTTP address of a backend; one looks like http://127.0.0.1:8000 or https://chat.example",
            USAGE_ERROR,
        )
    file = names.free(VARIABLES / f"{name}.py")
    text = writing.filled(
        "environment.py.template",
        name=name,
        url=f'"{url}"' if url else "None",
        command="[]" if url else '[sys.executable, "-m", "backend"]',
        settings="{}" if url else '{"drain_seconds": 2, "password_profile": "fast"}',
        database="" if url else "data/agent-chat.sqlite3",
        imports="" if url else "import sys\n",
        capabilities=_capabilities(elsewhere=bool(url)),
        budgets=_budgets(),
        timeouts="".join(f'    "{key}": {value},\n' for key, value in DEFAULT_TIMEOUTS.items()),
    )
    writing.write(file, text)
    given = f"{CREDENTIALS} " if url else ""
    writing.next_steps(
        f"{given}python3 run.py --env {name}",
        "Take out each capability that the backend lacks: its tests are then skipped, with the reason.",
        "Set the budgets that your customers are promised. docs/environments.md explains every value.",
        *(["A backend with words of its own needs a dialect: python3 run.py probe URL"] if url else []),
    )
    return 0


def _default() -> environment.Environment:
    return environment.load(environment.find("embedded", VARIABLES))


def _budgets() -> str:
    """Those of the default environment; a name that explains itself has no comment."""
    lines = []
    for name, value in _default().budgets.items():
        told = f"  # {MEANINGS[name]}" if name in MEANINGS else ""
        lines.append(f'    "{name}": {value},{told}\n')
    return "".join(lines)


def _capabilities(*, elsewhere: bool) -> str:
    lines, offered = [], _default().capabilities
    for name, meaning in CAPABILITIES.items():
        off = "# " if name not in offered or (elsewhere and name in NOT_ELSEWHERE) else ""
        lines.append(f'    {off}"{name}",  # {meaning}\n')
    return "".join(lines)
