"""One asyncio loop in one daemon thread serves every session of the process.

Robot Framework runs keywords in the main thread, and its own loop stands still between keywords; frames must
be received and stamped all the time, so the loop has a thread of its own.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

T = TypeVar("T")

SWITCH_SECONDS: Final = 0.0001
"""How long another thread keeps the interpreter while the loop wants it: with Python's 5 ms, half of the
frames that come while a keyword computes are stamped more than 4 ms late, with this 1 % more than 0.4 ms."""

_lock: Final = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def _new_loop() -> asyncio.AbstractEventLoop:
    if sys.platform != "win32":
        try:
            import uvloop  # noqa: PLC0415 -- optional: only where it is installed
        except ImportError:
            return asyncio.new_event_loop()
        return uvloop.new_event_loop()
    return asyncio.new_event_loop()


def running() -> asyncio.AbstractEventLoop:
    """The process's loop, started at the first call."""
    global _loop  # noqa: PLW0603 -- one loop for the process is the point
    with _lock:
        if _loop is None:
            _loop = _new_loop()
            sys.setswitchinterval(min(SWITCH_SECONDS, sys.getswitchinterval()))
            threading.Thread(target=_loop.run_forever, name="agent-chat-engine", daemon=True).start()
        return _loop


def call(work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
    """Runs a coroutine on the loop and waits for its result in the calling thread.

    Args:
        work: The coroutine.
        timeout: Longest wait in seconds; None waits as long as the coroutine's own limits allow.

    Raises:
        TimeoutError: The coroutine took longer than ``timeout``; it is cancelled.
    """
    future = asyncio.run_coroutine_threadsafe(work, running())
    try:
        return future.result(timeout)
    except BaseException:
        future.cancel()
        raise


def do(action: Callable[[], T]) -> T:
    """Lets the loop call ``action``, which waits for nothing, and waits for its result in the calling thread.

    Takes about half as long as :func:`call`, which makes a task of its work.
    """
    results: list[T] = []
    problems: list[BaseException] = []
    done = threading.Lock()  # a future would take half as long again
    done.acquire()

    def act() -> None:
        try:
            results.append(action())
        except BaseException as problem:  # noqa: BLE001 -- it belongs to whoever waits
            problems.append(problem)
        finally:
            done.release()

    running().call_soon_threadsafe(act)
    done.acquire()
    if problems:
        raise problems.pop()
    return results[0]


def soon(action: Callable[..., object], *args: object) -> None:
    """Lets the loop call ``action`` as soon as it can, without waiting."""
    running().call_soon_threadsafe(action, *args)
