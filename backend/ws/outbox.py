"""The FIFO of one connection: everything that will be sent stands in it, in one order."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

ROOM_ITEMS = 128
"""Length from which no more is read from the peer until some has been sent."""

ROOM_BYTES = 256 * 1024
"""Bytes, likewise."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A frame that is not durable.

    Attributes:
        type: Its type.
        text: As it is sent.
        code: Of an ``error`` frame.
    """

    type: str
    text: str = field(repr=False)
    code: str | None = None

    @property
    def size(self) -> int:
        """Bytes that it will take, about."""
        return len(self.text)


@dataclass(frozen=True, slots=True)
class Wake:
    """The log has grown: send what it holds up to ``bound``, and nothing beyond.

    The bound was committed when this was put in, so that an answer put in later comes before what it causes.
    """

    bound: int
    size: int = 0


@dataclass(frozen=True, slots=True)
class Replay:
    """Send again what the log holds after ``after`` and up to the watershed."""

    after: int
    message_id: str | None = None
    size: int = 0


@dataclass(frozen=True, slots=True)
class End:
    """Close the connection."""

    code: int
    reason: str
    size: int = 0


Item = Reply | Wake | Replay | End


class Outbox:
    """The FIFO. One side puts in without waiting, the other takes out."""

    def __init__(self) -> None:
        self.bytes = 0
        self._items: deque[Item] = deque()
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def put(self, item: Item) -> None:
        """Puts an item at the end."""
        self.enqueue(item)
        self.bytes += item.size
        self._filled.set()
        self._measure()

    def enqueue(self, item: Item) -> None:
        """Gives an item its place: behind all others."""
        self._items.append(item)

    async def take(self) -> Item:
        """Returns the first item as soon as there is one. It counts as unsent until ``done``."""
        while not self._items:
            self._filled.clear()
            await self._filled.wait()
        return self._items.popleft()

    def done(self, item: Item) -> None:
        """Says that an item has been sent."""
        self.bytes -= item.size
        self._measure()

    def forget_wakes(self) -> None:
        """Takes out every wake: whoever cannot read the log now need not try as often as it has grown."""
        wakes = [item for item in self._items if isinstance(item, Wake)]
        self._items = deque(item for item in self._items if not isinstance(item, Wake))
        for wake in wakes:
            self.done(wake)

    async def room(self) -> None:
        """Waits until the FIFO is short enough to take more from the peer."""
        await self._room.wait()

    def open_wide(self) -> None:
        """Lets nobody wait for room any more: the connection is ending."""
        self._room.set()
        self._measure = self._room.set  # type: ignore[method-assign]

    def _measure(self) -> None:
        if len(self._items) > ROOM_ITEMS or self.bytes > ROOM_BYTES:
            self._room.clear()
        else:
            self._room.set()
