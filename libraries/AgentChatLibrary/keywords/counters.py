"""What is counted, against what customers have seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from robot.api.deco import keyword

from ..chat import Chat, Mark, Unexpected
from ..frames import Direction
from ..kit import Kit
from ..metrics import Metrics
from ..transcript import Transcript
from ..world import Notes
from .promises import BrokenPromise, no_secret

READ_OFF: Final = "Read Off Counters"
"""The keyword that later ones count from."""


class Counters:
    """Keywords about metrics and counters."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self._before: Notes[Metrics] = Notes(kit.world)
        self._from: Notes[Mark] = Notes(kit.world)

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
        no_secret(text, "metrics page")


def _compare(what: str, counted: Mapping[str, int], seen: Mapping[str, int]) -> None:
    names = sorted({*counted, *seen})
    wrong = [
        f"{n}: {counted.get(n, 0)} instead of {seen.get(n, 0)}"
        for n in names
        if counted.get(n, 0) != seen.get(n, 0)
    ]
    if wrong:
        raise BrokenPromise(f"Counted {what} differ from what was seen: {'; '.join(wrong)}.")
