"""What a run made of a question: the calls, and the reasoning that leads to each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Call = tuple[str, dict[str, Any]]
Events = Sequence[Mapping[str, Any]]


def calls(events: Events) -> list[Call]:
    """The tools that a run used, with their arguments, in order."""
    return [(e["tool_name"], dict(e["arguments"])) for e in events if e["type"] == "tool_executing"]


def parsed(call: str) -> Call:
    """Reads a call as people write it: ``find_idle_resources max_utilisation_percent=5 team=search``.

    Args:
        call: The tool's name, then its arguments; a value of digits alone is a number.

    Raises:
        ValueError: A part is no ``name=value``.
    """
    tool, *arguments = call.split()
    if wrong := [part for part in arguments if "=" not in part]:
        raise ValueError(f"{wrong[0]!r} in {call!r} is no argument: write name=value.")
    pairs = [part.split("=", 1) for part in arguments]
    return tool, {name: int(value) if value.isdigit() else value for name, value in pairs}


def shown(made: Sequence[Call]) -> str:
    """Calls as people write them."""
    return (
        "; ".join(" ".join([tool, *(f"{n}={v}" for n, v in given.items())]) for tool, given in made) or "none"
    )


def quoted(events: Events) -> str:
    """What the run is about, as its first reasoning says it."""
    first = next(
        (str(e["reasoning"]) for e in events if e["type"] == "agent_thinking"), "A run without reasoning"
    )
    return first.partition("”")[0] + "”" if "”" in first else first


def unreasoned(events: Events) -> str | None:
    """Where the reasoning does not lead to what was done: one line, or None.

    Args:
        events: The run's events.
    """
    thoughts = [e for e in events if e["type"] == "agent_thinking"]
    used = calls(events)
    if len(thoughts) != len(used) + 1:
        due = f"With {len(used)} tool calls the agent thinks {len(used) + 1} times"
        return f"{due}; it thought {len(thoughts)} times."
    for number, (thought, (tool, _)) in enumerate(zip(thoughts, used, strict=False), 1):
        if tool not in thought["reasoning"]:
            return f"Thought {number} comes before {tool} and does not name it: {thought['reasoning']!r}"
    return None
