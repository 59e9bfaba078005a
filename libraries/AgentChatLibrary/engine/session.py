"""A session: one person's device, and the transcripts of its connections, one after the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from websockets.asyncio.client import connect
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus
from websockets.typing import Subprotocol

from ..dialect import door
from ..dialect.reading import Reading
from ..dialect.tongue import Tongue
from ..frames import Frame
from ..transcript import Owner, Transcript
from . import loop
from .greeting import Greeting, Unwelcome
from .offer import Offer, Refused, refused
from .recording import Recorder, RecordingConnection

T = TypeVar("T")

CLOSE_SECONDS: Final = 5.0
"""Longest wait for the other side's half of a close handshake."""


class Ended(Exception):
    """The connection has ended, so nothing can be sent or awaited on it."""

    ROBOT_SUPPRESS_NAME = True


class Session:
    """One device of one person. Reconnecting adds a transcript; the old ones stay.

    Attributes:
        alias: How suites call it, for example ``Ana`` or ``Ana's phone``.
        owner: Whose it is.
        keep: How many frames of each connection are recorded at the most; all when None.
    """

    def __init__(self, alias: str, owner: Owner, keep: int | None = None) -> None:
        self.alias = alias
        self.owner = owner
        self.keep = keep
        self._transcripts: list[Transcript] = []
        self._readings: list[Reading] = []
        self._recorder: Recorder | None = None
        self._connection: RecordingConnection | None = None
        self._tongue: Tongue | None = None
        self._greeting: Greeting | None = None

    # -- connecting ---------------------------------------------------------------------------------

    async def connect(self, offer: Offer, timeout: float) -> None:  # noqa: ASYNC109 -- websockets' own limit
        """Opens a connection and records it from its first byte; see :meth:`greet` for what must follow.

        Args:
            offer: Address and credential.
            timeout: Longest wait for the upgrade in seconds.

        Raises:
            Refused: The server refused the upgrade, or nothing answered.
            NotOffered: The dialect knows no such way for a token to travel.
        """
        transcript = Transcript(self.alias, self.owner, len(self._transcripts) + 1, limit=self.keep)
        transcript.opened_at, transcript.opened_wall = time.monotonic(), time.time()
        recorder = Recorder(transcript)

        def create(protocol: ClientProtocol, **options: Any) -> RecordingConnection:  # noqa: ANN401 -- passed on
            return RecordingConnection(recorder, protocol, **options)

        request = offer.request()
        try:
            connection = await connect(
                request.url,
                additional_headers=request.headers,
                subprotocols=[Subprotocol(one) for one in request.subprotocols] or None,
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
            body = (answer.body or b"").decode("utf-8", "replace")
            raise refused(offer.dialect, answer.status_code, given, body) from None
        except InvalidMessage as broken:
            raise Refused(0, {}, f"no HTTP answer: {broken.__cause__ or broken}") from None
        # A peer that resets before the request is sent ends the connection, which is no failed handshake yet.
        except (OSError, InvalidHandshake, TimeoutError, ConnectionClosed) as problem:
            raise Refused(0, {}, f"{type(problem).__name__}: {problem}") from None
        assert isinstance(connection, RecordingConnection)  # noqa: S101 -- create() made it
        self._recorder, self._connection = recorder, connection
        self._listen(transcript, offer, request)

    def _listen(self, wire: Transcript, offer: Offer, request: door.Request) -> None:
        """Keeps the connection's transcript: as it is said, or told again where it is another dialect."""
        if offer.dialect is None:
            self._transcripts.append(wire)
            return
        self._tongue = Tongue(offer.dialect, offer.values, self.owner)
        reading = self._tongue.reading(wire)
        self._readings.append(reading)
        self._transcripts.append(reading.refresh())
        self._greeting = Greeting(offer.dialect, request, self._tongue.speaker, self._send, self.wait)

    def open(self, offer: Offer, timeout: float) -> None:
        """Like :meth:`connect`, from the main thread, greeting included."""
        loop.call(self.connect(offer, timeout))
        self.begin_greeting()
        self.greet(timeout)

    def begin_greeting(self) -> None:
        """Says what another dialect wants said first; nothing where the upgrade is all."""
        if self._greeting is not None:
            self._greeting.begin()

    def greet(self, timeout: float) -> None:
        """Goes through the greeting of another dialect until the backend welcomes or refuses.

        Args:
            timeout: Longest wait in seconds.

        Raises:
            Refused: It refused the credential after the upgrade, or said nothing.
        """
        greeting, self._greeting = self._greeting, None
        if greeting is None:
            return
        try:
            greeting.finish(timeout)
        except Unwelcome as unwelcome:
            self.close()
            raise Refused(unwelcome.status, {}, unwelcome.body) from None

    # -- what was recorded --------------------------------------------------------------------------

    @property
    def transcripts(self) -> list[Transcript]:
        """The transcripts, one for each connection, in order; in the canonical alphabet."""
        for reading in self._readings:
            reading.refresh()
        return self._transcripts

    @property
    def transcript(self) -> Transcript:
        """The current connection's transcript, or the last one's; in the canonical alphabet."""
        if not self._transcripts:
            raise Ended(f"{self.alias} has never been connected")
        return self._readings[-1].refresh() if self._readings else self._transcripts[-1]

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
        self._send(message if isinstance(message, bytes) else self.said(message))

    def said(self, message: str) -> str:
        """A canonical client frame as the backend wants to hear it; any other text as it is.

        Raises:
            NotOffered: The backend's dialect has no way to say it.
        """
        return self._tongue.said(message) if self._tongue is not None else message

    def _send(self, message: str | bytes) -> None:
        connection = self.connection
        try:
            if not loop.do(lambda: connection.send_now(message)):
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
        said = self.said(message)

        async def send() -> None:
            if not connection.ended:
                await connection.send_text(said)

        loop.soon(lambda: asyncio.ensure_future(send()))

    def send_many(self, messages: Sequence[str]) -> None:
        """Sends messages back to back, without waiting for anything between them."""
        connection = self.connection
        said = [self.said(message) for message in messages]

        async def burst() -> None:
            for message in said:
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
        wire = transcript.wire or transcript
        deadline = time.monotonic() + timeout
        found = look(transcript)
        if found is not None or recorder is None or transcript.end is not None:
            return found
        with recorder.watched() as news:
            while True:
                news.clear()
                # Looking happens beside the recording, and never delays it.
                found = look(self.transcript if wire is not transcript else transcript)
                if found is not None or transcript.end is not None:
                    return found
                remaining = deadline - time.monotonic()
                if remaining <= 0 or not news.wait(remaining):
                    return look(self.transcript if wire is not transcript else transcript)

    def wait_end(self, timeout: float) -> Frame | None:
        """Waits until the connection has ended; returns its last frame, or None after ``timeout`` seconds."""
        return self.wait(lambda transcript: transcript.end, timeout)


class LoadedSession(Session):
    """A session that was recorded before and loaded from a file: it has ended, and nothing goes on it.

    What always holds is asked of it only when a test asks: its faults may be what the test is about.
    """
