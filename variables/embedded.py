"""The default environment: the reference backend, started on a free loopback port at the first need.

Everything a test measures against is here: change a figure for a slower machine, never a test.
"""

import os
import sys

URL = os.environ.get("AGENT_CHAT_URL") or None
"""Where a backend already runs; None lets the library start one, once per run."""

_fault = os.environ.get("AGENT_CHAT_FAULT")
COMMAND = [sys.executable, "-m", "backend.faults", _fault] if _fault else [sys.executable, "-m", "backend"]
"""How a backend is started. The proof names a fault, so that private backends carry it too."""

PRELOADED = [
    "backend.app",
    "backend.launch",
    "backend.server",
    "backend.store.sqlite",
    "sqlalchemy.dialects.sqlite",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
]
"""What it loads: a run starts dozens, the proof hundreds, and both load it once."""

SETTINGS = {"drain_seconds": 2, "password_profile": "fast"}
"""Settings for a backend that is started here: seconds to drain; passwords of throw-away people are cheap."""

CAPABILITIES = [
    "admin",
    "hold",
    "mint",
    "sign_up",
    "sentinel",
    "ping",
    "one_queue",
    "echo",
    "subprotocol",
    "refusal_codes",
    "tiers",
    "five_events",
    "reasoning",
    "records",
    "threads",
    "devices",
    "resume",
    "cancel",
    "message_ids",
    "errors",
    "limits",
    "refresh",
]
if URL is None or os.environ.get("AGENT_CHAT_STARTED_URL") == URL:
    CAPABILITIES += ["private_backend", "backend_log", "lose_database"]
"""What this environment offers; a test that needs something else is skipped with that reason.

Where somebody else's backend runs already, none is started beside it: the test would judge the wrong one.
"""

DATABASE = "data/agent-chat.sqlite3"
"""Where a backend that was started here keeps its data, below its private folder."""

TOKENS = {"issuer": "agent-chat", "audience": "agent-chat", "algorithm": "HS256", "lifetime": 900}
"""How access tokens are minted (lifetime in seconds)."""

BUDGETS = {
    "connect": 1.0,
    "connect p50": 0.5,
    "round_trip": 0.25,
    "round_trip p50": 0.05,
    "to_other_device": 0.25,
    "to_other_device p50": 0.1,
    "memory_bytes_per_cycle": 40_000,
    "asked_to_ack": 0.5,
    "asked_to_ack p50": 0.25,
    "asked_to_started": 1.0,
    "asked_to_started p50": 0.5,
    "started_to_thinking": 1.0,
    "started_to_thinking p50": 0.5,
    "thinking_to_executing": 1.0,
    "thinking_to_executing p50": 0.5,
    "executing_to_completed": 2.0,
    "executing_to_completed p50": 1.0,
    "completed_to_answer": 1.0,
    "completed_to_answer p50": 0.5,
    "longest_gap": 1.5,
    "longest_gap p50": 0.75,
    "whole": 5.0,
    "whole p50": 2.5,
}
"""Longest acceptable times in seconds, for a laptop or a CI machine with two busy cores.

``asked_to_started`` is the first sign of life, ``longest_gap`` the longest silence while the agent works. One
run keeps the plain figure; over many runs 95 in 100 do, and half of them keep ``p50``. Memory is in bytes.
"""

TIMEOUTS = {
    "connect": 10.0,
    "reply": 0.2,
    "answer": 20.0,
    "life": 4.0,
    "silence": 5.0,
    "delivery": 3.0,
    "close": 3.0,
    "notice": 3.0,
    "interrupted": 12.0,
}
"""Longest waits in seconds; each ends at once when what it waits for can no longer come.

``reply``: until a ping is sent behind a message; its pong then decides. ``life``: a ping is answered,
though the database hangs (it is given up after 3 s). ``answer``: anything at all. ``silence``: nothing
comes, though a run is open. ``delivery``: an event that is stored reaches a connection. ``close``: a
connection ends that must. ``notice``: health and figures follow what has happened, a cancelled run ends.
``interrupted``: the run of a dead process ends.
"""
