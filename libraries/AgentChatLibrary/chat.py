"""A person's session in use: asking, waiting for what must come, and fencing off what must not.

Every wait is for something and ends as soon as that can no longer come. When it ends in vain, it says what is
missing, which frame came last, and shows that the connection, or the server, was still alive.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from .engine.session import Ended, Session
from .environment import Environment
from .identity import Person
from .service import Declined
from .transcript import Event, Kind, Run, Transcript
from .verdict import describe, short

T = TypeVar("T")

PATIENCE: Final = 1.0
"""Seconds of silence after which a wait asks the backend whether anything can still come."""
SHOWN: Final = 4
"""How many of the last frames a message about something missing shows."""


class EventMissing(AssertionError):
    """What a person waited for did not come."""

    ROBOT_SUPPRESS_NAME = True


class Unexpected(AssertionError):
    """Something came that should not have."""

    ROBOT_SUPPRESS_NAME = True


@dataclass(frozen=True, slots=True)
class Question:
    """One accepted question.

    Attributes:
        content: The text that was sent, exactly.
        message_id: The client's id of it.
        run_id: The run that answers it.
        thread_id: The conversation it belongs to.
        asked: The frame that asked.
        ack: The frame that accepted it.
    """

    content: str
    message_id: str
    run_id: str
    thread_id: str
    asked: Event
    ack: Event


class Chat:
    """One person's session in use."""

    def __init__(self, session: Session, person: Person, environment: Environment) -> None:
        self.session = session
        self.person = person
        self.environment = environment
        self.questions: list[Question] = []
        self.mark = 0
        self.expires: int | None = None

    @property
    def alias(self) -> str:
        """How suites call the session."""
        return self.session.alias

    @property
    def transcript(self) -> Transcript:
        """The current connection's transcript."""
        return self.session.transcript

    def question(self, number: int = -1) -> Question:
        """The ``number``-th accepted question of the session, counted from 0; the latest when omitted.

        Raises:
            Unexpected: The session has asked nothing yet, or fewer.
        """
        try:
            return self.questions[number]
        except IndexError:
            asked = len(self.questions)
            raise Unexpected(
                f"{self.alias} has asked {asked} question(s); there is no such one yet."
            ) from None

    def run(self, run_id: str | None = None) -> Run:
        """The run of this id as the current connection saw it; the latest question's when omitted."""
        run_id = run_id or self.question().run_id
        return self.transcript.runs().get(run_id) or Run(run_id, None, None, ())

    # -- sending ------------------------------------------------------------------------------------

    def send(self, kind: str, fields: Mapping[str, Any] | None = None, message_id: str | None = None) -> str:
        """Sends one client frame.

        Args:
            kind: Its ``type``.
            fields: Its other fields.
            message_id: Its id; a new one when omitted.

        Returns:
            The message id.
        """
        message_id = message_id or new_message_id()
        self.session.send(encoded(kind, message_id, fields or {}))
        return message_id

    def ask(self, content: str, **fields: Any) -> Question:  # noqa: ANN401 -- fields of the contract's chat frame
        """Asks a question and waits until it is accepted.

        Args:
            content: The question.
            fields: Further fields of the chat frame: ``thread_id``, ``share``, ``message_id``.

        Raises:
            EventMissing: Neither ``ack`` nor ``error`` came.
            Unexpected: The question was refused.
        """
        message_id = fields.pop("message_id", None)
        return self.accepted(self.send("chat", {"content": content, **fields}, message_id))

    def accepted(self, message_id: str) -> Question:
        """Waits until the question sent with ``message_id`` is accepted, and remembers it."""
        reply = self.reply(message_id, "ack", "error")
        if reply.type == "error":
            raise Unexpected(
                f"{self.alias}'s question was refused: {reply.get('code')}: {reply.get('message')}"
            )
        asked = next(e for e in self.transcript.sent("chat", "user_message") if e.message_id == message_id)
        question = Question(
            str(asked.get("content")), message_id, reply.run_id or "", reply.thread_id or "", asked, reply
        )
        if question.run_id not in {q.run_id for q in self.questions}:
            self.questions.append(question)
        return question

    # -- waiting ------------------------------------------------------------------------------------

    def reply(self, message_id: str, *types: str) -> Event:
        """Waits for the reply of one of these types that echoes ``message_id``."""

        def look(transcript: Transcript) -> Event | None:
            return next((e for e in transcript.received(*types) if e.message_id == message_id), None)

        return self.wait(look, f"{' or '.join(types)} for the message {message_id!r}")

    def wait_for_event(self, kind: str, *, nth: int = 1, run_id: str | None = None) -> Event:
        """Waits for the ``nth`` event of a type of a run; the latest question's run when omitted.

        Raises:
            EventMissing: The run or the connection ended, or nothing more can come.
        """
        wanted = run_id or self.question().run_id

        def look(transcript: Transcript) -> Event | bool | None:
            events = [e for e in transcript.durable if e.run_id == wanted]
            found = [e for e in events if e.type == kind]
            if len(found) >= nth:
                return found[nth - 1]
            return False if any(e.ends_run for e in events) else None

        what = f"{kind} of the run {short(wanted)}" + (f" (number {nth})" if nth > 1 else "")
        found = self.wait(look, what, of_a_run=True)
        if isinstance(found, Event):
            return found
        raise EventMissing(self._missing(what, "The run ended without it."))

    def wait_for_end(self, run_id: str | None = None) -> Event:
        """Waits for the end of a run, an answer or a failure; the latest question's run when omitted."""
        wanted = run_id or self.question().run_id

        def look(transcript: Transcript) -> Event | None:
            return next((e for e in transcript.durable if e.run_id == wanted and e.ends_run), None)

        return self.wait(look, f"agent_completed of the run {short(wanted)}", of_a_run=True)

    def wait(self, look: Callable[[Transcript], T | None], what: str, *, of_a_run: bool = False) -> T:
        """Waits until ``look`` finds ``what``, as long as the environment's ``answer`` timeout allows.

        The wait ends early when the connection has ended, and when nothing at all has come for the
        environment's ``silence``. A wait for a run event asks the backend, when nothing comes for a while,
        whether a run of this person is still open, and ends when there is none.

        Args:
            look: Called at once and after every frame; what it returns, unless None, is the result.
            what: What is awaited, for the message.
            of_a_run: Whether it is an event of a run.

        Raises:
            EventMissing: It did not come. The message names it, the last frames, and a sign of life.
        """
        left = self.environment.timeout("answer")
        silence = min(self.environment.timeout("silence"), left)
        quiet = 0.0
        while left > 0 and quiet < silence:
            before = len(self.transcript.frames)
            step = min(PATIENCE, left)
            found = self.session.wait(look, step)
            if found is not None:
                return found
            if not self.session.is_open:
                raise EventMissing(
                    self._missing(what, f"The connection has ended: {self.session.end_text()}.")
                )
            left -= step
            quiet = 0.0 if len(self.transcript.frames) > before else quiet + step
            if quiet and of_a_run and self._nothing_open():
                break
        life = self._sign_of_life()
        found = look(self.transcript)
        if found is not None:
            return found
        raise EventMissing(self._missing(what, life))

    def _nothing_open(self) -> bool:
        """Whether the backend says that no run of this person is open."""
        if "admin" not in self.environment.capabilities:
            return False
        try:
            view = self.person.service.admin("GET", f"/people/{self.person.user_id}")
        except Declined:
            return False
        return view.get("runs_open") == 0

    def _sign_of_life(self) -> str:
        """A ping of its own and what became of it, as a sentence."""
        if not self.session.is_open:
            return f"The connection has ended: {self.session.end_text()}."
        before = self.transcript.frames[-1].at if self.transcript.frames else 0.0
        message_id = self.send("ping", {"data": "sign of life"})
        pong = self.session.wait(
            lambda t: next((e for e in t.received("pong") if e.message_id == message_id), None),
            self.environment.timeout("silence"),
        )
        if pong is None:
            return "The connection shows no sign of life: a ping was not answered either."
        sent = next(e for e in self.transcript.sent("ping") if e.message_id == message_id)
        runs = " and the backend says that no run is open" if self._nothing_open() else ""
        return (
            f"The connection is alive (a ping was answered in {(pong.at - sent.at) * 1000:.1f} ms,"
            f" {pong.at - before:.1f} s after the last frame){runs}."
        )

    def _missing(self, what: str, why: str) -> str:
        frames = [f for f in self.transcript.frames if f.kind is Kind.TEXT][-SHOWN:]
        shown = "\n".join(describe(self.transcript, f) for f in frames) or "  nothing was sent or received"
        return f"{self.alias} did not receive {what}.\n{shown}\n{why}"

    # -- fences -------------------------------------------------------------------------------------

    def fence(self) -> Event:
        """Pings and waits for the own pong: what was queued on this connection has come by then."""
        sequence = secrets.randbelow(2**31)
        message_id = self.send("ping", {"sequence": sequence})
        pong = self.reply(message_id, "pong", "error")
        if pong.type == "error" or pong.get("sequence") != sequence:
            raise Unexpected(f"{self.alias}'s ping {sequence} was answered by {dict(pong)}")
        return pong

    def settle(self) -> None:
        """Fences an open connection; one that has ended can bring nothing more."""
        if self.session.is_open:
            try:
                self.fence()
            except (Ended, EventMissing):
                if self.session.is_open:
                    raise

    def round_trip(self) -> float:
        """Pings, waits for the own pong, and returns how long that took in seconds."""
        pong = self.fence()
        frames = self.transcript.frames[: pong.index]
        return pong.at - next(f.at for f in reversed(frames) if not f.received and f.type == "ping")

    def sentinel(self, content: str) -> Question:
        """Asks a question, sees its end, and fences: a leak would have come the same way before."""
        question = self.ask(content)
        self.wait_for_end(question.run_id)
        self.fence()
        return question


def new_message_id() -> str:
    """A message id nobody has used (contract: Frames, 1 to 64 characters)."""
    return secrets.token_hex(16)


def encoded(kind: str, message_id: str, fields: Mapping[str, Any]) -> str:
    """A client frame as text."""
    return json.dumps({"type": kind, "message_id": message_id, **fields}, ensure_ascii=False)
