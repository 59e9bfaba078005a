"""The processes of a deployment of one's own: killed, put to sleep, drained and started again, one by one.

They are numbered from 1, as their names are (``agent-chat-1``). The whole, with its database, is kept by one
process that was started here: it starts again what has ended when it is told to, at the same address.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from . import sleeping
from .deployment import SERVER, Deployment
from .environment import EnvironmentProblem

POLL_SECONDS: Final = 0.01
AGAIN_SECONDS: Final = 30.0
"""Longest time for a process, or the database, to come back."""


class Fleet:
    """The processes of one deployment.

    Args:
        deployment: All that a run needs, started here.

    Raises:
        EnvironmentProblem: It is not that: there is one process, or somebody else keeps them.
    """

    def __init__(self, deployment: Deployment) -> None:
        if deployment.process is None or deployment.ready is None or not deployment.backends:
            raise EnvironmentProblem(
                "Only the processes of a private deployment can be stopped; use `Start Private Deployment`."
            )
        self._deployment = deployment
        self._keeper, self._ready = deployment.process, deployment.ready

    def address(self, number: int) -> str:
        """The URL at which a process listens.

        Args:
            number: Which, from 1.

        Raises:
            EnvironmentProblem: There is none of that number.
        """
        self._pid(number)
        return self._deployment.backends[number - 1]

    def kill(self, number: int) -> None:
        """Ends a process at once (SIGKILL), and waits until it is gone.

        Args:
            number: Which, from 1.
        """
        pid = self._pid(number)
        self._signal(pid, "SIGKILL")
        self._gone(pid)

    def pause(self, number: int) -> None:
        """Stops a process (SIGSTOP): it holds everything and does nothing."""
        sleeping.stop(self._pid(number))

    def go_on(self, number: int) -> None:
        """Lets a process go on that was stopped (SIGCONT)."""
        sleeping.go_on(self._pid(number))

    def wait_until_ended(self, number: int) -> None:
        """Waits until a process has ended that was told to.

        Raises:
            EnvironmentProblem: It goes on.
        """
        self._gone(self._pid(number))

    def start_again(self) -> None:
        """Starts every process again that has ended, at its address, and waits until all accept.

        Raises:
            EnvironmentProblem: One did not come back.
        """
        before = self._written()
        self._signal(self._keeper.pid, "SIGUSR1")
        self._until(lambda: self._written() != before, "The processes were not started again.")

    def crash_database(self) -> None:
        """Ends the database server at once, as a crash does, and waits until it has started again.

        Raises:
            EnvironmentProblem: There is no server here that may be ended, or it did not come back.
        """
        before = self._database_began()
        if before is None:
            raise EnvironmentProblem("The database server does not answer, so it cannot be restarted.")
        self._signal(self._keeper.pid, "SIGUSR2")
        self._until(
            lambda: self._database_began() not in {None, before}, "The database server did not come back."
        )

    def wait_until_healthy(self, healthy: Callable[[str], bool]) -> None:
        """Waits until every process says that it is healthy.

        Args:
            healthy: Asks the process at an address.

        Raises:
            EnvironmentProblem: One does not become healthy.
        """
        for address in self._deployment.backends:
            self._until(partial(healthy, address), f"{address} does not become healthy.")

    # -- what there is ------------------------------------------------------------------------------

    def _pids(self) -> list[int]:
        return [int(pid) for pid in json.loads(self._ready.read_text("utf-8"))["processes"]]

    def _pid(self, number: int) -> int:
        pids = self._pids()
        if not 1 <= number <= len(pids):
            raise EnvironmentProblem(f"There is no process {number}; there are {len(pids)}, from 1.")
        return pids[number - 1]

    def _written(self) -> int:
        return self._ready.stat().st_ino  # the file is replaced whole each time

    def _database_began(self) -> str | None:
        # Loaded only where it is used: it takes every worker some 200 ms of CPU.
        import psycopg  # noqa: PLC0415

        server = self._deployment.database.get(SERVER)
        if not server:
            raise EnvironmentProblem("This deployment has no database server of its own.")
        with contextlib.suppress(psycopg.Error), psycopg.connect(server, connect_timeout=2) as connection:
            row = connection.execute("SELECT pg_postmaster_start_time()::text").fetchone()
            return None if row is None else str(row[0])
        return None

    # -- doing --------------------------------------------------------------------------------------

    @staticmethod
    def _signal(pid: int, name: str) -> None:
        number = getattr(signal, name, None)
        if number is None:
            raise EnvironmentProblem("This system cannot stop and continue a process.")
        os.kill(pid, number)

    def _gone(self, pid: int) -> None:
        self._until(lambda: not _lives(pid), f"The process {pid} goes on.")

    @staticmethod
    def _until(reached: Callable[[], bool], otherwise: str) -> None:
        deadline, pause = time.monotonic() + AGAIN_SECONDS, threading.Event()
        while not reached():
            if time.monotonic() > deadline:
                raise EnvironmentProblem(otherwise)
            pause.wait(POLL_SECONDS)


def _lives(pid: int) -> bool:
    """Whether a process exists. Its keeper asks several times a second how those ended that have."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
