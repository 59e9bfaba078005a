"""The reference backend beside a bare Starlette application on uvicorn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from AgentChatLibrary import deployment, environment

from ..backends import reference
from ..memory import resident
from ..model import Goal, Row, Taken
from ..processes import ROOT, core, part

START: Final = Goal(2.5, "lower")
LOADING: Final = (
    "Taken apart module by module: of the 0.42 s that loading takes, 0.18 s are SQLAlchemy, which the peer "
    "does without, and 0.04 s Starlette. Nothing is collected as garbage meanwhile."
)
"""Where the time of a start goes."""
PINGS: Final = Goal(0.7, "higher")
CONNECTIONS: Final = 20
WINDOW: Final = 20
READY_SECONDS: Final = 20.0


def take(quick: bool) -> Taken:
    """Takes starts, pings, runs and memory in turns.

    Args:
        quick: Whether to take fewer.
    """
    starts, rounds, seconds, held = (3, 3, 1.0, 300) if quick else (15, 7, 3.0, 1_000)
    ours: list[float] = []
    beside: list[float] = []
    for _ in range(starts):
        begun = time.perf_counter()
        with _bare():
            beside.append(time.perf_counter() - begun)
        ours.append(_start())
    what = "start, until it accepts"
    rows = [Row("backend start", what, "s", ours, beside, "bare Starlette", START, note=LOADING)]
    pings: list[float] = []
    bare_pings: list[float] = []
    with reference() as backend, _bare() as (url, bare_pid):
        tokens = backend.tokens(held)
        for pid in (backend.pid, bare_pid):
            _pin(pid)
        told = {"tokens": tokens[:CONNECTIONS], "seconds": seconds, "window": WINDOW}
        for _ in range(rounds):
            bare_pings.append(part("round_trips", {**told, "url": url}, on=core(1))["per_second"])
            pings.append(part("round_trips", {**told, "url": backend.socket}, on=core(1))["per_second"])
        weights = _weigh(backend.pid, backend.socket, tokens), _weigh(bare_pid, url, tokens)
    what = f"pings answered, {CONNECTIONS} connections with {WINDOW} each on their way"
    rows += [
        Row("backend pings", what, "pings/s", pings, bare_pings, "bare Starlette", PINGS, "higher"),
        Row(
            "backend memory",
            f"memory of each of {held} connections",
            "bytes",
            [weights[0]],
            [weights[1]],
            "bare Starlette",
            noisy=True,
        ),
    ]
    with reference() as backend:
        told = {"url": backend.socket, "tokens": backend.tokens(CONNECTIONS, each=1), "seconds": seconds}
        runs = [part("runs", told, on=core(1))["per_second"] for _ in range(rounds)]
    rows.append(
        Row("backend runs", f"questions answered in full, {CONNECTIONS} people at a time", "runs/s", runs)
    )
    return Taken(rows)


def _start() -> float:
    """Seconds from the start of the backend's process until it accepts."""
    env = environment.load(environment.find("embedded", ROOT / "variables"))
    begun = time.perf_counter()
    started = deployment.launch(env, owner_pid=os.getpid())
    spent = time.perf_counter() - begun
    started.stop()
    return spent


@contextmanager
def _bare() -> Iterator[tuple[str, int]]:
    """Runs the bare application; gives its address and process."""
    with tempfile.TemporaryDirectory(prefix="agent-chat-bench-") as folder:
        ready = Path(folder) / "ready.json"
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.parts.bare_starlette", str(ready)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
        )
        try:
            deadline = time.monotonic() + READY_SECONDS
            while not (ready.exists() and ready.stat().st_size):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("The bare application did not come up.")
                time.sleep(0.002)
            url = json.loads(ready.read_text("utf-8"))["url"]
            yield f"ws{url.removeprefix('http')}/ws", process.pid
        finally:
            process.terminate()
            process.wait()


def _pin(pid: int) -> None:
    """Keeps a server on the first core: its clients have the other one."""
    first = core(0)
    if first is not None and sys.platform == "linux":
        os.sched_setaffinity(pid, {first})


def _weigh(pid: int, url: str, tokens: list[str]) -> float:
    """How many bytes a server grows by for each connection, while it holds them all."""
    before = resident(pid)
    grown = part("connections", {"url": url, "tokens": tokens, "at_a_time": 50, "weigh": pid})["peer_rss"]
    return float(grown - before) / len(tokens)
