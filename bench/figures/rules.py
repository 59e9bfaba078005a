"""A crowd that asks at once, judged by every rule; and how the cost of judging grows with the frames."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any, Final

from AgentChatLibrary.identity import mint

from ..backends import reference
from ..model import Goal, Row, Taken
from ..processes import part

FRAMES: Final = 100_000
IN_TIME: Final = Goal(2.0, "lower")
HOST: Final = (
    "Seconds of one machine's processor, and no ratio: hosts of one kind have taken 1.7 to 3.7 s for the "
    "same code. What they are spent on stands below, under the cost of judging."
)
"""How to read a figure that has no peer."""
LINEAR: Final = Goal(1.15, "lower")
"""How much more a frame may cost among many than among a quarter as many: what grows with the square costs 4
times as much."""


def take(quick: bool) -> Taken:
    """Lets a crowd ask, judges it, and judges more and more copies of what it recorded.

    Args:
        quick: Whether to let fewer ask.
    """
    people = 100 if quick else 1_000
    sizes = (25_000, 100_000) if quick else (12_500, 25_000, 50_000, 100_000, 200_000)
    rounds = 1 if quick else 5
    with tempfile.TemporaryDirectory(prefix="agent-chat-bench-") as folder:
        file = Path(folder) / "crowd.jsonl"
        live = _live(people, file)
        found = Taken(data={"live": live, "sizes": list(sizes)})
        if live["unanswered"]:
            found.wrong.append(f"{live['unanswered']} of {people} got no answer")
        if live["wrong_count"]:
            found.wrong.append(f"{live['wrong_count']} rules did not hold, the first: {live['wrong'][0]}")
        for one, name, what in (
            (False, "many connections", "as many people as it takes"),
            (True, "one connection", "one connection"),
        ):
            times: dict[int, list[float]] = {size: [] for size in sizes}
            slowest: dict[str, float] = {}
            for _ in range(rounds):
                for size in sizes:
                    result = part("judging", {"file": str(file), "frames": size, "one": one})
                    times[size].append(result["seconds"] * size / result["frames"])
                    if size == FRAMES:
                        slowest = result["rules"]
                    found.wrong += [f"A copy was judged wrong: {text}" for text in result["wrong"]]
            found.rows += _rows(name, what, times)
            found.data[name] = {
                "seconds": {str(size): values for size, values in times.items()},
                "rules": dict(sorted(slowest.items(), key=lambda item: -item[1])),
            }
    seconds = live["answered_seconds"]
    found.told.append(
        f"{people:,} people asked at once: {live['frames']:,} frames in {seconds:.1f} s "
        f"({people / seconds:,.0f} answers a second); judging them took {live['judging_seconds']:.2f} s."
    )
    return found


def _live(people: int, file: Path) -> dict[str, Any]:
    with reference() as backend:
        made = backend.people(people, organisations=10)
        rules, key = backend.env.tokens, backend.deployment.jwt_key
        told = [(p.name, p.user_id, p.organisation.id, p.tier, mint(p, rules, key)) for p in made]
        return part("live_crowd", {"url": backend.socket, "people": told, "file": str(file)})


def _rows(name: str, what: str, times: dict[int, list[float]]) -> list[Row]:
    small, large = min(times), FRAMES
    growth = [(b / large) / (a / small) for a, b in zip(times[small], times[large], strict=True)]
    return [
        Row(
            f"rules, {name}",
            f"every rule over {FRAMES:,} frames, {what} (CPU)",
            "s",
            times[FRAMES],
            goal=IN_TIME,
            note=HOST,
        ),
        Row(
            f"rules, {name}, growth",
            f"cost of a frame among {large:,} beside among {small:,}, {what}",
            "times",
            [statistics.median(growth)],
            goal=LINEAR,
        ),
    ]
