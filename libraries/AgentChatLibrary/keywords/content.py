"""What runs say: reading it, and judging whether it is to the point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from robot.api.deco import keyword

from ..chat import Chat, Unexpected
from ..frames import Event
from ..kit import Kit
from ..rules import order
from .promises import BrokenPromise, demand, something
from .types import EventType, ToolName

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
        """Returns a question of a session: ``content``, ``run_id``, ``thread_id``, ``message_id``.

        Args:
            session: Alias of the session.
            number: Which of the session's questions, counted from 0; the latest when omitted.

        Example:
        | Ask         | Ana          | What did we spend in total? |
        | ${question} | Get Question | Ana |
        | Ask         | Ana          | And by team? | thread=${question.thread_id} |
        """
        return self.kit.world.chat(session).question(number)

    @keyword(tags=("Getting",))
    def get_field(self, frame: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 -- any JSON value
        """Returns a field of a frame, or a header of a refusal.

        Args:
            frame: A frame, or a refusal's headers.
            name: The field's name.

        Raises:
            BrokenPromise: It is not there.

        Example:
        | ${welcome}      | Get Welcome | Ana |
        | ${tier}         | Get Field   | ${welcome} | tier |
        | Should Be Equal | ${tier}     | enterprise |
        """
        if name not in frame:
            kind = f"The frame {frame['type']}" if "type" in frame else "The answer"
            raise BrokenPromise(f"{kind} has no {name}. It has {', '.join(sorted(frame))}.")
        return frame[name]

    @keyword(tags=("Getting",))
    def get_conversations(self, session: str) -> list[str]:
        """Returns the ids of the conversations that a session has asked in, sorted.

        Args:
            session: Alias of the session.

        Example:
        | Ask              | Ana               | What did we spend in total? |
        | ${conversations} | Get Conversations | Ana |
        | Length Should Be | ${conversations}  | 1 |
        """
        return sorted({question.thread_id for question in self.kit.world.chat(session).questions})

    @keyword(tags=("Getting",))
    def get_run_events(self, session: str, *, number: int = -1) -> list[Event]:
        """Returns the events of a run in order of receipt.

        Args:
            session: Alias of the session.
            number: Which of the session's questions, counted from 0; the latest when omitted.

        Example:
        | Ask             | Ana                | What did we spend in total? |
        | Wait For Answer | Ana |
        | ${events}       | Get Run Events     | Ana |
        | Should Be Equal | ${events}[0][type] | agent_started |
        """
        return self._events(session, number)

    @keyword(tags=("Getting",))
    def get_reasoning(self, session: str, *, number: int = -1) -> list[str]:
        """Returns what the agent thought in a run, step by step.

        Args:
            session: Alias of the session.
            number: Which of the session's questions, counted from 0; the latest when omitted.

        Example:
        | Ask                                    | Ana           | What did we spend in total? |
        | Wait For Answer                        | Ana |
        | Reasoning Should Be About The Question | Ana |
        | ${steps}                               | Get Reasoning | Ana |
        """
        return [str(e.get("reasoning")) for e in self._events(session, number, "agent_thinking")]

    @keyword(tags=("Getting",))
    def get_tool_result(self, session: str, tool: ToolName, *, number: int = -1) -> dict[str, Any]:
        """Returns the result of the first call of a tool in a run.

        Args:
            session: Alias of the session.
            tool: The tool's name.
            number: Which of the session's questions, counted from 0; the latest when omitted.

        Raises:
            Unexpected: The run did not use the tool.

        Example:
        | Ask             | Ana             | What did we spend in total? |
        | Wait For Answer | Ana |
        | ${spend}        | Get Tool Result | Ana | query_spend |
        | Log             | In cents: ${spend}[total_cents] |
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

        The first step quotes the question, up to 200 characters of it; steps count 1, 2, 3, ...; none is
        empty, and no two are the same.

        Args:
            session: Alias of the session.
            number: Which of the session's questions, counted from 0; the latest when omitted.

        Raises:
            BrokenPromise: It is not so.

        Example:
        | Ask                                    | Ana           | What did we spend in total? |
        | Wait For Answer                        | Ana |
        | Reasoning Should Be About The Question | Ana |
        | ${steps}                               | Get Reasoning | Ana |
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
        if len(content) > QUOTED and content[: QUOTED + 1] in steps[0]:
            raise BrokenPromise(f"{session}'s agent quotes more than {QUOTED} characters of the question.")
        if len(set(steps)) < len(steps):
            raise BrokenPromise(f"{session}'s agent repeats itself instead of reasoning: {steps}.")

    @keyword(tags=("Judging",))
    def run_should_use_tools(self, session: str, *tools: ToolName, number: int = -1) -> None:
        """Checks that a run has called exactly these tools, in this order of first use.

        Args:
            session: Alias of the session.
            tools: The tools' names, in order of first use.
            number: Which of the session's questions, counted from 0; the latest when omitted.

        Raises:
            BrokenPromise: It has called others, or in another order.

        Example:
        | Ask                  | Ana | Which resources are idle? |
        | Wait For Answer      | Ana |
        | Run Should Use Tools | Ana | query_spend | find_idle_resources |
        """
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
        """Checks that every call of a run has an argument with this value.

        Args:
            session: Alias of the session.
            name: The argument's name.
            value: Its expected value.
            number: Which of the session's questions, counted from 0; the latest when omitted.

        Raises:
            BrokenPromise: A call has another value, or there is no call.

        Example:
        | Ask                           | Ana | What did payments spend? |
        | Wait For Answer               | Ana |
        | Tool Arguments Should Include | Ana | team | payments |
        """
        content = self.kit.world.chat(session).question(number).content
        calls = self._events(session, number, "tool_executing")
        something(calls, f"{session} asked {content!r}, and the agent has called no tool")
        for event in calls:
            arguments = event["arguments"]
            if arguments.get(name) != value:
                given = ", ".join(f"{key} = {arguments[key]!r}" for key in arguments) or "nothing"
                raise BrokenPromise(
                    f"{session} asked {content!r}, so {event['tool_name']} must be asked with"
                    f" {name} = {value!r}; it was asked with {given}."
                )

    @keyword(tags=("Judging", "Absence"))
    def last_run_event_should_be(self, session: str, event: EventType, *, number: int = -1) -> None:
        """Checks which event of a run was the last to come so far.

        Args:
            session: Alias of the session.
            event: Expected type of the event.
            number: Which of the session's questions, counted from 0; the latest when omitted.

        Raises:
            BrokenPromise: It is another one, or none has come.

        Example:
        | Ask                      | Ana | What did we spend in total? |
        | Wait For Answer          | Ana |
        | Last Run Event Should Be | Ana | agent_completed |
        """
        events = self._events(session, number)
        last = events[-1].type if events else "nothing"
        if last != event.value:
            raise BrokenPromise(f"The last event of {session}'s run is {last}, expected {event.value}.")


def _first_empty(steps: list[str]) -> int:
    return next((number for number, step in enumerate(steps, 1) if not step.strip()), 1)
