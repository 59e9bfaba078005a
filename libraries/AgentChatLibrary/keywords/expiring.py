"""When a token ends: the warning, and the close."""

from __future__ import annotations

import time

from robot.api.deco import keyword

from ..chat import Unexpected
from ..kit import Kit
from .promises import BrokenPromise


class Expiring:
    """Keywords about connections whose token ends."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Judging", "Timing"))
    def close_should_have_come_after_expiry(self, session: str, within: float) -> float:
        """Checks that a session was closed at the expiry of its token or up to ``within`` seconds later.

        Args:
            session: Alias of the session that was closed.
            within: The longest delay in seconds.

        Returns:
            The delay in seconds.

        Raises:
            BrokenPromise: It was closed too early or too late.

        Example:
        | ${token}                            | Mint Token  | Ana         | expires_in=2 |
        | Open Session                        | Ana         | Ana's phone | token=${token} |
        | Wait For Close                      | Ana's phone | 1008        | token expired |
        | Close Should Have Come After Expiry | Ana's phone | within=2 |
        """
        chat = self.kit.world.chat(session)
        transcript, expires = chat.transcript, chat.expires
        end = transcript.end
        if end is None or expires is None:
            raise Unexpected(f"{session} was not closed, or its token's expiry is not known.")
        delay = transcript.wall(end) - expires
        if not 0 <= delay <= within:
            raise BrokenPromise(
                f"{session} was closed {delay:+.3f} s after the token's expiry, expected 0 to {within:g} s."
            )
        return delay

    @keyword(tags=("Waiting", "Judging", "Credentials"))
    def expiry_should_be_announced(self, session: str, before: float, late: float) -> float:
        """Waits for the announcement that a session's token will expire, and checks when it came.

        Args:
            session: Alias of an open session.
            before: How many seconds before the expiry it is due (contract, "Errors and ends": 60).
            late: How many seconds after that it may come.

        Returns:
            How many seconds were left.

        Raises:
            BrokenPromise: It came too early or too late.
            EventMissing: It did not come.

        Example:
        | ${token}                   | Mint Token | Ana         | expires_in=61 |
        | Open Session               | Ana        | Ana's phone | token=${token} |
        | Expiry Should Be Announced | Ana's phone | before=60  | late=1 |
        """
        chat = self.kit.world.chat(session)
        if chat.expires is None:
            raise Unexpected(f"The expiry of {session}'s token is not known.")
        due = max(0.0, chat.expires - before - time.time())
        patience = due + self.kit.environment.timeout("notice")
        announced = chat.waits.for_something(
            lambda t: next(iter(t.received("token_expiring")), None), "the frame token_expiring", patience
        )
        left = chat.expires - chat.transcript.wall(chat.transcript.frames[announced.index])
        if not before - late <= left <= before:
            raise BrokenPromise(
                f"{session} was told of the expiry {left:.3f} s before it, expected {before:g} s and at most "
                f"{late:g} s less."
            )
        return left
