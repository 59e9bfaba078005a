"""Drafting the environment file that goes with a dialect."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from .drafting import Seen


def draft(seen: Seen, name: str, base: str, evidence: Mapping[str, str], values: Mapping[str, Any]) -> str:
    """The environment file.

    Args:
        seen: What was found out.
        name: The dialect's name.
        base: The backend's HTTP address.
        evidence: The capabilities that are offered, and what was seen of each.
        values: The environment's own values for places in templates.
    """
    lines = [f'"""{seen.name}, drafted by `run.py probe {seen.url}`."""', "", "import os", ""]
    lines += [f'URL = os.environ.get("AGENT_CHAT_URL") or {json.dumps(base)}', "", f'DIALECT = "{name}"']
    if values:
        lines += [f"VALUES = {json.dumps(dict(values))}"]
    lines += ["", "CAPABILITIES = ["]
    lines += [f'    "{one}",  # {what}' for one, what in evidence.items()]
    lines += [
        "]",
        '"""What was seen to be offered; see docs/environments.md for the rest."""',
        "",
        "BUDGETS = {",
    ]
    lines += [f'    "{budget}": {seconds},' for budget, seconds in BUDGETS.items()]
    lines += [
        "}",
        '"""Longest acceptable times in seconds; nobody has promised these yet."""',
        "",
    ]
    lines += ['TIMEOUTS = {"reply": 2.0, "answer": 60.0, "silence": 15.0, "quiet": 1.0}']
    lines += ['"""``quiet``: how long nothing must come before it counts as absent."""']
    return "\n".join(lines) + "\n"


BUDGETS: Final = {
    "connect": 2.0,
    "round_trip": 1.0,
    "memory_bytes_per_cycle": 100_000,
    "asked_to_ack": 5.0,
    "asked_to_started": 5.0,
    "started_to_thinking": 5.0,
    "thinking_to_executing": 5.0,
    "executing_to_completed": 10.0,
    "completed_to_answer": 10.0,
    "longest_gap": 10.0,
    "whole": 30.0,
}
"""Times that a draft allows."""
