"""What is kept of questions: conversations, lists of them, and the ids they go by."""

from __future__ import annotations

from itertools import combinations
from typing import Final

from robot.api.deco import keyword

from ..kit import Kit
from .judging import BrokenPromise

QUOTED: Final = 60
"""Characters of a text that a message about it shows."""
ALIKE: Final = 8
"""Digits at the same place that two random ids never share: one pair of ids in four thousand million does."""


class History:
    """Keywords about what is there of earlier questions."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Judging",))
    def conversation_should_hold_everything_in_order(self, session: str, *, number: int = -1) -> int:
        """Checks that a conversation, read over HTTP, is what was asked and answered in it, in that order.

        Args:
            session: Alias of the session that asked all of it, on its current connection.
            number: One of its questions in that conversation, counted from 0; the latest when omitted.

        Returns:
            How many messages it holds.

        Raises:
            BrokenPromise: A message is missing, too much, in another place or in another text.

        Example:
        | ${question}     | Ask | Ana | What did we spend in total? |
        | Wait For Answer | Ana |
        | Ask             | Ana | And by team? | thread=${question.thread_id} |
        | Wait For Answer | Ana |
        | Conversation Should Hold Everything In Order | Ana |
        """
        chat = self.kit.world.chat(session)
        thread_id = chat.question(number).thread_id
        said: list[tuple[str, str]] = []
        for question in chat.questions:
            if question.thread_id == thread_id:
                end = chat.wait_for_end(question.run_id)
                said += [("user", question.content), ("assistant", str(end.get("response")))]
        token = self.kit.token(chat.person)
        body = chat.person.service.expect("GET", f"/threads/{thread_id}/messages", token=token)
        held = [(message["role"], message["content"]) for message in body["messages"]]
        for place, (was, reads) in enumerate(zip(said, held, strict=False), 1):
            if was != reads:
                raise BrokenPromise(
                    f"Message {place} of {session}'s conversation should be of the {was[0]},"
                    f" {was[1][:QUOTED]!r}; it is of the {reads[0]}, {reads[1][:QUOTED]!r}."
                )
        if len(held) != len(said):
            raise BrokenPromise(
                f"{session}'s conversation has {len(said)} messages; it is shown with {len(held)}."
            )
        return len(held)

    @keyword(tags=("Judging",))
    def conversations_should_be_listed_newest_first(self, session: str) -> int:
        """Checks a person's list of conversations: newest first, each with its owner and a title of its own.

        A conversation is as new as its latest message; its title is the beginning of its first question.

        Args:
            session: Alias of the session that asked in all of them, one after the other.

        Returns:
            How many conversations are listed.

        Raises:
            BrokenPromise: One is missing, in another place, or called by another name.

        Example:
        | Ask             | Ana | What did we spend in total? |
        | Wait For Answer | Ana |
        | Ask             | Ana | Which resources are idle? |
        | Wait For Answer | Ana |
        | Conversations Should Be Listed Newest First | Ana |
        """
        chat = self.kit.world.chat(session)
        first: dict[str, str] = {}
        for question in chat.questions:
            first.setdefault(question.thread_id, question.content)
        newest = list(dict.fromkeys(question.thread_id for question in reversed(chat.questions)))
        body = chat.person.service.expect("GET", "/threads", token=self.kit.token(chat.person))
        listed = {thread["id"]: thread for thread in body["threads"]}
        if list(listed) != newest:
            raise BrokenPromise(
                f"{session}'s conversations should be listed newest first, {[first[t] for t in newest]};"
                f" the list is {[first.get(t, 'one that is not hers') for t in listed]}."
            )
        for thread_id, thread in listed.items():
            if not thread["title"] or not first[thread_id].startswith(thread["title"]):
                raise BrokenPromise(
                    f"{session}'s conversation that began with {first[thread_id]!r} should be called by that;"
                    f" it is called {thread['title']!r}."
                )
            if thread["owner_id"] != chat.person.user_id:
                raise BrokenPromise(f"{session}'s conversation {thread['title']!r} has another owner.")
        return len(listed)

    @keyword(tags=("Judging", "Security"))
    def ids_should_tell_nothing_of_each_other(self, session: str) -> int:
        """Checks that the ids of runs and conversations are random: no two share eight digits at one place.

        Ids that are counted, or made of the time or the machine, do; whoever has one of them can guess more.

        Args:
            session: Alias of a session that has asked several questions, each in a conversation of its own.

        Returns:
            How many ids were compared.

        Raises:
            BrokenPromise: Two ids are alike, or there are fewer than two of a kind.

        Example:
        | Ask             | Ana | What did we spend in total? |
        | Wait For Answer | Ana |
        | Ask             | Ana | Which resources are idle? |
        | Wait For Answer | Ana |
        | Ids Should Tell Nothing Of Each Other | Ana |
        """
        questions = self.kit.world.chat(session).questions
        kinds = {
            "run": {question.run_id for question in questions},
            "conversation": {question.thread_id for question in questions},
        }
        for kind, ids in kinds.items():
            if len(ids) < 2:  # noqa: PLR2004 -- a pair
                raise BrokenPromise(f"There is only one {kind} of {session}'s: there is nothing to compare.")
            for one, other in combinations(sorted(ids), 2):
                alike = _alike(one.partition("_")[2], other.partition("_")[2])
                if alike:
                    raise BrokenPromise(
                        f"The ids of two {kind}s of {session}'s can be guessed from each other: both have"
                        f" {alike!r} at the same place, {one} and {other}."
                    )
        return sum(len(ids) for ids in kinds.values())


def _alike(one: str, other: str) -> str:
    """The first digits that two ids have in common at one place; empty where there are none."""
    for start in range(min(len(one), len(other)) - ALIKE + 1):
        if one[start : start + ALIKE] == other[start : start + ALIKE]:
            return one[start : start + ALIKE]
    return ""
