"""agno AgentOS, started on a free loopback port beside a scripted model; installed on demand."""

import os
import sys

URL = os.environ.get("AGENT_CHAT_URL") or None

PREPARE = [sys.executable, "-m", "targets", "agno", "--prepare"]
"""Installs it into a virtual environment of its own; done at once when it is there."""
COMMAND = [sys.executable, "-m", "targets", "agno"]

DIALECT = "agno"
VALUES = {"workflow_id": "costs"}
"""The workflow that is asked."""

CAPABILITIES = ["mint", "ping", "refusal_codes", "five_events"]

BUDGETS = {
    "connect": 1.0,
    "connect p50": 0.5,
    "round_trip": 0.5,
    "round_trip p50": 0.1,
    "asked_to_ack": 10.0,
    "asked_to_started": 10.0,
    "asked_to_started p50": 5.0,
    "started_to_thinking": 3.0,
    "started_to_thinking p50": 1.5,
    "thinking_to_executing": 3.0,
    "thinking_to_executing p50": 1.5,
    "executing_to_completed": 3.0,
    "executing_to_completed p50": 1.5,
    "completed_to_answer": 3.0,
    "completed_to_answer p50": 1.5,
    "longest_gap": 10.0,
    "longest_gap p50": 5.0,
    "whole": 20.0,
    "whole p50": 10.0,
}
"""Longest acceptable times in seconds, with twenty others on a machine with two busy cores."""

TIMEOUTS = {"reply": 2.0, "answer": 60.0, "silence": 15.0, "quiet": 1.0, "start": 60.0}
"""``quiet``: a pong overtakes the run that was asked for before it, so that absence is a quiet second."""
