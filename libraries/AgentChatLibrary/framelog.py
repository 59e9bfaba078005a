"""The frames of one connection, in order: kept at once, made into objects when somebody first looks."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, overload

from .frames import CLOSES, RECEIVED, TEXT, Frame

Payload = bytes | bytearray | memoryview
"""What a protocol hands over as the content of a frame."""

_making: Final = threading.Lock()
"""Held while an object is made of what was kept, so that there is one of each; recording never takes it."""


class FrameLog(Sequence[Frame]):
    """A growing list of frames.

    Text that arrives is nearly all there is, and comes by the ten thousand: of it only the moment and the
    bytes are kept, as a pair that the garbage collector need not look after. Decoding it, and making a frame
    of it, is left to whoever asks for it first.

    One thread adds; any may look meanwhile.

    Attributes:
        end: The close or drop that came last; None when there is none.
    """

    __slots__ = ("_kept", "add_text", "end")

    def __init__(self, frames: Iterable[Frame] = ()) -> None:
        self._kept: list[Frame | tuple[float, Payload]] = []
        self.end: Frame | None = None
        for frame in frames:
            self.append(frame)
        self.add_text = self._kept.append
        """Adds a text frame that was received: its moment (see ``Frame.at``) and its content, as a pair."""

    def append(self, frame: Frame) -> None:
        """Adds a frame."""
        self._kept.append(frame)
        if frame.kind in CLOSES:
            self.end = frame

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, at: int) -> Frame: ...

    @overload
    def __getitem__(self, at: slice) -> list[Frame]: ...

    def __getitem__(self, at: int | slice) -> Frame | list[Frame]:
        kept = self._kept
        if isinstance(at, slice):
            # It may grow in between, so that it is asked once for how many there are.
            return [
                self._made(one) if isinstance(frame := kept[one], tuple) else frame
                for one in range(len(kept))[at]
            ]
        if at < 0:
            at += len(kept)
            if at < 0:
                raise IndexError("There are not as many frames.")
        frame = kept[at]
        return self._made(at) if isinstance(frame, tuple) else frame

    def since(self, start: int) -> Iterator[Frame]:
        """The frames from an index on, as many as there are at the beginning."""
        kept = self._kept
        for at in range(start, len(kept)):
            frame = kept[at]
            yield self._made(at) if isinstance(frame, tuple) else frame

    def __iter__(self) -> Iterator[Frame]:
        for at, frame in enumerate(self._kept):
            yield self._made(at) if isinstance(frame, tuple) else frame

    def _made(self, at: int) -> Frame:
        with _making:
            frame = self._kept[at]
            if isinstance(frame, tuple):
                frame = self._kept[at] = Frame(at, frame[0], RECEIVED, TEXT, _decoded(frame[1]))
            return frame


def _decoded(payload: Payload) -> str | bytes:
    """The text; the bytes as they came where they are no UTF-8."""
    try:
        return str(payload, "utf-8")
    except UnicodeDecodeError:
        return bytes(payload)
