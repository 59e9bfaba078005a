"""A person's session in use: asking, waiting for what must come, and fencing off what must not."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from .engine.session import Ended, Session
from .environment import Environment
from .frames import ENDS, Event
from .identity import Person
from .outgoing import encoded, new_message_id
from .rules.story import counted
from .transcript import Run, Transcript
from .verdict import plain, short
from .waits import EventMissing, Waits

NAMELESS: Final = ("invalid_json", "message_too_large")
"""Errors that do not echo the id of their message, which was not read (contract: Errors)."""
QUOTED: Final = 60
"""Characters of a question that a message about it shows."""


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


class Mark(NamedTuple):
    """A moment of a session.

    Attributes:
        connection: Which of the session's connections it was, counted from 1.
        frames: How many frames that connection had recorded.
    """

    connection: int
    frames: int


class Chat:
    """One person's session in use."""

    def __init__(self, session: Session, person: Person, environment: Environment) -> None:
        self.session = session
        self.person = person
        self.environment = environment
        self.waits = Waits(session, person, environment)
        self.questions: list[Question] = []
        self.marked: Mark | None = None
        self.watches = False
        """Whether this is one more device that only looks on: see `Watch At Every Process`."""
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
            told = f"has asked only {counted(asked, 'question')}" if asked else "has not asked anything yet"
            raise Unexpected(
                f"{self.alias} {told}, so there is no {'such ' if asked else ''}run to look at. "
                f'Ask first: `{self.alias} asks "..."`, or `Ask    {self.alias}    ...`.'
            ) from None

    def asked_here(self) -> list[Question]:
        """The accepted questions of the current connection.

        Raises:
            Unexpected: The session has asked nothing on it.
        """
        self.question()
        here = [question for question in self.questions if self._is_here(question, self.transcript)]
        if not here:
            raise Unexpected(
                f"{self.alias} has asked nothing since it came back: there is no run to look at."
            )
        return here

    def run(self, run_id: str | None = None) -> Run:
        """The run of this id as the current connection saw it; the latest question's when omitted."""
        run_id = run_id or self.question().run_id
        return self.transcript.runs().get(run_id) or Run(run_id, None, None, ())

    def now(self) -> Mark:
        """This moment, for :meth:`since`."""
        return Mark(self.transcript.connection, len(self.transcript.frames))

    def since(self, mark: Mark | None, noted_by: str = "Mark") -> int:
        """The index of the first frame since a moment; that of the connection's first frame for None.

        Args:
            mark: The moment.
            noted_by: The keyword that notes such a moment, for the message.

        Raises:
            Unexpected: It was on another connection, so that what came since is not all on this one.
        """
        if mark is None:
            return 0
        if mark.connection != self.transcript.connection:
            raise Unexpected(
                f"{self.alias} has been connected anew since `{noted_by}`, so what came since then cannot be "
                f"told. Use it again once the session is back: `{noted_by}    {self.alias}`."
            )
        return mark.frames

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
                f"{self.alias}'s question was refused with {reply.get('code')}: {reply.get('message')}"
            )
        asked = self.transcript.sent_as(message_id)
        assert asked is not None  # noqa: S101 -- it has just been answered
        question = Question(
            str(asked.get("content")), message_id, reply.run_id or "", reply.thread_id or "", asked, reply
        )
        if question.run_id not in {q.run_id for q in self.questions}:
            self.questions.append(question)
        return question

    # -- waiting ------------------------------------------------------------------------------------

    def reply(self, message_id: str, *types: str) -> Event:
        """Waits for the reply of one of these types that echoes ``message_id``, since it was sent last.

        Where ``error`` is one of them, so is the error about a message that could not be read, which echoes
        no id.

        Raises:
            EventMissing: None came.
        """
        asked = self.transcript.sent_last_as(message_id)
        since = asked.index if asked is not None else 0
        after = asked.index if asked is not None else len(self.transcript.frames)

        def look(transcript: Transcript) -> Event | None:
            return next(
                (
                    e
                    for e in transcript.events(start=since)
                    if e.type in types and (e.message_id == message_id or _nameless(e, after))
                ),
                None,
            )

        return self.waits.for_reply(look, f"{' or '.join(types)} {_about(asked, message_id)}")

    def wait_for_event(self, kind: str, *, nth: int = 1, run_id: str | None = None) -> Event:
        """Waits for the ``nth`` event of a type of a run; the latest question's run when omitted.

        Raises:
            EventMissing: The run or the connection ended, or nothing more can come.
        """
        wanted = run_id or self.question().run_id

        def look(transcript: Transcript) -> Event | bool | None:
            start = self._start(wanted, transcript)
            events = [e for e in transcript.events(start=start) if e.durable and e.run_id == wanted]
            found = [e for e in events if e.type == kind]
            if len(found) >= nth:
                return found[nth - 1]
            return False if any(e.ends_run for e in events) else None

        what = f"{kind} of the run {short(wanted)}" + (f" (number {nth})" if nth > 1 else "")
        found = self.waits.for_run(look, what, through_holds=kind in ENDS)
        if isinstance(found, Event):
            return found
        told = self.waits.missing(what, "The run has ended without it.")
        raise EventMissing(told, self.transcript, what)

    def wait_for_end(
        self, run_id: str | None = None, *, awaited: str = "agent_completed", silence: float | None = None
    ) -> Event:
        """Waits for the end of a run, an answer or a failure; the latest question's run when omitted.

        Args:
            run_id: The run.
            awaited: Which end is expected, for the message.
            silence: Longest silence in seconds before it; the environment's when omitted.

        Raises:
            EventMissing: No end came.
        """
        wanted = run_id or self.question().run_id

        def look(transcript: Transcript) -> Event | None:
            came = transcript.events(start=self._start(wanted, transcript))
            return next((e for e in came if e.run_id == wanted and e.ends_run), None)

        what = f"{awaited} of the run {short(wanted)}, nor any other end of it"
        return self.waits.for_run(look, what, through_holds=True, silence=silence)

    def _start(self, run_id: str, transcript: Transcript) -> int:
        """The index of the frame before which nothing of a run can stand: its question, if it is here."""
        for question in reversed(self.questions):
            if question.run_id == run_id:
                return question.asked.index if self._is_here(question, transcript) else 0
        return 0

    def _is_here(self, question: Question, transcript: Transcript) -> bool:
        """Whether a question was asked on this connection."""
        at = question.asked.index
        return at < len(transcript.frames) and transcript.frames[at] is question.asked.frame

    # -- fences -------------------------------------------------------------------------------------

    def fence(self) -> Event | None:
        """Pings and waits for the own pong: what was queued on this connection has come by then.

        Where pongs prove nothing, it waits until nothing has come for the environment's ``quiet`` instead.

        Returns:
            The pong; None where none was asked for.
        """
        if not self.environment.offers("one_queue"):
            self.waits.for_quiet()
            return None
        return self.ping()

    def ping(self) -> Event:
        """Pings and waits for the own pong.

        Raises:
            EventMissing: No answer came.
            Unexpected: Another answer came.
        """
        sequence = secrets.randbelow(2**31)
        message_id = self.send("ping", {"sequence": sequence})
        pong = self.reply(message_id, "pong", "error")
        if pong.type == "error" or pong.get("sequence") != sequence:
            came = (
                f"the error {pong.get('code')}"
                if pong.type == "error"
                else f"the pong {pong.get('sequence')}"
            )
            raise Unexpected(f"{self.alias}'s ping {sequence} was answered by {came}.")
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
        pong = self.ping()
        frames = self.transcript.frames
        before = (frames[at] for at in range(pong.index - 1, -1, -1))
        return pong.at - next(f.at for f in before if not f.received and f.type == "ping")

    def sentinel(self, content: str) -> Question:
        """Asks a question, sees its end, and fences: a leak would have come the same way before."""
        question = self.ask(content)
        self.wait_for_end(question.run_id)
        self.fence()
        return question


def _nameless(error: Event, after: int) -> bool:
    """Whether an error that echoes no id came after the message with this index, and may be about it."""
    return error.message_id is None and error.index > after and error.get("code") in NAMELESS


def _about(asked: Event | None, message_id: str) -> str:
    """A message in words."""
    if asked is None:
        return f"for the message {plain(message_id)!r}"
    content = asked.get("content")
    quoted = f" {plain(content, QUOTED)!r}" if isinstance(content, str) else ""
    return f"for its {asked.type}{quoted}"
