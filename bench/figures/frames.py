"""Frames that one session records in a second, beside a bare loop that only counts them."""

from __future__ import annotations

from typing import Final

from ..model import Goal, Row, Taken
from ..processes import core, part, serving

SIZE: Final = 1024
"""Bytes of a frame."""
GOAL: Final = Goal(0.85, "higher")


def take(quick: bool) -> Taken:
    """Measures the library's session and the bare loop in turns; the server has a core of its own.

    Args:
        quick: Whether to take fewer frames.
    """
    count, rounds = (60_000, 5) if quick else (1_000_000, 3)
    ours: list[float] = []
    beside: list[float] = []
    wrong: dict[str, int] = {}
    with serving("frames_server", on=core(0)) as server:
        told = {"url": server.told["url"], "count": count, "size": SIZE}
        for _ in range(rounds):
            beside.append(part("receive", {**told, "ours": False}, on=core(1))["per_second"])
            result = part("receive", {**told, "ours": True}, on=core(1))
            ours.append(result.pop("per_second"))
            for name, number in result.items():
                wrong[name] = wrong.get(name, 0) + number
    row = Row(
        "frames",
        f"frames of 1 kB recorded by one session, with receive times ({count:,} in each round)",
        "frames/s",
        ours,
        beside,
        "a bare `websockets` loop that only counts",
        GOAL,
        "higher",
    )
    frames = count * rounds
    clean = not any(wrong.values())
    told_ = (
        [f"{frames:,} frames recorded: none lost, repeated or reordered, each with its time."]
        if clean
        else []
    )
    bad = [
        f"{number} of {frames:,} frames {name.replace('_', ' ')}" for name, number in wrong.items() if number
    ]
    return Taken([row], bad, told_, {"counts": {"frames": frames, **wrong}})
