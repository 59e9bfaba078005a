"""Judging what came: thin doors to the rules."""

from __future__ import annotations

from typing import Final

from robot.api import logger
from robot.api.deco import keyword

from ..chat import Chat
from ..frames import DURABLE, Direction
from ..kit import Kit
from ..rules import clocks, contract, correlation, isolation, order, pairing, timing
from .promises import BrokenPromise, demand

FIVE: Final = tuple(kind for kind in DURABLE if kind != "agent_failed")
"""The five events of a run that ends well."""
RUN_BUDGETS: Final = tuple(timing.TRANSITIONS)
"""Budgets that concern one run."""


class Judging:
    """Keywords that judge a session's run; the latest question's unless ``number`` says which, from 0."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def _of(self, session: str, number: int) -> tuple[Chat, str]:
        chat = self.kit.world.chat(session)
        return chat, chat.question(number).run_id

    @keyword(tags=("Judging",))
    def run_should_be_complete(self, session: str, *, number: int = -1) -> None:
        """Checks that a run has all five events in the agreed order, every call answered once, and one end.

        Args:
            session: Alias of the session that asked.
            number: Which of its questions, counted from 0; the latest when omitted.

        Raises:
            BrokenPromise: It is not so; the message shows the offending frames.

        Example:
        | Ask                    | Ana | Which resources are idle? |
        | Wait For Answer        | Ana |
        | Run Should Be Complete | Ana |
        """
        chat, run_id = self._of(session, number)
        chat.settle()
        demand(order.complete_run(chat.transcript, run_id))
        demand(correlation.one_thread_and_person_per_run(chat.transcript, run_id))
        demand(correlation.one_run_per_question(chat.transcript))

    @keyword(tags=("Judging",))
    def run_should_keep_the_agreed_order(self, session: str, *, number: int = -1) -> None:
        """Checks the order within a run, however it ended: one start, calls answered before the one end.

        Args:
            session: Alias of the session.
            number: Which of the session's questions, counted from 0; the latest when omitted.

        Raises:
            BrokenPromise: It is not so; the message shows the offending frames.

        Example:
        | Ask                                 | Ana | Which resources are idle? |
        | Wait For Answer                     | Ana |
        | Run Should Begin With Agent Started | Ana |
        | Run Should Keep The Agreed Order    | Ana |
        """
        chat, run_id = self._of(session, number)
        chat.settle()
        demand(order.agreed_order(chat.transcript, run_id))

    @keyword(tags=("Judging",))
    def run_should_begin_with_agent_started(self, session: str, *, number: int = -1) -> None:
        """Checks that a run began with exactly one ``agent_started``, and thought before it used a tool.

        Args:
            session: Alias of the session.
            number: Which of the session's questions, counted from 0; the latest when omitted.

        Raises:
            BrokenPromise: It is not so; the message shows the offending frames.

        Example:
        | Ask                                 | Ana | Which resources are idle? |
        | Wait For Answer                     | Ana |
        | Run Should Begin With Agent Started | Ana |
        | Run Should Keep The Agreed Order    | Ana |
        """
        chat, run_id = self._of(session, number)
        demand(order.started_first(chat.transcript, run_id))
        demand(order.thinking_before_tools(chat.transcript, run_id))

    @keyword(tags=("Judging",))
    def tool_calls_should_be_answered(self, session: str, *, number: int = -1) -> None:
        """Checks that every ``tool_executing`` of a run has one ``tool_completed`` of the same call.

        Args:
            session: Alias of the session.
            number: Which of the session's questions, counted from 0; the latest when omitted.

        Raises:
            BrokenPromise: One is not, or is twice; the message shows the offending frames.

        Example:
        | Ask                             | Ana | Which resources are idle? |
        | Wait For Answer                 | Ana |
        | Tool Calls Should Be Answered   | Ana |
        | Tool Durations Should Be Honest | Ana |
        """
        chat, run_id = self._of(session, number)
        demand(pairing.every_tool_call_is_answered(chat.transcript, run_id))

    @keyword(tags=("Judging",))
    def tool_durations_should_be_honest(self, session: str, *, attempts: int = 3) -> None:
        """Checks that no ``duration_ms`` is longer than its frames were apart, nor next to nothing for work.

        It may be 50 ms longer. On a busy machine the first of two frames may be late, so that they come
        closer together than they were sent. A run that looks dishonest is therefore asked again: what is
        claimed too long is so each time. A forecast takes 50 ms or more; less than 20 is no measure of it.

        Args:
            session: Alias of the session that asked.
            attempts: How many runs may look dishonest before the claim counts as false.

        Raises:
            BrokenPromise: Every attempt looked dishonest, or a forecast is said to have taken no time.

        Example:
        | Ask                             | Ana | Which resources are idle? |
        | Wait For Answer                 | Ana |
        | Tool Calls Should Be Answered   | Ana |
        | Tool Durations Should Be Honest | Ana |
        """
        chat = self.kit.world.chat(session)
        verdict = timing.durations_are_true(chat.transcript, chat.question().run_id)
        for _ in range(attempts - 1):
            if not verdict.broken:
                break
            logger.info(f"Asked again: {verdict.story}")
            chat.ask(chat.question().content)
            chat.wait_for_end()
            verdict = timing.durations_are_true(chat.transcript, chat.question().run_id)
        demand(verdict)
        demand(timing.work_takes_its_time(chat.transcript, chat.question().run_id))

    @keyword(tags=("Judging",))
    def cut_off_calls_should_tell_their_time(self, session: str) -> None:
        """Checks that the tool calls of a run that was cut off tell how long they had gone on.

        Their ``duration_ms`` is the time between the ``timestamp`` of their two frames, give or take 50 ms.
        It must be long enough for that to mean something; see `Let Tool Call Go On`.

        Args:
            session: Alias of the session that asked.

        Raises:
            BrokenPromise: One tells another time; or no call was cut off, or one too soon to tell.

        Example:
        | Hold Runs                            | Ana | tool_completed |
        | ${question}                          | Ask | Ana            | Which resources are idle? |
        | Let Tool Call Go On                  | Ana |
        | Send Message                         | Ana | cancel         | run_id=${question.run_id} |
        | Wait For Failure                     | Ana | cancelled |
        | Cut Off Calls Should Tell Their Time | Ana |
        """
        chat = self.kit.world.chat(session)
        demand(timing.cut_off_calls_are_timed(chat.transcript, chat.question().run_id))

    @keyword(tags=("Judging",))
    def frames_should_keep_the_contract(self, session: str) -> int:
        """Checks every frame of a session, received and sent, against the contract.

        Args:
            session: Alias of the session.

        Returns:
            How many frames were received.

        Raises:
            BrokenPromise: A frame departs from the contract; the message says which and how.

        Example:
        | Ask                                  | Ana | Which resources are idle? |
        | Wait For Answer                      | Ana |
        | Frames Should Keep The Contract      | Ana |
        | Sent Frames Should Keep The Contract | Ana |
        """
        transcript = self.kit.world.chat(session).transcript
        demand(contract.valid(transcript, self.kit.contract))
        return len(transcript.received())

    @keyword(tags=("Judging", "Timing"))
    def timestamps_should_tell_the_time(self, session: str) -> None:
        """Checks that what a session received bears the time at which it came, give or take some seconds.

        A ``timestamp`` may lie 10 s after the receipt of its frame, for clocks that differ, and 60 s before
        it; an event that was replayed may be of any age.

        Args:
            session: Alias of the session.

        Raises:
            BrokenPromise: A frame bears another time; the message shows it.

        Example:
        | Ask                             | Ana | Which resources are idle? |
        | Wait For Answer                 | Ana |
        | Timestamps Should Tell The Time | Ana |
        """
        demand(clocks.timestamps_tell_the_time(self.kit.world.chat(session).transcript))

    @keyword(tags=("Judging",))
    def sent_frames_should_keep_the_contract(self, session: str) -> None:
        """Checks every frame that a session has sent against the contract.

        Args:
            session: Alias of the session.

        Raises:
            BrokenPromise: One does not; the message says what is wrong with it.

        Example:
        | Ask                                  | Ana | Which resources are idle? |
        | Wait For Answer                      | Ana |
        | Frames Should Keep The Contract      | Ana |
        | Sent Frames Should Keep The Contract | Ana |
        """
        transcript = self.kit.world.chat(session).transcript
        demand(contract.valid(transcript, self.kit.contract, Direction.SENT))

    @keyword(tags=("Judging",))
    def should_have_seen_all_five_events(self, session: str, *, number: int = -1) -> None:
        """Checks that all five kinds of event came in a run.

        Args:
            session: Alias of the session.
            number: Which of the session's questions, counted from 0; the latest when omitted.

        Raises:
            BrokenPromise: One is missing.

        Example:
        | Ask                                | Ana | Which resources are idle? |
        | Wait For Answer                    | Ana |
        | Should Have Seen All Five Events   | Ana |
        | Should Have Seen Only Its Own Runs | Ana |
        """
        chat, run_id = self._of(session, number)
        seen = {e.type for e in chat.run(run_id).events}
        absent = [kind for kind in FIVE if kind not in seen]
        if absent:
            raise BrokenPromise(f"{session} did not see {', '.join(absent)}; only {', '.join(sorted(seen))}.")

    @keyword(tags=("Judging", "Absence"))
    def should_have_seen_only_its_own_runs(self, session: str) -> None:
        """Checks that every run event of a session belongs to a question of that session.

        Args:
            session: Alias of the session.

        Raises:
            BrokenPromise: One belongs to another question; the message shows it.

        Example:
        | Ask                                | Ana | Which resources are idle? |
        | Wait For Answer                    | Ana |
        | Should Have Seen All Five Events   | Ana |
        | Should Have Seen Only Its Own Runs | Ana |
        """
        chat = self.kit.world.chat(session)
        demand(correlation.only_these_runs(chat.transcript, [q.run_id for q in chat.questions]))

    @keyword(tags=("Judging", "Absence"))
    def should_have_received_nothing_of(self, watcher: str, *others: str) -> None:
        """Checks that nothing of other people's runs has reached a session. Use `Sentinel Fence` before it.

        Args:
            watcher: Alias of the session that should not have seen anything.
            others: Aliases of the sessions whose runs it must not have seen.

        Raises:
            BrokenPromise: Something has reached it.

        Example:
        | Ask                             | Ana   | Which resources are idle? |
        | Wait For Answer                 | Ana |
        | Sentinel Fence                  | Boris |
        | Should Have Received Nothing Of | Boris | Ana |
        """
        chat = self.kit.world.chat(watcher)
        runs = [q.run_id for other in others for q in self.kit.world.chat(other).questions]
        if not runs:
            raise BrokenPromise(f"{', '.join(others)} has asked nothing: there is nothing that could leak.")
        for device in (chat, *self.kit.world.watching(chat.person)):
            demand(isolation.no_events_of(device.transcript, runs))
            demand(isolation.no_foreign_events(device.transcript))
            demand(isolation.no_foreign_canary(device.transcript))

    @keyword(tags=("Judging", "Timing"))
    def run_should_keep_its_budgets(self, session: str, *names: str, number: int = -1) -> None:
        """Checks that a run was as fast as the environment promises.

        Args:
            session: Alias of the session that asked.
            names: Budgets of the environment, for example ``asked_to_started``; all that concern a run when
                none is named.
            number: Which of its questions, counted from 0; the latest when omitted.

        Raises:
            BrokenPromise: A transition took longer than its budget.

        Example:
        | Ask                         | Ana | What did we spend in total? |
        | Wait For Answer             | Ana |
        | Run Should Keep Its Budgets | Ana | asked_to_started | whole |
        """
        chat, run_id = self._of(session, number)
        budgets = {name: self.kit.environment.budget(name) for name in names or RUN_BUDGETS}
        demand(timing.within(chat.transcript, run_id, budgets))
        measured = timing.times(chat.transcript, run_id)
        for name, budget in budgets.items():
            longest = measured.longest(name)
            if longest is not None:
                logger.info(f"{name}: {longest * 1000:.1f} ms of {budget * 1000:.0f} ms")
