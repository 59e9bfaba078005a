"""Questions and connections that come at the same moment, to several sessions or several processes."""

from __future__ import annotations

from collections import Counter
from typing import Final

from robot.api.deco import keyword
from robot.api.types import Secret

from ..chat import Chat, Unexpected
from ..engine.crowd import close_many, send_together, try_many
from ..engine.offer import Refused
from ..engine.session import Session
from ..kit import Kit
from ..outgoing import encoded, new_message_id
from ..redaction import mask
from ..world import Notes
from .promises import BrokenPromise, something
from .types import ErrorCode

SENT: Final = "sent"
"""The name under which it is noted what was sent."""
QUESTION: Final = "What did we spend in total?"
TOO_MANY: Final = 429
"""RFC 6585, section 4."""
UNAUTHORISED: Final = 401
"""RFC 9110, section 15.5.2."""


class SideBySide:
    """Keywords that ask everywhere before they wait for anything."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self._at_once: Notes[list[tuple[Chat, str]]] = Notes(kit.world)

    @keyword(tags=("Bursts", "Asking"))
    def ask_at_once(self, count: int, *sessions: str, question: str = QUESTION) -> None:
        """Sends questions on several sessions, each with an id of its own, and waits for nothing.

        Args:
            count: How many on each session.
            sessions: Aliases of the sessions.
            question: What is asked.

        Example:
        | Ask At Once                          | 2 | Ana | Boris |
        | Questions At Once Should Be Accepted | 4 | too_many_runs |
        """
        self._send({session: [new_message_id() for _ in range(count)] for session in sessions}, question)

    @keyword(tags=("Bursts", "Asking"))
    def ask_the_same_at_once(self, count: int, *sessions: str) -> None:
        """Sends the same messages, ids and all, on several sessions, and waits for nothing.

        Args:
            count: How many on each session.
            sessions: Aliases of sessions of one person.

        Example:
        | Open Session                           | Ana | Ana's phone |
        | Ask The Same At Once                   | 2   | Ana | Ana's phone |
        | Same Questions Should Be One Each      |
        """
        ids = [new_message_id() for _ in range(count)]
        self._send(dict.fromkeys(sessions, ids))

    @keyword(tags=("Bursts", "Judging"))
    def questions_at_once_should_be_accepted(self, count: int, otherwise: ErrorCode | None = None) -> None:
        """Checks how many of the questions of `Ask At Once` were accepted, whichever they are.

        Args:
            count: Expected number.
            otherwise: The error code that all others must have got; there are no others when omitted.

        Raises:
            BrokenPromise: It is another number, or one was declined in another way.
            EventMissing: One was neither accepted nor declined.

        Example:
        | Ask At Once                          | 2 | Ana | Boris |
        | Questions At Once Should Be Accepted | 4 | too_many_runs |
        """
        sent = self._sent()
        replies = [chat.reply(message_id, "ack", "error") for chat, message_id in sent]
        found = Counter(str(e.get("code")) if e.type == "error" else "accepted" for e in replies)
        due, others = Counter({"accepted": count}), ""
        if otherwise is not None:
            due[otherwise.value] = len(sent) - count
            others = f" and the others declined with {otherwise.value}"
        if +found != +due:
            raise BrokenPromise(
                f"Of {len(sent)} questions at the same moment {count} should be accepted{others}; they were:"
                f" {_counted(found)}."
            )
        for (chat, message_id), reply in zip(sent, replies, strict=True):
            if reply.type == "ack":
                chat.accepted(message_id)

    @keyword(tags=("Bursts", "Judging"))
    def same_questions_should_be_one_each(self) -> None:
        """Checks that all sessions were told of the same run and conversation for each message sent at once.

        Raises:
            BrokenPromise: One was declined, or became several runs.
            EventMissing: One was neither accepted nor declined.

        Example:
        | Open Session                           | Ana | Ana's phone |
        | Ask The Same At Once                   | 2   | Ana | Ana's phone |
        | Same Questions Should Be One Each      |
        """
        told: dict[str, set[str]] = {}
        for chat, message_id in self._sent():
            reply = chat.reply(message_id, "ack", "error")
            if reply.type == "error":
                raise BrokenPromise(
                    f"{chat.alias}'s message came to two devices at the same moment, and one was declined"
                    f" with {reply.get('code')} ({reply.get('message')}); both should get one acceptance."
                )
            told.setdefault(message_id, set()).add(f"{reply.run_id} in {reply.thread_id}")
        several = [runs for runs in told.values() if len(runs) > 1]
        if several:
            raise BrokenPromise(
                f"{len(several)} of {len(told)} messages that came to several devices at the same moment"
                f" became several runs, the first one: {' and '.join(sorted(several[0]))}."
            )

    @keyword(tags=("Bursts", "Sessions", "Judging"))
    def connections_at_once_should_be_let_in(self, person: str, count: int, limit: int) -> None:
        """Asks for many connections in one moment, and expects as many as the person may have to be let in.

        All others must be refused with 429. Those that were let in are closed again, and judged by nobody.

        Args:
            person: In whose name; nobody else is connected in it.
            count: How many are asked for.
            limit: How many the person may have.

        Raises:
            BrokenPromise: Another number was let in, or one was refused in another way.

        Example:
        | Make Person   | Clara | Northwind |
        | Change Person | Clara | limits=${{ {'connections': 2} }} |
        | Connections At Once Should Be Let In | Clara | 12 | 2 |
        """
        found = self.kit.world.person(person)
        sessions = [Session(f"{person}'s connection {n + 1} of {count}", found.owner) for n in range(count)]
        offer = self.kit.offer(found.service.deployment, [("header", self.kit.token(found))])
        try:
            refused = try_many(sessions, [offer] * count, self.kit.environment.timeout("connect"))
        finally:
            close_many(sessions)
        told = Counter(str(refusal.status or "not answered") for refusal in refused)
        told["let in"] = count - len(refused)
        due = Counter({"let in": limit, str(TOO_MANY): count - limit})
        if +told != +due:
            raise BrokenPromise(
                f"{person} asked for {count} connections at the same moment; {limit} should be let in, and"
                f" the others refused with {TOO_MANY}. They were: {_counted(told)}."
            )

    @keyword(tags=("Processes", "Security"))
    def second_process_should_refuse(self, person: str, code: str, *, token: Secret) -> None:
        """Tries to connect to the second process, and expects to be refused with 401.

        Args:
            person: In whose name.
            code: Expected error code.
            token: The credential.

        Raises:
            Unexpected: It has let the person in, or refused in another way.

        Example, on a backend of its own:
        | Start Second Process |
        | ${token}                     | Sign In | Ana |
        | Sign Out                     | Ana |
        | Second Process Should Refuse | Ana | invalid_token | token=${token} |
        """
        found = self.kit.world.person(person)
        session = Session(f"{person}'s attempt at the second process", found.owner)
        offer = self.kit.offer(self.kit.world.latest_deployment, [("header", token.value)])
        try:
            session.open(offer, self.kit.environment.timeout("connect"))
        except Refused as refused:
            if refused.status != UNAUTHORISED or f'"{code}"' not in refused.body:
                raise Unexpected(
                    f"The second process refused {person} with {refused.status} {mask(refused.body)[:200]};"
                    f" it should be 401 {code}."
                ) from None
        else:
            session.close()
            raise Unexpected(
                f"The second process let {person} in with a token that is good no more;"
                f" it should refuse it with 401 {code}."
            )

    def _sent(self) -> list[tuple[Chat, str]]:
        """The questions that were sent last, each with its session.

        Raises:
            BrokenPromise: None were.
        """
        sent = self._at_once.get(SENT) or []
        something(sent, "Nothing was sent at once, as with `Ask At Once`")
        return sent

    def _send(self, ids: dict[str, list[str]], question: str = QUESTION) -> None:
        """Sends all questions in one go, those of one session right after those of the other."""
        chats = {session: self.kit.world.chat(session) for session in ids}
        self._at_once[SENT] = [
            (chats[session], message_id) for session, some in ids.items() for message_id in some
        ]
        send_together(
            [(chat.session, encoded("chat", id_, {"content": question})) for chat, id_ in self._sent()]
        )


def _counted(found: Counter[str]) -> str:
    return ", ".join(f"{times} {what}" for what, times in found.most_common() if times)
