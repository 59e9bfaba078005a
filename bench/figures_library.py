"""Keywords that take figures inside a Robot Framework process and note them for whoever started it."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import secrets
import time
from pathlib import Path
from typing import Any, Final

from AgentChatLibrary.keywords.types import ClientFrame, FrameType
from robot.api.deco import keyword, library
from robot.libraries.BuiltIn import BuiltIn
from websockets.asyncio.client import connect

from bench.memory import resident

NUMBERS: Final = "AGENT_CHAT_BENCH_NUMBERS"
"""The environment variable that names the file for the figures."""
COUNT: Final = "AGENT_CHAT_BENCH_COUNT"
ROUNDS: Final = "AGENT_CHAT_BENCH_ROUNDS"


@library(scope="GLOBAL")
class figures_library:  # noqa: N801 -- Robot Framework wants the file's name
    """Takes figures; see the suites beside it."""

    def __init__(self) -> None:
        self._figures: dict[str, Any] = {}
        self._begun = 0.0

    @keyword
    def wanted_count(self) -> int:
        """How many of whatever the figure is about."""
        return int(os.environ[COUNT])

    @keyword
    def wanted_rounds(self) -> int:
        """How many rounds, taken in turns with the peers."""
        return int(os.environ.get(ROUNDS, "1"))

    @keyword
    def weigh_and_time(self, name: str, *arguments: str) -> None:
        """Runs a keyword that returns how many sessions it opened, and notes its time and what each weighs.

        Args:
            name: The keyword.
            arguments: Its arguments.
        """
        builtin: Any = BuiltIn()
        gc.collect()
        before, begun = resident(), time.perf_counter()
        opened = builtin.run_keyword(name, *arguments)
        seconds = time.perf_counter() - begun
        gc.collect()
        grown = resident() - before
        self._note(open_seconds=seconds, bytes_each=grown / opened, sessions=opened)

    @keyword
    def start_the_clock(self) -> None:
        """Begins a time."""
        self._begun = time.perf_counter()

    @keyword
    def note_the_time(self, name: str, count: int) -> None:
        """Adds how long one of ``count`` took, in seconds, to the times of ``name``."""
        spent = (time.perf_counter() - self._begun) / count
        self._figures.setdefault(name, []).append(spent)
        self._note()

    @keyword
    def give_a_contract_id(self, person: str) -> None:
        """Gives a person an id of the contract's shape: the light server makes no people, it believes tokens.

        Args:
            person: The person's name.
        """
        builtin: Any = BuiltIn()
        found = builtin.get_library_instance("AgentChatLibrary").kit.world.person(person)
        found.user_id = f"u_{secrets.token_hex(16)}"

    @keyword
    def send_nothing(self, session: str, type: ClientFrame, **fields: Any) -> str:  # noqa: A002, ANN401 -- as `Send Message`
        """Takes what `Send Message` takes, and returns a text as it does."""
        del session, type, fields
        return "nothing"

    @keyword
    def wait_for_nothing(self, session: str, message_id: str, *types: FrameType) -> str:
        """Takes what `Wait For Reply` takes."""
        del session, message_id, types
        return "nothing"

    @keyword
    def bare_round_trips(self, url: str, count: int) -> None:
        """Notes how long a ping and its pong take with a bare `websockets` connection, one after the other.

        Args:
            url: Where to.
            count: How many.
        """
        self._figures.setdefault("bare", []).append(asyncio.run(_bare(url, count)))
        self._note()

    def _note(self, **figures: float) -> None:
        self._figures.update(figures)
        Path(os.environ[NUMBERS]).write_text(json.dumps(self._figures), "utf-8")


async def _bare(url: str, count: int) -> float:
    async with connect(url, compression=None, proxy=None, ping_interval=None) as connection:
        await connection.recv()
        begun = time.perf_counter()
        for number in range(count):
            await connection.send(
                json.dumps({"type": "ping", "message_id": f"m_{number}", "sequence": number})
            )
            if json.loads(await connection.recv())["sequence"] != number:
                raise RuntimeError(f"The ping {number} was answered by another pong.")
        return (time.perf_counter() - begun) / count
