"""Lets a forked program have others forked as well, by the one that it was forked from itself.

A program with threads and connections cannot fork by itself: its child would hold both. It asks the runner,
over a socket that only the same user can open and with a key that only the runner's own processes know.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.managers import BaseManager, BaseProxy
from pathlib import Path
from typing import Any, Protocol

KEY_BYTES = 32
"""Random bytes of the key."""


class Fork(Protocol):
    """Forks a program."""

    def __call__(self, command: Sequence[str], output: str, variables: Mapping[str, str], cwd: str) -> object:
        """Forks ``command`` with exactly these environment variables."""


class Distant(BaseProxy):
    """A process that the runner has started, as ``subprocess.Popen`` has it."""

    _exposed_ = ("__getattribute__", "poll", "wait", "send_signal", "terminate", "kill")

    @property
    def pid(self) -> int:
        """Its process id."""
        return int(self._ask("__getattribute__", "pid"))

    @property
    def returncode(self) -> int | None:
        """Its exit status; None until it has ended."""
        return self.poll()

    def poll(self) -> int | None:
        """Its exit status, if it has ended."""
        status: int | None = self._ask("poll")
        return status

    def wait(self, timeout: float | None = None) -> int:
        """Waits until it has ended and returns its exit status.

        Raises:
            TimeoutExpired: It has not ended within ``timeout`` seconds.
        """
        return int(self._ask("wait", timeout))

    def send_signal(self, number: int) -> None:
        """Sends it a signal; does nothing when it has ended."""
        self._ask("send_signal", number)

    def terminate(self) -> None:
        """Asks it to end."""
        self._ask("terminate")

    def kill(self) -> None:
        """Ends it at once."""
        self._ask("kill")

    def _ask(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 -- whatever the method returns
        return self._callmethod(method, arguments)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a fork service is.

    Attributes:
        path: Its socket.
        key: What opens it.
    """

    path: str
    key: bytes


class ForkService:
    """Forks what the programs ask for, in a thread of the runner.

    Args:
        fork: What forks.
    """

    def __init__(self, fork: Fork) -> None:
        class Serving(BaseManager):
            pass

        Serving.register("start", fork, Distant)
        key = secrets.token_bytes(KEY_BYTES)
        server = Serving(authkey=key).get_server()
        self.address = Address(str(server.address), key)
        threading.Thread(target=server.serve_forever, name="fork service", daemon=True).start()


class DistantForks:
    """What a forked program starts others with. It connects at the first.

    Args:
        address: Where the fork service is.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._service: Any = None

    def __call__(
        self, command: Sequence[str], *, output: Path, variables: Mapping[str, str], cwd: Path
    ) -> Distant:
        """Starts a program in a group of its own, with variables on top of this process's.

        Args:
            command: What to start.
            output: File for what it prints.
            variables: Environment variables on top of this program's.
            cwd: The folder it starts in.
        """
        if self._service is None:

            class Asking(BaseManager):
                pass

            Asking.register("start", proxytype=Distant)
            self._service = Asking(self._address.path, self._address.key)
            self._service.connect()
        started: Distant = self._service.start(
            list(command), str(output.absolute()), {**os.environ, **variables}, str(cwd.absolute())
        )
        return started
