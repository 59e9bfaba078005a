"""Many people at once: each keyword acts for all of them, so that they really act together."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from weakref import WeakKeyDictionary

from robot.api import logger
from robot.api.deco import keyword
from robot.libraries.BuiltIn import BuiltIn

from ..chat import Chat, Question, Unexpected
from ..engine.crowd import open_many, send_together
from ..engine.offer import Refused
from ..engine.session import Session
from ..identity import canary
from ..kit import Kit
from ..outgoing import encoded, new_message_id
from ..redaction import mask
from ..rules import isolation, order, timing
from .judging import RUN_BUDGETS
from .measuring import lost_cause, too_slow
from .people import People
from .promises import BrokenPromise, demand, something
from .types import Tier

WORKERS: Final = 8
"""How many people are made at a time; more would only queue at the backend."""
ONCE_A_RUN: Final = tuple(
    name for name in RUN_BUDGETS if name not in {"thinking_to_executing", "executing_to_completed"}
)
"""Transitions that every run has once; tools are used several times."""
STILL_WORKING: Final = 0.25
"""The share of the others whose runs are still going on at least whenever a measured question is asked."""


class Course:
    """The course of a measurement of many runs; it can be lost before all of them have run.

    Args:
        kit: Knows the budgets.
        planned: How many runs there are to be.

    Attributes:
        lost: What there is to say when the rest could not bring a budget back; empty while it could.
    """

    def __init__(self, kit: Kit, planned: int) -> None:
        self.lost = ""
        self._kit = kit
        self._planned = planned
        self._times: dict[str, list[float]] = {name: [] for name in ONCE_A_RUN}

    def ran(self, chat: Chat, run_id: str) -> None:
        """Notes the times of a run that has ended."""
        measured = timing.times(chat.transcript, run_id)
        for name, values in self._times.items():
            values.extend(measured.seconds(name))
            budget = self._kit.environment.budget(name)
            if not self.lost and lost_cause(sum(value > budget for value in values), self._planned):
                what = timing.TRANSITIONS[name].capitalize()
                self.lost = too_slow(f"{what}, it", values, budget, self._planned)


class Crowds:
    """Keywords about many people."""

    def __init__(self, kit: Kit, people: People) -> None:
        self.kit = kit
        self._people = people
        self._courses: WeakKeyDictionary[Chat, Course] = WeakKeyDictionary()

    @keyword(tags=("Crowds", "People"))
    def create_people(
        self, count: int, organisation: str, tier: Tier = "enterprise", name: str = "Person"
    ) -> list[str]:
        """Creates many people of one organisation.

        Args:
            count: How many.
            organisation: An organisation that exists.
            tier: What they pay for.
            name: What their names begin with; a number follows.

        Returns:
            Their names.

        Raises:
            UnknownName: There is no such organisation.
            NameTaken: There are people of those names already: give these another ``name``.
            Declined: The backend declined one.

        Example:
        | @{people}     | Create People | 3 | Northwind |
        | Open Sessions | @{people} |
        """
        names = [f"{name} {number} of {organisation}" for number in range(1, count + 1)]
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(lambda one: self._people.create_person(one, organisation, tier), names))
        return names

    @keyword(tags=("Crowds", "Sessions"))
    def open_sessions(self, *people: str) -> None:
        """Connects many people at once, one session each.

        Args:
            people: Names of the people; each session's alias is its person's name.

        Raises:
            NameTaken: A session of that alias is still connected.
            Unexpected: One of them was refused.

        Example:
        | @{people}     | Create People | 3 | Northwind |
        | Open Sessions | @{people} |
        """
        chats, offers = [], []
        for name in people:
            person = self.kit.world.person(name)
            chat = Chat(Session(name, person.owner), person, self.kit.environment)
            self.kit.world.add_chat(chat)
            chats.append(chat)
            offers.append(self.kit.offer(person.service.deployment, [("header", self.kit.token(person))]))
        try:
            open_many([chat.session for chat in chats], offers, self.kit.environment.timeout("connect"))
        except Refused as refusal:
            raise Unexpected(
                f"One of {len(people)} could not connect: HTTP {refusal.status} {mask(refusal.body)[:200]}"
            ) from None
        for chat in chats:
            chat.waits.for_reply(lambda t: next(iter(t.received()), None), "connection_established")

    @keyword(tags=("Crowds", "Asking"))
    def everybody_asks(self, question: str, *sessions: str) -> None:
        """Lets many sessions ask the same question at once, without waiting for anything.

        Args:
            question: The question.
            sessions: Aliases of the sessions.

        Example:
        | Everybody Asks                         | Which resources are idle? | Ana | Boris |
        | Everybody Gets A Whole Answer          | Ana                       | Boris |
        | Everybody Has Seen Only Their Own Runs | Ana                       | Boris |
        """
        self._ask_together([(self.kit.world.chat(alias), question) for alias in sessions])

    @keyword(tags=("Crowds", "Asking"))
    def everybody_asks_about_secrets(self, *sessions: str) -> None:
        """Lets many sessions ask at once, each with a canary of its own person in the question.

        Args:
            sessions: Aliases of the sessions.

        Example:
        | Everybody Asks About Secrets  | Ana | Boris |
        | Everybody Gets A Whole Answer | Ana | Boris |
        """
        chats = [self.kit.world.chat(alias) for alias in sessions]
        self._ask_together(
            [(c, f"Where can we cut the bill of {canary('person', c.person.user_id)}?") for c in chats]
        )

    def _ask_together(self, questions: list[tuple[Chat, str]]) -> None:
        ids = [new_message_id() for _ in questions]
        asked = list(zip(questions, ids, strict=True))
        send_together([(c.session, encoded("chat", i, {"content": text})) for (c, text), i in asked])
        for (chat, _), message_id in asked:
            chat.accepted(message_id)

    @keyword(tags=("Crowds", "Waiting", "Judging"))
    def everybody_gets_a_whole_answer(self, *sessions: str) -> None:
        """Waits until every question of each session's connection is answered, and judges each run by itself.

        Each run is complete and in order, and nothing of anybody else has come.

        Args:
            sessions: Aliases of the sessions.

        Raises:
            EventMissing: Somebody got no answer.
            BrokenPromise: Somebody's run is not as agreed, or no session was named.
            Unexpected: Somebody has asked nothing since the session was connected.

        Example:
        | Everybody Asks                         | Which resources are idle? | Ana | Boris |
        | Everybody Gets A Whole Answer          | Ana                       | Boris |
        | Everybody Has Seen Only Their Own Runs | Ana                       | Boris |
        """
        something(sessions, "No session was named")
        chats = [self.kit.world.chat(alias) for alias in sessions]
        runs = [(chat, question.run_id) for chat in chats for question in chat.asked_here()]
        for chat, run_id in runs:
            chat.wait_for_end(run_id)
        for chat, run_id in runs:
            demand(order.complete_run(chat.transcript, run_id))
        for chat in chats:
            demand(isolation.no_foreign_events(chat.transcript))
            demand(isolation.no_foreign_canary(chat.transcript))

    @keyword(tags=("Crowds", "Asking", "Timing"))
    def ask_repeatedly(self, session: str, question: str, times: int) -> None:
        """Asks the same question again and again, each time when the answer is there.

        It ends as soon as so many runs were slow that the rest could not bring a budget back.

        Args:
            session: Alias of the session.
            question: The question.
            times: How often.

        Example:
        | Ask Repeatedly                 | Ana | What did we spend in total? | 3 |
        | Runs Should Keep Their Budgets | Ana | at_least=3 |
        """
        chat = self.kit.world.chat(session)
        course = self._course(chat, times)
        for _ in range(times):
            run = chat.ask(question).run_id
            chat.wait_for_end()
            course.ran(chat, run)
            if course.lost:
                break

    @keyword(tags=("Crowds", "Asking", "Timing"))
    def ask_while_others_work(
        self, session: str, question: str, times: int, others_question: str, *others: str
    ) -> None:
        """Asks again and again while the others are being answered; they ask anew when most have answers.

        It ends as soon as so many runs were slow that the rest could not bring a budget back.

        Args:
            session: Alias of the session whose times are to be measured.
            question: What it asks.
            times: How often.
            others_question: What the others ask.
            others: Aliases of the others' sessions.

        Raises:
            Unexpected: The others were not working at that time, so the measurement would show nothing.

        Example:
        | @{others}             | Create People | 3 | Northwind |
        | Open Sessions         | @{others} |
        | ${theirs}             | Set Variable | What will it cost next year? |
        | Ask While Others Work | Ana | What did we spend in total? | 2 | ${theirs} | @{others} |
        """
        chat, overlapped = self.kit.world.chat(session), 0
        course = self._course(chat, times)
        for number in range(times):
            if number == 0 or self._working(others) < STILL_WORKING * len(others):
                self._wait_for_all(others if number else ())
                self.everybody_asks(others_question, *others)
            asked = chat.ask(question)
            mine = asked.run_id
            chat.wait_for_end()
            overlapped += self._overlapped(chat, asked, others)
            course.ran(chat, mine)
            if course.lost:
                break
        self._wait_for_all(others)
        logger.info(f"Others were working during {overlapped} of {times} runs.")
        if not course.lost and overlapped * 2 < times:
            raise Unexpected(f"Others were working during only {overlapped} of {session}'s {times} runs.")

    def _course(self, chat: Chat, planned: int) -> Course:
        self._courses[chat] = course = Course(self.kit, planned)
        return course

    def _wait_for_all(self, sessions: Iterable[str]) -> None:
        for alias in sessions:
            self.kit.world.chat(alias).wait_for_end()

    def _working(self, sessions: Iterable[str]) -> int:
        return sum(self.kit.world.chat(alias).run().end is None for alias in sessions)

    def _overlapped(self, chat: Chat, asked: Question, others: tuple[str, ...]) -> bool:
        """Whether another waited for an answer at any time from the question to its own."""
        last = chat.run(asked.run_id).events[-1]
        chats = [self.kit.world.chat(alias) for alias in others]
        return any(
            theirs.question().ack.at <= last.at
            and ((end := theirs.run().end) is None or asked.asked.at <= end.at)
            for theirs in chats
        )

    @keyword(tags=("Judging", "Timing"))
    def runs_should_keep_their_budgets(self, *sessions: str, at_least: int = 20) -> None:
        """Checks how long each transition took over all runs of these sessions, against the budgets.

        The figures are written into the report, whether the budgets are kept or not.

        Args:
            sessions: Aliases of the sessions.
            at_least: How many runs are needed for a judgement.

        Raises:
            BrokenPromise: The median or the 95th percentile of a transition is over its budget.

        Example:
        | Ask Repeatedly                 | Ana | What did we spend in total? | 3 |
        | Runs Should Keep Their Budgets | Ana | at_least=3 |
        """
        values: dict[str, list[float]] = {name: [] for name in RUN_BUDGETS}
        for alias in sessions:
            chat = self.kit.world.chat(alias)
            for question in chat.questions:
                measured = timing.times(chat.transcript, question.run_id)
                for name in RUN_BUDGETS:
                    values[name] += measured.seconds(name)
        self._report(values)
        for course in filter(None, (self._courses.get(self.kit.world.chat(alias)) for alias in sessions)):
            if course.lost:
                raise BrokenPromise(course.lost)
        for name, found in values.items():
            demand(
                timing.distribution_within(
                    timing.TRANSITIONS[name].capitalize(),
                    found,
                    p50=self.kit.environment.median_budget(name),
                    p95=self.kit.environment.budget(name),
                    at_least=at_least,
                )
            )

    def _report(self, values: dict[str, list[float]]) -> None:
        builtin: Any = BuiltIn()
        for name, found in values.items():
            if found:
                budget = self.kit.environment.budget(name) * 1000
                builtin.set_test_metadata(
                    name.replace("_", " "), f"{timing.Distribution.of(found)}; budget {budget:.0f} ms"
                )
        logger.info(f"{len(values['whole'])} runs measured")
