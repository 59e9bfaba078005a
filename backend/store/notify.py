"""Notices between the parts of the service and, by a link, between its processes.

A notice never carries an event: it only says that there is something to look at, so that a lost one costs
time and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.log import Journal

WAKE = "wake"
"""The user's log has grown up to ``seq``."""
REVOKED = "revoked"
"""The login ``subject`` of the user was ended; an empty one stands for all of them."""
DISABLED = "disabled"
"""The user may not do anything any more."""
CANCEL = "cancel"
"""The run ``subject`` of the user shall end."""
RELEASED = "released"
"""Held runs of the user may go on."""
COUNT = "count"
"""Somebody wants to know what was counted for the user; each process shall store its part."""
COUNTED = "counted"
"""A process has stored its part; ``subject`` says which process, and for whom."""
MISSED = "missed"
"""Nobody knows what was not heard: whoever can find out from the database shall do so now."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something happened to a user.

    Attributes:
        kind: One of the kinds above.
        user_id: The user.
        seq: For ``WAKE``: the last event that is committed.
        size: For ``WAKE``: its bytes.
        subject: The login or the run, or what else the kind says.
    """

    kind: str
    user_id: str
    seq: int = 0
    size: int = 0
    subject: str = ""


Receiver = Callable[[Notice], None]


class Link:
    """Takes notices to the other processes and brings theirs. This one knows of none."""

    shared = False
    """Whether there may be others."""

    @property
    def works(self) -> bool:
        """Whether notices come at present; when they do not, everything is looked for now and then."""
        return True

    async def start(self, receiver: Receiver) -> None:
        """Begins to bring notices.

        Args:
            receiver: Gets each, in the event loop.
        """

    async def stop(self) -> None:
        """Ends what ``start`` began."""

    def send(self, notice: Notice) -> None:
        """Takes a notice to the others, without waiting for it."""


class Bus:
    """Delivers notices to the parts of this process, and to the others by a link.

    Everything happens in the event loop.

    Args:
        link: The way to the other processes.
    """

    def __init__(self, link: Link) -> None:
        self.link = link
        self._of_user: dict[str, list[Receiver]] = {}
        self._of_all: list[Receiver] = []

    async def start(self) -> None:
        """Begins to listen to other processes."""
        await self.link.start(self.deliver)

    async def stop(self) -> None:
        """Ends what ``start`` began."""
        await self.link.stop()

    def subscribe(self, user_id: str, receiver: Receiver) -> None:
        """Lets ``receiver`` have the notices about one user."""
        self._of_user.setdefault(user_id, []).append(receiver)

    def unsubscribe(self, user_id: str, receiver: Receiver) -> None:
        """Undoes ``subscribe``."""
        receivers = self._of_user.get(user_id, [])
        if receiver in receivers:
            receivers.remove(receiver)
        if not receivers:
            self._of_user.pop(user_id, None)

    def subscribe_to_all(self, receiver: Receiver) -> None:
        """Lets ``receiver`` have the notices about everybody."""
        self._of_all.append(receiver)

    def publish(self, notice: Notice) -> None:
        """Tells everybody whom it concerns, in all processes."""
        self.deliver(notice)
        self.link.send(notice)

    def deliver(self, notice: Notice) -> None:
        """Hands a notice to the receivers of this process."""
        for receiver in (*self._of_user.get(notice.user_id, ()), *self._of_all):
            receiver(notice)


def link_to(url: str, name: str, journal: Journal) -> Link:
    """Returns the way to the other processes on the same data.

    Args:
        url: The database that they share.
        name: What tells this process from them.
        journal: Where trouble is noted.
    """
    if url.startswith("sqlite"):
        return Link()
    # PostgreSQL's driver is loaded only where it is needed: it takes half as long as the rest of the service.
    from backend.store.postgres_link import PostgresLink  # noqa: PLC0415

    return PostgresLink(url, name, journal)
