"""Dropping at an exact moment, coming back, and comparing with a device that stayed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from robot.api import logger
from robot.api.deco import keyword

from ..chat import Chat, Unexpected
from ..frames import Event
from ..kit import Kit
from ..rules import devices, order, sequence
from ..transcript import Transcript
from ..world import Notes
from .operations import Operations
from .promises import BrokenPromise, demand
from .sessions import Sessions
from .types import EventType

QUOTED: Final = 60
"""Characters of a text that a message about it shows."""
QUESTION: Final = "Which resources are idle?"
"""Two tools, so that a run has every kind of boundary."""


class Window(StrEnum):
    """When the held run goes on, seen from the customer who was dropped."""

    while_away = "while away"
    before_resuming = "before resuming"
    while_resuming = "while resuming"


@dataclass(frozen=True, slots=True)
class Boundary:
    """The moment before one event of a run.

    Attributes:
        before: The event's type.
        nth: The how many-th event of that type in the run, counted from 1.
    """

    before: str
    nth: int


class Returning:
    """Keywords about coming back."""

    def __init__(self, kit: Kit, sessions: Sessions, operations: Operations) -> None:
        self.kit = kit
        self._sessions = sessions
        self._operations = operations
        self._seen: Notes[int] = Notes(kit.world)

    @keyword(tags=("Reconnection",))
    def drop_at_every_boundary(self, session: str, stayed: str, window: Window) -> int:
        """Drops a session before every event of a run, one run for each, and judges what then comes.

        The run must go on to its answer as if nobody had been dropped, and the session must get all of it.

        Args:
            session: Alias of the session that is dropped.
            stayed: Alias of another session of the same person, which stays.
            window: When the held run goes on.

        Returns:
            How many boundaries there were.

        Raises:
            BrokenPromise: A run did not come to its answer; or something was lost, came twice, in another
                order, or in another text.

        Example:
        | Open Session           | Ana | Ana's tablet |
        | Drop At Every Boundary | Ana | stayed=Ana's tablet | window=while away |
        """
        boundaries = self._boundaries(session)
        for number, boundary in enumerate(boundaries):
            run = self._drop_at(session, stayed, boundary, window)
            try:
                demand(order.complete_run(self.kit.world.chat(stayed).transcript, run))
                self.devices_should_agree_after_coming_back(session, stayed)
            except BrokenPromise as broken:
                raise BrokenPromise(
                    f"Dropped before {boundary.before} number {boundary.nth}, released {window}: {broken}"
                ) from None
            logger.info(f"boundary {number + 1} of {len(boundaries)}: {boundary.before} {boundary.nth}")
        return len(boundaries)

    @keyword(tags=("Reconnection",))
    def drop_before_a_run_begins(self, session: str, stayed: str) -> None:
        """Asks, drops the session before any event of the run has come, and lets the run end without it.

        Args:
            session: Alias of the session that is dropped.
            stayed: Alias of another session of the same person, which stays and sees the end.

        Example:
        | Open Session                           | Ana | Ana's tablet |
        | Drop Before A Run Begins               | Ana | stayed=Ana's tablet |
        | Come Back And Resume                   | Ana |
        | Devices Should Agree After Coming Back | Ana | stayed=Ana's tablet |
        """
        chat, other = self.kit.world.chat(session), self.kit.world.chat(stayed)
        run = self._drop_held(chat, other, Boundary("agent_started", 1))
        self._operations.release_runs(chat.person.name)
        other.wait_for_end(run)

    def _boundaries(self, session: str) -> list[Boundary]:
        """The boundaries of a run, learnt from one that nobody disturbs."""
        chat = self.kit.world.chat(session)
        run = chat.ask(QUESTION).run_id
        chat.wait_for_end(run)
        counts: dict[str, int] = {}
        found: list[Boundary] = []
        for event in chat.run(run).events:
            counts[event.type] = counts.get(event.type, 0) + 1
            found.append(Boundary(event.type, counts[event.type]))
        return found

    def _drop_at(self, session: str, stayed: str, boundary: Boundary, window: Window) -> str:
        """Drops a session at one boundary, lets it come back and resume, and returns the run's id."""
        chat, other = self.kit.world.chat(session), self.kit.world.chat(stayed)
        person = chat.person.name
        run = self._drop_held(chat, other, boundary)
        if window is Window.while_away:
            self._operations.release_runs(person)
            other.wait_for_end(run)
        self._sessions.reopen_session(session)
        if window is Window.before_resuming:
            self._operations.release_runs(person)
            other.wait_for_end(run)
        chat.send("resume", {"after_seq": self._seen_by(session)})
        if window is Window.while_resuming:
            self._operations.release_runs(person)
            other.wait_for_end(run)
        chat.waits.for_reply(_nth_resumed(1), "resumed, the end of the replay")
        chat.wait_for_end(run)
        chat.fence()
        other.fence()
        return run

    def _seen_by(self, session: str) -> int:
        """The seq of the last event that a session knew when it was dropped.

        Raises:
            Unexpected: It was not dropped.
        """
        seen = self._seen.get(session)
        if seen is None:
            raise Unexpected(f"{session} was not dropped before. Use `Drop Before A Run Begins`.")
        return seen

    def _drop_held(self, chat: Chat, other: Chat, boundary: Boundary) -> str:
        """Asks, waits until the run stands at the boundary, drops the session, and returns the run's id."""
        self._operations.hold_runs(chat.person.name, EventType(boundary.before), boundary.nth)
        run = chat.ask(QUESTION).run_id
        self.kit.until_held(chat.person, run)
        chat.fence()
        other.fence()
        self._seen[chat.alias] = last_seq(chat)
        chat.session.drop()
        return run

    @keyword(tags=("Reconnection",))
    def come_back_and_resume(self, session: str) -> None:
        """Opens a session again and asks for everything after the last event that it had received.

        Args:
            session: Alias of the session.

        Raises:
            NameTaken: The session is still connected.
            Unexpected: The connection was refused.
            EventMissing: The replay did not end.

        Example:
        | Open Session                           | Ana | Ana's tablet |
        | Drop Before A Run Begins               | Ana | stayed=Ana's tablet |
        | Come Back And Resume                   | Ana |
        | Devices Should Agree After Coming Back | Ana | stayed=Ana's tablet |
        """
        chat = self.kit.world.chat(session)
        known = last_seq(chat)
        self._sessions.reopen_session(session)
        chat.send("resume", {"after_seq": known})
        chat.waits.for_reply(_nth_resumed(1), "resumed, the end of the replay")

    @keyword(tags=("Reconnection", "Judging"))
    def devices_should_agree_after_coming_back(self, session: str, stayed: str) -> None:
        """Checks that a session that was dropped and came back has what a device received that had stayed.

        Args:
            session: Alias of the session.
            stayed: Alias of another session of the same person, which has stayed.

        Raises:
            BrokenPromise: Something was lost, came twice, in another order, or in another text.

        Example:
        | Open Session                           | Ana | Ana's tablet |
        | Drop Before A Run Begins               | Ana | stayed=Ana's tablet |
        | Come Back And Resume                   | Ana |
        | Devices Should Agree After Coming Back | Ana | stayed=Ana's tablet |
        """
        chat, other = self.kit.world.chat(session), self.kit.world.chat(stayed)
        demand(sequence.seq_rises_by_one(chat.transcript))
        first, last = self._seen_by(session) + 1, last_seq(other)
        if last < first:
            raise BrokenPromise(
                f"Nothing has happened since {session} was dropped: there is nothing to compare."
            )
        demand(devices.same_frames(chat.transcript, other.transcript, first, last))

    @keyword(tags=("Reconnection", "Judging"))
    def resume_from_everywhere(self, session: str) -> int:
        """Resumes a fresh connection from every seq up to its watershed, twice over, and judges every replay.

        Args:
            session: Alias of the session.

        Returns:
            How often it has resumed.

        Raises:
            BrokenPromise: A replay is not exactly what was missing.

        Example:
        | Ask                    | Ana | What did we spend in total? |
        | Wait For Answer        | Ana |
        | Close Session          | Ana |
        | Reopen Session         | Ana |
        | Resume From Everywhere | Ana |
        """
        chat = self.kit.world.chat(session)
        watershed = chat.transcript.watershed or 0
        starts = [*range(watershed + 1), *range(watershed + 1)]
        for count, start in enumerate(starts, 1):
            chat.send("resume", {"after_seq": start})
            told = chat.waits.for_reply(
                _nth_resumed(count), f"resumed (number {count}), the end of the replay"
            )
            expected = (start + 1, watershed, watershed - start)
            came = (told.get("from_seq"), told.get("to_seq"), told.get("count"))
            if came != expected:
                raise BrokenPromise(
                    f"After a resume from {start} the end of the replay told from_seq, to_seq and count as"
                    f" {came}; they should be {expected}."
                )
        demand(sequence.seq_rises_by_one(chat.transcript))
        if watershed == 0:
            raise Unexpected(f"{session} has nothing to resume: its watershed is 0.")
        return len(starts)

    @keyword(tags=("Reconnection", "Judging"))
    def conversation_should_hold_what_was_said(self, session: str, *, number: int = -1) -> None:
        """Checks that a conversation, read over HTTP, holds a question and its answer, unchanged.

        Args:
            session: Alias of the session that asked.
            number: Which of its questions, counted from 0; the latest when omitted.

        Raises:
            BrokenPromise: Something differs.

        Example:
        | Ask                                    | Ana | What did we spend in total? |
        | Wait For Answer                        | Ana |
        | Conversation Should Hold What Was Said | Ana |
        """
        chat = self.kit.world.chat(session)
        question = chat.question(number)
        answer = next(
            e
            for t in chat.session.transcripts
            for e in t.durable
            if e.run_id == question.run_id and e.ends_run
        )
        path = f"/threads/{question.thread_id}/messages"
        body = chat.person.service.expect("GET", path, token=self.kit.token(chat.person))
        held = [(m["role"], m["content"]) for m in body["messages"] if m["run_id"] == question.run_id]
        if len({role for role, _ in held}) < len(held):
            raise BrokenPromise(f"The conversation holds {len(held)} messages of {session}'s one question.")
        said = {"user": question.content, "assistant": str(answer.get("response"))}
        for role, what in (("user", f"{session}'s question"), ("assistant", "the agent's answer")):
            if role not in dict(held):
                raise BrokenPromise(f"The conversation does not hold {what}: {said[role][:QUOTED]!r}.")
            if dict(held)[role] != said[role]:
                raise BrokenPromise(
                    f"The conversation has changed {what}: {_change(said[role], dict(held)[role])}."
                )

    @keyword(tags=("Judging",))
    def number_of_runs_should_be(self, person: str, count: int) -> None:
        """Checks how many runs of a person have begun: the backend's log is replayed, and counted.

        Args:
            person: The person's name.
            count: Expected number of runs.

        Raises:
            BrokenPromise: It is another number.

        Example:
        | Ask                      | Ana | What did we spend in total? |
        | Wait For Answer          | Ana |
        | Number Of Runs Should Be | Ana | 1 |
        """
        self._sessions.open_session(person, f"{person}, counting runs")
        chat = self.kit.world.chat(f"{person}, counting runs")
        chat.send("resume", {"after_seq": 0})
        chat.waits.for_reply(_nth_resumed(1), "resumed, the end of the replay")
        begun = len({e.run_id for e in chat.transcript.received("agent_started")})
        if begun != count:
            raise BrokenPromise(f"{begun} run(s) of {person} have begun; there should be {count}.")


def last_seq(chat: Chat) -> int:
    """The highest seq that a session knows: the last event it received, else its connection's watershed."""
    transcript = chat.transcript
    return max([e.seq or 0 for e in transcript.durable] or [transcript.watershed or 0])


def _nth_resumed(count: int) -> Callable[[Transcript], Event | None]:
    def look(transcript: Transcript) -> Event | None:
        found = transcript.received("resumed")
        return found[count - 1] if len(found) >= count else None

    return look


def _change(said: str, held: str) -> str:
    """Where a text has changed, in words."""
    at = next(
        (i for i, (a, b) in enumerate(zip(said, held, strict=False)) if a != b), min(len(said), len(held))
    )
    start = max(0, at - QUOTED // 2)
    return f"{said[start : start + QUOTED]!r} became {held[start : start + QUOTED]!r}"
