"""Health, outages, and counters against what customers have seen."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from robot.api.deco import keyword

from ..chat import Chat, Mark, Unexpected
from ..environment import EnvironmentProblem
from ..frames import Direction
from ..kit import Kit
from ..metrics import Metrics
from ..outage import Outage, outage
from ..redaction import issued, mask
from ..rules.secrets import forms
from ..service import NoAnswer, Service
from ..transcript import Transcript
from ..world import Notes
from .judging import BrokenPromise

HEALTH: Final = "/ws/health"
NOW_SECONDS: Final = 10.0
"""How far the clocks of two machines may be apart where a time is called "now"."""
MARGIN_SECONDS: Final = 0.1
"""Added to the age of what is told: the question is on its way for a moment."""
LIFE_SECONDS: Final = 1.0
"""Longest wait for a sign of life."""
READ_OFF: Final = "Read Off Counters"
"""The keyword that later ones count from."""
LINE: Final = 200
"""Characters of a line of the log that a message shows."""
FIELDS: Final = ("service", "version", "timestamp", "instance", "checks")
"""What health tells beside its status (contract: HTTP)."""


class Health:
    """Keywords about what operators see."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self._before: Notes[Metrics] = Notes(kit.world)
        self._from: Notes[Mark] = Notes(kit.world)

    # -- health -------------------------------------------------------------------------------------

    @keyword(tags=("Health",))
    def health_should_become(
        self, status: str, http_status: int, within: float, age: float | None = None
    ) -> Mapping[str, Any]:
        """Asks for the health until it is so, and checks that every answer comes in time.

        Args:
            status: Expected state, for example ``healthy``.
            http_status: Expected HTTP status.
            within: Longest time for any answer, in seconds.
            age: How old what an answer tells may be, in seconds, where it is so already; omitted: any.

        Returns:
            The answer's body.

        Raises:
            Unexpected: It did not become so, an answer took longer, none came, or one told what was too old.

        Example:
        | ${health}                     | Health Should Become | healthy | 200 | within=2 |
        | Health Should Tell Who Speaks | ${health} |
        """
        service, patience = self.kit.service, self.kit.environment.timeout("notice")
        begun, told = time.monotonic(), "it was never told"
        expected = f"expected {http_status} {status!r}"
        while True:
            asked = time.monotonic()
            try:
                answer = service.request("GET", HEALTH, seconds=within)
            except NoAnswer as problem:
                raise Unexpected(
                    f"{problem} {expected.capitalize()}; {told}. {self._life(service)}"
                ) from None
            took = time.monotonic() - asked
            if took > within:
                raise Unexpected(f"The health took {took:.2f} s to answer, expected at most {within:g} s.")
            if (answer.status, answer.body.get("status")) == (http_status, status):
                return answer.body
            told = f"the last answer was {answer.status} {answer.body.get('status')!r}"
            if age is not None and asked - begun > age + MARGIN_SECONDS:
                raise Unexpected(
                    f"The health may tell what was true {age:g} s ago; {asked - begun:.2f} s after it had"
                    f" changed {told}, {expected}."
                )
            if asked - begun > patience:
                raise Unexpected(f"{patience:g} s long the health has not changed: {told}, {expected}.")
            self.kit.pause()

    def _life(self, service: Service) -> str:
        """Whether the backend answers anything else, as a sentence."""
        try:
            answer = service.request("GET", "/metrics", seconds=LIFE_SECONDS)
        except NoAnswer:
            return "Nothing else is answered either: the backend is gone, or hangs altogether."
        return f"The backend is alive: GET /metrics was answered with {answer.status}."

    @keyword(tags=("Health",))
    def health_should_tell_who_speaks(self, body: Mapping[str, Any]) -> None:
        """Checks that a health answer says which service, version, instance and time it speaks of.

        Args:
            body: The answer's body, as `Health Should Become` returned it.

        Raises:
            BrokenPromise: Something is missing or wrong.

        Example:
        | ${health}                     | Health Should Become | healthy | 200 | within=2 |
        | Health Should Tell Who Speaks | ${health} |
        """
        absent = [name for name in FIELDS if not body.get(name)]
        if absent:
            raise BrokenPromise(f"The health does not tell {', '.join(absent)}.")
        if "websocket" not in str(body["service"]):
            raise BrokenPromise(f"The health is of {body['service']!r}, not of a websocket service.")
        if abs(time.time() - float(body["timestamp"])) > NOW_SECONDS:
            raise BrokenPromise(f"The health's time is {body['timestamp']}, which is not now.")

    # -- outages ------------------------------------------------------------------------------------

    @keyword(tags=("Outages",))
    def get_ready_to_lose_the_database(self) -> None:
        """Lets the next `Lose The Database` take the database away at once.

        Otherwise it connects to the database first, which can take longer than what it is to interrupt.

        Raises:
            EnvironmentProblem: The backend is not a private one, or its database cannot be reached.

        Example, on a backend of its own:
        | Get Ready To Lose The Database |
        | Lose The Database |
        | Restore The Database |
        """
        self.kit.world.scope.next_outage = self._outage()

    @keyword(tags=("Outages",))
    def lose_the_database(self, *, readable: bool = False) -> None:
        """Takes the database away from the suite's private backend: writing to it hangs from now on.

        It comes back at `Restore The Database`, and at the test's end at the latest.

        Args:
            readable: Whether it can still be read. Otherwise reading hangs too where a lock can do that:
                PostgreSQL's can, SQLite's cannot.

        Raises:
            EnvironmentProblem: The backend is not a private one, or its database cannot be reached.

        Example, on a backend of its own:
        | Lose The Database |
        | Health Should Become | unhealthy | 503 | within=2 |
        | Restore The Database |
        | Health Should Become | healthy   | 200 | within=2 |
        """
        lost, self.kit.world.scope.next_outage = self.kit.world.scope.next_outage or self._outage(), None
        lost.begin(readable=readable)

    @keyword(tags=("Outages",))
    def restore_the_database(self) -> None:
        """Gives the database back.

        Example, on a backend of its own:
        | Lose The Database |
        | Health Should Become | unhealthy | 503 | within=2 |
        | Restore The Database |
        | Health Should Become | healthy   | 200 | within=2 |
        """
        self.kit.world.scope.end_outages()

    def _outage(self) -> Outage:
        """An outage that has not begun, and ends with the innermost scope."""
        deployment, name = self.kit.service.deployment, self.kit.environment.database
        if deployment.home is None or name is None:
            raise EnvironmentProblem(
                "Only a private backend's database can be lost; use `Start Private Backend`."
            )
        made = outage(deployment.home / name, deployment.database)
        self.kit.world.scope.outages.append(made)
        return made

    # -- counters -----------------------------------------------------------------------------------

    @keyword(tags=("Counters",))
    def read_off_counters(self, *sessions: str) -> None:
        """Reads the metrics, and notes what these sessions have sent and received so far.

        Args:
            sessions: Aliases of the sessions.

        Example, on a backend of its own:
        | Read Off Counters                           | Ana |
        | Ping                                        | Ana |
        | Counters Should Have Risen By What Was Seen | Ana |
        """
        for alias in sessions:
            chat = self.kit.world.chat(alias)
            chat.fence()
            self._from[alias] = chat.now()
        self._before[READ_OFF] = Metrics(self.kit.service.metrics())

    def _start(self, chat: Chat) -> int:
        """The index of a session's first frame since the counters were read off."""
        mark = self._from.get(chat.alias)
        if mark is None:
            raise Unexpected(f"{chat.alias}'s counters have not been read off before. Use `{READ_OFF}`.")
        return chat.since(mark, READ_OFF)

    def _read_off(self) -> Metrics:
        before = self._before.get(READ_OFF)
        if before is None:
            raise Unexpected(f"The counters have not been read off before. Use `{READ_OFF}`.")
        return before

    def _risen(self, name: str, label: str) -> dict[str, int]:
        before, now = (
            self._read_off().by_label(name, label),
            Metrics(self.kit.service.metrics()).by_label(name, label),
        )
        return {
            key: int(value - before.get(key, 0)) for key, value in now.items() if value != before.get(key, 0)
        }

    @keyword(tags=("Counters", "Judging"))
    def counters_should_have_risen_by_what_was_seen(self, session: str) -> None:
        """Compares the counters of frames, in both directions, with what a session has sent and received.

        Counted since `Read Off Counters`; nobody else may use the backend meanwhile.

        Args:
            session: Alias of the session.

        Raises:
            BrokenPromise: A counter differs.

        Example, on a backend of its own:
        | Read Off Counters                           | Ana |
        | Ping                                        | Ana |
        | Counters Should Have Risen By What Was Seen | Ana |
        """
        chat = self.kit.world.chat(session)
        chat.fence()
        start = self._start(chat)
        received = Counter(e.type for e in chat.transcript.received(start=start))
        sent = self._sent(chat.transcript, start)
        _compare("frames sent", self._risen("frames_sent_total", "type"), received)
        _compare("frames received", self._risen("frames_received_total", "type"), sent)

    def _sent(self, transcript: Transcript, start: int = 0) -> Counter[str]:
        """How many frames of each type a session has sent; those without a known type are ``invalid``."""
        known = self.kit.contract.client_types
        return Counter(
            f.event.type if f.event is not None and f.event.type in known else "invalid"
            for f in transcript.frames[start:]
            if f.direction is Direction.SENT
        )

    @keyword(tags=("Counters", "Judging"))
    def error_counters_should_have_risen_by_what_was_seen(self, session: str) -> None:
        """Compares the counter of each error code with the errors that a session has received.

        Args:
            session: Alias of the session.

        Raises:
            BrokenPromise: A counter differs.

        Example, on a backend of its own:
        | Read Off Counters                                 | Ana |
        | Send Malformed Message                            | Ana | broken JSON |
        | Wait For Error | Ana | invalid_json |
        | Error Counters Should Have Risen By What Was Seen | Ana |
        """
        chat = self.kit.world.chat(session)
        chat.fence()
        errors = chat.transcript.received("error", start=self._start(chat))
        _compare("errors", self._risen("errors_total", "code"), Counter(str(e.get("code")) for e in errors))

    @keyword(tags=("Counters", "Judging"))
    def refusals_should_have_risen_by(self, count: int, *, status: str, code: str) -> None:
        """Checks how much the counter of refused handshakes has risen for a status and code.

        Args:
            count: Expected rise since `Read Off Counters`.
            status: HTTP status of the refusals.
            code: Error code of the refusals.

        Raises:
            BrokenPromise: It is another number.

        Example, on a backend of its own:
        | Read Off Counters             | Ana |
        | Connection Should Be Refused  | Ana | 401        | missing_credential |
        | Refusals Should Have Risen By | 1   | status=401 | code=missing_credential |
        """
        before = self._read_off()
        labels = {"status": status, "code": code}
        now = Metrics(self.kit.service.metrics()).sum("refusals_total", labels)
        risen = now - before.sum("refusals_total", labels)
        if risen != count:
            raise BrokenPromise(f"Refusals with {status} {code} have risen by {risen:g}, expected {count}.")

    @keyword(tags=("Counters", "Judging"))
    def person_counters_should_be_what_was_seen(self, session: str) -> None:
        """Compares what the administration counts for a person with what the person's only session has seen.

        Args:
            session: Alias of the person's only session.

        Raises:
            BrokenPromise: A counter differs.

        Example:
        | Ask                                     | Ana | What did we spend in total? |
        | Wait For Answer                         | Ana |
        | Person Counters Should Be What Was Seen | Ana |
        """
        chat = self.kit.world.chat(session)
        chat.fence()
        view = chat.person.service.admin("GET", f"/people/{chat.person.user_id}")["counters"]
        seen = Counter(e.type for e in chat.transcript.received())
        errors = Counter(str(e.get("code")) for e in chat.transcript.received("error"))
        _compare(f"frames sent to {session}", view["frames_sent"], seen)
        _compare(f"frames received of {session}", view["frames_received"], self._sent(chat.transcript))
        _compare(f"errors of {session}", view["errors"], errors)

    # -- what must not be told ----------------------------------------------------------------------

    @keyword(tags=("Judging", "Security"))
    def metrics_should_hold_nothing_of(self, person: str) -> None:
        """Checks that the metrics hold no id, address, organisation or secret of a person.

        The organisation's name is looked for in the values of labels, where it is more than a word of the
        contract.

        Args:
            person: The person's name.

        Raises:
            BrokenPromise: They hold one; the message says which kind, never the value.

        Example:
        | Sign In                        | Ana |
        | Metrics Should Hold Nothing Of | Ana |
        """
        found = self.kit.world.person(person)
        text = self.kit.service.metrics()
        kinds = {
            "id": found.user_id,
            "e-mail address": found.email,
            "organisation": found.organisation.id,
        }
        for kind, value in kinds.items():
            if value in text:
                raise BrokenPromise(f"The metrics hold {person}'s {kind}.")
        name = found.organisation.name
        if Metrics(text).tell_of(name, self.kit.contract.words):
            raise BrokenPromise(f"The metrics hold the name of {person}'s organisation, {name}.")
        _no_secret(text, "metrics page")

    @keyword(tags=("Judging", "Security"))
    def backend_log_should_hold_no_secret(self) -> int:
        """Checks that the log of the backend in use holds no secret that this process has issued.

        Returns:
            How many secrets were looked for.

        Raises:
            EnvironmentProblem: The environment does not show the log.
            BrokenPromise: The log holds one.

        Example:
        | Sign In | Ana |
        | Backend Log Should Hold No Secret |
        """
        _no_secret(self._log(), "backend's log")
        return len(issued())

    @keyword(tags=("Judging", "Security"))
    def backend_log_should_hold_no_query(self, person: str) -> None:
        """Asks for a team's usage over HTTP, and checks that the backend's log does not tell which team's.

        Args:
            person: Who asks.

        Raises:
            EnvironmentProblem: The environment does not show the log.
            BrokenPromise: The log holds what was asked for in the address.

        Example:
        | Backend Log Should Hold No Query | Ana |
        """
        found, team = self.kit.world.person(person), f"team-{secrets.token_hex(8)}"
        # The second request comes by the same connection: when it is answered, the first has been noted.
        for path in (f"/usage/summary?team={team}", "/usage/summary"):
            found.service.expect("GET", path, token=self.kit.token(found))
        line = next((line for line in self._log().splitlines() if team in line), None)
        if line is not None:
            raise BrokenPromise(
                f"{person} asked for the usage of one team, and the backend's log tells which; an address"
                f" belongs there without its query. The line: {mask(line)[:LINE]}"
            )

    def _log(self) -> str:
        """What the backend in use has logged so far."""
        log = self.kit.service.deployment.log
        if log is None:
            raise EnvironmentProblem("The environment does not show the backend's log.")
        return log.read_text("utf-8", "replace")


def _no_secret(text: str, where: str) -> None:
    for number, secret in enumerate(issued(), 1):
        for form, name in forms(secret):
            if form in text:
                raise BrokenPromise(
                    f"The {where} holds an issued secret (number {number}), {name}; it must hold none."
                )


def _compare(what: str, counted: Mapping[str, int], seen: Mapping[str, int]) -> None:
    names = sorted({*counted, *seen})
    wrong = [
        f"{n}: {counted.get(n, 0)} instead of {seen.get(n, 0)}"
        for n in names
        if counted.get(n, 0) != seen.get(n, 0)
    ]
    if wrong:
        raise BrokenPromise(f"Counted {what} differ from what was seen: {'; '.join(wrong)}.")
