"""aimock's Responses over WebSockets, started on a free loopback port; installed on demand, needs Node.js."""

import os
import sys

URL = os.environ.get("AGENT_CHAT_URL") or None

PREPARE = [sys.executable, "-m", "targets", "aimock", "--prepare"]
"""Installs it into a folder of its own; done at once when it is there."""
COMMAND = [sys.executable, "-m", "targets", "aimock"]

DIALECT = "aimock"
VALUES = {"model": "gpt-5"}
"""The model that is asked: one that reasons."""

CAPABILITIES = ["five_events", "reasoning"]

BUDGETS = {
    "connect": 1.0,
    "connect p50": 0.5,
    "asked_to_ack": 1.0,
    "asked_to_started": 1.0,
    "asked_to_started p50": 0.5,
    "started_to_thinking": 1.0,
    "started_to_thinking p50": 0.5,
    "thinking_to_executing": 1.0,
    "thinking_to_executing p50": 0.5,
    "executing_to_completed": 1.0,
    "executing_to_completed p50": 0.5,
    "completed_to_answer": 1.0,
    "completed_to_answer p50": 0.5,
    "longest_gap": 1.5,
    "longest_gap p50": 0.75,
    "whole": 3.0,
    "whole p50": 1.5,
}
"""Longest acceptable times in seconds, for a machine with two busy cores."""

TIMEOUTS = {"reply": 1.0, "answer": 20.0, "silence": 5.0, "quiet": 0.5, "start": 30.0}
"""``quiet``: there is no ping, so that absence is a quiet half second."""
