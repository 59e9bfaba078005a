"""Threads for the agent's tools, shared fairly: people take turns, however much one of them asks."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
Job = tuple[asyncio.Future[Any], Callable[[], Any]]


class FairThreads:
    """Runs functions in a few threads; whoever has waited longest without a turn comes first."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, "tool")
        self._free = threads
        self._waiting: dict[str, deque[Job]] = {}

    def run(self, user_id: str, work: Callable[[], T]) -> asyncio.Future[T]:
        """Runs ``work`` when it is the user's turn.

        Args:
            user_id: On whose behalf.
            work: What to do. When the returned future is cancelled in time, it is not done at all.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(user_id, deque()).append((future, work))
        self._next()
        return future

    def close(self) -> None:
        """Ends the threads, without waiting for tools that nobody waits for any more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _next(self) -> None:
        while self._free and self._waiting:
            user_id = next(iter(self._waiting))
            jobs = self._waiting.pop(user_id)
            future, work = jobs.popleft()
            if jobs:
                self._waiting[user_id] = jobs  # at the end: the others come first
            if not future.done():
                self._start(future, work)

    def _start(self, future: asyncio.Future[Any], work: Callable[[], Any]) -> None:
        self._free -= 1
        running = asyncio.get_running_loop().run_in_executor(self._pool, work)

        def ended(done: asyncio.Future[Any]) -> None:
            self._free += 1
            problem = None if done.cancelled() else done.exception()
            if not future.done():
                if done.cancelled():
                    future.cancel()
                elif problem is not None:
                    future.set_exception(problem)
                else:
                    future.set_result(done.result())
            self._next()

        running.add_done_callback(ended)
