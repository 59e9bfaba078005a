"""Customers who go on asking while processes, or the database, go down and come back."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from robot.api import logger
from robot.api.deco import keyword

from ..chat import Chat, Unexpected
from ..customers import Customer, Stuck
from ..engine.session import Ended, Session
from ..kit import Kit
from ..ledger import ANSWERED, Audit, audit
from ..world import Notes
from .crowds import Crowds
from .operations import Operations
from .promises import BrokenPromise
from .types import EventType

STAY: Final = "stay"
"""The name under which it is noted who stays."""
SHOWN: Final = 3
"""How many lines a message shows of what is missing."""
GOING_AWAY: Final = "1001"
"""Close code of a server that goes down (RFC 6455, section 7.4.1)."""
INTERRUPTED: Final = "interrupted"
"""Code of a run that was cut off with its process or its database (contract: When a server dies)."""


@dataclass(slots=True)
class Stay:
    """Customers who go on asking.

    Attributes:
        customers: Who they are.
        audits: What a comparison with the whole log has found of each; empty before.
    """

    customers: list[Customer]
    audits: list[Audit] = field(default_factory=list)


class Staying:
    """Keywords about customers who stay."""

    def __init__(self, kit: Kit, crowds: Crowds, operations: Operations) -> None:
        self.kit = kit
        self._crowds, self._operations = crowds, operations
        self._stays: Notes[Stay] = Notes(kit.world)

    @keyword(tags=("Crowds", "Reconnection"))
    def customers_begin_to_ask(self, count: int, organisation: str) -> None:
        """Lets new customers ask one question after the other from now on, all at the same time.

        They have logged in over HTTP, and connect at the address in front. Whoever loses the connection comes
        back, resumes after the last event that had come, and asks again, with the same id, what was not
        accepted.

        Args:
            count: How many.
            organisation: An organisation that exists.

        Raises:
            Declined: The backend declined one.

        Example, on a deployment of its own:
        | Customers Begin To Ask                | 2 | Northwind |
        | Wait Until Every Customer Has Answers | 1 |
        | Customers Should Have Lost Nothing    |
        """
        customers = [self._customer(name) for name in self._crowds.create_people(count, organisation)]
        self._stays[STAY] = Stay(customers)
        for customer in customers:
            self.kit.world.scope.going_on.append(customer.leave)
            customer.begin()

    def _customer(self, name: str) -> Customer:
        person = self.kit.world.person(name)
        person.sign_in()
        chat = Chat(Session(name, person.owner), person, self.kit.environment)
        self.kit.world.add_chat(chat)
        limit = self.kit.environment.timeout("connect")

        def connect(session: Session) -> None:
            offer = self.kit.offer(person.service.deployment, [("header", self.kit.token(person))])
            session.open(offer, limit)

        return Customer(
            chat.session, connect, self.kit.environment.timeout("answer"), secrets.randbelow(2**31)
        )

    @keyword(tags=("Crowds", "Waiting"))
    def wait_until_every_customer_has_answers(self, count: int) -> None:
        """Waits until each of the customers who go on asking has this many more answers than now.

        A question whose run failed has no answer; the customer asks the next one.

        Args:
            count: How many answers each must have.

        Raises:
            Unexpected: One has not; the message says how the questions ended.

        Example, on a deployment of its own:
        | Customers Begin To Ask                | 2 | Northwind |
        | Wait Until Every Customer Has Answers | 1 |
        | Customers Should Have Lost Nothing    |
        """
        wanted = {customer: customer.answers + count for customer in self._stay().customers}

        def waiting() -> list[str]:
            return [
                one.session.alias
                for one, goal in wanted.items()
                if one.answers < goal and not one.books.stuck
            ]

        self.kit.until(
            lambda: not waiting(),
            lambda: f"{', '.join(waiting())} should have {count} more answer(s). {self._how_it_went()}",
            self.kit.environment.timeout("answer"),
        )
        self._nobody_is_stuck()

    @keyword(tags=("Crowds", "Operations", "Waiting"))
    def let_every_customer_wait(self) -> None:
        """Holds the answers of the customers who go on asking, and waits until one of each is held.

        Whatever happens next happens to a run of each, until `Let Every Customer Go On`.

        Raises:
            Declined: The backend declined the hold.
            Unexpected: None is, of one.

        Example, on a deployment of its own:
        | Customers Begin To Ask                | 2 | Northwind |
        | Let Every Customer Wait               |
        | Drain Process                         | 1 |
        | Let Every Customer Go On              |
        | Wait Until Process Has Ended          | 1 |
        | Start Processes Again                 |
        | Wait Until Every Customer Has Answers | 1 |
        """
        customers = self._stay().customers
        for customer in customers:
            self._operations.hold_runs(customer.session.alias, EventType.agent_completed)

        people = {one: self.kit.world.person(one.session.alias) for one in customers}

        def idle() -> list[str]:
            return [
                person.name
                for one, person in people.items()
                if not one.books.stuck
                and not person.service.admin("GET", f"/people/{person.user_id}")["held"]
            ]

        self.kit.until(
            lambda: not idle(),
            lambda: f"{', '.join(idle())} should have a question whose answer is held.",
            self.kit.environment.timeout("answer"),
        )
        self._nobody_is_stuck()

    @keyword(tags=("Crowds", "Operations"))
    def let_every_customer_go_on(self) -> None:
        """Lets the customers have the answers that `Let Every Customer Wait` holds.

        Raises:
            Declined: The backend declined it.

        Example, on a deployment of its own:
        | Customers Begin To Ask                | 2 | Northwind |
        | Let Every Customer Wait               |
        | Drain Process                         | 1 |
        | Let Every Customer Go On              |
        | Wait Until Process Has Ended          | 1 |
        | Start Processes Again                 |
        | Wait Until Every Customer Has Answers | 1 |
        """
        for customer in self._stay().customers:
            self._operations.release_runs(customer.session.alias)

    @keyword(tags=("Crowds", "Judging"))
    def customers_should_have_lost_nothing(self) -> None:
        """Lets the customers have their last answers, and compares what they have with the whole log.

        Every accepted question began once and has one end; every event came, once, in its first text; and
        nothing that was seen is gone.

        Raises:
            BrokenPromise: It is not so.

        Example, on a deployment of its own:
        | Customers Begin To Ask                | 2 | Northwind |
        | Wait Until Every Customer Has Answers | 1 |
        | Customers Should Have Lost Nothing    |
        """
        stay = self._stay()
        for customer in stay.customers:
            customer.stop_asking()
        for customer in stay.customers:
            customer.finish()
        self._nobody_is_stuck()
        stay.audits = [_audited(customer) for customer in stay.customers]
        found = list(zip(stay.customers, stay.audits, strict=True))
        _demand([(c, a.lost) for c, a in found], "lost")
        _demand([(c, a.repeated) for c, a in found], "got twice")
        _tell(stay)

    @keyword(tags=("Crowds", "Judging"))
    def customers_should_have_noticed_only_goodbyes(self) -> None:
        """Checks that customers who went on asking have noticed nothing but that they had to come back.

        Each connection ended with 1001, and each customer's at least once; each came back at the first try;
        and every question was answered. Use `Customers Should Have Lost Nothing` before it.

        Raises:
            BrokenPromise: It is not so.

        Example, on a deployment of its own:
        | Customers Begin To Ask                      | 2 | Northwind |
        | Wait Until Every Customer Has Answers       | 1 |
        | Drain Process                               | 1 |
        | Wait Until Process Has Ended                | 1 |
        | Start Processes Again                       |
        | Drain Process                               | 2 |
        | Wait Until Process Has Ended                | 2 |
        | Start Processes Again                       |
        | Customers Should Have Lost Nothing          |
        | Customers Should Have Noticed Only Goodbyes |
        """
        stay = self._audited_stay()
        for customer, found in zip(stay.customers, stay.audits, strict=True):
            who, books = customer.session.alias, customer.books
            others = [end for end in books.ends if end != GOING_AWAY]
            if others or not books.ends:
                how = f"ended with {', '.join(others)}" if others else "never ended"
                raise BrokenPromise(f"{who}'s connection {how}; each restart should say goodbye with 1001.")
            if books.refusals:
                raise BrokenPromise(
                    f"{who} came back after a goodbye and was refused: {_counted(books.refusals)} "
                    "(HTTP status: times); the first try should do."
                )
            if set(found.endings) != {ANSWERED}:
                raise BrokenPromise(
                    f"{who}'s questions ended as {_counted(found.endings)}; all should be answered."
                )

    @keyword(tags=("Crowds", "Judging"))
    def customers_should_have_been_cut_off_at_most(self, times: int) -> None:
        """Checks that customers who went on asking were answered, but for a few questions that were cut off.

        What was at work when the database, or a process, went away may end as interrupted: one question of
        each customer each time. Everything else is answered. Use `Customers Should Have Lost Nothing`
        before it.

        Args:
            times: How many questions of each customer may have ended as interrupted.

        Raises:
            BrokenPromise: More have, or one has failed in another way.

        Example, on a deployment of its own:
        | Customers Begin To Ask                     | 2 | Northwind |
        | Wait Until Every Customer Has Answers      | 1 |
        | Restart The Database                       |
        | Wait Until Every Customer Has Answers      | 1 |
        | Customers Should Have Lost Nothing         |
        | Customers Should Have Been Cut Off At Most | 1 |
        """
        stay = self._audited_stay()
        for customer, found in zip(stay.customers, stay.audits, strict=True):
            cut_off = found.endings.get(INTERRUPTED, 0)
            if cut_off > times or not found.endings.keys() <= {ANSWERED, INTERRUPTED}:
                raise BrokenPromise(
                    f"{customer.session.alias}'s questions ended as {_counted(found.endings)}; "
                    f"all should be answered, but for {times} at most that were interrupted."
                )

    def _how_it_went(self) -> str:
        """How the questions of all customers have ended so far, in a sentence."""
        ways = sum((one.books.endings for one in self._stay().customers), Counter[str]())
        return f"So far their questions have ended as {_counted(ways)}."

    def _audited_stay(self) -> Stay:
        """The customers who began to ask last, once they have been compared with the log.

        Raises:
            Unexpected: Nobody did, or they have not been compared.
        """
        stay = self._stay()
        if not stay.audits:
            raise Unexpected(
                "What the customers have was not compared with the log: there is nothing to look at. "
                "Use `Customers Should Have Lost Nothing` before."
            )
        return stay

    def _stay(self) -> Stay:
        """The customers who began to ask last.

        Raises:
            Unexpected: Nobody did.
        """
        stay = self._stays.get(STAY)
        if stay is None or not stay.customers:
            raise Unexpected(
                "Nobody goes on asking: there is nothing to look at. Use `Customers Begin To Ask`."
            )
        return stay

    def _nobody_is_stuck(self) -> None:
        stuck = [one for one in self._stay().customers if one.books.stuck]
        if stuck:
            first = stuck[0]
            raise BrokenPromise(
                f"{first.session.alias} waited in vain for {first.books.stuck}. "
                f"The connections before ended with {', '.join(first.books.ends) or 'nothing'}."
            )


def _audited(customer: Customer) -> Audit:
    """What the comparison of a customer's books with the whole log finds."""
    try:
        return audit(customer.books, customer.whole_log())
    except (Stuck, Ended) as problem:
        raise BrokenPromise(f"{customer.session.alias}'s log could not be had: {problem}") from None


