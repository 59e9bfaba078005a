"""Notices between the parts of the service, and, through a subclass, between its processes.

A notice never carries an event: it only says that there is something to look at, so that a lost one costs
time and nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Notice:
    """Something happened to a user.

    Attributes:
        kind: One of the kinds above.
        user_id: The user.
        seq: For ``WAKE``: the last event that is committed.
        size: For ``WAKE``: its bytes.
        subject: The login or the run.
    """

    kind: str
    user_id: str
    seq: int = 0
    size: int = 0
    subject: str = ""


Receiver = Callable[[Notice], None]


class Bus:
    """Delivers notices within one process. Everything happens in the event loop.

    For several processes a subclass sends the notice to all of them in ``publish`` and calls ``deliver`` for
    what arrives.
    """

    def __init__(self) -> None:
        self._of_user: dict[str, list[Receiver]] = {}
        self._of_all: list[Receiver] = []

    async def start(self) -> None:
        """Begins to listen to other processes; within one there is nothing to do."""

    async def stop(self) -> None:
        """Ends what ``start`` began."""

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
        """Tells everybody whom it concerns."""
        self.deliver(notice)

    def deliver(self, notice: Notice) -> None:
        """Hands a notice to the receivers of this process."""
        for receiver in (*self._of_user.get(notice.user_id, ()), *self._of_all):
            receiver(notice)
