"""Real services: PostgreSQL, two backend processes, and one address in front of them.

All of it is started for the run and removed after it; PostgreSQL too, unless ``DATABASE_URL`` names a server.
"""

import os
import sys

URL = os.environ.get("AGENT_CHAT_URL") or None
"""The address in front; None lets the library start everything, once per run."""

BACKENDS = [address for address in os.environ.get("AGENT_CHAT_BACKENDS", "").split(",") if address]
"""The own addresses of the processes behind it, so that a test can choose where to connect."""

_fault = os.environ.get("AGENT_CHAT_FAULT")
_backend = ["backend.faults", _fault] if _fault else ["backend"]
SERVICES = [sys.executable, "-m", "runner.services", "all", *_backend]
"""How everything is started. The proof names a fault, which all backends then carry."""

COMMAND = [sys.executable, "-m", "runner.services", "one", *_backend]
"""How a single backend is started, on data of its own in the same database server."""

SETTINGS = {"drain_seconds": 2, "password_profile": "fast"}
"""Settings for backends that are started here: seconds to drain; passwords of throw-away people are cheap."""

CAPABILITIES = [
    "admin",
    "hold",
    "mint",
    "sign_up",
    "sentinel",
    "private_backend",
    "backend_log",
    "lose_database",
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
"""What this environment offers; a test that needs something else is skipped with that reason."""

DATABASE = "data/database.schema"
"""Where a single backend that was started here notes the name of its schema, below its private folder."""

TOKENS = {"issuer": "agent-chat", "audience": "agent-chat", "algorithm": "HS256", "lifetime": 900}
"""How access tokens are minted (lifetime in seconds)."""

BUDGETS = {
    "connect": 1.0,
    "connect p50": 0.5,
    "round_trip": 0.25,
    "round_trip p50": 0.05,
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
"""Longest acceptable times in seconds, for a laptop or a CI machine with two busy cores. Memory in bytes."""

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
"""Longest waits in seconds; they end at once when what they wait for can come no more (environments.md)."""
