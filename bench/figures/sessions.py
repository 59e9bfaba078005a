"""Sessions that one Robot process opens and holds, beside as many bare connections."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from ..backends import Backend, reference
from ..model import Goal, Row, Taken
from ..processes import part, robot

LIGHT: Final = Goal(1.5, "lower")
SMALL: Final = Goal(32 * 1024, "lower")
QUICKLY: Final = Goal(1.3, "lower")
OPENED: Final = 1_000
AT_A_TIME: Final = 100
"""Bare connections on their way at the same time, where there are more than a listener's queue holds."""


def hold(quick: bool) -> Taken:
    """Measures the memory of signed-in, idle sessions.

    Args:
        quick: Whether to hold fewer.
    """
    count, rounds = (1_000, 1) if quick else (5_000, 3)
    ours, beside, seconds = [], [], []
    with reference() as backend:
        tokens = backend.tokens(count)
        for _ in range(rounds):
            bare = part("connections", {"url": backend.socket, "tokens": tokens, "at_a_time": AT_A_TIME})
            beside.append(bare["bytes_each"])
            found = _in_robot(backend, "hold.robot", count)
            ours.append(found["bytes_each"])
            seconds.append(found["open_seconds"])
    peer = "as many bare `websockets` connections"
    what = f"memory of each of {count:,} signed-in, idle sessions of one Robot process"
    return Taken(
        [
            Row("memory of a session", what, "bytes", ours, beside, peer, LIGHT),
            Row("bytes of a session", "the same, by itself", "bytes", ours, goal=SMALL),
        ],
        data={"sessions": count, "open_seconds": seconds},
    )


def opening(quick: bool) -> Taken:
    """Measures how long one keyword takes to open many signed-in sessions.

    Args:
        quick: Whether to open fewer.
    """
    count, rounds = (300, 3) if quick else (OPENED, 7)
    ours, beside = [], []
    # A thousand at once may be told to come back later, where the host pauses; that is not what is measured.
    with reference({"database_seconds": 30}) as backend:
        tokens = backend.tokens(count)
        for _ in range(rounds):
            beside.append(part("connections", {"url": backend.socket, "tokens": tokens})["seconds"])
            ours.append(_in_robot(backend, "hold.robot", count)["open_seconds"])
    what = f"opening {count:,} signed-in sessions with one keyword, each welcomed"
    peer = "a bare `asyncio.gather` of as many connects, tokens made before"
    return Taken([Row("opening", what, "s", ours, beside, peer, QUICKLY)])


def _in_robot(backend: Backend, suite: str, count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="agent-chat-bench-") as folder:
        wanted = {"AGENT_CHAT_BENCH_COUNT": str(count)}
        return robot(suite, {**backend.variables, **wanted}, Path(folder))