def _tell(stay: Stay) -> None:
    books = [one.books for one in stay.customers]
    endings = sum((Counter(one.endings) for one in stay.audits), Counter[str]())
    logger.info(
        f"{len(books)} customers; {sum(one.runs for one in stay.audits)} runs ({_counted(endings)}); "
        f"{sum(one.frames for one in stay.audits)} events; connections that ended: "
        f"{_counted(Counter(end for one in books for end in one.ends))}; questions asked again because "
        f"the service was unavailable: {sum(one.put_off for one in books)}"
    )


def _demand(found: Sequence[tuple[Customer, Sequence[str]]], what: str) -> None:
    bad = [(customer, lines) for customer, lines in found if lines]
    if not bad:
        return
    customer, lines = bad[0]
    more = f"\n  and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    others = f"\nSo it is with {len(bad) - 1} more of {len(found)} customers." if len(bad) > 1 else ""
    told = "".join(f"\n  {line}" for line in lines[:SHOWN])
    raise BrokenPromise(
        f"{customer.session.alias} has {what} {len(lines)} event(s) or run(s):{told}{more}{others}"
    )


def _counted(found: Mapping[int, int] | Mapping[str, int]) -> str:
    return ", ".join(f"{key}: {n}" for key, n in found.items()) or "none"
