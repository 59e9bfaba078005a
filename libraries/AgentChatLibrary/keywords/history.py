"""What is kept of questions: conversations, and lists of them."""

from __future__ import annotations

from typing import Final

from robot.api.deco import keyword

from ..kit import Kit
from .judging import BrokenPromise

QUOTED: Final = 60
"""Characters of a text that a message about it shows."""


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
