"""From a received message to the handler of its type, or to the error that says why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from backend.compose import FrameError
from backend.ground import Ground
from backend.metrics import INVALID
from backend.store.lane import DatabaseUnavailableError
from backend.store.people import Person
from backend.ws.admission import Admissions, NoLongerWelcomeError
from backend.ws.frames import ClientFrame, FrameParser

if TYPE_CHECKING:
    from backend.ws.connection import Connection

RETRY_SECONDS = 1.0
"""After which a message is worth another try that the database was not there for."""


class Handler(Protocol):
    """Does what one type of frame asks for."""

    async def handle(self, connection: Connection, frame: ClientFrame, person: Person) -> None:
        """Handles a frame.

        Args:
            connection: Where it came from and where the reply goes.
            frame: The frame.
            person: Its sender, as the database knows them now.

        Raises:
            FrameError: It is not accepted.
        """


class Router:
    """Knows the handler of each type. Whatever goes wrong becomes an ``error`` frame."""

    def __init__(
        self,
        ground: Ground,
        parser: FrameParser,
        admissions: Admissions,
        handlers: Mapping[str, Handler],
    ) -> None:
        self._ground = ground
        self._parser = parser
        self._admissions = admissions
        self._handlers = handlers

    async def receive(self, connection: Connection, message: str | bytes) -> None:
        """Handles one message of a connection."""
        kind, document = self._parser.kind(message)
        self._ground.metrics.received(connection.identity.user_id, kind or INVALID)
        message_id = _message_id(document)
        try:
            if kind == "ping":
                self.ping(connection, self.frame(kind, document))
                return
            person = await self.admitted(connection, document)
            await self.route(connection, self.frame(kind, document), person)
        except FrameError as error:
            error.message_id = error.message_id or message_id
            connection.refuse(error)
        except NoLongerWelcomeError as reason:
            connection.close(1008, str(reason))
        except DatabaseUnavailableError:
            connection.refuse(self.without_database(document, message_id))
        except Exception as problem:  # noqa: BLE001 -- the connection lives after every error
            self._ground.journal.failure("message_failed", problem, connection_id=connection.id, type=kind)
            connection.refuse(FrameError("internal", _SORRY, message_id=message_id))

    def frame(self, kind: str | None, document: Mapping[str, Any] | FrameError) -> ClientFrame:
        """Returns what was read as a frame of its type.

        Raises:
            FrameError: It could not be read, or a field is missing or wrong.
        """
        if isinstance(document, FrameError):
            raise document
        return self._parser.frame(kind or "", document)

    async def admitted(self, connection: Connection, document: Mapping[str, Any] | FrameError) -> Person:
        """Returns the sender of a message as they are now, if they may send one more.

        Raises:
            FrameError: It is one too many, or the token has expired.
            NoLongerWelcomeError: The sender may not stay.
        """
        now = self._ground.clock.now()
        admission = await self._ground.database.write(
            self._admissions.admit, connection.identity, connection.id, now
        )
        if admission.retry_after is not None:
            raise FrameError(
                "rate_limited",
                f"Too many messages; the next one is accepted in {admission.retry_after} s.",
                retry_after=admission.retry_after,
                message_id=_message_id(document) if isinstance(document, Mapping) else None,
            )
        self.not_expired(connection, now)
        return admission.person

    def not_expired(self, connection: Connection, now: float) -> None:
        """Checks that the token of the connection still counts."""
        if now >= connection.identity.claims.exp:
            raise FrameError("token_expired", "The token has expired.")

    async def route(self, connection: Connection, frame: ClientFrame, person: Person) -> None:
        """Hands a frame to the handler of its type, if the sender has the permission."""
        self.permitted(frame, person)
        await self._handlers[frame.type].handle(connection, frame, person)

    def permitted(self, frame: ClientFrame, person: Person) -> None:
        """Checks the permission that a frame needs (tiers.json)."""
        if not person.may(self._ground.tiers.permission_for(frame.type)):
            raise FrameError("forbidden", "You may not do this.")

    def ping(self, connection: Connection, frame: ClientFrame) -> None:
        """Answers at once, behind what stands in the FIFO already."""
        echoed = {name: frame.fields[name] for name in ("sequence", "data") if name in frame.fields}
        connection.reply("pong", echoed, frame.message_id)

    def without_database(
        self, document: Mapping[str, Any] | FrameError, message_id: str | None
    ) -> FrameError:
        """Returns the error for a message that the database was not there for."""
        if isinstance(document, FrameError):
            return document
        return FrameError(
            "unavailable",
            "The service cannot work on this at the moment.",
            retry_after=RETRY_SECONDS,
            message_id=message_id,
        )


_SORRY = "Something went wrong on our side."


def _message_id(document: Mapping[str, Any] | FrameError) -> str | None:
    if isinstance(document, FrameError):
        return document.message_id
    value = document.get("message_id")
    return value if isinstance(value, str) and 1 <= len(value) <= 64 else None  # noqa: PLR2004 -- contract
