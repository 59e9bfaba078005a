"""What a backend offers, found out by trying: for each capability that can be told from outside, one try.

What cannot be told that way (whether limits are as agreed, whether a database can be lost) is not tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from .dialect.speaking import NotOffered
from .engine.offer import Refused
from .engine.session import Ended, Session
from .rules.order import FIVE
from .service import Declined, NoAnswer
from .transcript import Run, Transcript
from .visitor import QUESTION, Visitor

NOT_FOUND: Final = 404
OK: Final = 200
NOWHERE: Final = "/there-is-nothing-here"
"""A path that no backend has."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A capability that a backend was seen to have.

    Attributes:
        capability: Its name.
        evidence: What was seen.
    """

    capability: str
    evidence: str


def offered(visitor: Visitor, capabilities: Iterable[str]) -> list[Offered]:
    """Tries capabilities one by one.

    Args:
        visitor: Who tries.
        capabilities: Which; those that cannot be told from outside are passed over.

    Returns:
        Those that the backend was seen to have.

    Raises:
        Refused: The visitor cannot connect at all.
    """
    wanted = [name for name in TRIES if name in set(capabilities)]
    if not wanted:
        return []
    first = _Look(visitor, visitor.open())
    found = []
    for name in wanted:
        try:
            evidence = TRIES[name](first)
        except (NotOffered, Refused, Ended, Declined, NoAnswer):
            evidence = ""
        if evidence:
            found.append(Offered(name, evidence))
    visitor.leave()
    return found


class _Look:
    """A visitor with a connection, and the run that several tries look at."""

    def __init__(self, visitor: Visitor, session: Session) -> None:
        self.visitor = visitor
        self.first = session
        self._run: Run | None = None

    @property
    def session(self) -> Session:
        """An open connection: a try may have ended the first one."""
        if not self.first.is_open:
            self.first = self.visitor.open()
        return self.first

    @property
    def run(self) -> Run | None:
        """One run to look at."""
        if self._run is None:
            self._run = self.visitor.run(self.session)
        return self._run

    def granted(self, field: str) -> bool:
        """Whether a field is derived and not said, so that it shows nothing."""
        dialect = self.visitor.environment.translation
        return dialect is not None and field in dialect.taken_for_granted


def _ping(look: _Look) -> str:
    message_id = look.visitor.send(look.session, "ping", sequence=7, data={"mark": "here"})
    pong = look.visitor.reply(look.session, message_id, "pong")
    return "a ping was answered" if pong is not None else ""


def _echo(look: _Look) -> str:
    if look.granted("pong.sequence") or look.granted("pong.data"):
        return ""
    message_id = look.visitor.send(look.session, "ping", sequence=7, data={"mark": "here"})
    pong = look.visitor.reply(look.session, message_id, "pong")
    echoed = pong is not None and pong.get("sequence") == 7 and pong.get("data") == {"mark": "here"}  # noqa: PLR2004 -- as sent
    return "a pong brought back what its ping carried" if echoed else ""


def _one_queue(look: _Look) -> str:
    session, visitor = look.session, look.visitor
    asked = visitor.send(session, "chat", content=QUESTION)
    pinged = visitor.send(session, "ping", sequence=8)
    pong = visitor.reply(session, pinged, "pong", seconds=visitor.environment.timeout("answer"))
    before = [e for e in session.transcript.received("ack") if e.message_id == asked]
    run = before[0].run_id if before else None
    session.wait(lambda t: next((e for e in t.durable if e.run_id == run and e.ends_run), None), 10.0)
    return (
        "a question was accepted before the ping behind it was answered"
        if pong is not None and before and before[0].index < pong.index
        else ""
    )


def _five_events(look: _Look) -> str:
    types = {event.type for event in look.run.events} if look.run is not None else set()
    return "a run showed all five events" if set(FIVE) <= types else ""


def _reasoning(look: _Look) -> str:
    steps = look.run.of("agent_thinking") if look.run is not None else ()
    words = [str(step.get("reasoning") or "") for step in steps]
    return "the reasoning quoted the question" if words and QUESTION in words[0] else ""


def _devices(look: _Look) -> str:
    other = look.visitor.open()
    run = look.visitor.run(look.session)
    look.visitor.quiet(other)
    seen = run is not None and any(e.run_id == run.run_id for e in other.transcript.durable)
    other.close()
    return "a second connection of the person received the events of a run" if seen else ""


def _message_ids(look: _Look) -> str:
    if look.granted("ack.message_id") or look.run is None or look.run.ack is None:
        return ""
    return "a question's acceptance named the question's message"


def _resume(look: _Look) -> str:
    if look.run is None or any(event.seq is None for event in look.run.events):
        return ""
    session = look.session
    mark = look.visitor.send(session, "resume", after_seq=session.transcript.watershed or 0)
    return "a request to resume was answered" if look.visitor.reply(session, mark, "resumed") else ""


def _cancel(look: _Look) -> str:
    if look.visitor.environment.translation is not None:
        return ""
    message_id = look.visitor.send(look.session, "cancel", run_id=f"r_{'0' * 32}")
    error = look.visitor.reply(look.session, message_id, "error")
    found = error is not None and error.get("code") == "not_found"
    return "a run that does not exist could not be cancelled, and that was said" if found else ""


def _errors(look: _Look) -> str:
    session = look.visitor.open()
    for wrong in ('{"type":"dance"}', '{"type":"chat"}', '{"type":'):
        session.send(wrong)

    def all_three(transcript: Transcript) -> bool | None:
        told = {(e.get("code"), e.get("field")) for e in transcript.received("error")}
        codes = {code for code, _ in told}
        return ({"unknown_type", "invalid_json"} <= codes and ("missing_field", "content") in told) or None

    told = session.wait(all_three, look.visitor.environment.timeout("reply"))
    session.close()
    return "three wrong messages were told with the agreed codes" if told else ""


def _subprotocol(look: _Look) -> str:
    session = look.visitor.open("subprotocol")
    selected = session.connection.subprotocol
    session.close()
    return f"the credential travelled as a subprotocol ({selected or 'none'} was selected)"


def _refusal_codes(look: _Look) -> str:
    codes = []
    for credentials in ([], [("header", "not-a-credential")]):
        session = Session("Stranger", look.visitor.person.owner)
        try:
            session.open(look.visitor.offer(credentials), look.visitor.environment.timeout("connect"))  # type: ignore[arg-type]  # a carrier
        except Refused as refused:
            codes.append("missing_credential" in refused.body or "invalid_token" in refused.body)
        else:
            session.close()
            return ""
    return "strangers were refused with the agreed codes" if all(codes) else ""


def _tiers(look: _Look) -> str:
    established = look.session.transcript.established
    told = established is not None and isinstance(established.get("tier"), str)
    return "the welcome told the tier" if told and not look.granted("connection_established.tier") else ""


def _there(path: str) -> Callable[[_Look], str]:
    def look_there(look: _Look) -> str:
        service = look.visitor.service
        status, anywhere = service.request("GET", path).status, service.request("GET", NOWHERE).status
        # A backend that answers the same wherever one asks says nothing of this place.
        return f"GET {path} gave {status}" if status not in (NOT_FOUND, OK, anywhere) else ""

    return look_there


def _threads(look: _Look) -> str:
    answer = look.visitor.service.request("GET", "/threads", token=look.visitor.token)
    listed = answer.status == OK and isinstance(answer.body.get("threads"), list)
    return "GET /threads lists conversations" if listed else ""


TRIES: Final[Mapping[str, Callable[[_Look], str]]] = {
    "ping": _ping,
    "echo": _echo,
    "five_events": _five_events,
    "reasoning": _reasoning,
    "message_ids": _message_ids,
    "one_queue": _one_queue,
    "devices": _devices,
    "resume": _resume,
    "cancel": _cancel,
    "tiers": _tiers,
    "subprotocol": _subprotocol,
    "refusal_codes": _refusal_codes,
    "errors": _errors,
    "threads": _threads,
    "admin": _there("/admin/people/nobody"),
    "sign_up": _there("/auth/register"),
}
"""How each capability that can be told from outside is tried, the harmless ones first."""
