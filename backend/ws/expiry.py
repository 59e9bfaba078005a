"""Watching a token run out on a live connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from backend.clock import Clock

if TYPE_CHECKING:
    from backend.ws.connection import Connection

WARNING_SECONDS = 60.0
"""How long before its expiry a token is announced to run out (contract, "Errors and ends")."""


class ExpiryWatch:
    """Announces the expiry of a connection's token once, and closes the connection when it comes."""

    def __init__(self, clock: Clock, connection: Connection) -> None:
        self._clock = clock
        self._connection = connection
        self._timers: list[asyncio.TimerHandle] = []

    def begin(self, expires_at: int) -> None:
        """Watches a token, in the place of the one watched before.

        Args:
            expires_at: Its ``exp``, Unix seconds.
        """
        self.stop()
        self._at(expires_at - WARNING_SECONDS, self.announce, expires_at)
        self._at(expires_at, self.expired, expires_at)

    def stop(self) -> None:
        """Watches nothing any more."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def announce(self, expires_at: int) -> None:
        """Says that the token will expire."""
        if self._early(expires_at - WARNING_SECONDS, self.announce, expires_at):
            return
        self._connection.reply("token_expiring", {"expires_at": expires_at})

    def expired(self, expires_at: int) -> None:
        """Closes the connection; never before the token has expired."""
        if self._early(expires_at, self.expired, expires_at):
            return
        self._connection.close(1008, "token_expired")

    def _early(self, moment: float, action: _Action, expires_at: int) -> bool:
        # The loop's timers follow another clock than tokens do, and some fire a little early.
        if self._clock.now() >= moment:
            return False
        self._at(moment, action, expires_at)
        return True

    def _at(self, moment: float, action: _Action, expires_at: int) -> None:
        delay = max(0.001, moment - self._clock.now())
        self._timers.append(asyncio.get_running_loop().call_later(delay, action, expires_at))


if TYPE_CHECKING:
    from collections.abc import Callable

    _Action = Callable[[int], None]
