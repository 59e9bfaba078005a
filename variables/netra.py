"""Netra Apex, running somewhere: ``AGENT_CHAT_URL`` says where, ``AGENT_CHAT_JWT_KEY`` signs its tokens."""

import os

URL = os.environ.get("AGENT_CHAT_URL") or "http://127.0.0.1:8000"

DIALECT = "netra"

CAPABILITIES = ["mint", "ping", "one_queue", "subprotocol"]
if os.environ.get("NETRA_CHAT_MODE") == "fallback":
    CAPABILITIES += ["five_events", "reasoning"]  # its supervisor shows no tools and quotes no question
"""Messages of a connection are handled one after the other, so a pong comes behind what was asked before."""

BUDGETS = {
    "connect": 2.0,
    "connect p50": 1.0,
    "round_trip": 0.5,
    "round_trip p50": 0.1,
    "asked_to_ack": 2.0,
    "asked_to_started": 2.0,
    "asked_to_started p50": 1.0,
    "started_to_thinking": 2.0,
    "thinking_to_executing": 5.0,
    "executing_to_completed": 5.0,
    "completed_to_answer": 5.0,
    "longest_gap": 5.0,
    "longest_gap p50": 3.0,
    "whole": 30.0,
    "whole p50": 20.0,
}
"""Longest acceptable times in seconds: its supervisor tries each agent three times, 1 and 2 s apart."""

TIMEOUTS = {"reply": 1.0, "answer": 60.0, "silence": 10.0, "life": 60.0, "quiet": 1.0}
"""A ping waits behind the runs that were asked for before it: a sign of life takes as long as an answer."""
