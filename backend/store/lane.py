"""Threads that work on a database for the event loop, and how long whoever asks waits for their turn.

A database that is merely busy is there: as long as work gets done, everybody waits for their turn, however
many are before them. One that has done nothing for as long as its patience is not there, and everybody who
waits is told so.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

GRACE_SECONDS = 1.0
"""How much longer than the database's own limit the event loop waits for a thread."""

LATE_SECONDS = 0.25
"""How long it looks once more after that."""


class DatabaseUnavailableError(Exception):
    """The database did not do the work in time; nothing of it was stored."""


class _Job:
    """Something to be done. The deadline, a monotonic time, is set when its turn comes."""

    __slots__ = ("asked", "deadline", "future", "work")

    def __init__(self, work: Callable[[float], Any]) -> None:
        self.work = work
        self.asked = time.monotonic()
        self.deadline: float | None = None
        self.future: Future[Any] = Future()


class Lane:
    """Does one thing after the other, in each of its threads.

    Args:
        name: Of the threads.
        threads: How many things are done at the same time, at the most.
        patience: Longest time in seconds without anything done.
    """

    def __init__(self, name: str, threads: int, patience: float) -> None:
        self._threads = ThreadPoolExecutor(threads, name)
        self._patience = patience
        self._waiting: deque[_Job] = deque()
        self._progress = float("-inf")

    async def run(self, work: Callable[[float], T], *, first: bool = False) -> T:
        """Waits for a turn, and for what is done in it.

        Args:
            work: Called in a thread with the monotonic time from which on nothing may be stored any more.
            first: Whether it comes before everything that waits.

        Raises:
            DatabaseUnavailableError: It could not be done in time, and will not be done.
        """
        job = _Job(work)
        (self._waiting.appendleft if first else self._waiting.append)(job)
        self._threads.submit(self._next)
        future: asyncio.Future[T] = asyncio.wrap_future(job.future)
        late = False
        try:
            while not job.future.done():
                deadline = job.deadline
                left = (deadline or self._deadline(job)) + GRACE_SECONDS - time.monotonic()
                if left <= 0 and deadline is None and job.future.cancel():
                    raise DatabaseUnavailableError("The database did not answer in time.")
                if left <= 0 and deadline is not None:
                    # What has begun cannot be called off; its deadline keeps it from being stored too late.
                    # Unless the process stood still in that very moment: then it is just being done.
                    if late:
                        raise DatabaseUnavailableError("The database did not answer in time.")
                    late, left = True, LATE_SECONDS
                await asyncio.wait((future,), timeout=max(0.0, left))
            return await future
        finally:
            future.cancel()

    def close(self) -> None:
        """Ends the threads; what has not begun is not done."""
        with contextlib.suppress(IndexError):  # a thread may take the last one first
            while True:
                self._waiting.popleft().future.cancel()
        self._threads.shutdown(cancel_futures=True)

    def submit(self, action: Callable[[], object]) -> asyncio.Future[object]:
        """Lets a thread do something that nobody's patience is at stake for."""
        return asyncio.wrap_future(self._threads.submit(action))

    def _deadline(self, job: _Job) -> float:
        return max(job.asked, self._progress) + self._patience

    def _next(self) -> None:
        try:
            job = self._waiting.popleft()
        except IndexError:  # closed meanwhile
            return
        deadline = self._deadline(job)
        if not job.future.set_running_or_notify_cancel():
            return
        job.deadline = deadline
        try:
            result = job.work(deadline)
        except DatabaseUnavailableError as problem:
            job.future.set_exception(problem)
        except BaseException as problem:  # noqa: BLE001 -- it belongs to whoever waits
            self._progress = time.monotonic()
            job.future.set_exception(problem)
        else:
            self._progress = time.monotonic()
            job.future.set_result(result)
