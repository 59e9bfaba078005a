"""Crowds with a name: thousands of people who come, ask and go together, judged to the last frame."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from robot.api import logger
from robot.api.deco import keyword
from robot.libraries.BuiltIn import BuiltIn

from ..chat import Chat, Unexpected
from ..crowd import Crowd, forget, story, table
from ..engine.crowd import close_many, open_many, send_together
from ..engine.offer import Refused
from ..engine.session import Session
from ..kit import Kit
from ..outgoing import encoded, new_message_id
from ..progress import Progress
from ..redaction import issued, mask
from ..rules import order, timing
from ..rules.everything import RULES, judge
from ..rules.story import counted
from ..world import Notes
from .judging import RUN_BUDGETS
from .people import People
from .promises import BrokenPromise, demand, something
from .types import Tier

ALONE: Final = (timing.DURATIONS,)
"""What cannot be asked of a crowd: where many frames come at once, those of a run come closer together than
they were sent, so that true durations look too long."""
WORKERS: Final = 8
"""How many people are made at a time; more would only queue at the backend."""


class LargeCrowds:
    """Keywords about crowds that are too large to name everybody."""

    def __init__(self, kit: Kit, people: People) -> None:
        self.kit = kit
        self._people = people
        self._crowds: Notes[Crowd] = Notes(kit.world)

    @keyword(tags=("Crowds", "People"))
    def create_crowd(
        self,
        crowd: str,
        people: int,
        *,
        organisations: int = 1,
        devices: int = 1,
        tier: Tier = "enterprise",
        keep: int | None = None,
    ) -> None:
        """Creates people who will act together, in organisations of their own.

        Args:
            crowd: How the suite calls them. Sessions are called ``CROWD 1``, ``CROWD 2``, ...
            people: How many.
            organisations: In how many organisations, as many in each.
            devices: How many sessions each of them will have.
            tier: What they pay for.
            keep: How many frames of each connection are recorded at the most, to bound the memory; all when
                omitted. What is left out is told as ``truncated``, and a test that needed it fails.

        Raises:
            Declined: The backend declined one.

        Example:
        | Create Crowd                   | Visitors | 10 | organisations=2 |
        | Open Crowd                     | Visitors |
        | Let Crowd Ask                  | Visitors | What did we spend in total? |
        | Crowd Should Get Whole Answers | Visitors |
        | Crowd Should Keep Its Budgets  | Visitors | whole |
        | Let Crowd Go                   | Visitors |
        """
        homes = [f"{crowd}' company {n}" for n in range(1, organisations + 1)]
        for home in homes:
            self._people.create_organisation(home)
        names = [f"{crowd} {number}" for number in range(1, people + 1)]
        progress = Progress("people made", people)
        with ThreadPoolExecutor(WORKERS) as pool:
            made = []
            work = enumerate(names)
            for person in pool.map(
                lambda one: self._people.create_person(one[1], homes[one[0] % organisations], tier), work
            ):
                made.append(person)
                progress.advance()
        self._crowds[crowd] = Crowd(crowd, made, devices, keep)

    @keyword(tags=("Crowds", "Sessions"))
    def open_crowd(self, crowd: str) -> int:
        """Connects everybody of a crowd, all devices, and waits until each is welcomed.

        Args:
            crowd: The crowd.

        Args:
            crowd: What `Create Crowd` was told.

        Returns:
            How many sessions there are.

        Raises:
            Unexpected: Somebody was refused, or not welcomed.
            TooMany: The system does not allow so many open files; the message says how to raise the limit.

        Example:
        | Create Crowd                   | Visitors | 10 | organisations=2 |
        | Open Crowd                     | Visitors |
        | Let Crowd Ask                  | Visitors | What did we spend in total? |
        | Crowd Should Get Whole Answers | Visitors |
        | Crowd Should Keep Its Budgets  | Visitors | whole |
        | Let Crowd Go                   | Visitors |
        """
        found, env = self._crowd(crowd), self.kit.environment
        found.chats = [
            Chat(Session(_alias(person.name, device), person.owner, found.keep), person, env)
            for person in found.people
            for device in range(1, found.devices + 1)
        ]
        tokens = {person.user_id: self.kit.token(person) for person in found.people}
        offers = [
            self.kit.offer(c.person.service.deployment, [("header", tokens[c.person.user_id])])
            for c in found.chats
        ]
        for chat in found.chats:
            self.kit.world.add_chat(chat)
        progress = Progress("sessions welcomed", len(found.chats))
        try:
            open_many([chat.session for chat in found.chats], offers, env.timeout("connect"))
        except Refused as refusal:
            told = mask(refusal.body)[:200]
            raise Unexpected(
                f"One of {len(found.chats)} could not connect: HTTP {refusal.status} {told}"
            ) from None
        for chat in found.chats:
            chat.waits.for_reply(_first, "connection_established")
            progress.advance()
        return len(found.chats)

    @keyword(tags=("Crowds", "Asking"))
    def let_crowd_ask(self, crowd: str, question: str) -> None:
        """Lets every session of a crowd ask the same question at once, and waits until all are accepted.

        Args:
            crowd: The crowd.
            question: The question.

        Raises:
            Unexpected: One was refused.
            EventMissing: One was neither accepted nor refused.

        Example:
        | Create Crowd                   | Visitors | 10 | organisations=2 |
        | Open Crowd                     | Visitors |
        | Let Crowd Ask                  | Visitors | What did we spend in total? |
        | Crowd Should Get Whole Answers | Visitors |
        | Crowd Should Keep Its Budgets  | Visitors | whole |
        | Let Crowd Go                   | Visitors |
        """
        chats = self._crowd(crowd).chats
        ids = [new_message_id() for _ in chats]
        texts = (encoded("chat", message_id, {"content": question}) for message_id in ids)
        send_together([(chat.session, text) for chat, text in zip(chats, texts, strict=True)])
        progress = Progress("questions accepted", len(chats))
        for chat, message_id in zip(chats, ids, strict=True):
            chat.accepted(message_id)
            progress.advance()

    @keyword(tags=("Crowds", "Waiting", "Judging"))
    def crowd_should_get_whole_answers(self, crowd: str) -> None:
        """Waits until the latest question of every session is answered, and judges everything that came.

        Each run is complete, and every rule that holds for any connection holds for each of these; one that
        cannot be decided, because frames were not recorded, fails. The percentiles of each transition are
        written into the report.

        Args:
            crowd: The crowd.

        Raises:
            EventMissing: Somebody got no answer.
            BrokenPromise: Somebody's frames are not as agreed; the message tells of the first, and counts. Or
                nobody is connected.

        Example:
        | Create Crowd                   | Visitors | 10 | organisations=2 |
        | Open Crowd                     | Visitors |
        | Let Crowd Ask                  | Visitors | What did we spend in total? |
        | Crowd Should Get Whole Answers | Visitors |
        | Crowd Should Keep Its Budgets  | Visitors | whole |
        | Let Crowd Go                   | Visitors |
        """
        found = self._crowd(crowd)
        something(found.chats, f"Nobody of {crowd} is connected")
        progress = Progress("answers come", len(found.chats))
        for chat in found.chats:
            chat.wait_for_end()
            progress.advance()
        self._tell_times(found)
        for chat in found.chats:
            demand(order.complete_run(chat.transcript, chat.question().run_id))
        self._judge(found)

    @keyword(tags=("Judging", "Timing"))
    def crowd_should_keep_its_budgets(self, crowd: str, *names: str, share: float = 95.0) -> None:
        """Checks over all runs of a crowd that so many in a hundred kept the environment's budgets.

        Args:
            crowd: The crowd.
            names: Budgets of the environment, for example ``asked_to_ack``; all that concern a run when none
                is named.
            share: How many in a hundred must keep each.

        Raises:
            BrokenPromise: Too many were slower; the message says how slow.

        Example:
        | Create Crowd                   | Visitors | 10 | organisations=2 |
        | Open Crowd                     | Visitors |
        | Let Crowd Ask                  | Visitors | What did we spend in total? |
        | Crowd Should Get Whole Answers | Visitors |
        | Crowd Should Keep Its Budgets  | Visitors | whole |
        | Let Crowd Go                   | Visitors |
        """
        times, slow = self._crowd(crowd).times(), list[str]()
        for name in names or RUN_BUDGETS:
            budget, values = self.kit.environment.budget(name), times[name]
            if not values:
                raise BrokenPromise(f"Nothing of {crowd} could be timed {timing.TRANSITIONS[name]}.")
            reached = timing.percentile(values, share)
            if reached > budget:
                slow.append(
                    f"{timing.TRANSITIONS[name]}: {share:g} in 100 of {len(values)} took up to "
                    f"{reached * 1000:.0f} ms; the budget is {budget * 1000:.0f} ms"
                )
        if slow:
            raise BrokenPromise(f"{crowd} waited too long " + "; ".join(slow) + ".")

    @keyword(tags=("Crowds", "Sessions", "Judging"))
    def let_crowd_go(self, crowd: str) -> None:
        """Closes all sessions of a crowd, judges what they recorded, and forgets it.

        So a crowd can come and go for hours in the memory of one visit.

        Args:
            crowd: The crowd.

        Raises:
            BrokenPromise: Somebody's frames are not as agreed.

        Example:
        | Create Crowd                   | Visitors | 10 | organisations=2 |
        | Open Crowd                     | Visitors |
        | Let Crowd Ask                  | Visitors | What did we spend in total? |
        | Crowd Should Get Whole Answers | Visitors |
        | Crowd Should Keep Its Budgets  | Visitors | whole |
        | Let Crowd Go                   | Visitors |
        """
        found = self._crowd(crowd)
        close_many([chat.session for chat in found.chats])
        self._judge(found)
        forget(self.kit.world.scope, found.chats)
        found.chats = []

    def _crowd(self, name: str) -> Crowd:
        crowd = self._crowds.get(name)
        if crowd is None:
            known = ", ".join(self._crowds.names()) or "none yet"
            raise Unexpected(f"There is no crowd {name!r}. There are: {known}. Make one with `Create Crowd`.")
        return crowd

    def _judge(self, crowd: Crowd) -> None:
        """Asks every rule of everything that a crowd recorded."""
        transcripts = crowd.transcripts
        frames = sum(len(t.frames) for t in transcripts)
        progress = Progress("connections judged", len(transcripts))
        wrong = story(judge(transcripts, self.kit.contract, issued(), ALONE, progress.advance))
        _tell_truncated(crowd)
        if wrong is not None:
            raise BrokenPromise(*wrong)
        logger.info(
            f"{len(RULES)} rules hold for {counted(len(transcripts), 'connection')}, {frames:,} frames."
        )

    def _tell_times(self, crowd: Crowd) -> None:
        times, budgets = crowd.times(), self.kit.environment.budgets
        logger.info("\n".join(table(times, budgets)) or "Nothing could be timed.")
        builtin: Any = BuiltIn()
        for name, values in times.items():
            if values:
                p50, p95, p99 = (timing.percentile(values, share) * 1000 for share in (50, 95, 99))
                told = f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms of {len(values)}"
                builtin.set_test_metadata(f"{crowd.name} {name.replace('_', ' ')}", told)


def _alias(name: str, device: int) -> str:
    return name if device == 1 else f"{name}, device {device}"


def _first(transcript: Any) -> Any:  # noqa: ANN401 -- the first event of a transcript, or None
    return next(transcript.events(), None)


def _tell_truncated(crowd: Crowd) -> None:
    """Says out loud when frames were not recorded."""
    cut = [t for t in crowd.transcripts if t.truncated]
    if cut:
        left_out = counted(sum(t.truncated for t in cut), "frame")
        bound = f"the bound of {crowd.keep} frames each" if crowd.keep else "a bound"
        logger.warn(f"truncated: {left_out} of {_some(cut)} of {crowd.name} not recorded, by {bound}.")


def _some(cut: Iterable[object]) -> str:
    return counted(len(list(cut)), "connection")
