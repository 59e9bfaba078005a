"""What is kept of questions: conversations, and lists of them."""

from __future__ import annotations

import math
import time
from typing import Any, Final

from robot.api.deco import keyword

from ..kit import Kit
from .promises import BrokenPromise

APART_SECONDS: Final = 10.0
"""How far the clocks of two machines may be apart."""
QUOTED: Final = 60
"""Characters of a text that a message about it shows."""


class History:
    """Keywords about what is there of earlier questions."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Judging",))
    def conversation_should_hold_everything_in_order(self, session: str, *, number: int = -1) -> int:
        """Checks that a conversation, read over HTTP, is what was asked and answered in it, in that order.

        Each message must also name the run that it began or ended, and say when it was written.

        Args:
            session: Alias of the session that asked all of it, on its current connection.
            number: One of its questions in that conversation, counted from 0; the latest when omitted.

        Returns:
            How many messages it holds.

        Raises:
            BrokenPromise: A message is missing, too much, in another place or in another text, or it names
                another run or a time when it cannot have been written.

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
        runs: list[str] = []
        for question in chat.questions:
            if question.thread_id == thread_id:
                end = chat.wait_for_end(question.run_id)
                said += [("user", question.content), ("assistant", str(end.get("response")))]
                runs += [question.run_id] * 2
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
        if body.get("thread_id") != thread_id:
            raise BrokenPromise(
                f"{session} reads the conversation {thread_id}; it is shown as {body.get('thread_id')}."
            )
        written = chat.transcript.opened_wall
        for place, (message, run_id) in enumerate(zip(body["messages"], runs, strict=True), 1):
            what = f"Message {place} of {session}'s conversation, {message['content'][:QUOTED]!r},"
            if message.get("run_id") != run_id:
                raise BrokenPromise(
                    f"{what} is of the run {run_id}; it is shown as one of {message.get('run_id')}."
                )
            written = _time(what, message.get("created_at"), written, time.time())
        return len(held)

    @keyword(tags=("Judging",))
    def conversations_should_be_listed_newest_first(self, session: str) -> int:
        """Checks a person's list of conversations: newest first, each with its owner and a title of its own.

        A conversation is as new as its latest message; its title is the beginning of its first question. Each
        must be shown as the person's alone, and say when it began and was last gone on with.

        Args:
            session: Alias of the session that asked in all of them, one after the other.

        Returns:
            How many conversations are listed.

        Raises:
            BrokenPromise: One is missing, in another place, called by another name, shown as one that others
                may read, or with a time when nothing was said in it.

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
            if thread.get("shared") is not False:
                raise BrokenPromise(
                    f"{session} has shared nothing; the conversation {thread['title']!r} is shown with"
                    f" shared: {thread.get('shared')!r}."
                )
            began = _time(
                f"The beginning of {session}'s conversation {thread['title']!r}",
                thread.get("created_at"),
                chat.transcript.opened_wall,
                time.time(),
            )
            _time(
                f"The latest message of {session}'s conversation {thread['title']!r}",
                thread.get("updated_at"),
                began,
                time.time(),
            )
        return len(listed)


def _time(what: str, told: Any, earliest: float, latest: float) -> float:  # noqa: ANN401 -- any JSON value
    """The Unix time that a page tells of something, when it can be true."""
    number = isinstance(told, int | float) and not isinstance(told, bool)
    if not number or not earliest - APART_SECONDS <= told <= latest + APART_SECONDS:
        raise BrokenPromise(
            f"{what} was written within the last {math.ceil(latest - earliest)} s; its time is shown as"
            f" {told!r}, and it is {latest:.0f} now, in Unix seconds."
        )
    return float(told)
