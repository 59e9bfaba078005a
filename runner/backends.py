"""Backend processes that share their data; each keeps its address when it is started again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from . import children
from .relay import Address

READY_SECONDS: Final = 20.0
DRAIN_SECONDS: Final = 12.0
"""Longest time for the backends to drain and end before they are killed."""
POLL_SECONDS: Final = 0.02


class NoServices(Exception):
    """They could not be started; the message says why."""


@dataclass(slots=True)
class Backend:
    """One process.

    Attributes:
        name: What it is called, however often it is started.
        ready: The file that it writes once it accepts.
        process: The process; None before the first start.
        address: Where it listens; None before the first start.
    """

    name: str
    ready: Path
    process: subprocess.Popen[bytes] | None = None
    address: Address | None = None

    @property
    def ended(self) -> bool:
        """Whether it does not run."""
        return self.process is None or self.process.poll() is not None


class Backends:
    """The processes.

    Args:
        command: What starts one, without its own options.
        variables: Environment variables on top of this process's.
        home: A private folder.
        count: How many there are.
    """

    def __init__(self, command: Sequence[str], variables: Mapping[str, str], home: Path, count: int) -> None:
        self._command, self._variables = command, variables
        self._all = [
            Backend(f"agent-chat-{number}", home / f"backend-{number}.json") for number in range(1, count + 1)
        ]

    @property
    def addresses(self) -> list[Address]:
        """Where they listen, in order."""
        return [one.address for one in self._all if one.address is not None]

    @property
    def pids(self) -> list[int]:
        """Their process ids, in order; those that have ended included."""
        return [one.process.pid for one in self._all if one.process is not None]

    async def start(self) -> list[Address]:
        """Starts those that do not run, and waits until they accept.

        Returns:
            The addresses of those that were started.

        Raises:
            NoServices: One did not come up.
        """
        starting = [one for one in self._all if one.ended]
        for one in starting:
            self._start(one)
        deadline = asyncio.get_running_loop().time() + READY_SECONDS
        while not all(one.ready.exists() for one in starting):
            ended = [one for one in starting if one.ended]
            if ended or asyncio.get_running_loop().time() > deadline:
                how = [one.process.returncode for one in ended if one.process is not None]
                raise NoServices(
                    f"A backend ended with status {how[0]}." if how else "A backend did not come up."
                )
            await asyncio.sleep(POLL_SECONDS)
        for one in starting:
            one.address = address_of(json.loads(one.ready.read_text("utf-8"))["url"])
        return [one.address for one in starting if one.address is not None]

    def _start(self, one: Backend) -> None:
        one.ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", *self._command, "--instance", one.name]
        command += ["--ready-file", str(one.ready), "--owner-pid", str(os.getpid())]
        # Its own would be left if it were killed; this one goes with everything else.
        command += ["--data-dir", str(one.ready.with_suffix(".data"))]
        if one.address is not None:  # people know it by then
            command += ["--port", str(one.address[1])]
        one.process = children.start(command, output=None, variables=self._variables)

    def reap(self) -> None:
        """Asks those that have ended how they did, so that the system forgets them."""
        for one in self._all:
            _ = one.ended

    async def stop(self) -> None:
        """Lets them drain and end; returns when they have, or when the time for it is over."""
        running = [one.process for one in self._all if one.process is not None and not one.ended]
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)  # one that was stopped could not end
                process.terminate()
        deadline = asyncio.get_running_loop().time() + DRAIN_SECONDS
        while any(process.poll() is None for process in running):
            if asyncio.get_running_loop().time() > deadline:
                return
            await asyncio.sleep(POLL_SECONDS)

    def kill(self) -> None:
        """Ends whatever still runs."""
        for one in self._all:
            if one.process is not None:
                children.end(one.process, grace=0.1)


def address_of(url: str) -> Address:
    """Host and port of an HTTP address."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    return host, int(port)
