"""Many messages of one session at once, and what must come back."""

from __future__ import annotations

from robot.api.deco import keyword

from ..kit import Kit
from ..outgoing import encoded, new_message_id
from ..rules import correlation, devices, order, replies
from .content import Content
from .judging import Judging
from .promises import BrokenPromise, demand, something

KINDS = ("compute", "database", "storage")
"""Services that questions of a burst ask for in turn, so that neighbours differ."""
REPLIES = ("pong", "ack", "resumed", "token_refreshed", "error")
"""The frames that answer a message."""


class Bursts:
    """Keywords that send without a pause, and judge all that comes of it."""

    def __init__(self, kit: Kit, judging: Judging, content: Content) -> None:
        self.kit = kit
        self._judging = judging
        self._content = content

    @keyword(tags=("Bursts", "Asking"))
    def send_burst_of_pings(self, session: str, count: int) -> None:
        """Sends pings back to back, numbered from 0, and waits for nothing.

        Args:
            session: Alias of the session.
            count: How many pings.

        Example:
        | Send Burst Of Pings             | Ana | 20 |
        | Every Ping Should Have Its Pong | Ana |
        """
        pings = [encoded("ping", new_message_id(), {"sequence": number}) for number in range(count)]
        self.kit.world.chat(session).session.send_many(pings)

    @keyword(tags=("Bursts", "Asking"))
    def send_burst_of_questions(self, session: str, count: int) -> None:
        """Sends questions back to back, each another one, and waits until all of them are accepted.

        Args:
            session: Alias of the session.
            count: How many questions.

        Example:
        | Send Burst Of Questions                   | Ana | 3 |
        | Questions Should Be Accepted In Order     | Ana |
        | Every Question Should Have A Whole Answer | Ana |
        """
        ids = [new_message_id() for _ in range(count)]
        self._burst(session, [_question(message_id, number) for number, message_id in enumerate(ids)])
        self._accepted(session, ids)

    @keyword(tags=("Bursts", "Asking"))
    def send_mixed_burst(self, session: str, count: int) -> None:
        """Sends a ping, a question and a ping, again and again, back to back; then waits for acceptance.

        Args:
            session: Alias of the session.
            count: How many times a ping, a question and a ping.

        Example:
        | Send Mixed Burst             | Ana | 2 |
        | Replies Should Come In Order | Ana |
        """
        ids = [new_message_id() for _ in range(count)]
        messages: list[str] = []
        for number, message_id in enumerate(ids):
            messages += [
                encoded("ping", new_message_id(), {"sequence": 2 * number}),
                _question(message_id, number),
                encoded("ping", new_message_id(), {"sequence": 2 * number + 1}),
            ]
        self._burst(session, messages)
        self._accepted(session, ids)

    @keyword(tags=("Bursts", "Asking"))
    def send_burst_of_resumes_and_mistakes(self, session: str, count: int) -> None:
        """Asks for everything again and again, back to back, then pings and makes mistakes.

        The replays take long to send, so that whatever does not wait its turn comes before them.

        Args:
            session: Alias of the session.
            count: How many times everything is asked for.

        Example:
        | Send Burst Of Resumes And Mistakes | Ana | 2 |
        | Replies Should Come In Order       | Ana |
        """
        # The first is one that the backend need look nothing up for, so that nothing holds its answer back.
        mistakes = [("ping", {"sequence": "one"}), ("dance", {}), ("cancel", {"run_id": f"r_{0:032}"})]
        mistakes.append(("chat", {}))
        messages = [encoded("resume", new_message_id(), {"after_seq": 0}) for _ in range(count)]
        for number, (kind, fields) in enumerate(mistakes):
            messages.append(encoded("ping", new_message_id(), {"sequence": number}))
            messages.append(encoded(kind, new_message_id(), fields))
        self._burst(session, messages)

    def _burst(self, session: str, messages: list[str]) -> None:
        self.kit.world.chat(session).session.send_many(messages)

    def _accepted(self, session: str, ids: list[str]) -> None:
        for message_id in ids:
            self.kit.world.chat(session).accepted(message_id)

    @keyword(tags=("Bursts", "Judging"))
    def every_ping_should_have_its_pong(self, session: str) -> None:
        """Checks that every ping of a session has its own pong: in order, once, and none is missing.

        Args:
            session: Alias of the session.

        Raises:
            BrokenPromise: It is not so.

        Example:
        | Send Burst Of Pings             | Ana | 20 |
        | Every Ping Should Have Its Pong | Ana |
        """
        chat = self.kit.world.chat(session)
        chat.fence()
        demand(replies.pongs_answer_pings(chat.transcript, complete=True))

    @keyword(tags=("Bursts", "Judging"))
    def questions_should_be_accepted_in_order(self, session: str) -> None:
        """Checks that acceptances came in the order of asking, each before any event of its run.

        Args:
            session: Alias of the session.

        Raises:
            BrokenPromise: They came in another order, or after an event of their run; or there was none.

        Example:
        | Send Burst Of Questions                   | Ana | 3 |
        | Questions Should Be Accepted In Order     | Ana |
        | Every Question Should Have A Whole Answer | Ana |
        """
        chat = self.kit.world.chat(session)
        something(chat.transcript.received("ack"), f"No question of {session} was accepted")
        demand(replies.acks_come_first(chat.transcript))

    @keyword(tags=("Bursts", "Judging"))
    def replies_should_come_in_order(self, session: str) -> None:
        """Checks that replies of every kind, errors too, came in the order of the messages that they answer.

        Args:
            session: Alias of the session.

        Raises:
            BrokenPromise: One has overtaken another, or is missing.

        Example:
        | Send Mixed Burst             | Ana | 2 |
        | Replies Should Come In Order | Ana |
        """
        chat = self.kit.world.chat(session)
        chat.fence()
        sent = [e for e in chat.transcript.sent() if e.message_id is not None]
        came = [e for e in chat.transcript.received(*REPLIES) if e.message_id is not None]
        for number, message in enumerate(sent):
            reply = came[number] if number < len(came) else None
            if reply is None or reply.message_id != message.message_id:
                told = f"the {reply.type} to another one has overtaken it" if reply else "there is no reply"
                raise BrokenPromise(
                    f"{session}'s message number {number + 1} of {len(sent)}, a {message.type}, "
                    f"was not answered in its turn: {told}."
                )

    @keyword(tags=("Sessions", "Judging"))
    def replies_should_answer_own_messages(self, session: str) -> None:
        """Checks that each reply on a session answers a message of that session, which has one at most.

        Args:
            session: Alias of the session.

        Raises:
            BrokenPromise: One answers what was never sent there, or answers twice; the message shows frames.

        Example:
        | Open Session                       | Ana | Ana's phone |
        | Ping                               | Ana |
        | Replies Should Answer Own Messages | Ana's phone |
        """
        chat = self.kit.world.chat(session)
        chat.fence()
        demand(correlation.replies_match_messages(chat.transcript))

    @keyword(tags=("Bursts", "Waiting", "Judging"))
    def every_question_should_have_a_whole_answer(self, session: str) -> None:
        """Waits for the answer of every question of a session, and judges each run against its own question.

        Args:
            session: Alias of the session.

        Raises:
            EventMissing: One has no answer.
            BrokenPromise: One is not as agreed, or the session has asked nothing.

        Example:
        | Send Burst Of Questions                   | Ana | 3 |
        | Questions Should Be Accepted In Order     | Ana |
        | Every Question Should Have A Whole Answer | Ana |
        """
        chat = self.kit.world.chat(session)
        something(chat.questions, f"{session} has asked nothing")
        for number, question in enumerate(chat.questions):
            chat.wait_for_end(question.run_id)
            demand(order.complete_run(chat.transcript, question.run_id))
            if self.kit.environment.offers("reasoning"):
                self._content.reasoning_should_be_about_the_question(session, number=number)
        demand(correlation.one_run_per_question(chat.transcript))
        demand(correlation.only_these_runs(chat.transcript, [q.run_id for q in chat.questions]))

    @keyword(tags=("Crowds", "Judging", "Absence"))
    def everybody_has_seen_only_their_own_runs(self, *sessions: str) -> None:
        """Checks for each session that every run event it received belongs to a question of its own.

        Args:
            sessions: Aliases of the sessions.

        Raises:
            BrokenPromise: One belongs to somebody else's, or no session was named.

        Example:
        | Everybody Asks                         | Which resources are idle? | Ana | Boris |
        | Everybody Gets A Whole Answer          | Ana                       | Boris |
        | Everybody Has Seen Only Their Own Runs | Ana                       | Boris |
        """
        something(sessions, "No session was named")
        for session in sessions:
            self._judging.should_have_seen_only_its_own_runs(session)

    @keyword(tags=("Judging", "Devices"))
    def devices_should_have_received_the_same(self, one: str, other: str) -> None:
        """Checks that two devices have the same events, byte for byte, since both were connected.

        Args:
            one: Alias of a session.
            other: Alias of another session of the same person.

        Raises:
            BrokenPromise: One has an event that the other has not, or another text of it.

        Example:
        | Open Session                          | Ana | Ana's phone |
        | Ask                                   | Ana | What did we spend in total? |
        | Wait For Answer                       | Ana |
        | Sentinel Fence                        | Ana's phone |
        | Devices Should Have Received The Same | Ana | Ana's phone |
        """
        first, second = self.kit.world.chat(one), self.kit.world.chat(other)
        first.fence()
        second.fence()
        start = max(first.transcript.watershed or 0, second.transcript.watershed or 0) + 1
        last = max((e.seq or 0 for e in (*first.transcript.durable, *second.transcript.durable)), default=0)
        if last < start:
            raise BrokenPromise(
                f"Neither {one} nor {other} has received any event since both were connected."
            )
        for chat in (first, second):
            chat.waits.for_run(
                lambda t: next((e for e in t.durable if (e.seq or 0) >= last), None),
                f"the event with seq {last}, which {other if chat is first else one} has received",
            )
        for a, b in ((first, second), (second, first)):
            demand(devices.same_frames(a.transcript, b.transcript, start, last))


def _question(message_id: str, number: int) -> str:
    content = f"What did we spend on {KINDS[number % len(KINDS)]}, question {number + 1}?"
    return encoded("chat", message_id, {"content": content})
