"""Knocking: which way a credential travels, found out by trying one after the other."""

from __future__ import annotations

import base64
import json
import re
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from AgentChatLibrary.dialect.door import Request
from AgentChatLibrary.engine.offer import Offer, Refused
from AgentChatLibrary.engine.session import Session
from AgentChatLibrary.frames import Frame, Kind
from AgentChatLibrary.transcript import Owner, Transcript

OPEN: Final = 101
UNAUTHORISED: Final = (401, 403)
BAD_WORDS: Final = re.compile(
    r"error|denied|invalid|unauthori|forbidden|failed|required|expired", re.IGNORECASE
)
FIRST_MESSAGES: Final[Sequence[Mapping[str, Any]]] = (
    {"action": "authenticate", "token": "$token"},
    {"type": "authenticate", "token": "$token"},
    {"type": "auth", "token": "$token"},
    {"type": "auth", "session_api_key": "$token"},
    {"type": "connection_init", "payload": {"token": "$token"}},
)
QUERIES: Final = ("token", "access_token", "api_key", "session_api_key")
SUBPROTOCOLS: Final = (("agent-chat.v1", "jwt.$token_base64url"), ("jwt-auth", "jwt.$token_base64url"))


@dataclass(frozen=True, slots=True)
class Way:
    """One way for a credential to travel.

    Attributes:
        name: The carrier's name in a dialect.
        says: What the dialect says of it.
    """

    name: str
    says: Any


@dataclass(slots=True)
class Attempt:
    """What became of one attempt to connect.

    Attributes:
        status: The HTTP status: 101 when the connection was opened, 0 when nothing answered in HTTP.
        body: The answer's body, when it was refused.
        session: The connection, when there is one.
        sent: How many messages were sent after the upgrade.
    """

    status: int
    body: str = ""
    session: Session | None = None
    sent: list[str] = field(default_factory=list)

    @property
    def transcript(self) -> Transcript | None:
        """What the connection said."""
        return self.session.transcript if self.session is not None else None

    @property
    def received(self) -> list[Frame]:
        """The messages that came."""
        frames = self.transcript.frames if self.transcript is not None else []
        return [f for f in frames if f.received and f.kind is Kind.TEXT]

    @property
    def is_open(self) -> bool:
        """Whether the connection stands."""
        return self.session is not None and self.session.is_open

    @property
    def complaints(self) -> list[Frame]:
        """The messages that complain of something."""
        return [frame for frame in self.received if complains(str(frame.data))]

    @property
    def complains(self) -> bool:
        """Whether a message complains of something."""
        return bool(self.complaints)


class _Raw(Offer):
    """An offer of which every part is given."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.url)
        self._given = request

    def request(self) -> Request:
        """What was given."""
        return self._given


def complains(text: str) -> bool:
    """Whether a message speaks of an error in its kind, or has an error beside it."""
    try:
        parsed = json.loads(text)
    except ValueError:
        return False
    if not isinstance(parsed, dict):
        return False
    kinds = [str(parsed.get(name, "")) for name in ("type", "event", "kind", "status", "code")]
    return any(BAD_WORDS.search(kind) for kind in kinds) or bool(parsed.get("error"))


def settle(session: Session, quiet: float, longest: float) -> None:
    """Waits until nothing has come for a while.

    Args:
        session: The connection.
        quiet: How long nothing must come, in seconds.
        longest: The longest wait in seconds, whatever comes.
    """
    deadline = time.monotonic() + longest
    while session.is_open and time.monotonic() < deadline:
        seen = len(session.transcript.frames)
        if session.wait(_more_than(seen), quiet) is None:
            return


def _more_than(seen: int) -> Callable[[Transcript], bool | None]:
    return lambda transcript: len(transcript.frames) > seen or None


def ways() -> Iterator[Way]:
    """Every way that is tried, the usual ones first."""
    yield Way("header", {"name": "Authorization", "value": "Bearer $token"})
    yield Way("header", {"name": "X-API-Key", "value": "$token"})
    for offer in SUBPROTOCOLS:
        yield Way("subprotocol", {"offer": list(offer)})
    for name in QUERIES:
        yield Way("query", {"name": name})
    for message in FIRST_MESSAGES:
        yield Way("first_message", dict(message))


def knock(url: str, way: Way | None, token: str, quiet: float, connect: float = 10.0) -> Attempt:
    """Connects once, with the credential carried one way.

    Args:
        url: The WebSocket's address.
        way: How the credential travels; None presents none.
        token: The credential.
        quiet: How long nothing must come before the attempt counts as settled, in seconds.
        connect: Longest wait for the upgrade in seconds.
    """
    headers: dict[str, str] = {}
    subprotocols: list[str] = []
    address, first = url, None
    if way is not None and way.name == "header":
        headers[way.says["name"]] = _filled(way.says["value"], token)
    elif way is not None and way.name == "subprotocol":
        subprotocols = [_filled(one, token) for one in way.says["offer"]]
    elif way is not None and way.name == "query":
        address += ("&" if "?" in url else "?") + urllib.parse.urlencode({way.says["name"]: token})
    elif way is not None:
        first = _filled(json.dumps(way.says), token)
    session = Session("Probe", Owner("Probe"))
    try:
        session.open(_Raw(Request(address, headers, subprotocols)), connect)
    except Refused as refused:
        return Attempt(refused.status, refused.body)
    attempt = Attempt(OPEN, session=session)
    if first is not None:
        session.send(first)
        attempt.sent.append(first)
    settle(session, quiet, quiet * 10)
    return attempt


def _filled(template: str, token: str) -> str:
    encoded = base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")
    return template.replace("$token_base64url", encoded).replace("$token", token)


def lets_in(attempt: Attempt, baseline: Attempt) -> bool:
    """Whether an attempt got further than one without a credential.

    Args:
        attempt: With the credential.
        baseline: Without one.
    """
    if not attempt.is_open or attempt.complains:
        return False
    if not baseline.is_open or baseline.complains:
        return True
    return kinds(attempt) != kinds(baseline)


def kinds(attempt: Attempt) -> list[str]:
    """What kinds of message came, roughly: enough to see whether two attempts differ."""
    return [kind_of(str(frame.data)) for frame in attempt.received]


def kind_of(text: str) -> str:
    """What kind of message a text is, roughly: its name and its fields."""
    try:
        parsed = json.loads(text)
    except ValueError:
        return text[:20]
    if not isinstance(parsed, dict):
        return "?"
    name = next((str(parsed[n]) for n in ("type", "event", "kind", "method") if n in parsed), "?")
    return f"{name}:{','.join(sorted(parsed))}"
