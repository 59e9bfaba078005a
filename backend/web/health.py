"""Health: the truth about the service, in time even when its database hangs."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from backend.drain import DrainState
from backend.ground import Ground
from backend.store.lane import DatabaseUnavailableError
from backend.store.schema import probes
from backend.store.sql import put
from backend.web.answers import answer
from backend.web.guard import Guard

VERSION = "0.1.0"

FRESH_SECONDS = 0.5
"""Age up to which a probe, or any write that succeeded, is believed (contract, "HTTP": at most 1 s)."""

PROBE_SECONDS = 1.0
"""Longest time that a probe takes (contract, "HTTP": an answer within 2 s)."""


class Health:
    """Finds out whether the service can do its work."""

    fresh_seconds = FRESH_SECONDS

    def __init__(self, ground: Ground, draining: DrainState) -> None:
        self._settings = ground.settings
        self._database = ground.database
        self._link = ground.bus.link
        self._draining = draining
        self._clock = ground.clock
        self._thread = ThreadPoolExecutor(1, "health")
        self._asked: asyncio.Future[float | None] | None = None
        self._known: tuple[float, float | None] = (float("-inf"), None)

    def routes(self) -> list[BaseRoute]:
        """Returns the routes."""
        return [Route("/ws/health", self.show, methods=["GET"])]

    async def show(self, request: Request) -> Response:
        """Says how the service is."""
        del request
        seconds = await self.probe()
        status = self.status(seconds)
        code = 200 if status in {"healthy", "degraded"} else 503
        database: dict[str, object] = {"status": "ok" if seconds is not None else "unavailable"}
        if seconds is not None:
            database["latency_ms"] = round(seconds * 1000, 3)
        accepting = {"status": "draining" if self._draining.active else "ok"}
        checks: dict[str, object] = {"database": database, "accepting": accepting}
        if self._link.shared:
            checks["notices"] = {"status": "ok" if self._link.works else "lost"}
        return answer(
            {
                "status": status,
                "service": "agent-chat-websocket",
                "version": VERSION,
                "timestamp": self._clock.now(),
                "instance": self._settings.instance,
                "checks": checks,
            },
            code,
        )

    def status(self, seconds: float | None) -> str:
        """Returns the state that a probe's duration, the draining and the way to other processes amount to.

        Args:
            seconds: Duration of the probe; None when it failed.
        """
        if self._draining.active:
            return "draining"
        if seconds is None:
            return "unhealthy"
        # Without notices everything is found out all the same, only later.
        slow = seconds >= self._settings.slow_probe_seconds
        return "degraded" if slow or not self._link.works else "healthy"

    async def database_works(self) -> bool:
        """Says whether the database takes writes."""
        return await self.probe() is not None

    async def probe(self) -> float | None:
        """Returns how long a write takes in seconds, or None when it does not succeed in time."""
        now = self._clock.monotonic()
        if now - self._database.last_write < self.fresh_seconds:
            return 0.0
        if now - self._known[0] < self.fresh_seconds:
            return self._known[1]
        if self._asked is None or self._asked.done():
            # A probe that hangs is not asked a second time; whoever comes waits for the same one.
            self._asked = asyncio.get_running_loop().run_in_executor(self._thread, self.write)
        await asyncio.wait({self._asked}, timeout=PROBE_SECONDS)
        seconds = self._asked.result() if self._asked.done() else None
        self._known = (self._clock.monotonic(), seconds)
        return seconds

    def write(self) -> float | None:
        """Writes, and returns how long that took, or None. Runs in a thread of its own."""
        began = self._clock.monotonic()
        try:
            self._database.probe(self.touch, PROBE_SECONDS)
        except DatabaseUnavailableError:
            return None
        return self._clock.monotonic() - began

    def touch(self, connection: Connection) -> None:
        """Writes this process's row."""
        put(connection, probes, {"instance": self._settings.instance}, {"at": self._clock.now()})

    def close(self) -> None:
        """Ends the thread, without waiting for a probe that hangs."""
        self._thread.shutdown(wait=False, cancel_futures=True)


class MetricsPage:
    """``/metrics``."""

    def __init__(self, ground: Ground, guard: Guard) -> None:
        self._metrics = ground.metrics
        self._guard = guard

    def routes(self) -> list[BaseRoute]:
        """Returns the routes."""
        return [Route("/metrics", self.show, methods=["GET"])]

    async def show(self, request: Request) -> Response:
        """Gives the counters in Prometheus' text format."""
        self._guard.administrator(request)
        return Response(self._metrics.exposition(), media_type="text/plain; version=0.0.4")
