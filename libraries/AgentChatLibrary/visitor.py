"""A visitor: one person of an environment, outside of any suite, who looks what the backend can do."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from .deployment import Deployment
from .dialect.door import address
from .engine.offer import Carrier, Offer
from .engine.session import Session
from .environment import Environment
from .frames import Event
from .identity import Organisation, Person, mint, new_password
from .newcomers import Newcomers, organisation
from .outgoing import encoded, new_message_id
from .redaction import issue
from .service import Service
from .transcript import Run, Transcript

QUESTION: Final = "Where can we cut our cloud bill?"
NAME: Final = "Visitor"


class Visitor:
    """One person who tries things.

    Args:
        environment: Where.
        deployment: The backend.
        token: The person's credential; got as the environment says when empty.

    Raises:
        Declined: The backend made no such person.
        NotOffered: There is no credential for one.
        EnvironmentProblem: The credential is not there.
    """

    def __init__(self, environment: Environment, deployment: Deployment, token: str = "") -> None:
        self.environment = environment
        self.deployment = deployment
        self.service = Service(deployment)
        self.person = self._person(token)
        self._sessions: list[Session] = []

    def _person(self, token: str) -> Person:
        email = f"visitor.{secrets.token_hex(6)}@customers.example"
        if token:
            home = organisation("Visitors")
            return Person(NAME, email, "", "", home, "", (), self.service, access_token=issue(token))
        if self.environment.offers("admin"):
            return self._made(email)
        return Newcomers(self.environment).arrive(NAME, email, organisation("Visitors"), "", self.service)

    def _made(self, email: str) -> Person:
        """A person made through the administration, and logged in."""
        home = self.service.admin("POST", "/organisations", {"name": "Visitors"}, status=201)
        password = new_password()
        body = {"email": email, "password": password, "name": NAME, "organisation_id": home["id"]}
        user = self.service.admin("POST", "/people", body, status=201)["user"]
        company = Organisation("Visitors", home["id"])
        person = Person(
            NAME, email, password, user["id"], company, user["tier"], tuple(user["permissions"]), self.service
        )
        person.sign_in()
        return person

    @property
    def token(self) -> str:
        """The person's credential."""
        if self.person.access_token:
            return self.person.access_token
        return mint(self.person, self.environment.tokens, issue(self.deployment.jwt_key))

    def offer(
        self, credentials: Sequence[tuple[Carrier, str]], headers: Mapping[str, str] | None = None
    ) -> Offer:
        """What a client presents to this backend."""
        env, url = self.environment, self.deployment.websocket_url
        if env.dialect is not None:
            url = f"ws{self.deployment.url.removeprefix('http')}{address(env.dialect, env.values)}"
        return Offer(url, credentials, headers or {}, env.translation, env.values)

    def open(self, carrier: Carrier = "header") -> Session:
        """Connects one device.

        Raises:
            Refused: The backend refused.
            NotOffered: The credential cannot travel that way.
        """
        session = Session(NAME, self.person.owner)
        session.open(self.offer([(carrier, self.token)]), self.environment.timeout("connect"))
        self._sessions.append(session)
        session.wait(lambda t: next(iter(t.received()), None), self.environment.timeout("reply"))
        return session

    def send(self, session: Session, kind: str, **fields: Any) -> str:  # noqa: ANN401 -- any field of the contract
        """Sends one client frame and returns its id."""
        message_id = new_message_id()
        session.send(encoded(kind, message_id, fields))
        return message_id

    def reply(
        self, session: Session, message_id: str, *types: str, seconds: float | None = None
    ) -> Event | None:
        """The first reply of one of these types that names the message; None when none comes in time."""

        def look(transcript: Transcript) -> Event | None:
            return next((e for e in transcript.received(*types) if e.message_id == message_id), None)

        return session.wait(look, self.environment.timeout("reply") if seconds is None else seconds)

    def run(self, session: Session, content: str = QUESTION, **fields: Any) -> Run | None:  # noqa: ANN401 -- as above
        """Asks a question and waits for the end of its run; None when it was not accepted or did not end."""
        seconds = self.environment.timeout("answer")
        ack = self.reply(
            session, self.send(session, "chat", content=content, **fields), "ack", seconds=seconds
        )
        if ack is None or ack.run_id is None:
            return None
        run_id = ack.run_id

        def look(transcript: Transcript) -> Run | None:
            run = transcript.runs().get(run_id)
            return run if run is not None and run.end is not None else None

        return session.wait(look, seconds)

    def quiet(self, session: Session) -> None:
        """Waits until nothing has come on a session for the environment's ``quiet``."""
        quiet = self.environment.timeout("quiet")
        deadline = time.monotonic() + self.environment.timeout("answer")
        while session.is_open and time.monotonic() < deadline:
            seen = len(session.transcript.frames)
            if session.wait(lambda t, seen=seen: len(t.frames) > seen or None, quiet) is None:  # type: ignore[misc]  # a bound default
                return

    def leave(self) -> None:
        """Closes every connection."""
        for session in self._sessions:
            session.close()
        self.service.hang_up()
