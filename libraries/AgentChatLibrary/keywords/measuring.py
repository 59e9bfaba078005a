"""Measuring: times and their spread, and what the backend still holds after much use."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from robot.api import logger
from robot.api.deco import keyword
from robot.libraries.BuiltIn import BuiltIn

from ..chat import Unexpected
from ..engine.session import Session
from ..kit import Kit
from ..metrics import Metrics
from ..rules import replies, timing
from ..world import Notes
from .promises import BrokenPromise, demand
from .rounds import go_round, judge_what_came, until_welcome

BALANCED: Final = ("connections", "managers", "runs", "tasks", "process_open_fds")
"""Gauges that must be back at their base when everybody has gone."""
SETTLED_SECONDS: Final = 0.5
"""How long nothing may change before a reading counts: ends of connections take their time."""
PERCENT: Final = 95
"""How many in a hundred must keep a budget (variables: BUDGETS)."""
MEMORY: Final = "process_resident_memory_bytes"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a measurement has come to.

    Attributes:
        values: The times, in seconds.
        lost: What there is to say when it was ended because it could not end well; empty otherwise.
    """

    values: list[float]
    lost: str = ""


class Measuring:
    """Keywords that measure; they judge by the environment's budgets alone."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.times: Notes[Measured] = Notes(kit.world)

    @keyword(tags=("Timing",))
    def connect_repeatedly(self, person: str, times: int) -> None:
        """Connects and closes again and again, and notes how long each connection took to be welcomed.

        It ends as soon as so many were slow that the rest could not bring the budget back. What each
        connection has received is judged by what holds in every test.

        Args:
            person: Who connects.
            times: How often.

        Raises:
            Unexpected: One was refused, or not welcomed.
            BrokenPromise: One has received what it should not.

        Example:
        | Connect Repeatedly             | Ana     | 5 |
        | Times Should Keep Their Budget | connect | at_least=5 |
        """
        found = self.kit.world.person(person)
        offer = self.kit.offer(found.service.deployment, [("header", self.kit.token(found))])
        values, sessions, lost = list[float](), list[Session](), ""
        for number in range(times):
            sessions.append(Session(f"{person}, time {number + 1}", found.owner))
            try:
                values.append(until_welcome(sessions[-1], offer, self.kit.environment))
            except Unexpected as problem:
                raise Unexpected(f"{person}, connection {number + 1} of {times}: {problem}") from None
            finally:
                sessions[-1].close()
            if lost := self._lost("connect", values, times):
                break
        self.times["connect"] = Measured(values, lost)
        judge_what_came(sessions, self.kit.contract)

    @keyword(tags=("Timing",))
    def ping_repeatedly(self, session: str, times: int) -> None:
        """Pings again and again, each time when the pong has come, and notes how long each round trip took.

        It ends as soon as so many were slow that the rest could not bring the budget back.

        Args:
            session: Alias of the session.
            times: How often.

        Raises:
            BrokenPromise: A pong was wrong.

        Example:
        | Ping Repeatedly                | Ana        | 20 |
        | Times Should Keep Their Budget | round_trip | at_least=20 |
        """
        chat, values, lost = self.kit.world.chat(session), list[float](), ""
        for _ in range(times):
            values.append(chat.round_trip())
            if lost := self._lost("round_trip", values, times):
                break
        self.times["round_trip"] = Measured(values, lost)
        demand(replies.pongs_answer_pings(chat.transcript, complete=True))

    @keyword(tags=("Timing",))
    def note_how_much_later_events_came(self, later: str, first: str) -> None:
        """Notes for each event how much later one device received it than another of the same person.

        Args:
            later: Alias of the session that should not be behind.
            first: Alias of the session that it is compared with.

        Raises:
            BrokenPromise: One has not received the same events as the other.

        Example:
        | Open Session                    | Ana             | Ana's phone |
        | Ask                             | Ana             | What did we spend in total? |
        | Wait For Answer                 | Ana             |
        | Sentinel Fence                  | Ana's phone     |
        | Note How Much Later Events Came | Ana's phone     | Ana |
        | Times Should Keep Their Budget  | to_other_device | at_least=5 |
        """
        sessions = (self.kit.world.chat(later), self.kit.world.chat(first))
        for chat in sessions:
            chat.settle()
        behind, before = ({e.seq: e.at for e in chat.transcript.durable} for chat in sessions)
        if behind.keys() != before.keys():
            raise BrokenPromise(
                f"{later} received {len(behind)} events and {first} {len(before)}, not the same."
            )
        self.times["to_other_device"] = Measured([max(0.0, at - before[seq]) for seq, at in behind.items()])

    def _lost(self, name: str, values: list[float], planned: int) -> str:
        """What there is to say when so many were slow that no more need be measured; empty otherwise."""
        budget = self.kit.environment.budget(name)
        if not lost_cause(sum(value > budget for value in values), planned):
            return ""
        return too_slow(name.replace("_", " ").capitalize(), values, budget, planned)

    @keyword(tags=("Timing", "Judging"))
    def times_should_keep_their_budget(self, name: str, at_least: int = 50) -> None:
        """Checks the spread of the times that were noted against the environment's budget.

        The figures are written into the report, whether the budget is kept or not.

        Args:
            name: ``connect``, ``round_trip`` or ``to_other_device``.
            at_least: How many values are needed for a judgement.

        Raises:
            BrokenPromise: The median or the 95th percentile is over its budget.

        Example:
        | Connect Repeatedly             | Ana     | 5 |
        | Times Should Keep Their Budget | connect | at_least=5 |
        """
        measured = self.times.get(name) or Measured([])
        values = measured.values
        budget, median = self.kit.environment.budget(name), self.kit.environment.median_budget(name)
        told = (
            f"{timing.Distribution.of(values)}; budget {budget * 1000:.0f} ms" if values else "not measured"
        )
        builtin: Any = BuiltIn()
        builtin.set_test_metadata(name.replace("_", " "), told)
        logger.info(told)
        if measured.lost:
            raise BrokenPromise(measured.lost)
        demand(
            timing.distribution_within(
                name.replace("_", " ").capitalize(), values, p50=median, p95=budget, at_least=at_least
            )
        )

    @keyword(tags=("Crowds", "Operations"))
    def churn(self, rounds: int, question: str, *people: str) -> None:
        """Lets people connect, ask, get their answer and leave, all of them together, again and again.

        What each of them has received is judged by what holds in every test, at the end of each round.

        Args:
            rounds: How often.
            question: What they ask.
            people: Who they are; each round is one cycle for each of them.

        Raises:
            Unexpected: Somebody was refused, or got no answer.
            BrokenPromise: Somebody has received what they should not.

        Example, on a backend of its own:
        | Churn                            | 2 | What did we spend in total? | Ana | Boris |
        | ${before}                        | Read What The Backend Holds |
        | Churn                            | 2 | What did we spend in total? | Ana | Boris |
        | Backend Should Hold What It Held | ${before} |
        """
        found = [self.kit.world.person(name) for name in people]
        offers = [self.kit.offer(p.service.deployment, [("header", self.kit.token(p))]) for p in found]
        for _ in range(rounds):
            go_round(found, offers, question, self.kit.environment, self.kit.contract)

    @keyword(tags=("Operations", "Health"))
    def read_what_the_backend_holds(self) -> dict[str, float]:
        """Returns what the backend holds now: connections, managers, runs, tasks, descriptors, memory.

        Example, on a backend of its own:
        | Churn                            | 2 | What did we spend in total? | Ana | Boris |
        | ${before}                        | Read What The Backend Holds |
        | Churn                            | 2 | What did we spend in total? | Ana | Boris |
        | Backend Should Hold What It Held | ${before} |
        """
        self.kit.service.hang_up()
        now, since = self._held(), time.monotonic()
        while time.monotonic() - since < SETTLED_SECONDS:
            self.kit.pause()
            before, now = now, self._held()
            if now != before:
                since = time.monotonic()
        return {**now, MEMORY: self._metric(MEMORY)}

    @keyword(tags=("Operations", "Health"))
    def backend_should_hold_what_it_held(self, before: dict[str, float]) -> None:
        """Waits until everything but memory is back exactly where it was.

        Args:
            before: What `Read What The Backend Holds` returned before.

        Raises:
            Unexpected: Something is not back after the environment's ``notice`` timeout.

        Example, on a backend of its own:
        | Churn                            | 2 | What did we spend in total? | Ana | Boris |
        | ${before}                        | Read What The Backend Holds |
        | Churn                            | 2 | What did we spend in total? | Ana | Boris |
        | Backend Should Hold What It Held | ${before} |
        """

        def differing() -> list[str]:
            now = self._held()
            changed = [name for name in BALANCED if now[name] != before[name]]
            return [f"{name} is {now[name]:g} and was {before[name]:g}" for name in changed]

        self.kit.until(
            lambda: not differing(),
            lambda: f"the backend keeps what it should have given back: {'; '.join(differing())}.",
            self.kit.environment.timeout("notice"),
        )

    @keyword(tags=("Operations", "Health"))
    def memory_growth_should_keep_its_bound(self, before: dict[str, float], cycles: int) -> None:
        """Checks how much memory the backend has kept for each cycle of use.

        Memory comes in pieces (CPython takes 1 MiB at a time), so few cycles tell nothing: let there be fifty
        at least, after some that warm the backend up.

        Args:
            before: What `Read What The Backend Holds` returned before.
            cycles: How many cycles there have been since.

        Raises:
            BrokenPromise: It is more than the environment's bound ``memory_bytes_per_cycle``.

        Example, on a backend of its own:
        | Churn                               | 10        | What did we spend in total? | Ana | Boris |
        | ${before}                           | Read What The Backend Holds |
        | Churn                               | 40        | What did we spend in total? | Ana | Boris |
        | Memory Growth Should Keep Its Bound | ${before} | cycles=80 |
        """
        bound = self.kit.environment.budget("memory_bytes_per_cycle")
        growth = (self._metric(MEMORY) - before[MEMORY]) / cycles
        told = f"{growth:,.0f} bytes a cycle over {cycles} cycles; bound {bound:,.0f}"
        builtin: Any = BuiltIn()
        builtin.set_test_metadata("memory growth", told)
        logger.info(told)
        if growth > bound:
            raise BrokenPromise(f"The backend's memory grows too much: {told}.")

    def _held(self) -> dict[str, float]:
        reading = Metrics(self.kit.service.metrics())
        return {name: reading.sum(name, {}) for name in BALANCED}

    def _metric(self, name: str) -> float:
        return Metrics(self.kit.service.metrics()).sum(name, {})


def lost_cause(over: int, planned: int) -> bool:
    """Whether so many values are over a budget that the 95th percentile of all cannot keep it any more.

    Args:
        over: How many are over it so far.
        planned: How many values there are to be.
    """
    return over > planned - math.ceil(planned * PERCENT / 100)


def too_slow(what: str, values: Sequence[float], budget: float, planned: int) -> str:
    """The story of a measurement that was ended because it could not end well.

    Args:
        what: What was timed.
        values: The times so far, in seconds.
        budget: The budget of the 95th percentile in seconds.
        planned: How many values there were to be.
    """
    over = sorted(value for value in values if value > budget)
    allowed = planned - math.ceil(planned * PERCENT / 100)
    return (
        f"{what} took too long: {len(over)} of the first {len(values)} times were over {budget * 1000:.0f} ms"
        f" (up to {over[-1] * 1000:.0f} ms); of {planned} at most {allowed} may be."
    )
