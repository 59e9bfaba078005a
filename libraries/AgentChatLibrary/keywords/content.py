"""What runs say: reading it, and judging whether it is to the point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from robot.api.deco import keyword

from ..chat import Chat, Unexpected
from ..kit import Kit
from ..rules import order
from ..transcript import Event
from .judging import BrokenPromise, demand
from .types import EventType

QUOTED: Final = 200
"""Characters of a question that the agent's first reasoning quotes (contract: the agent)."""


class Content:
    """Keywords about a session's run; the latest question's unless ``number`` says which, from 0."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def _of(self, session: str, number: int) -> tuple[Chat, str]:
        chat = self.kit.world.chat(session)
        return chat, chat.question(number).run_id

    def _events(self, session: str, number: int, *types: str) -> list[Event]:
        chat, run_id = self._of(session, number)
        events = chat.run(run_id).events
        return [e for e in events if not types or e.type in types]

    # -- what came ----------------------------------------------------------------------------------

    @keyword(tags=("Getting",))
    def get_question(self, session: str, *, number: int = -1) -> Any:  # noqa: ANN401 -- an opaque value for suites
        """Returns a question of a session: ``content``, ``run_id``, ``thread_id``, ``message_id``."""
        return self.kit.world.chat(session).question(number)

    @keyword(tags=("Getting",))
    def get_field(self, frame: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 -- any JSON value
        """Returns a field of a frame, or a header of a refusal.

        Raises:
            BrokenPromise: It is not there.
        """
        if name not in frame:
            kind = f"The frame {frame['type']}" if "type" in frame else "The answer"
            raise BrokenPromise(f"{kind} has no {name}. It has {', '.join(sorted(frame))}.")
        return frame[name]

    @keyword(tags=("Getting",))
    def get_conversations(self, session: str) -> list[str]:
        """Returns the ids of the conversations that a session has asked in, sorted."""
        return sorted({question.thread_id for question in self.kit.world.chat(session).questions})

    @keyword(tags=("Getting",))
    def get_run_events(self, session: str, *, number: int = -1) -> list[Event]:
        """Returns the events of a run in order of receipt."""
        return self._events(session, number)

    @keyword(tags=("Getting",))
    def get_reasoning(self, session: str, *, number: int = -1) -> list[str]:
        """Returns what the agent thought in a run, step by step."""
        return [str(e.get("reasoning")) for e in self._events(session, number, "agent_thinking")]

    @keyword(tags=("Getting",))
    def get_tool_result(self, session: str, tool: str, *, number: int = -1) -> dict[str, Any]:
        """Returns the result of the first call of a tool in a run.

        Raises:
            Unexpected: The run did not use the tool.
        """
        completed = self._events(session, number, "tool_completed")
        found = next((e for e in completed if e.get("tool_name") == tool), None)
        if found is None:
            used = sorted({str(e.get("tool_name")) for e in completed})
            raise Unexpected(f"{session}'s run did not use {tool}; it used {', '.join(used) or 'none'}.")
        return dict(found["result"])

    # -- what it says -------------------------------------------------------------------------------

    @keyword(tags=("Judging",))
    def reasoning_should_be_about_the_question(self, session: str, *, number: int = -1) -> None:
        """Checks that a run's reasoning is about its own question.

        The first step quotes the question; steps count 1, 2, 3, ...; none is empty, and no two are the same.

        Raises:
            BrokenPromise: It is not so.
        """
        chat, run_id = self._of(session, number)
        demand(order.steps_rise_by_one(chat.transcript, run_id))
        content, steps = chat.question(number).content, self.get_reasoning(session, number=number)
        if not steps or not all(step.strip() for step in steps):
            raise BrokenPromise(f"{session}'s agent shows no reasoning at step {_first_empty(steps)}.")
        if content[:QUOTED] not in steps[0]:
            raise BrokenPromise(
                f"{session} asked {content!r}, but the agent reasons about something else: {steps[0]!r}."
            )
        if len(set(steps)) < len(steps):
            raise BrokenPromise(f"{session}'s agent repeats itself instead of reasoning: {steps}.")

    @keyword(tags=("Judging",))
    def run_should_use_tools(self, session: str, *tools: str, number: int = -1) -> None:
        """Checks that a run has called exactly these tools, in this order of first use."""
        calls = self._events(session, number, "tool_executing")
        used = list(dict.fromkeys(str(e.get("tool_name")) for e in calls))
        if used != list(tools):
            content = self.kit.world.chat(session).question(number).content
            came, wanted = ", ".join(used) or "no tool", ", ".join(tools) or "none"
            raise BrokenPromise(
                f"To answer {content!r} {session}'s agent used {came}; it should have used {wanted}."
            )

    @keyword(tags=("Judging",))
    def tool_arguments_should_include(self, session: str, name: str, value: str, *, number: int = -1) -> None:
        """Checks that every call of a run has an argument with this value."""
        content = self.kit.world.chat(session).question(number).content
        for event in self._events(session, number, "tool_executing"):
            arguments = event["arguments"]
            if arguments.get(name) != value:
                given = ", ".join(f"{key} = {arguments[key]!r}" for key in arguments) or "nothing"
                raise BrokenPromise(
                    f"{session} asked {content!r}, so {event['tool_name']} must be asked with"
                    f" {name} = {value!r}; it was asked with {given}."
                )

    @keyword(tags=("Judging", "Absence"))
    def last_run_event_should_be(self, session: str, event: EventType, *, number: int = -1) -> None:
        """Checks which event of a run was the last to come so far."""
        events = self._events(session, number)
        last = events[-1].type if events else "nothing"
        if last != event.value:
            raise BrokenPromise(f"The last event of {session}'s run is {last}, expected {event.value}.")


def _first_empty(steps: list[str]) -> int:
    return next((number for number, step in enumerate(steps, 1) if not step.strip()), 1)
