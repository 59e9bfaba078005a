"""A round trip through keywords, beside no keywords at all and beside another library's."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path
from typing import Final

from ..model import Goal, Row, Taken
from ..processes import ROOT, core, robot, serving

TWICE: Final = Goal(1.0, "lower")
AHEAD: Final = Goal(1.0, "lower")
MS: Final = 1000.0
TIMES: Final = 2
"""How many times a bare round trip the library may take, beside what Robot Framework takes for itself."""
OWN: Final = (
    "Profiled in the keywords' thread, three quarters of the time are Robot Framework's own. Of the "
    "library's quarter one half is the hand-over of the message to the receiving thread and back, most of it "
    "until that thread is run, and a quarter the wait for the reply. What the receiving thread does "
    "meanwhile, recording and the protocol, takes the interpreter from Robot Framework."
)
PEER: Final = (
    "The other library sends and receives in the keyword's own thread, and keeps nothing. This one receives "
    "in a thread of its own, also between keywords, so each keyword hands over to it and back; it records "
    "both frames with their times, converts to the contract's words, and finds the reply by its id."
)
"""What stands beside each other, and what differs."""


def take(quick: bool) -> Taken:
    """Takes round trips in turns, all in one Robot process.

    Args:
        quick: Whether to take fewer.
    """
    count, rounds = (150, 5) if quick else (500, 15)
    with (
        tempfile.TemporaryDirectory(prefix="agent-chat-bench-") as folder,
        serving("light_server", on=core(0)) as server,
    ):
        url = server.told["url"]
        told = {
            "AGENT_CHAT_ENV": str(ROOT / "bench" / "light.py"),
            "AGENT_CHAT_URL": url,
            "AGENT_CHAT_JWT_KEY": secrets.token_urlsafe(48),
            "AGENT_CHAT_BENCH_ADDRESS": f"ws{url.removeprefix('http')}/ws",
            "AGENT_CHAT_BENCH_COUNT": str(count),
            "AGENT_CHAT_BENCH_ROUNDS": str(rounds),
        }
        found = robot("round_trip.robot", told, Path(folder))
    bare, nothing, ours, one, peer = (
        [seconds * MS for seconds in found[name]]
        for name in ("bare", "nothing", "two_keywords", "one_keyword", "peer")
    )
    floor = [TIMES * a + b for a, b in zip(bare, nothing, strict=True)]
    return Taken(
        [
            Row(
                "round trip",
                "a ping and its pong through two keywords (`Send Message`, `Wait For Reply`)",
                "ms",
                ours,
                floor,
                "twice a bare `websockets` round trip, and two keywords like these that do nothing",
                TWICE,
                note=OWN,
            ),
            Row(
                "round trip, other library",
                "the same",
                "ms",
                ours,
                peer,
                "robotframework-websocketclient's `Send` and `Recv`",
                AHEAD,
                note=PEER,
            ),
            Row(
                "round trip, bare",
                "the same, with Robot Framework's own cost taken off",
                "ms",
                [a - b for a, b in zip(ours, nothing, strict=True)],
                bare,
                "a bare `websockets` round trip",
                noisy=True,
            ),
            Row("round trip, one keyword", "through one keyword (`Ping`)", "ms", one, floor, "as above"),
        ],
        data={"bare_ms": bare, "robot_ms": nothing},
    )
