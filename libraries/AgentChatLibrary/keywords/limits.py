"""How much a tier grants, and whether customers are told so and get it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from robot.api.deco import keyword

from ..contract import Tier
from ..frames import Event
from ..kit import Kit
from ..transcript import Transcript
from .promises import BrokenPromise
from .returning import last_seq
from .sessions import Sessions

TOLD: Final = ("messages_per_minute", "burst", "concurrent_runs", "connections")
"""Those of a tier's limits that the welcome tells (contract: connection_established)."""


class Limits:
    """Keywords about the figures of ``tiers.json``."""

    def __init__(self, kit: Kit, sessions: Sessions) -> None:
        self.kit = kit
        self._sessions = sessions

    @keyword(tags=("Limits", "Judging"))
    def welcome_should_tell_limits(self, session: str, **limits: Any) -> None:  # noqa: ANN401 -- any limit
        """Checks that a session's welcome names the limits that are in force for its person.

        Args:
            session: Alias of the session.
            limits: The person's own limits; all others are those of the person's tier, and the heartbeat
                is the one that the backend was told, else the contract's.

        Raises:
            BrokenPromise: It names another figure.

        Example:
        | Welcome Should Tell Limits | Ana |
        """
        tier = self._tier(session)
        due = {name: getattr(tier, name) for name in TOLD}
        due["max_message_bytes"] = self.kit.contract.limits["max_message_bytes"]
        due["heartbeat_seconds"] = self.kit.heartbeat_seconds(self.kit.world.chat(session).person)
        due |= limits
        self._compare(session, "is told", due, self._sessions.get_welcome(session).get("limits") or {})

    @keyword(tags=("Limits", "Permissions", "Judging"))
    def permissions_should_be_those_of_the_tier(self, session: str) -> None:
        """Checks that a session's person may do exactly what the contract grants to the person's tier.

        Args:
            session: Alias of the session.

        Raises:
            BrokenPromise: The person may do more, or less.

        Example:
        | Permissions Should Be Those Of The Tier | Ana |
        """
        person, tier = self.kit.world.chat(session).person, self._tier(session)
        view = person.service.admin("GET", f"/people/{person.user_id}")
        came, due = set(view["user"]["permissions"]), set(tier.permissions)
        wrong = [f"may {name} and should not" for name in sorted(came - due)]
        wrong += [f"may not {name} and should" for name in sorted(due - came)]
        if wrong:
            raise BrokenPromise(f"{person.name}, a customer of the tier {tier.name}, {', '.join(wrong)}.")

    @keyword(tags=("Limits", "Operations", "Judging"))
    def person_should_be_shown_as_is(self, session: str, **limits: Any) -> None:  # noqa: ANN401 -- any limit
        """Checks what the administration shows of a person who is connected and has no run at work.

        Args:
            session: Alias of the person's only session, which has seen all of the person's events.
            limits: The person's own limits; all others are those of the person's tier.

        Raises:
            BrokenPromise: It shows somebody else, other limits, or something else that the person does.

        Example:
        | Person Should Be Shown As Is | Ana |
        """
        chat, tier = self.kit.world.chat(session), self._tier(session)
        chat.fence()
        person = chat.person
        view = person.service.admin("GET", f"/people/{person.user_id}")
        due: dict[str, Any] = {
            "disabled": False,
            "limits": {name: getattr(tier, name) for name in (*TOLD, "questions_per_day")} | limits,
            "last_seq": last_seq(chat),
            "connections": 1,
            "runs_open": 0,
            "held": [],
        }
        self._compare(f"Support, asking about {session},", "is told", due, view)

    @keyword(tags=("Limits",))
    def get_questions_of_the_tier(self, session: str) -> int:
        """Returns how many questions a day the contract grants to a session's person.

        Args:
            session: Alias of the session.

        Example:
        | ${count} | Get Questions Of The Tier | Ana |
        """
        return self._tier(session).questions_per_day

    @keyword(tags=("Limits", "Asking", "Judging"))
    def question_sent_again_should_be_the_same(self, session: str, asker: str | None = None) -> None:
        """Sends the latest question once more, with its id, and expects the acceptance that it had.

        Args:
            session: Alias of the session that sends it again.
            asker: Alias of the session that asked; the same one when omitted.

        Raises:
            BrokenPromise: It was declined, or became another run or another conversation.
            EventMissing: No reply came.

        Example:
        | Ask                                    | Ana | What did we spend in total? |
        | Question Sent Again Should Be The Same | Ana |
        """
        chat, question = self.kit.world.chat(session), self.kit.world.chat(asker or session).question()
        start = len(chat.transcript.frames)
        chat.send("chat", {"content": question.content}, question.message_id)

        def look(transcript: Transcript) -> Event | None:
            came = transcript.events(start=start)
            replies = (e for e in came if e.type in {"ack", "error"})
            return next((e for e in replies if e.message_id == question.message_id), None)

        reply = chat.waits.for_reply(look, "the acceptance of the same question once more")
        if reply.type == "error":
            raise BrokenPromise(
                f"{session} sent again what had been accepted, and was declined with {reply.get('code')}"
                f" ({reply.get('message')}); it should get the same acceptance."
            )
        for what, came, due in (
            ("run", reply.run_id, question.run_id),
            ("conversation", reply.thread_id, question.thread_id),
        ):
            if came != due:
                raise BrokenPromise(
                    f"{session} sent again what had been accepted, and it became another {what}:"
                    f" {came}, not {due}."
                )

    def _tier(self, session: str) -> Tier:
        return self.kit.contract.tiers[self.kit.world.chat(session).person.tier]

    def _compare(self, who: str, how: str, due: Mapping[str, Any], came: Mapping[str, Any]) -> None:
        wrong = [
            f"{name} is {came.get(name)!r} instead of {value!r}"
            for name, value in due.items()
            if came.get(name) != value
        ]
        if wrong:
            raise BrokenPromise(f"{who} {how} that {' and '.join(wrong)}.")
