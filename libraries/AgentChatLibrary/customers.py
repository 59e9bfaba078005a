"""Customers who go on asking whatever happens: they come back, resume where they were, and ask again.

Each has a thread of its own and keeps books. A question that was not accepted is asked again with its id; it
is one question, however often that is needed.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from .engine.offer import Refused
from .engine.session import Ended, Session
from .frames import Event
from .ledger import ANSWERED, Ledger, ending, how_it_ended
from .outgoing import encoded, new_message_id
from .transcript import Transcript

QUESTIONS: Final = (
    "What did we spend by team?",
    "Where can we cut our cloud bill?",
    "Review every service one by one",
    "Which resources are idle?",
)
"""From a few events to many, so that something always breaks in the middle."""
THINKING_SECONDS: Final = (0.0, 0.1)
"""How long a customer thinks before the next question."""
AGAIN_SECONDS: Final = 0.05
"""How long a customer waits before the next try to connect, or to ask."""

FOR_GOOD: Final = (401, 403)
"""HTTP statuses that are no reason to try again."""

Connect = Callable[[Session], None]


class Customer:
    """One customer with one device.

    Args:
        session: The device.
        connect: Connects it; raises :class:`Refused` like :meth:`Session.open`.
        patience: Longest wait in seconds for anything: a connection, a reply, the end of a run.
        seed: Decides what is asked.
    """

    def __init__(self, session: Session, connect: Connect, patience: float, seed: int) -> None:
        self.session = session
        self.books = Ledger()
        self._connect, self._patience = connect, patience
        self._choice = random.Random(seed)  # noqa: S311 -- no secret
        self._told, self._left = threading.Event(), threading.Event()
        self._noted = self._after = self._asked_at = 0
        self._here: set[int] = set()
        self._thread = threading.Thread(target=self._live, name=f"customer {session.alias}", daemon=True)

    @property
    def answers(self) -> int:
        """How many of the customer's questions have been answered; a run that failed is no answer."""
        return self.books.endings[ANSWERED]

    def begin(self) -> None:
        """Connects and begins to ask."""
        self._thread.start()

    def stop_asking(self) -> None:
        """Tells the customer that the question that is being worked on is the last one."""
        self._told.set()

    def leave(self) -> None:
        """Lets the customer go, whatever is still to come."""
        self._told.set()
        self._left.set()
        self.session.close()
        self._thread.join(self._patience)

    def finish(self) -> None:
        """Lets the customer have the answer to the last question, and waits until it is there."""
        self._told.set()
        self._thread.join(4 * self._patience)
        if self._thread.is_alive() and not self.books.stuck:
            self.books.stuck = "the customer did not come to an end"

    def whole_log(self) -> list[Event]:
        """Everything that the backend has kept for this customer, replayed to a new connection.

        Raises:
            Stuck: It does not come.
        """
        self.session.close()
        self._come_back()
        self._say("resume", {"after_seq": 0}, "resumed")
        return list(self.session.transcript.durable)

    # -- the customer's own thread --------------------------------------------------------------------

    def _live(self) -> None:
        try:
            self._be_there()
            while not self._told.is_set():
                self._ask(self._choice.choice(QUESTIONS))
                self._told.wait(self._choice.uniform(*THINKING_SECONDS))
        except Stuck as stuck:
            self.books.stuck = str(stuck)
        finally:
            self._take()

    def _ask(self, content: str) -> None:
        """Asks one question until it is accepted, and sees the end of its run, over as many connections."""
        message_id = new_message_id()
        deadline = time.monotonic() + 2 * self._patience
        run = ""
        self._asked_at = len(self.session.transcript.frames)
        while time.monotonic() < deadline:
            self._be_there()
            try:
                run = run or self._accepted(content, message_id)
                end = self._end(run) if run else None
                if end is not None:
                    self.books.endings[ending(end)] += 1
                    return
            except Ended:
                continue
        raise Stuck(f"the end of the run {run}" if run else f"an acceptance of {content!r}")

    def _accepted(self, content: str, message_id: str) -> str:
        """Sends a question once; returns its run, or nothing when it must be sent again."""
        before = len(self.session.transcript.frames)
        self.session.send(encoded("chat", message_id, {"content": content}))

        def look(transcript: Transcript) -> Event | None:
            replies = transcript.received("ack", "error", start=before)
            return next((event for event in replies if event.message_id == message_id), None)

        reply = self.session.wait(look, self._patience)
        if reply is None:
            if self.session.is_open:
                raise Stuck(f"a reply to {content!r}")
            return ""
        if reply.type == "ack":
            self.books.accepted[message_id] = reply.run_id or ""
            return reply.run_id or ""
        if reply.get("code") != "unavailable":
            raise Stuck(f"an acceptance of {content!r}: it was declined with {reply.get('code')}")
        self.books.put_off += 1
        self.session.wait_end(AGAIN_SECONDS)
        return ""

    def _end(self, run: str) -> Event | None:
        """Waits for the end of a run on this connection; None when the connection ended before it."""

        def look(transcript: Transcript) -> Event | None:
            events = transcript.events(start=self._asked_at)
            return next((e for e in events if e.run_id == run and e.ends_run), None)

        found = self.session.wait(look, self._patience)
        self._take()
        if found is None and self.session.is_open:
            raise Stuck(f"the end of the run {run}")
        return found

    # -- connections ----------------------------------------------------------------------------------

    def _be_there(self) -> None:
        """Makes sure that there is a connection on which everything missed has come."""
        while not self.session.is_open:
            self._take()
            if self._left.is_set():
                raise Stuck("anything: the customer has left")
            if self.session.transcripts:
                self.session.close()  # to its very end, as a browser does before it tells its page
                self.books.ends.append(how_it_ended(self.session.transcript.end))
            try:
                self._come_back()
                self._say("resume", {"after_seq": self._after}, "resumed")
            except Ended:
                continue

    def _come_back(self) -> None:
        deadline = time.monotonic() + self._patience
        while True:
            try:
                self._connect(self.session)
            except Refused as refused:
                self.books.refusals[refused.status] += 1
                for_good = refused.status in FOR_GOOD or time.monotonic() > deadline
                if for_good or self._left.wait(AGAIN_SECONDS):
                    raise Stuck(f"a connection: {refused}") from None
            else:
                self._noted = self._asked_at = 0
                self._after, self._here = self.books.position, set()
                return

    def _say(self, kind: str, fields: Mapping[str, Any], awaited: str) -> None:
        """Sends a message and waits for its reply.

        Raises:
            Ended: The connection ended instead.
            Stuck: Nothing came, or the message was declined.
        """
        message_id = new_message_id()
        self.session.send(encoded(kind, message_id, fields))

        def look(transcript: Transcript) -> Event | None:
            replies = transcript.received(awaited, "error")
            return next((event for event in replies if event.message_id == message_id), None)

        reply = self.session.wait(look, self._patience)
        if reply is None and not self.session.is_open:
            raise Ended(f"{self.session.alias}'s connection ended before {awaited}")
        if reply is None or reply.type != awaited:
            raise Stuck(f"{awaited}: {reply.get('code') if reply is not None else 'nothing came'}")

    def _take(self) -> None:
        """Notes what has come since the last time."""
        if not self.session.transcripts:
            return
        transcript = self.session.transcript
        came = transcript.frames[self._noted :]
        self.books.note(
            [f.event for f in came if f.received and f.event is not None and f.event.durable],
            self._after,
            self._here,
        )
        self._noted += len(came)


class Stuck(Exception):
    """What a customer waited for did not come; the message says what it was."""
