"""Waiting for what must come, and fencing off what must not."""

from __future__ import annotations

import itertools
import time
from typing import Final

from robot.api.deco import keyword

from ..chat import Question, Unexpected
from ..frames import Event
from ..kit import Kit
from ..rules.timing import CUT_OFF_SECONDS
from .types import ErrorCode, EventType, FailureCode, FrameType

SOON_ANSWERED: Final = "What did we spend in total?"
WORKED_ON: Final = "What will we spend next month?"
"""A question whose tool computes for 50 ms or more (contract: Tools)."""
MARGIN_SECONDS: Final = 0.05
"""How much shorter a call may be by the backend's clock than by this one: frames take a while."""


class Waiting:
    """Keywords that wait. Each ends as soon as what it waits for has come or can no longer come."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Waiting",))
    def wait_for_event(self, session: str, event: EventType, *, nth: int = 1, number: int = -1) -> Event:
        """Waits until a run has sent an event, and returns it.

        Args:
            session: Alias of the session.
            event: The event's type.
            nth: The how many-th event of that type in the run, counted from 1.
            number: Which of the session's questions, counted from 0; the latest when omitted.

        Raises:
            EventMissing: The run ended or the connection closed first. The message lists what came instead.

        Example:
        | Ask             | Ana                | What did we spend in total? |
        | ${call}         | Wait For Event     | Ana | tool_executing |
        | Should Be Equal | ${call}[tool_name] | query_spend |
        """
        chat = self.kit.world.chat(session)
        return chat.wait_for_event(event.value, nth=nth, run_id=chat.question(number).run_id)

    @keyword(tags=("Waiting",))
    def wait_for_answer(self, session: str, *, number: int = -1) -> Event:
        """Waits until a question is answered and returns ``agent_completed``.

        Args:
            session: Alias of the session.
            number: Which of the session's questions, counted from 0; the latest when omitted.

        Raises:
            EventMissing: No end of the run came.
            Unexpected: The run failed.

        Example:
        | Ask       | Ana             | What did we spend in total? |
        | ${answer} | Wait For Answer | Ana |
        | Log       | ${answer}[response] |
        """
        chat = self.kit.world.chat(session)
        end = chat.wait_for_end(chat.question(number).run_id)
        if end.type != "agent_completed":
            raise Unexpected(f"{chat.alias}'s run failed with {end.get('code')}: {end.get('message')}")
        return end

    @keyword(tags=("Waiting",))
    def wait_for_ends(self, session: str) -> list[str]:
        """Waits until every question of a session has come to an end, whatever that is.

        Args:
            session: Alias of the session.

        Returns:
            How each has ended, in the order of asking: ``answered``, or the code of its ``agent_failed``.

        Raises:
            EventMissing: No end of one of the runs came.

        Example:
        | Ask             | Ana           | What did we spend in total? |
        | Ask             | Ana           | Which resources are idle? |
        | ${ends}         | Wait For Ends | Ana |
        | Should Be Equal | ${ends}       | ${{ ['answered', 'answered'] }} |
        """
        chat, silence = self.kit.world.chat(session), self.kit.environment.timeout("interrupted")
        ends = [chat.wait_for_end(question.run_id, silence=silence) for question in chat.questions]
        return [str(end.get("code")) if end.type == "agent_failed" else "answered" for end in ends]

    @keyword(tags=("Waiting",))
    def wait_for_failure(self, session: str, code: FailureCode, *, number: int = -1) -> Event:
        """Waits until a run has ended without an answer, and returns ``agent_failed``.

        Args:
            session: Alias of the session.
            code: Expected code, for example ``cancelled``.
            number: Which of the session's questions, counted from 0; the latest when omitted.

        Raises:
            EventMissing: No end of the run came.
            Unexpected: The run was answered, or failed for another reason.

        Example:
        | Hold Runs        | Ana | tool_completed |
        | ${question}      | Ask | Ana    | What did we spend in total? |
        | Send Message     | Ana | cancel | run_id=${question.run_id} |
        | Wait For Failure | Ana | cancelled |
        """
        chat = self.kit.world.chat(session)
        # Who cancels is there and waits; whatever else ends a run takes its time.
        silence = self.kit.environment.timeout("notice") if code == "cancelled" else None
        run = chat.question(number).run_id
        end = chat.wait_for_end(run, awaited=f"agent_failed with {code}", silence=silence)
        should_have_failed(chat.alias, end, code)
        return end

    @keyword(tags=("Waiting",))
    def wait_for_frame(
        self,
        session: str,
        type: FrameType,  # noqa: A002 -- the contract's name
        *,
        nth: int = 1,
    ) -> Event:
        """Waits for the ``nth`` frame of a type on a session's current connection, and returns it.

        Args:
            session: Alias of the session.
            type: A type of the contract's server frames, for example ``token_expiring``.
            nth: The how many-th of them on this connection, counted from 1.

        Raises:
            EventMissing: It did not come.

        Example:
        | Send Message | Ana            | resume | after_seq=${0} |
        | ${resumed}   | Wait For Frame | Ana    | resumed |
        """
        return self.kit.world.chat(session).waits.for_frame(
            type,
            lambda t: found[nth - 1] if len(found := t.received(type)) >= nth else None,
            f"the frame {type}" + (f" (number {nth})" if nth > 1 else ""),
        )

    @keyword(tags=("Waiting",))
    def wait_for_frame_since_mark(
        self,
        session: str,
        type: FrameType,  # noqa: A002 -- the contract's name
    ) -> Event:
        """Waits for the first frame of a type that a session has received since its last `Mark`.

        Args:
            session: Alias of the session.
            type: The frame's type.

        Raises:
            EventMissing: It did not come.
            Unexpected: The session has been connected anew since the mark.

        Example:
        | Mark        | Ana |
        | Send Object | Ana                       | type=dance |
        | ${error}    | Wait For Frame Since Mark | Ana | error |
        """
        chat = self.kit.world.chat(session)
        start = chat.since(chat.marked)
        return chat.waits.for_frame(
            type, lambda t: next(iter(t.received(type, start=start)), None), f"the frame {type}"
        )

    @keyword(tags=("Waiting",))
    def wait_for_reply(self, session: str, message_id: str, *types: FrameType) -> Event:
        """Waits for a reply of one of these types that echoes a message's id.

        Args:
            session: Alias of the session.
            message_id: The id, as `Send Message` returned it.
            types: Accepted types, for example ``ack`` or ``error``.

        Raises:
            EventMissing: None came.

        Example:
        | ${message} | Send Message   | Ana | ping |
        | ${reply}   | Wait For Reply | Ana | ${message} | pong | error |
        """
        return self.kit.world.chat(session).reply(message_id, *types)

    @keyword(tags=("Waiting", "Judging"))
    def message_should_be_declined(
        self, session: str, message_id: str, code: ErrorCode, otherwise: str
    ) -> Event:
        """Waits for the reply to a message and expects an error with this code.

        Args:
            session: Alias of the session.
            message_id: The id, as `Send Message` returned it.
            code: Expected error code.
            otherwise: What it would mean if the message were accepted, as a sentence.

        Returns:
            The error.

        Raises:
            EventMissing: No reply came.
            Unexpected: The message was accepted, or declined in another way.

        Example:
        | ${message} | Send Object | Ana | type=dance |
        | Message Should Be Declined | Ana | ${message} | unknown_type | An unknown type was accepted. |
        """
        chat = self.kit.world.chat(session)
        reply = chat.reply(message_id, "error", "ack", "resumed", "token_refreshed", "pong")
        if reply.type != "error":
            raise Unexpected(f"{otherwise} {chat.alias} got {reply.type} instead of the error {code!r}.")
        if reply.get("code") != code:
            raise Unexpected(
                f"{chat.alias}'s message was declined with {reply.get('code')!r} ({reply.get('message')}); "
                f"it should be {code!r}."
            )
        return reply

    @keyword(tags=("Waiting",))
    def wait_for_question(self, session: str, message_id: str) -> Question:
        """Waits until a question that was sent with `Send Message` is accepted, and returns it.

        Args:
            session: Alias of the session.
            message_id: The id, as `Send Message` returned it.

        Raises:
            EventMissing: It was neither accepted nor refused.
            Unexpected: It was refused.

        Example:
        | ${message}  | Send Message      | Ana | chat | content=What did we spend in total? |
        | ${question} | Wait For Question | Ana | ${message} |
        """
        return self.kit.world.chat(session).accepted(message_id)

    @keyword(tags=("Waiting",))
    def wait_for_error(self, session: str, code: ErrorCode, *, nth: int = 1) -> Event:
        """Waits for the ``nth`` error frame of a session's connection and checks its code.

        Args:
            session: Alias of the session.
            code: Expected error code.
            nth: The how many-th error on this connection, counted from 1.

        Raises:
            EventMissing: No error came.
            Unexpected: It has another code.

        Example:
        | Send Object | Ana            | type=dance |
        | ${error}    | Wait For Error | Ana | unknown_type |
        """
        chat = self.kit.world.chat(session)
        error = chat.waits.for_reply(
            lambda t: found[nth - 1] if len(found := t.received("error")) >= nth else None,
            f"the error {code}" + (f" as its error number {nth}" if nth > 1 else ""),
        )
        if error.get("code") != code:
            raise Unexpected(
                f"{chat.alias} received the error {error.get('code')!r} ({error.get('message')}); "
                f"expected {code!r}."
            )
        return error

    @keyword(tags=("Waiting",))
    def let_tool_call_go_on(self, session: str) -> int:
        """Pings, again and again, until a tool has been at work for so long that its duration can be judged.

        That is a tenth of a second, and a margin. Runs are best held meanwhile: see `Hold Runs`.

        Args:
            session: Alias of the session that asked; its latest question counts.

        Returns:
            How many pings were answered meanwhile.

        Raises:
            EventMissing: No tool has begun to work.
            Unexpected: The tool has finished.

        Example:
        | Hold Runs           | Ana | tool_completed |
        | Ask                 | Ana | Which resources are idle? |
        | Let Tool Call Go On | Ana |
        """
        chat = self.kit.world.chat(session)
        run_id, count = chat.question().run_id, 0
        began = chat.wait_for_event("tool_executing", run_id=run_id)
        while time.monotonic() <= began.at + CUT_OFF_SECONDS + MARGIN_SECONDS:
            chat.ping()
            count += 1
        if any(end.run_id == run_id for end in chat.transcript.received("tool_completed")):
            raise Unexpected(f"{session}'s tool has finished before it had been at work for long.")
        return count

    @keyword(tags=("Waiting", "Absence"))
    def fence(self, *sessions: str) -> None:
        """Proves that what was queued on these connections has come: each pings and sees its own pong.

        Args:
            sessions: Aliases of the sessions.

        Example:
        | Fence | Ana | Boris |
        """
        for session in sessions:
            self.kit.world.chat(session).fence()

    @keyword(tags=("Waiting", "Absence"))
    def sentinel_fence(self, *sessions: str) -> None:
        """Proves an absence for these watchers: each asks a question of its own, sees its end, and pings.

        The answer takes the same way through the backend's log as a leak would, so that a leak caused before
        would have come before it. The last question is one that a tool computes 50 ms for (contract: Tools),
        and all ping after it: what comes late by that much is seen by all of them.

        Args:
            sessions: Aliases of the watchers' sessions; their people should be enterprise customers.

        Example:
        | Ask                             | Ana   | Which resources are idle? |
        | Wait For Answer                 | Ana |
        | Sentinel Fence                  | Boris |
        | Should Have Received Nothing Of | Boris | Ana |
        """
        chats = [self.kit.world.chat(session) for session in sessions]
        watching = [self.kit.world.watching(chat.person) for chat in chats]
        for chat, devices in zip(chats, watching, strict=True):
            question = chat.sentinel(SOON_ANSWERED if chat is not chats[-1] else WORKED_ON)
            for device in devices:
                device.wait_for_end(question.run_id)
        for chat in {*chats[:-1], *itertools.chain.from_iterable(watching)}:
            chat.fence()


def should_have_failed(who: str, end: Event, code: str) -> None:
    """Checks how a run has ended.

    Args:
        who: Whose run it is.
        end: Its last event.
        code: Expected code of ``agent_failed``.

    Raises:
        Unexpected: It ended in another way.
    """
    if end.type != "agent_failed":
        raise Unexpected(f"{who}'s run was answered; it should have failed with {code}.")
    if end.get("code") != code:
        raise Unexpected(
            f"{who}'s run failed with {end.get('code')} ({end.get('message')}), not with {code}."
        )
