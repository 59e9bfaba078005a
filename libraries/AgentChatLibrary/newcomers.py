"""People of a backend that has no administration: whoever has a credential is one.

How a credential is got stands in the dialect: minted here with claims, by logging in over HTTP, one key for
everybody, or given. Organisations are names that only the suites know.
"""

from __future__ import annotations

import os
import secrets
import uuid
from collections.abc import Mapping
from typing import Any, Final

from .dialect.model import Credential, LoginStep
from .dialect.paths import MISSING, get
from .dialect.speaking import NotOffered
from .dialect.templates import Unsayable, fill
from .environment import Environment, EnvironmentProblem
from .identity import Organisation, Person, new_password
from .redaction import issue
from .service import Declined, Service

KEY: Final = "AGENT_CHAT_CREDENTIAL"
"""The environment variable with the one credential that everybody uses."""
GIVEN: Final = "AGENT_CHAT_CREDENTIALS"
"""The environment variable with given credentials, one a line, one for each person."""


def organisation(name: str) -> Organisation:
    """An organisation that only the suites know.

    Args:
        name: How the suites call it.
    """
    return Organisation(name, f"organisation_{secrets.token_hex(8)}")


class Newcomers:
    """Makes people of one environment."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._given = [line.strip() for line in os.environ.get(GIVEN, "").splitlines() if line.strip()]

    def arrive(self, name: str, email: str, home: Organisation, tier: str, service: Service) -> Person:
        """Makes a person, with a credential where it does not have to be minted.

        Args:
            name: How the suites call the person.
            email: The person's e-mail address.
            home: The person's organisation.
            tier: What the person would pay for.
            service: The backend that the person is a customer of.

        Raises:
            NotOffered: There are not credentials for so many people.
            EnvironmentProblem: The credential is not there.
            Declined: The backend declined the login.
        """
        person = Person(name, email, new_password(), self._user_id(name), home, tier, (), service)
        how = self._how
        if how.got == "login":
            self._log_in(person, how)
        elif how.got == "key":
            key = os.environ.get(KEY) or service.deployment.jwt_key
            if not key:
                raise EnvironmentProblem(f"{KEY} is not set: it holds the key that everybody uses.")
            person.access_token = issue(key)  # the key is nobody's: who is who, only the suites know
        elif how.got == "given":
            if not self._given:
                raise NotOffered(
                    f"The environment {self.environment.name} gives no credential for {name}: "
                    f"each line of {GIVEN} is one person's."
                )
            person.access_token, person.user_id = issue(self._given.pop(0)), ""
        return person

    @property
    def _how(self) -> Credential:
        dialect = self.environment.dialect
        if dialect is not None and not dialect.canonical:
            return dialect.credential
        # A backend that speaks the contract, without its administration: people are given.
        return Credential("minted" if "mint" in self.environment.capabilities else "given")

    def _user_id(self, name: str) -> str:
        dialect = self.environment.dialect
        pattern = dialect.user_ids if dialect is not None else "uuid"
        if pattern == "uuid":
            return str(uuid.uuid4())
        values = {"random": secrets.token_hex(4), "new_id": str(uuid.uuid4()), "name": name.lower()}
        try:
            return str(fill(pattern, lambda place: values.get(place, MISSING)))
        except Unsayable as problem:
            raise EnvironmentProblem(f"credential.user_ids is {pattern!r}: {problem}.") from problem

    def _log_in(self, person: Person, how: Credential) -> None:
        kept: dict[str, Any] = {
            "user_id": person.user_id,
            "email": person.email,
            "name": person.name,
            "password": person.password,
            "organisation": person.organisation.name,
            "tier": person.tier,
            "random": secrets.token_hex(4),
            **self.environment.values,
        }
        for step in how.steps:
            kept.update(_take(step, kept, person.service))
        person.access_token = issue(str(kept["token"]))
        person.user_id = str(kept["user_id"])


def _take(step: LoginStep, values: Mapping[str, Any], service: Service) -> dict[str, Any]:
    """Sends one request of a login; returns what is kept of the answer."""

    def value(name: str) -> object:
        return values.get(name, MISSING)

    try:
        path, body = str(fill(step.path, value)), fill(step.body, value)
    except Unsayable as problem:
        raise Declined(f"{step.method} {step.path} cannot be sent: {problem}.") from None
    answer = service.request(step.method, path, body, form=step.form)
    if answer.status not in step.accept:
        raise Declined(f"{step.method} {path} was declined with {answer.status}; the login ends there.")
    found = {name: get(dict(answer.body), place) for name, place in step.keep.items()}
    lacking = [name for name, kept in found.items() if kept is MISSING]
    if lacking:
        raise Declined(
            f"{step.method} {path} answered without {lacking[0]}; it has: {', '.join(sorted(answer.body))}."
        )
    return found
