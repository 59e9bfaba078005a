"""Draining: the service ends without losing what it has begun."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from backend.compose import FrameError
from backend.ground import Ground
from backend.settings import Settings
from backend.store.lane import DatabaseUnavailableError

if TYPE_CHECKING:
    from backend.agent.supervisor import Supervisor
    from backend.ws.manager import ManagerFactory
    from backend.ws.watch import Watch

GOING_AWAY = 1001
"""Close code of a server that goes down (RFC 6455, section 7.4.1)."""

FLUSH_SECONDS = 3.0
"""Time that a peer gets to read what is left for it."""

END_SECONDS = 3.0
"""Time for interrupted runs to be ended."""


class DrainState:
    """Whether the service drains, and whether anybody is still there."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.active = False
        self._upgrades = 0
        self._nobody = asyncio.Event()
        self._nobody.set()

    @contextmanager
    def upgrade(self) -> Iterator[None]:
        """Within the block somebody asks to be let in, or is there."""
        self._upgrades += 1
        self._nobody.clear()
        try:
            yield
        finally:
            self._upgrades -= 1
            if self._upgrades == 0:
                self._nobody.set()

    async def nobody(self) -> None:
        """Waits until nobody is there, and nobody is about to be let in."""
        await self._nobody.wait()

    def refusal(self) -> FrameError | None:
        """Returns why new questions are refused, or None when they are not."""
        if not self.active:
            return None
        return FrameError(
            "unavailable", "The service is going down.", retry_after=max(1.0, self._settings.drain_seconds)
        )


class Drain:
    """Takes the service down, step by step."""

    def __init__(
        self,
        ground: Ground,
        state: DrainState,
        supervisor: Supervisor,
        managers: ManagerFactory,
        watch: Watch,
    ) -> None:
        self._settings = ground.settings
        self._journal = ground.journal
        self._state = state
        self._supervisor = supervisor
        self._managers = managers
        self._watch = watch
        self._task: asyncio.Task[None] | None = None

    def begin(self, then: Callable[[], None], *, seconds: float | None = None) -> None:
        """Begins to drain; does nothing when it has begun.

        Args:
            then: Called when everything is done.
            seconds: Time that runs get; the setting ``drain_seconds`` when omitted.
        """
        if self._task is None:
            self._state.active = True
            given = self._settings.drain_seconds if seconds is None else seconds
            self._task = asyncio.create_task(self.drain(given, then), name="drain")

    async def drain(self, seconds: float, then: Callable[[], None]) -> None:
        """Lets runs end, interrupts the rest, sends what is queued, closes, and ends."""
        self._journal.info("drain_begins", seconds=seconds)
        try:
            await self.let_runs_end(seconds)
            await self.interrupt_runs()
            await self.close_connections()
        finally:
            self._journal.info("drain_ends")
            then()

    async def let_runs_end(self, seconds: float) -> None:
        """Waits for the open runs."""
        await self._supervisor.idle(seconds)

    async def interrupt_runs(self) -> None:
        """Ends the runs that are still open."""
        self._supervisor.interrupt()
        await self._supervisor.idle(END_SECONDS)

    async def close_connections(self) -> None:
        """Closes every connection behind what is left to send to it, those too that are just being let in."""
        try:
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._watch.wake_all()
        except (DatabaseUnavailableError, TimeoutError):
            self._journal.warning("drain_without_database")
        self._managers.dismiss(GOING_AWAY, "draining", FLUSH_SECONDS)
        try:
            async with asyncio.timeout(FLUSH_SECONDS + 1):
                await self._state.nobody()
        except TimeoutError:
            self._journal.warning("connections_left", count=len(self._managers.connections()))
