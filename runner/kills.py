"""``python -m runner.kills``: kills processes at random moments under load, and counts what is lost.

It starts a deployment of its own in the environment ``real_services``, lets customers ask without pause,
kills one process at a time (SIGKILL), starts it again, and compares at the end what each customer has had
with the whole log. The status is 0 only if nothing was lost, nothing repeated, and nobody waited in vain.
"""

from __future__ import annotations

import argparse
import os
import random
import secrets
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from AgentChatLibrary import deployment
from AgentChatLibrary.customers import Customer, Stuck
from AgentChatLibrary.deployment import Deployment
from AgentChatLibrary.engine.offer import Offer
from AgentChatLibrary.engine.session import Ended, Session
from AgentChatLibrary.environment import Environment, EnvironmentProblem
from AgentChatLibrary.fleet import Fleet
from AgentChatLibrary.identity import Organisation, Person, mint, new_password
from AgentChatLibrary.ledger import Audit, audit
from AgentChatLibrary.service import Service

from . import children, environments
from .console import INTERRUPTED, counted, say, seconds
from .project import RESULTS

TIMES: Final = 20
CUSTOMERS: Final = 6
BETWEEN_SECONDS: Final = (0.0, 1.5)
"""Shortest and longest time from the moment that all processes accept to the next kill."""
SHOWN: Final = 5
"""Lines of what is lost or repeated that are shown for each customer."""
SEEDS: Final = 10_000


def main(arguments: Sequence[str]) -> int:
    """Kills as often as the command line says, and says what came of it.

    Args:
        arguments: The command line.

    Returns:
        The exit status.
    """
    parser = argparse.ArgumentParser("python -m runner.kills", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--times", type=int, default=TIMES, help="how many kills (default: %(default)s)")
    parser.add_argument(
        "--customers", type=int, default=CUSTOMERS, help="how many ask (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, help="decides moments, processes and questions")
    options = parser.parse_args(arguments)
    seed = options.seed if options.seed is not None else secrets.randbelow(SEEDS)
    say(f"{counted(options.times, 'kill')}, {counted(options.customers, 'customer')} (--seed {seed})")
    began = time.monotonic()
    try:
        with children.interruptible(), _started() as (env, backend):
            stress = Stress(env, backend, options.customers, random.Random(seed))  # noqa: S311 -- no secret
            stress.run(options.times)
            good = stress.judge()
    except EnvironmentProblem as problem:
        say(str(problem))
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    say(f"Time: {seconds(time.monotonic() - began)}")
    say(stress.last_line)
    return 0 if good else 1


@contextmanager
def _started() -> Iterator[tuple[Environment, Deployment]]:
    """A deployment of its own, which ends with the block."""
    env = environments.chosen("real_services")
    backend = deployment.launch(env, owner_pid=os.getpid(), log=RESULTS / "kills.log")
    try:
        yield env, backend
    finally:
        backend.stop()


class Stress:
    """Customers who go on asking, and processes that are killed meanwhile.

    Args:
        env: The environment.
        backend: A deployment of its own.
        count: How many customers.
        chance: Decides moments, processes and questions.
    """

    def __init__(self, env: Environment, backend: Deployment, count: int, chance: random.Random) -> None:
        self._env, self._backend, self._chance = env, backend, chance
        self._fleet, self._service = Fleet(backend), Service(backend)
        self._kills = Counter[int]()
        self._audits: list[Audit] = []
        home = self._service.admin("POST", "/organisations", {"name": "Northwind"}, status=HTTPStatus.CREATED)
        organisation = Organisation("Northwind", home["id"])
        self._customers = [self._customer(organisation, number) for number in range(1, count + 1)]

    def _customer(self, organisation: Organisation, number: int) -> Customer:
        name, password = f"Person {number}", new_password()
        email = f"person-{number}@customers.example"
        body = {"email": email, "password": password, "name": name, "tier": "enterprise"}
        body["organisation_id"] = organisation.id
        user = self._service.admin("POST", "/people", body, status=HTTPStatus.CREATED)["user"]
        person = Person(
            *(name, email, password, user["id"], organisation, user["tier"]),
            tuple(user["permissions"]),
            self._service,
        )

        def connect(session: Session) -> None:
            token = mint(person, self._env.tokens, self._backend.jwt_key)
            session.open(
                Offer(self._backend.websocket_url, [("header", token)]), self._env.timeout("connect")
            )

        patience = self._env.timeout("answer")
        return Customer(Session(name, person.owner), connect, patience, self._chance.randrange(2**31))

    def run(self, times: int) -> None:
        """Kills so many times, and lets the customers have their last answers.

        Raises:
            EnvironmentProblem: A process did not come back.
        """
        pause = threading.Event()
        for customer in self._customers:
            customer.begin()
        for number in range(1, times + 1):
            pause.wait(self._chance.uniform(*BETWEEN_SECONDS))
            process = self._chance.randint(1, len(self._backend.backends))
            self._fleet.kill(process)
            self._kills[process] += 1
            self._fleet.start_again()
            if number % 10 == 0 or number == times:
                answers = sum(one.answers for one in self._customers)
                say(f"  {number:4} of {times}  {counted(answers, 'answer')}")
            if all(one.books.stuck for one in self._customers):
                break
        for customer in self._customers:
            customer.stop_asking()
        for customer in self._customers:
            customer.finish()

    def judge(self) -> bool:
        """Compares all books with the log, and says what is wrong.

        Returns:
            Whether nothing is.
        """
        good = True
        for customer in self._customers:
            stuck = customer.books.stuck
            try:
                found = audit(customer.books, customer.whole_log())
                self._audits.append(found)
                bad = [*found.lost, *found.repeated]
            except (Stuck, Ended) as problem:
                bad = [f"the log could not be had: {problem}"]
            bad += [f"waited in vain for {stuck}"] if stuck else []
            for line in bad[:SHOWN]:
                say(f"  {customer.session.alias}: {line}")
            good = good and not bad
            customer.session.close()
        return good

    @property
    def last_line(self) -> str:
        """What it all came to."""
        books = [customer.books for customer in self._customers]
        endings = sum((Counter(one.endings) for one in self._audits), Counter[str]())
        told = ", ".join(f"{n} {how}" for how, n in endings.most_common())
        ends = sum((Counter(one.ends) for one in books), Counter[str]())
        by_process = " and ".join(str(self._kills[number]) for number in sorted(self._kills))
        return (
            f"{sum(self._kills.values())} kills ({by_process}), {sum(ends.values())} connections lost, "
            f"{sum(one.runs for one in self._audits)} runs ({told}), "
            f"{sum(one.frames for one in self._audits)} events, "
            f"{sum(len(one.lost) for one in self._audits)} lost, "
            f"{sum(len(one.repeated) for one in self._audits)} repeated"
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
