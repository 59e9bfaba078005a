"""Waiting on a session for what must come. Each wait ends as soon as that can no longer come.

What answers a message of one's own is decided by a ping: it is sent behind the message, and its pong comes
behind whatever the message caused (contract: one queue for everything that a connection is sent). What a run
brings is decided by the backend's administration: no run is open, and everything that was stored has come.
Anything else is bounded by the environment's timeouts. A wait that ends in vain says what is missing, which
frames came last, and shows a sign of life.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from .engine.session import Ended, Session
from .environment import Environment
from .evidence import Evidence
from .frames import DURABLE, ENDS, Event, Frame, Kind
from .identity import Person
from .outgoing import encoded, new_message_id
from .prospects import Prospects, prospects_of
from .rules.story import counted
from .transcript import Transcript
from .verdict import describe

T = TypeVar("T")
Look = Callable[[Transcript], T | None]
"""Called at once and after every frame; what it returns, unless None, is what was waited for."""

PATIENCE: Final = 0.5
"""Seconds of silence after which a wait asks the backend whether anything can still come."""
SHOWN: Final = 4
"""How many of the last frames a message about something missing shows."""


class EventMissing(AssertionError):
    """What a person waited for did not come."""

    ROBOT_SUPPRESS_NAME = True

    def __init__(self, message: str, transcript: Transcript | None = None, what: str = "") -> None:
        super().__init__(message)
        missing = [(transcript, what)] if transcript is not None else []
        self.evidence = Evidence(message, missing=missing)


class Waits:
    """The waits of one session.

    Args:
        session: The session.
        person: Whose it is.
        environment: How long anything may take.

    Attributes:
        pings: The ids of the pings that waits have sent to find out whether something can still come.
    """

    def __init__(self, session: Session, person: Person, environment: Environment) -> None:
        self._session = session
        self._person = person
        self._environment = environment
        self.pings: set[str] = set()

    @property
    def _transcript(self) -> Transcript:
        return self._session.transcript

    # -- the three kinds of wait --------------------------------------------------------------------

    def for_reply(self, look: Look[T], what: str) -> T:
        """Waits for what a message of this connection causes on it: a reply, an error, the end of a replay.

        When it has not come after the environment's ``reply``, a ping goes out and its pong decides.

        Args:
            look: Finds it.
            what: What is awaited, for the message.

        Raises:
            EventMissing: It did not come.
        """
        found = self._session.wait(look, self._environment.timeout("reply"))
        if found is None and not self._ordered:
            found = self._patiently(look)
        if found is not None:
            return found
        alive, life = self.sign_of_life()
        found = look(self._transcript)
        if found is not None:
            return found
        proven = alive and self._ordered
        behind = " Whatever was sent before that ping has been answered before it." if proven else ""
        raise EventMissing(self.missing(what, life + behind), self._transcript, what)

    def for_frame(self, kind: str, look: Look[T], what: str) -> T:
        """Waits for a frame as its type asks for: an event as one of a run, anything else as a reply.

        Args:
            kind: The frame's type.
            look: Finds it.
            what: What is awaited, for the message.

        Raises:
            EventMissing: It did not come.
        """
        if kind in DURABLE:
            return self.for_run(look, what, through_holds=kind in ENDS)
        return self.for_reply(look, what)

    def for_run(
        self, look: Look[T], what: str, *, through_holds: bool = False, silence: float | None = None
    ) -> T:
        """Waits for an event of a run.

        Args:
            look: Finds it.
            what: What is awaited, for the message.
            through_holds: Whether it may come though all of the person's runs stand where they are held, as
                the end of a run that is cancelled does.
            silence: Longest silence in seconds while a run is open; the environment's when omitted.

        Raises:
            EventMissing: It did not come, or can no longer come.
        """
        limit = silence if silence is not None else self._environment.timeout("silence")
        begun = time.monotonic()
        deadline = begun + max(limit, self._environment.timeout("answer"))
        step, why, behind_since = PATIENCE, "", None
        while True:
            found = self._session.wait(look, step)
            if found is not None:
                return found
            now = time.monotonic()
            if not self._session.is_open or now >= deadline:
                break
            quiet = now - max(begun, self._last_came())
            if quiet < PATIENCE:
                step, behind_since = PATIENCE - quiet, None
                continue
            prospects = prospects_of(self._person, self._environment)
            why, longest = self._judged(prospects, limit, through_holds=through_holds)
            if prospects is not None and prospects.missing_in(self._transcript):
                behind_since = behind_since or now
                quiet = now - behind_since  # what was stored just now is not late yet
            if quiet >= longest:
                break
            step = min(PATIENCE, longest - quiet)
        _, life = self.sign_of_life()
        found = look(self._transcript)
        if found is not None:
            return found
        raise EventMissing(self.missing(what, f"{why} {life}".strip()), self._transcript, what)

    def for_something(self, look: Look[T], what: str, seconds: float) -> T:
        """Waits for what comes by itself, and sends nothing meanwhile.

        Args:
            look: Finds it.
            what: What is awaited, for the message.
            seconds: The longest wait.

        Raises:
            EventMissing: It did not come in time.
        """
        found = self._session.wait(look, seconds)
        if found is not None:
            return found
        why = f"{seconds:.1f} s have passed. " if self._session.is_open else ""
        why += self.sign_of_life()[1]
        raise EventMissing(self.missing(what, why), self._transcript, what)

    def for_end(self, how: str, seconds: float) -> Frame:
        """Waits until the backend has ended the connection.

        What has piled up comes before the end does: while frames come, the wait goes on, up to
        the environment's ``answer``.

        Args:
            how: How it must end, for the message.
            seconds: The longest wait without a frame.

        Returns:
            The close or drop.

        Raises:
            EventMissing: It stayed open.
        """
        last = time.monotonic() + max(seconds, self._environment.timeout("answer"))
        seen = -1
        while seen != (seen := len(self._transcript.frames)) and time.monotonic() < last:
            end = self._session.wait_end(min(seconds, last - time.monotonic()))
            if end is not None:
                return end
        head = f"{self._session.alias}'s connection did not end{how}"
        why = f"It was still open {seconds:.1f} s later. {self.sign_of_life()[1]}"
        raise EventMissing(self._story(head, why), self._transcript, f"the end of the connection{how}")

    def for_end_by_message(self, how: str) -> Frame:
        """Waits until the backend has ended the connection because of the message that was sent last.

        When it has not after the environment's ``reply``, a ping goes out, and a pong shows that it will not.

        Args:
            how: How it must end, for the message.

        Returns:
            The close or drop.

        Raises:
            EventMissing: It stayed open.
        """
        end = self._session.wait_end(self._environment.timeout("reply"))
        if end is None:
            alive, life = self.sign_of_life()
            end = self._transcript.end
            if alive or end is None:
                head = f"{self._session.alias}'s connection did not end{how} after that message"
                what = f"the end of the connection{how}"
                raise EventMissing(self._story(head, life), self._transcript, what)
        return end

    def for_quiet(self, since: float | None = None) -> None:
        """Waits until nothing has come for the environment's ``quiet``.

        That is all that proves an absence where a pong proves none.

        Args:
            since: Monotonic time in seconds from which the quiet counts; now when omitted.
        """
        quiet = self._environment.timeout("quiet")
        since = since if since is not None else time.monotonic()
        deadline = time.monotonic() + self._environment.timeout("answer")
        while self._session.is_open and time.monotonic() < deadline:
            frames = self._transcript.frames
            seen, last = len(frames), max([since, *(f.at for f in frames[-1:])])
            rest = last + quiet - time.monotonic()
            if rest <= 0:
                return
            self._session.wait(_more_than(seen), rest)

    # -- whether anything can still come --------------------------------------------------------------

    @property
    def _ordered(self) -> bool:
        """Whether a pong comes after whatever earlier messages have caused."""
        return self._environment.offers("one_queue")

    def _patiently(self, look: Look[T]) -> T | None:
        """Waits for a reply that no ping decides: as long as anything comes, then the longest silence."""
        begun, silence = time.monotonic(), self._environment.timeout("silence")
        deadline = begun + self._environment.timeout("answer")
        while self._session.is_open:
            rest = min(max(begun, self._last_came()) + silence, deadline) - time.monotonic()
            if rest <= 0:
                break
            found = self._session.wait(look, rest)
            if found is not None:
                return found
        return look(self._transcript)

    def _last_came(self) -> float:
        """When the last frame came or went, also one that another dialect says beside the conversation."""
        transcript = self._transcript
        return max([0.0, *(f.at for f in (transcript.wire or transcript).frames[-1:])])

    def _judged(
        self, prospects: Prospects | None, silence: float, *, through_holds: bool
    ) -> tuple[str, float]:
        """What the administration says, as a sentence, and the longest silence that it still allows."""
        if prospects is None:
            return "", silence
        missing = prospects.missing_in(self._transcript)
        if missing:
            told = (
                f"The backend has stored {missing} event(s) that have not come here, though they should have."
            )
            return told, self._environment.timeout("delivery")
        if not prospects.open:
            begun = self._transcript.watershed
            which = f"all after the {begun} from before this connection" if begun else "all that is stored"
            return f"The backend says that {self._person.name} has no open run, and {which} has come.", 0.0
        if len(prospects.held) >= prospects.open:
            before = " and ".join(dict.fromkeys(prospects.held))
            told = f"Every open run of {self._person.name}'s stands where it is held, before {before}: "
            told += f"`{self._person.name}'s runs go on` releases them."
            return told, silence if through_holds else 0.0
        return f"The backend says that a run of {self._person.name}'s is still open.", silence

    def sign_of_life(self) -> tuple[bool, str]:
        """Sends a ping and waits for its pong, as long as anything comes.

        Returns:
            Whether the pong came, and what became of the ping as a sentence.
        """
        if not self._environment.offers("ping"):
            return False, self._quiet_life()
        message_id, patience = new_message_id(), self._environment.timeout("life")
        self.pings.add(message_id)
        deadline = time.monotonic() + self._environment.timeout("answer")
        try:
            self._session.send(encoded("ping", message_id, {"data": "sign of life"}))
            pong, seen = None, -1
            while pong is None and len(self._transcript.frames) > seen and time.monotonic() < deadline:
                seen = len(self._transcript.frames)
                pong = self._session.wait(lambda t: _answer_to(message_id, t), patience)
        except Ended:
            pong = None
        if pong is not None:
            sent = next(e for e in self._transcript.sent("ping") if e.message_id == message_id)
            return (
                True,
                f"The connection is alive: a ping was answered in {(pong.at - sent.at) * 1000:.1f} ms.",
            )
        if not self._session.is_open:
            return False, f"The connection has ended: {self._session.end_text()}."
        return False, f"The connection shows no sign of life: a ping has had no answer for {patience:g} s."

    def _quiet_life(self) -> str:
        """What can be said of a connection whose backend answers no pings."""
        if not self._session.is_open:
            return f"The connection has ended: {self._session.end_text()}."
        silent = time.monotonic() - self._last_came()
        return (
            f"The connection is open, and has been silent for {silent:.1f} s; the backend answers no pings."
        )

    def missing(self, what: str, why: str) -> str:
        """The story of what did not come.

        Args:
            what: What it is.
            why: Why nobody waits any longer.
        """
        return self._story(f"{self._session.alias} did not receive {what}", why)

    def _story(self, head: str, rest: str) -> str:
        why = rest
        texts = [f for f in self._transcript.frames if f.kind is Kind.TEXT and not self._own_ping(f)][-SHOWN:]
        left_out = self._transcript.truncated
        if left_out:
            why = f"truncated: {counted(left_out, 'frame')} beyond the first {self._transcript.limit} "
            why += f"{'was' if left_out == 1 else 'were'} not recorded; it may be among them.\n{rest}"
        shown = "\n".join(describe(self._transcript, f) for f in texts)
        return f"{head}. The last frames were:\n{shown or '  nothing was sent or received'}\n{why}"

    def _own_ping(self, frame: Frame) -> bool:
        return frame.event is not None and frame.event.message_id in self.pings


def _more_than(seen: int) -> Callable[[Transcript], bool | None]:
    """What finds out that something has come."""
    return lambda transcript: len(transcript.frames) > seen or None


def _answer_to(message_id: str, transcript: Transcript) -> Event | None:
    return next((e for e in transcript.received("pong", "error") if e.message_id == message_id), None)
