"""What a connection has told so far: its questions, pings, runs and calls.

Backends leave out what a canonical frame carries: which question a run answers, which run an event belongs
to, which call a result is of. What they leave out, they leave to order; this is where the order is kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..frames import ENDS
from ..transcript import Owner

Fields = dict[str, Any]


@dataclass(slots=True)
class Call:
    """A tool call that has no result yet.

    Attributes:
        id: Its id.
        tool: The tool's name; empty when untold.
        at: Monotonic time in seconds at which it was seen to begin.
    """

    id: str
    tool: str
    at: float


@dataclass(slots=True)
class RunState:
    """What one run has told so far.

    Attributes:
        id: Its id: the backend's, or one that was made here.
        began_at: Monotonic time in seconds of its first event.
        question: The question that it answers, when known.
        told: The last value of each field that its events have told.
        remembered: What rules have kept for it.
        calls: Its open tool calls, the oldest first.
        steps: How many times it has been seen thinking.
        started: Whether its ``agent_started`` has come.
        open: Whether it has not ended.
    """

    id: str
    began_at: float
    question: Mapping[str, Any] | None = None
    told: Fields = field(default_factory=dict)
    remembered: Fields = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    steps: int = 0
    calls_made: int = 0
    started: bool = False
    open: bool = True


class ConnectionState:
    """What one connection has told so far.

    Args:
        owner: Whose connection it is.
        name: What tells the connection from others: ids that are made here must not meet those made there.
    """

    def __init__(self, owner: Owner, name: str = "") -> None:
        self.owner = owner
        self._made = f"{name}/run" if name else "run"
        self.questions: deque[Fields] = deque()
        self.pings: deque[Fields] = deque()
        self.runs: dict[str, RunState] = {}
        self.remembered: Fields = {}
        self.welcome: Fields = {}
        self.asked = 0

    # -- what the client sent -----------------------------------------------------------------------

    def sent(self, message: Fields) -> None:
        """Notes a canonical message that the client has sent."""
        if message["type"] in ("chat", "user_message"):
            self.questions.append(message)
        elif message["type"] == "ping":
            self.pings.append(message)

    def new_message_id(self) -> str:
        """An id for a message that carries none."""
        self.asked += 1
        return f"message-{self.asked}"

    # -- which run an event belongs to --------------------------------------------------------------

    def run_of(self, kind: str, explicit: str | None, at: float) -> RunState:
        """The run that an event belongs to; a new one where it begins one.

        Args:
            kind: The event's canonical type.
            explicit: The run's id when the frame names it.
            at: Monotonic time in seconds.
        """
        if explicit is not None:
            return self.runs.get(explicit) or self._begin(explicit, at)
        begun = [run for run in self.runs.values() if run.open]
        if kind == "ack" or (kind == "agent_started" and not any(not run.started for run in begun)):
            return self._begin(f"{self._made}-{len(self.runs) + 1}", at)
        if kind == "agent_started":
            return next(run for run in begun if not run.started)
        if begun:
            return begun[0]  # whoever works on one question after the other is at the oldest
        last = next(reversed(self.runs.values()), None)
        return last or self._begin(f"{self._made}-1", at)

    def _begin(self, run_id: str, at: float) -> RunState:
        self.runs[run_id] = RunState(run_id, at)
        return self.runs[run_id]

    @property
    def running(self) -> bool:
        """Whether a run is open."""
        return any(run.open for run in self.runs.values())

    def open_run(self, run_id: object) -> RunState | None:
        """The open run of this id; the oldest open one when it is no id."""
        if isinstance(run_id, str):
            found = self.runs.get(run_id)
            return found if found is not None and found.open else None
        return next((run for run in self.runs.values() if run.open), None)

    # -- what an event changes ----------------------------------------------------------------------

    def told(self, run: RunState, event: Fields, at: float) -> None:
        """Notes what an event of a run has told."""
        kind = event["type"]
        run.told.update((name, value) for name, value in event.items() if name != "type")
        if kind == "agent_started":
            run.started = True
        elif kind == "tool_executing":
            call_id, tool = event.get("tool_call_id"), event.get("tool_name")
            run.calls.append(Call(str(call_id or ""), str(tool or ""), at))
        elif kind == "tool_completed":
            done = event.get("tool_call_id")
            run.calls = [call for call in run.calls if call.id != done]
        elif kind in ENDS:
            run.open = False

    def answer(self, run: RunState, message_id: object) -> None:
        """Gives a run the question that it answers: the one it names, else the oldest that waits."""
        if run.question is not None:
            return
        run.question = self.take(message_id)

    def take(self, message_id: object) -> Fields | None:
        """Takes the question with this id off those that wait; the oldest when nobody names one."""
        named = next((q for q in self.questions if q.get("message_id") == message_id), None)
        if named is None and not isinstance(message_id, str) and self.questions:
            named = self.questions[0]
        if named is not None:
            self.questions.remove(named)
        return named
