"""What servers of several figures share: the end with their owner, and what they say once they are ready."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def say(told: Mapping[str, Any]) -> None:
    """Tells the owner that the server is ready.

    Args:
        told: What the owner needs to know.
    """
    print(json.dumps(told), flush=True)


async def owner_gone() -> None:
    """Waits until standard input ends, as it does when the owner closes it, or is no more."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine on the loop that the library uses: uvloop where it is installed.

    Args:
        work: The coroutine.
    """
    with asyncio.Runner(loop_factory=_factory()) as runner:
        return runner.run(work)


def _factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 -- not on every system
    except ImportError:
        return None
    return uvloop.new_event_loop
