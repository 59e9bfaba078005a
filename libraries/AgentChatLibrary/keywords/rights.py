"""Who may do what: permissions, tried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from robot.api.deco import keyword

from ..chat import Chat, Unexpected
from ..identity import Person
from ..kit import Kit
from .promises import BrokenPromise

QUESTION: Final = "What did we spend in total?"


class Rights:
    """Keywords about permissions."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

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
            "share": lambda: self._try(chat, "chat", {"content": QUESTION, "share": True}),
            "cancel": lambda: self._try(chat, "cancel", {"run_id": f"r_{'0' * 32}"}),
            "resume": lambda: self._try(chat, "resume", {"after_seq": 0}),
            "list conversations": lambda: self._read(person, "/threads"),
            "read a conversation": lambda: self._read(person, f"/threads/{thread_id}/messages"),
            "read the usage": lambda: self._read(person, "/usage/summary"),
        }

    def _try(self, chat: Chat, kind: str, fields: Mapping[str, Any]) -> bool:
        """Sends a message; ``not_found`` of a cancelled nothing shows that cancelling was allowed.

        Raises:
            Unexpected: It was neither forbidden nor done.
        """
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

    def _read(self, person: Person, path: str) -> bool:
        answer = person.service.request("GET", path, token=self.kit.token(person))
        code = answer.body.get("error", {}).get("code")
        if (answer.status, code) not in {(200, None), (403, "forbidden")}:
            raise Unexpected(f"GET {path} was answered with {answer.status} {code}.")
        return answer.status != 403  # noqa: PLR2004 -- RFC 9110, section 15.5.4
