"""What is done before sessions are judged: what was sent comes in, and runs that a test has held go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final

from .chat import Chat
from .frames import Frame
from .outgoing import encoded, new_message_id
from .service import Declined
from .transcript import Transcript
from .world import Scope

FENCE_SECONDS: Final = 1.0
"""Longest wait for the last pongs before sessions are judged; without one a session is judged as it is."""


def last_pongs(chats: Iterable[Chat]) -> None:
    """Pings every open session at once and waits shortly for the pongs: what was queued has come by then.

    Where the backend answers no pings, nothing has come for the environment's ``quiet``.

    Args:
        chats: The sessions.
    """
    pinged: list[tuple[Chat, str]] = []
    begun = time.monotonic()
    for chat in chats:
        if not chat.environment.offers("ping"):
            chat.waits.for_quiet(begun)
            continue
        message_id = new_message_id()
        chat.session.send_soon(encoded("ping", message_id, {}))
        pinged.append((chat, message_id))
    deadline = time.monotonic() + FENCE_SECONDS
    for chat, message_id in pinged:
        chat.session.wait(_answer_to(message_id), max(0.0, deadline - time.monotonic()))


def _answer_to(message_id: str) -> Callable[[Transcript], Frame | None]:
    """What finds the answer to a message, looking from the end."""

    def look(transcript: Transcript) -> Frame | None:
        for frame in reversed(transcript.frames):
            if frame.received and frame.event is not None and frame.event.message_id == message_id:
                return frame
        return None

    return look


def release(scope: Scope) -> list[str]:
    """Lets runs go on that a test has left held, so that none stays open for ever.

    Args:
        scope: The test's scope.

    Returns:
        Whose runs could not be released, with the reason. A backend of the test's own may have ended, and has
        taken its runs with it.
    """
    left: list[str] = []
    for person in scope.held:
        try:
            person.service.admin("POST", f"/people/{person.user_id}/release", {})
        except (Declined, OSError) as problem:
            if not any(person.service.deployment is own for own in scope.deployments):
                left.append(f"{person.name}'s runs were left held, and could not be released: {problem}")
    scope.held.clear()
    return left
