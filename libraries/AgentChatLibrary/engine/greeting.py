"""What a session of another dialect says and waits for after the upgrade, until it is welcome or refused."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..dialect.decoders import Decoder
from ..dialect.door import Request, canonical_body, step_text
from ..dialect.model import Dialect
from ..dialect.paths import MISSING, get
from ..dialect.reading import ESTABLISHED, REFUSED
from ..dialect.speaking import NotOffered, Speaker
from ..dialect.templates import Unsayable
from ..frames import Direction, Event, Kind
from ..transcript import Transcript

T = TypeVar("T")


class Unwelcome(Exception):
    """The backend did not let the client in after the upgrade.

    Attributes:
        status: The HTTP status that the contract would have refused with; 0 when nothing was said.
        body: What the contract would have answered.
    """

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


class Greeting:
    """The greeting of one connection.

    Args:
        dialect: How the backend speaks.
        request: What the handshake carried.
        speaker: Has the values for places in templates.
        send: Sends a text as it is.
        wait: Waits until something is found in the connection as it was said, or told.
    """

    def __init__(
        self,
        dialect: Dialect,
        request: Request,
        speaker: Speaker,
        send: Callable[[str], None],
        wait: Callable[[Callable[[Transcript], Any], float], Any],
    ) -> None:
        self.dialect = dialect
        self.request = request
        self.speaker = speaker
        self._send = send
        self._wait = wait
        self._steps = list(request.steps)
        self._kept: dict[str, Any] = {}
        self._read = 0

    def begin(self) -> None:
        """Says what can be said before anything is waited for.

        Raises:
            NotOffered: A value that must be said is not there.
        """
        while self._steps and self._steps[0].expect is None:
            self._say()
        if not self._steps and not self.request.presented and self.dialect.nudge is not None:
            self._send(self.speaker.filled(self.dialect.nudge))

    def finish(self, timeout: float) -> None:
        """Goes through the rest, and waits until the backend welcomes or refuses.

        Args:
            timeout: The longest wait in seconds.

        Raises:
            Unwelcome: It refused, ended the connection, or said nothing in time.
            NotOffered: A value that must be said is not there.
        """
        deadline = time.monotonic() + timeout
        while self._steps:
            if self._steps[0].expect is not None:
                self._expect(deadline - time.monotonic())
            else:
                self._say()
        answer = self._wait(_answer, max(0.0, deadline - time.monotonic()))
        self._judge(answer, timeout)

    def _judge(self, answer: Event | Transcript | None, timeout: float) -> None:
        if isinstance(answer, Event) and answer.type == ESTABLISHED:
            return
        if isinstance(answer, Event):
            status = answer.get("status")
            body = canonical_body(str(answer.get("code", "")), str(answer.get("message", "")))
            raise Unwelcome(status if isinstance(status, int) else 0, body)
        end = answer.end if isinstance(answer, Transcript) else None
        if end is not None:
            raise Unwelcome(0, f"The connection ended before any welcome: {end.kind} {end.code} {end.data!s}")
        raise Unwelcome(0, f"no welcome came within {timeout:g} s")

    def _say(self) -> None:
        step = self._steps.pop(0)
        try:
            said = step_text(step, self.request.token, self._kept, self.speaker.value)
        except Unsayable as problem:
            raise NotOffered(f"{self.dialect.name} cannot be greeted: {problem}.") from None
        self._send(said)

    def _expect(self, timeout: float) -> None:
        step = self._steps[0]
        expected = step.expect

        def look(transcript: Transcript) -> Mapping[str, Any] | Transcript | None:
            wire = transcript.wire or transcript
            decoder = Decoder(self.dialect.form)
            for frame in wire.frames:
                if frame.kind is not Kind.TEXT or not isinstance(frame.data, str):
                    continue
                if frame.direction is Direction.SENT:
                    decoder.sent(frame.data)
                    continue
                for decoded in decoder.received(frame.data):
                    if frame.index >= self._read and expected is not None and expected.holds(decoded):
                        self._read = frame.index + 1
                        return decoded
            refused = transcript.received(REFUSED)
            return transcript if refused or transcript.end is not None else None

        came = self._wait(look, max(0.0, timeout))
        if came is None or isinstance(came, Transcript):
            refused = came.received(REFUSED) if came is not None else ()
            self._judge(refused[0] if refused else came, timeout)
        self._steps.pop(0)
        for name, path in step.remember.items():
            value = get(came, path)
            if value is not MISSING:
                self._kept[name] = value
                self.speaker.values[name] = value


def _answer(transcript: Transcript) -> Event | Transcript | None:
    """The welcome, the refusal, or the connection that has ended without either."""
    found = transcript.received(ESTABLISHED, REFUSED)
    if found:
        return found[0]
    return transcript if transcript.end is not None else None
