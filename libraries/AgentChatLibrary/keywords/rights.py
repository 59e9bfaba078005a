"""Who may do what, and how often: limits and permissions, tried out."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from robot.api.deco import keyword

from ..chat import Chat, Unexpected
from ..frames import Event
from ..identity import Person, new_password
from ..kit import Kit
from ..service import Answer
from ..world import Notes
from .judging import BrokenPromise
from .types import FrameType

MARGIN_SECONDS: Final = 0.03
"""How long after ``retry_after`` "just after" is: more than clocks and wires need on a loopback."""
QUESTION: Final = "What did we spend in total?"


class Rights:
    """Keywords about limits and permissions."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self._throttled: Notes[tuple[float, float]] = Notes(kit.world)

    # -- limits -------------------------------------------------------------------------------------

    @keyword(tags=("Limits",))
    def use_up_messages(self, session: str, count: int) -> None:
        """Sends messages that cost one each, back to back, and expects every one to be accepted.

        Args:
            session: Alias of the session.
            count: How many.

        Raises:
            Unexpected: One was refused.

        Example:
        | Change Person | Ana | limits=${{ {'messages_per_minute': 60, 'burst': 3} }} |
        | Use Up Messages | Ana | 3 |
        | ${seconds} | Next Message Should Be Throttled | Ana |
        | Ping Until | Ana | share=0.5 |
        """
        chat = self.kit.world.chat(session)
        ids = [self._cheap_message(chat) for _ in range(count)]
        for number, message_id in enumerate(ids, 1):
            reply = chat.reply(message_id, "resumed", "error")
            if reply.type == "error":
                raise Unexpected(
                    f"{session}'s message {number} of {count} should be accepted; it was refused with"
                    f" {reply.get('code')} ({reply.get('message')})."
                )

    @keyword(tags=("Limits",))
    def next_message_should_be_throttled(self, session: str, *, again: bool = False) -> float:
        """Sends one more message and expects ``rate_limited`` with the time to wait.

        Args:
            session: Alias of the session.
            again: Whether an earlier refusal's time goes on counting for `Ping Until`.

        Returns:
            ``retry_after`` in seconds.

        Raises:
            Unexpected: The message was accepted, or refused in another way.

        Example:
        | Change Person | Ana | limits=${{ {'messages_per_minute': 60, 'burst': 3} }} |
        | Use Up Messages | Ana | 3 |
        | ${seconds} | Next Message Should Be Throttled | Ana |
        | Ping Until | Ana | share=0.5 |
        """
        chat = self.kit.world.chat(session)
        reply = chat.reply(self._cheap_message(chat), "resumed", "error")
        wait = reply.get("retry_after")
        if reply.get("code") != "rate_limited" or not isinstance(wait, int | float):
            came = f"refused with {reply.get('code')}" if reply.type == "error" else "accepted"
            told = f" and retry_after {wait!r}" if reply.get("code") == "rate_limited" else ""
            raise Unexpected(
                f"{session}'s message should be refused with rate_limited and a time to wait;"
                f" it was {came}{told}."
            )
        if not again:
            self._throttled[session] = (reply.at, float(wait))
        return float(wait)

    @keyword(tags=("Limits", "Waiting"))
    def ping_until(self, session: str, share: float) -> int:
        """Pings, again and again, until a share of the time to wait has passed since a refusal.

        Args:
            session: Alias of the session that was refused.
            share: 0.5 for half of ``retry_after``; 1.0 for just after it.

        Returns:
            How many pings were answered meanwhile.

        Raises:
            Unexpected: A ping was refused, or the session was not throttled before.

        Example:
        | Change Person | Ana | limits=${{ {'messages_per_minute': 60, 'burst': 3} }} |
        | Use Up Messages | Ana | 3 |
        | ${seconds} | Next Message Should Be Throttled | Ana |
        | Ping Until | Ana | share=0.5 |
        """
        throttled = self._throttled.get(session)
        if throttled is None:
            raise Unexpected(f"{session} was not throttled before.")
        since, wait = throttled
        until = since + wait * share + (MARGIN_SECONDS if share >= 1 else 0.0)
        chat, count = self.kit.world.chat(session), 0
        while time.monotonic() < until:
            chat.fence()
            count += 1
        return count

    def _cheap_message(self, chat: Chat) -> str:
        """A message that costs one and makes no work: a resume from the end."""
        return chat.send("resume", {"after_seq": chat.transcript.watershed or 0})

    # -- permissions --------------------------------------------------------------------------------

    @keyword(tags=("Permissions",))
    def operations_should_be_forbidden(self, session: str, permission: str, *forbidden: str) -> int:
        """Takes one permission away and tries every operation: exactly these must be forbidden.

        Args:
            session: Alias of the session; its person must have every permission.
            permission: The permission to take away.
            forbidden: ``ask``, ``ask in the other word``, ``cancel``, ``resume``, ``share``, ``list
                conversations``, ``read a conversation``, ``read the usage``.

        Returns:
            How many operations were tried.

        Raises:
            BrokenPromise: One was forbidden that should work, or the other way round.
            Unexpected: One was neither forbidden nor done.

        Example:
        | Operations Should Be Forbidden | Ana | usage:read | read the usage |
        """
        chat = self.kit.world.chat(session)
        person = chat.person
        question = chat.ask(QUESTION)
        chat.wait_for_end(question.run_id)
        operations = self._operations(chat, question.thread_id)
        unknown = set(forbidden) - set(operations)
        if unknown:
            raise ValueError(f"There is no operation {min(unknown)!r}. There are: {', '.join(operations)}.")
        left = [name for name in person.permissions if name != permission]
        if len(left) == len(person.permissions):
            raise ValueError(f"{person.name} has no permission {permission!r}: {', '.join(left)}.")
        person.service.admin("PATCH", f"/people/{person.user_id}", {"permissions": left})
        wrong = [
            f"{name} was {'allowed' if allowed else 'forbidden'}"
            for name, attempt in operations.items()
            if (allowed := attempt()) == (name in forbidden)
        ]
        if wrong:
            raise BrokenPromise(f"Without {permission}, {' and '.join(wrong)}.")
        return len(operations)

    def _operations(self, chat: Chat, thread_id: str) -> Mapping[str, Callable[[], bool]]:
        """Every operation; each tries it and says whether it was allowed."""
        person = chat.person
        return {
            "ask": lambda: self._try(chat, "chat", {"content": QUESTION}),
            "ask in the other word": lambda: self._try(chat, "user_message", {"content": QUESTION}),
            "share": lambda: self._try(chat, "chat", {"content": QUESTION, "share": True}, "chat:write"),
            "cancel": lambda: self._try(chat, "cancel", {"run_id": f"r_{'0' * 32}"}),
            "resume": lambda: self._try(chat, "resume", {"after_seq": 0}),
            "list conversations": lambda: self._read(person, "/threads"),
            "read a conversation": lambda: self._read(person, f"/threads/{thread_id}/messages"),
            "read the usage": lambda: self._read(person, "/usage/summary"),
        }

    def _try(self, chat: Chat, kind: str, fields: Mapping[str, Any], needs: str = "") -> bool:
        """Sends a message; ``not_found`` of a cancelled nothing shows that cancelling was allowed.

        Raises:
            Unexpected: It was neither forbidden nor done.
        """
        if needs and needs not in self._granted(chat.person):
            return True  # forbidden for want of another permission, which says nothing about this one
        reply = chat.reply(chat.send(kind, fields), "ack", "resumed", "error")
        code = reply.get("code") if reply.type == "error" else None
        if reply.type == "ack":
            end = chat.wait_for_end(reply.run_id)
            code = end.get("code") if end.type == "agent_failed" else None
        allowed = code is None or (kind, code) == ("cancel", "not_found")
        if not allowed and (reply.type, code) != ("error", "forbidden"):
            came = f"the error {code}" if reply.type == "error" else f"a run that failed with {code}"
            raise Unexpected(f"{chat.alias}'s {kind} should be done or be forbidden; what came was {came}.")
        return allowed

    def _granted(self, person: Person) -> list[str]:
        view = person.service.admin("GET", f"/people/{person.user_id}")
        return list(view["user"]["permissions"])

    def _read(self, person: Person, path: str) -> bool:
        answer = person.service.request("GET", path, token=self.kit.token(person))
        code = answer.body.get("error", {}).get("code")
        if (answer.status, code) not in {(200, None), (403, "forbidden")}:
            raise Unexpected(f"GET {path} was answered with {answer.status} {code}.")
        return answer.status != 403  # noqa: PLR2004 -- RFC 9110, section 15.5.4

    @keyword(tags=("Judging",))
    def number_of_frames_should_be(self, session: str, type: FrameType, count: int) -> tuple[Event, ...]:  # noqa: A002
        """Checks how many frames of a type a session has received on its connection so far.

        Args:
            session: Alias of the session.
            type: The frames' type.
            count: Expected number of frames.

        Returns:
            The frames.

        Raises:
            BrokenPromise: It is another number.

        Example:
        | Number Of Frames Should Be | Ana | connection_established | 1 |
        """
        chat = self.kit.world.chat(session)
        chat.fence()
        found = chat.transcript.received(type)
        if len(found) != count:
            raise BrokenPromise(f"{session} has received {len(found)} frames {type}, expected {count}.")
        return found

    @keyword(tags=("Security",))
    def use_refresh_token_again(self, person: str) -> None:
        """Uses a refresh token that has been used before, and expects to be refused with 401.

        Args:
            person: The person's name.

        Raises:
            Unexpected: It was accepted, or refused in another way.

        Example:
        | Sign In                 | Ana |
        | ${token}                | Renew Tokens | Ana |
        | Use Refresh Token Again | Ana |
        """
        found = self.kit.world.person(person)
        if not found.used_refresh_tokens:
            raise Unexpected(f"{person} has used no refresh token yet.")
        body = {"refresh_token": found.used_refresh_tokens[0]}
        answer = found.service.request("POST", "/auth/refresh", body)
        code = answer.body.get("error", {}).get("code")
        if (answer.status, code) != (401, "invalid_token"):
            raise Unexpected(
                f"{person}'s refresh token had been used before and should be refused with"
                f" 401 invalid_token; the answer was {_answered(answer)}."
            )

    @keyword(tags=("Security",))
    def try_to_sign_in(self, person: str | None, *, in_capitals: bool = False) -> Answer:
        """Tries to log in with a wrong password.

        Args:
            person: Whose account; one that does not exist when none is given.
            in_capitals: Whether the address is typed in capitals; it is the same account.

        Returns:
            The answer, with ``status`` and ``body``.

        Example:
        | ${answer}                      | Try To Sign In | Ana |
        | Login Should Have Been Refused | ${answer} |
        """
        service = self.kit.world.person(person).service if person is not None else self.kit.service
        nobody = f"nobody.{secrets.token_hex(6)}@customers.example"
        email = self.kit.world.person(person).email if person is not None else nobody
        typed = email.upper() if in_capitals else email
        return service.request("POST", "/auth/login", {"email": typed, "password": new_password()})

    @keyword(tags=("Security", "Judging"))
    def login_should_have_been_refused(
        self, answer: Answer, status: int = 401, code: str = "invalid_credentials"
    ) -> None:
        """Checks the answer to a login with a wrong password.

        Args:
            answer: What `Try To Sign In` returned.
            status: Expected HTTP status.
            code: Expected error code.

        Raises:
            Unexpected: It was another answer.

        Example:
        | ${answer}                      | Try To Sign In | Ana |
        | Login Should Have Been Refused | ${answer} |
        """
        if (answer.status, answer.body.get("error", {}).get("code")) != (status, code):
            raise Unexpected(
                f"A login with a wrong password should get {status} {code}; it got {_answered(answer)}."
            )

    @keyword(tags=("Security",))
    def sign_in_should_be_refused(
        self, person: str, status: int = 401, code: str = "invalid_credentials"
    ) -> Answer:
        """Logs in with the right password and expects to be refused.

        Args:
            person: The person's name.
            status: Expected HTTP status.
            code: Expected error code.

        Returns:
            The answer, with ``status``, ``headers`` and ``body``.

        Raises:
            Unexpected: The login was accepted, or refused in another way.

        Example:
        | Create Person             | Clara | Northwind |
        | Change Person             | Clara | disabled=${True} |
        | Sign In Should Be Refused | Clara |
        """
        found = self.kit.world.person(person)
        answer = found.service.request(
            "POST", "/auth/login", {"email": found.email, "password": found.password}
        )
        came = answer.body.get("error", {}).get("code")
        if (answer.status, came) != (status, code):
            raise Unexpected(
                f"{person}'s login should be refused with {status} {code}; it got {_answered(answer)}."
            )
        return answer

    @keyword(tags=("Security",))
    def sign_up_should_be_refused(self, person: str, status: int = 409, code: str = "email_taken") -> None:
        """Signs up with the address of somebody who is there already, as it is and in capitals.

        Args:
            person: Whose address it is.
            status: Expected HTTP status.
            code: Expected error code.

        Raises:
            Unexpected: It was accepted, or refused in another way.

        Example:
        | Sign Up                   | Clara |
        | Sign Up Should Be Refused | Clara |
        """
        found = self.kit.world.person(person)
        for email in (found.email, found.email.upper()):
            body = {"email": email, "password": new_password(), "name": "Somebody Else"}
            answer = found.service.request("POST", "/auth/register", body)
            if (answer.status, answer.body.get("error", {}).get("code")) != (status, code):
                raise Unexpected(
                    f"A sign-up with {person}'s address should be refused with {status} {code}; "
                    f"it got {_answered(answer)}."
                )

    @keyword(tags=("Judging", "Timing"))
    def close_should_have_come_after_expiry(self, session: str, within: float) -> float:
        """Checks that a session was closed at the expiry of its token or up to ``within`` seconds later.

        Args:
            session: Alias of the session that was closed.
            within: The longest delay in seconds.

        Returns:
            The delay in seconds.

        Raises:
            BrokenPromise: It was closed too early or too late.

        Example:
        | ${token}                            | Mint Token  | Ana         | expires_in=2 |
        | Open Session                        | Ana         | Ana's phone | token=${token} |
        | Wait For Close                      | Ana's phone | 1008        | token expired |
        | Close Should Have Come After Expiry | Ana's phone | within=2 |
        """
        chat = self.kit.world.chat(session)
        transcript, expires = chat.transcript, chat.expires
        end = transcript.end
        if end is None or expires is None:
            raise Unexpected(f"{session} was not closed, or its token's expiry is not known.")
        delay = transcript.wall(end) - expires
        if not 0 <= delay <= within:
            raise BrokenPromise(
                f"{session} was closed {delay:+.3f} s after the token's expiry, expected 0 to {within:g} s."
            )
        return delay

    @keyword(tags=("Waiting", "Judging", "Credentials"))
    def expiry_should_be_announced(self, session: str, before: float, late: float) -> float:
        """Waits for the announcement that a session's token will expire, and checks when it came.

        Args:
            session: Alias of an open session.
            before: How many seconds before the expiry it is due (contract, "Errors and ends": 60).
            late: How many seconds after that it may come.

        Returns:
            How many seconds were left.

        Raises:
            BrokenPromise: It came too early or too late.
            EventMissing: It did not come.

        Example:
        | ${token}                   | Mint Token | Ana         | expires_in=61 |
        | Open Session               | Ana        | Ana's phone | token=${token} |
        | Expiry Should Be Announced | Ana's phone | before=60  | late=1 |
        """
        chat = self.kit.world.chat(session)
        if chat.expires is None:
            raise Unexpected(f"The expiry of {session}'s token is not known.")
        due = max(0.0, chat.expires - before - time.time())
        patience = due + self.kit.environment.timeout("notice")
        announced = chat.waits.for_something(
            lambda t: next(iter(t.received("token_expiring")), None), "the frame token_expiring", patience
        )
        left = chat.expires - chat.transcript.wall(chat.transcript.frames[announced.index])
        if not before - late <= left <= before:
            raise BrokenPromise(
                f"{session} was told of the expiry {left:.3f} s before it, expected {before:g} s and at most "
                f"{late:g} s less."
            )
        return left


def _answered(answer: Answer) -> str:
    """An HTTP answer in words: its status, and its code where it is a refusal."""
    code = answer.body.get("error", {}).get("code")
    return f"{answer.status} {code}" if code else str(answer.status)
