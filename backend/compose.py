"""The server's frames as objects, and objects as text. Every frame that goes out is made here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from backend.clock import Clock

Frame = dict[str, object]


class Encoder:
    """Turns a frame into the text that is sent, and stored where the frame is durable."""

    def encode(self, frame: Mapping[str, object]) -> str:
        """Returns the frame as JSON, every character as itself.

        Raises:
            ValueError: The frame holds NaN or an infinity.
        """
        return _encode(frame)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class RunKey:
    """What every event of a run says about where it belongs."""

    run_id: str
    user_id: str
    thread_id: str


class EventComposer:
    """Makes the durable frames: the six run events."""

    def compose(
        self, event: str, run: RunKey, seq: int, timestamp: float, fields: Mapping[str, object]
    ) -> Frame:
        """Returns one event.

        Args:
            event: Its type, such as ``agent_started``.
            run: The run it belongs to.
            seq: Its place among all events of the user.
            timestamp: Unix time in seconds.
            fields: The fields of its own.
        """
        return {
            "type": event,
            "timestamp": timestamp,
            "seq": seq,
            "user_id": run.user_id,
            "thread_id": run.thread_id,
            "run_id": run.run_id,
            **fields,
        }


class ReplyComposer:
    """Makes the frames that are not durable."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def compose(self, kind: str, fields: Mapping[str, object], message_id: str | None = None) -> Frame:
        """Returns a reply; ``message_id`` is that of the client's frame, which it echoes."""
        frame: Frame = {"type": kind, "timestamp": self._clock.now(), **fields}
        if message_id is not None:
            frame["message_id"] = message_id
        return frame


class FrameError(Exception):
    """Why a client's frame is not accepted; becomes an ``error`` frame.

    Attributes:
        code: One of the contract's error codes.
        message: For people, without anything internal.
        field: The field at fault.
        retry_after: Seconds after which the same frame would be accepted.
        message_id: Of the frame, where it could be read.
        offer: The upgrade offer of a spent quota.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        field: str | None = None,
        retry_after: float | None = None,
        message_id: str | None = None,
        offer: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.retry_after = retry_after
        self.message_id = message_id
        self.offer = offer


class ErrorComposer:
    """Makes ``error`` frames."""

    def __init__(self, replies: ReplyComposer) -> None:
        self._replies = replies

    def compose(self, error: FrameError) -> Frame:
        """Returns the frame. Fields without a value are left out."""
        fields: Frame = {"code": error.code, "message": error.message, "error": error.message}
        if error.field is not None:
            fields["field"] = error.field
        if error.retry_after is not None:
            fields["retry_after"] = error.retry_after
        if error.offer is not None:
            fields["upgrade_offer"] = dict(error.offer)
        return self._replies.compose("error", fields, error.message_id)
