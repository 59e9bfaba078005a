"""A session: one person's device, and the transcripts of its connections, one after the other."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar

from websockets.asyncio.client import connect
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus
from websockets.typing import Subprotocol

from ..transcript import Frame, Owner, Transcript
from . import loop
from .recording import Recorder, RecordingConnection

T = TypeVar("T")
Carrier = Literal["header", "subprotocol", "bare_subprotocol", "token_query", "access_token_query"]

SUBPROTOCOL: Final = "agent-chat.v1"
"""The one subprotocol the server selects (contract: Handshake)."""
CLOSE_SECONDS: Final = 5.0
"""Longest wait for the other side's half of a close handshake."""


class Refused(Exception):
    """The upgrade was refused.

    Attributes:
        status: HTTP status, or 0 when the connection was refused or broken before any answer.
        headers: The answer's headers, names in lower case.
        body: The answer's body as text.
    """

    def __init__(self, status: int, headers: Mapping[str, str], body: str) -> None:
        super().__init__(f"HTTP {status}: {body[:200]}")
        self.status = status
        self.headers = headers
        self.body = body


class Ended(Exception):
    """The connection has ended, so nothing can be sent or awaited on it."""

    ROBOT_SUPPRESS_NAME = True


@dataclass(slots=True)
class Offer:
    """What a client presents at the handshake.

    Attributes:
        url: The WebSocket address.
        credentials: Tokens and how each travels (contract: Handshake). The queries and the subprotocol
            without its companion are ways that must be refused.
        headers: Further headers, for example ``Origin``.
    """

    url: str
    credentials: Sequence[tuple[Carrier, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def request(self) -> tuple[str, dict[str, str], list[Subprotocol] | None]:
        """The address, headers and subprotocols that carry the tokens."""
        headers, query = dict(self.headers), []
        subprotocols: list[Subprotocol] = []
        for carrier, token in self.credentials:
            if carrier == "header":
                headers["Authorization"] = f"Bearer {token}"
            elif carrier in {"token_query", "access_token_query"}:
                query.append(f"{carrier.removesuffix('_query')}={token}")
            else:
                encoded = base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")
                companion = [] if carrier == "bare_subprotocol" else [Subprotocol(SUBPROTOCOL)]
                subprotocols += [*companion, Subprotocol(f"jwt.{encoded}")]
        url = f"{self.url}?{'&'.join(query)}" if query else self.url
        return url, headers, subprotocols or None


class Session:
    """One device of one person. Reconnecting adds a transcript; the old ones stay.

    Attributes:
        alias: How suites call it, for example ``Ana`` or ``Ana's phone``.
        owner: Whose it is.
        transcripts: One for each connection, in order.
    """

    def __init__(self, alias: str, owner: Owner) -> None:
        self.alias = alias
        self.owner = owner
        self.transcripts: list[Transcript] = []
        self._recorder: Recorder | None = None
        self._connection: RecordingConnection | None = None

    # -- connecting ---------------------------------------------------------------------------------

    async def connect(self, offer: Offer, timeout: float) -> None:  # noqa: ASYNC109 -- websockets' own limit
        """Opens a connection and records it from its first byte.

        Args:
            offer: Address and credential.
            timeout: Longest wait for the upgrade in seconds.

        Raises:
            Refused: The server refused the upgrade, or nothing answered.
        """
        transcript = Transcript(self.alias, self.owner, len(self.transcripts) + 1)
        transcript.opened_at, transcript.opened_wall = time.monotonic(), time.time()
        recorder = Recorder(transcript)

        def create(protocol: ClientProtocol, **options: Any) -> RecordingConnection:  # noqa: ANN401 -- passed on
            return RecordingConnection(recorder, protocol, **options)

        url, headers, subprotocols = offer.request()
        try:
            connection = await connect(
                url,
                additional_headers=headers,
                subprotocols=subprotocols,
                create_connection=create,  # type: ignore[arg-type]  # documented as a factory
                compression=None,
                proxy=None,
                max_size=None,
                ping_interval=None,
                open_timeout=timeout,
                close_timeout=CLOSE_SECONDS,
            )
        except InvalidStatus as refusal:
            answer = refusal.response
            given = {name.lower(): value for name, value in answer.headers.raw_items()}
            raise Refused(
                answer.status_code, given, (answer.body or b"").decode("utf-8", "replace")
            ) from None
        except InvalidMessage as broken:
            raise Refused(0, {}, f"no HTTP answer: {broken.__cause__ or broken}") from None
        except (OSError, InvalidHandshake, TimeoutError) as problem:
            raise Refused(0, {}, f"{type(problem).__name__}: {problem}") from None
        assert isinstance(connection, RecordingConnection)  # noqa: S101 -- create() made it
        self._recorder, self._connection = recorder, connection
        self.transcripts.append(transcript)

    def open(self, offer: Offer, timeout: float) -> None:
        """Like :meth:`connect`, from the main thread."""
        loop.call(self.connect(offer, timeout))

    # -- what was recorded --------------------------------------------------------------------------

    @property
    def transcript(self) -> Transcript:
        """The current connection's transcript, or the last one's."""
        if not self.transcripts:
            raise Ended(f"{self.alias} has never been connected")
        return self.transcripts[-1]

    @property
    def connection(self) -> RecordingConnection:
        """The current connection.

        Raises:
            Ended: There is none, or it has ended.
        """
        if self._connection is None:
            raise Ended(f"{self.alias} is not connected")
        if self._connection.ended or self.transcript.end is not None:
            raise Ended(
                f"{self.alias}'s connection has ended ({self.end_text()}): nothing can be sent on it."
            )
        return self._connection

    @property
    def is_open(self) -> bool:
        """Whether the current connection can still send."""
        return self._connection is not None and not self._connection.ended and self.transcript.end is None

    def end_text(self) -> str:
        """How the last connection ended, for messages."""
        end = self.transcript.end if self.transcripts else None
        if end is None:
            return "it is open"
        return f"{end.kind} {end.code if end.code is not None else ''} {end.data!s}".replace(
            "  ", " "
        ).strip()

    # -- acting -------------------------------------------------------------------------------------

    def send(self, message: str | bytes) -> None:
        """Sends one message: text as a text frame, bytes as a binary frame.

        Raises:
            Ended: The connection has ended, or ended while the message was sent.
        """
        connection = self.connection
        try:
            loop.call(connection.send_text(message))
        except ConnectionClosed:
            raise Ended(
                f"{self.alias}'s connection has ended ({self.end_text()}) while something was sent on it."
            ) from None

    def send_soon(self, message: str) -> None:
        """Sends one text frame without waiting until it has gone out; does nothing when nothing is open."""
        connection = self._connection
        if connection is None or not self.is_open:
            return

        async def send() -> None:
            if not connection.ended:
                await connection.send_text(message)

        loop.soon(lambda: asyncio.ensure_future(send()))

    def send_many(self, messages: Sequence[str]) -> None:
        """Sends messages back to back, without waiting for anything between them."""
        connection = self.connection

        async def burst() -> None:
            for message in messages:
                await connection.send_text(message)

        loop.call(burst())

    def send_fragments(self, parts: list[str] | list[bytes]) -> None:
        """Sends one message in fragments."""
        loop.call(self.connection.send_fragments(parts))

    def send_raw_text(self, data: bytes) -> None:
        """Sends bytes as a text frame, also when they are no UTF-8."""
        loop.call(self.connection.send_raw_text(data))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes with a close handshake; does nothing when nothing is open."""
        if self._connection is not None:
            loop.call(self._connection.close_cleanly(code, reason))

    def drop(self) -> None:
        """Vanishes: TCP reset, no close frame."""
        connection = self.connection

        async def vanish() -> None:
            connection.drop()
            await connection.wait_closed()

        loop.call(vanish())

    # -- waiting ------------------------------------------------------------------------------------

    def wait(self, look: Callable[[Transcript], T | None], timeout: float) -> T | None:
        """Waits until ``look`` finds something in the current transcript.

        Args:
            look: Called at once and after every frame; what it returns, unless None, is the result.
            timeout: Longest wait in seconds.

        Returns:
            What was found; None when the connection ended or ``timeout`` passed first.
        """
        transcript, recorder = self.transcript, self._recorder
        deadline = time.monotonic() + timeout
        while True:
            seen = len(transcript.frames)
            found = look(transcript)
            if found is not None or recorder is None or transcript.end is not None:
                return found
            # Looking happens outside the lock, so that it never delays the recording.
            with recorder.changed:
                while len(transcript.frames) == seen:
                    remaining = deadline - time.monotonic()
                    if remaining <= 0:
                        return None
                    recorder.changed.wait(remaining)

    def wait_end(self, timeout: float) -> Frame | None:
        """Waits until the connection has ended; returns its last frame, or None after ``timeout`` seconds."""
        return self.wait(lambda transcript: transcript.end, timeout)


class LoadedSession(Session):
    """A session that was recorded before and loaded from a file: it has ended, and nothing goes on it.

    What always holds is asked of it only when a test asks: its faults may be what the test is about.
    """


def open_many(sessions: Sequence[Session], offers: Sequence[Offer], timeout: float) -> None:
    """Opens many sessions at once.

    Args:
        sessions: The sessions.
        offers: For each session its offer.
        timeout: Longest wait for each upgrade in seconds.

    Raises:
        Refused: One of them was refused.
    """

    async def all_at_once() -> None:
        await asyncio.gather(*(s.connect(o, timeout) for s, o in zip(sessions, offers, strict=True)))

    loop.call(all_at_once())


def send_together(messages: Sequence[tuple[Session, str]]) -> None:
    """Sends one text frame on each of many sessions, back to back.

    Args:
        messages: The sessions and what each sends.

    Raises:
        Ended: One of the sessions is not open.
    """
    open_ones = [(session.connection, message) for session, message in messages]

    async def all_at_once() -> None:
        await asyncio.gather(*(connection.send_text(message) for connection, message in open_ones))

    loop.call(all_at_once())


def close_many(sessions: Sequence[Session]) -> None:
    """Closes many sessions at once with a close handshake each; those that have ended are passed over."""

    async def all_at_once() -> None:
        open_ones = [s.connection for s in sessions if s.is_open]
        await asyncio.gather(*(c.close_cleanly(1000) for c in open_ones))

    loop.call(all_at_once())
