"""The reference backend for a figure, with people of its own and tokens for them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from AgentChatLibrary import deployment, environment
from AgentChatLibrary.deployment import Deployment
from AgentChatLibrary.environment import Environment
from AgentChatLibrary.identity import Organisation, Person, mint
from AgentChatLibrary.service import Service

from .processes import ROOT

EACH: Final = 25
"""Connections of one person: half of what the contract allows, so that those of a round before may linger."""


@dataclass(frozen=True, slots=True)
class Backend:
    """A backend that runs.

    Attributes:
        env: Its environment.
        deployment: Where it is, and its credentials.
    """

    env: Environment
    deployment: Deployment

    @property
    def socket(self) -> str:
        """The WebSocket's address."""
        return self.deployment.websocket_url

    @property
    def pid(self) -> int:
        """Its process."""
        assert self.deployment.process is not None  # noqa: S101 -- it was started here
        return self.deployment.process.pid

    @property
    def variables(self) -> Mapping[str, str]:
        """What hands it to a Robot Framework process."""
        return {**self.deployment.variables, environment.VARIABLE: self.env.name}

    def people(self, count: int, organisations: int = 1) -> list[Person]:
        """Makes enterprise people.

        Args:
            count: How many.
            organisations: In how many organisations, in turns.
        """
        service, made = Service(self.deployment), list[Person]()
        homes: list[Organisation] = []
        for name in (f"Company {n + 1}" for n in range(organisations)):
            company = service.admin("POST", "/organisations", {"name": name}, status=HTTPStatus.CREATED)
            homes.append(Organisation(name, company["id"]))
        for number in range(count):
            name, home = f"Person {number + 1}", homes[number % organisations]
            email, password = f"p.{secrets.token_hex(6)}@customers.example", secrets.token_urlsafe(18)
            body = {
                "email": email,
                "password": password,
                "name": name,
                "organisation_id": home.id,
                "tier": "enterprise",
            }
            user = service.admin("POST", "/people", body, status=HTTPStatus.CREATED)["user"]
            permissions = tuple(user["permissions"])
            made.append(Person(name, email, password, user["id"], home, user["tier"], permissions, service))
        return made

    def tokens(self, count: int, each: int = EACH) -> list[str]:
        """Access tokens for so many connections, of as few people as may have them.

        Args:
            count: How many connections.
            each: How many of them a person has. All get every event of theirs, so people who ask have one.
        """
        people = self.people(-(-count // each))
        rules, key = self.env.tokens, self.deployment.jwt_key
        return [mint(people[n // each], rules, key) for n in range(count)]


@contextmanager
def reference(settings: Mapping[str, object] | None = None) -> Iterator[Backend]:
    """Runs the reference backend until the block ends.

    Args:
        settings: Settings on top of the environment's.
    """
    env = environment.load(environment.find("embedded", ROOT / "variables"))
    started = deployment.launch(env, owner_pid=os.getpid(), settings=settings)
    try:
        yield Backend(env, started)
    finally:
        started.stop()
