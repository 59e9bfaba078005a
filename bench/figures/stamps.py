"""How true the receive times are: when the library stamps a frame, against when its sender sent it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Final

from AgentChatLibrary.rules.timing import percentile

from ..model import Goal, Row, Taken
from ..processes import cores, part, serving

PER_SECOND: Final = 500
MS: Final = 1000.0
WORSE: Final = Goal(1.0, "lower")
"""Milliseconds that the library's 99th percentile may be above the bare loop's."""


def take(quick: bool) -> Taken:
    """Measures at idle, with both cores busy, and while the thread that keywords run in computes.

    Args:
        quick: Whether to take fewer frames.
    """
    # One stall of the machine decides a 99th percentile; over several rounds the median passes over it.
    count, rounds = (400, 5) if quick else (2_000, 9)
    found = Taken()
    with serving("frames_server") as server:
        told = {"url": server.told["url"], "count": count, "size": 200, "per_second": PER_SECOND}
        for name, busy, what in (
            ("idle", 0, "at idle"),
            ("busy", cores(), f"with {cores()} busy processes beside it"),
        ):
            ours: list[float] = []
            beside: list[float] = []
            middles: list[float] = []
            with ExitStack() as burners:
                for _ in range(busy):
                    burners.enter_context(serving("burner"))
                for _ in range(rounds):
                    beside.append(_p99(part("stamps", {**told, "ours": False})["late"]))
                    late = part("stamps", {**told, "ours": True})["late"]
                    ours.append(_p99(late))
                    middles.append(percentile(late, 50) * MS)
            found.rows += _rows(name, what, ours, beside)
            found.data[name] = {"p50_ms": middles, "p99_ms": ours, "bare_p99_ms": beside}
        working = [
            _p99(part("stamps", {**told, "ours": True, "working": True})["late"]) for _ in range(rounds)
        ]
        found.rows.append(
            Row(
                "stamps working",
                "stamped later than sent, p99, while a keyword computes in the same process",
                "ms",
                working,
            )
        )
    return found


def _p99(late: list[float]) -> float:
    return percentile(late, 99) * MS


def _rows(name: str, what: str, ours: list[float], beside: list[float]) -> list[Row]:
    worse = [a - b for a, b in zip(ours, beside, strict=True)]
    return [
        Row(
            f"stamps {name}",
            f"stamped later than sent, p99, {what}",
            "ms",
            ours,
            beside,
            "a bare `websockets` loop",
            noisy=True,
        ),
        Row(f"stamps {name}, worse by", f"the same, above the bare loop's, {what}", "ms", worse, goal=WORSE),
    ]
