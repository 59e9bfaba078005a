"""People who connect in the very moment in which the backend begins to go down."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from robot.api import logger
from robot.api.deco import keyword

from ..chat import Chat, Unexpected
from ..engine.offer import Offer, Refused
from ..engine.session import Session
from ..kit import Kit
from ..ledger import how_it_ended
from ..world import Notes
from .promises import BrokenPromise

ARRIVALS: Final = "arrivals"
"""The name under which it is noted who came."""
GOING_AWAY: Final = "1001"
"""Close code of a server that goes down (RFC 6455, section 7.4.1)."""
NOBODY: Final = 0
"""What stands for the status where nobody listened any more."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Who came while the backend began to drain.

    Attributes:
        let_in: Those who were connected.
        refused: For each of the others the HTTP status of the refusal; 0 where nobody answered.
    """

    let_in: Sequence[Chat]
    refused: Sequence[int]


class Arriving:
    """Keywords about coming in too late."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self._arrivals: Notes[Arrivals] = Notes(kit.world)

    @keyword(tags=("Crowds", "Sessions", "Operations"))
    def arrive_while_backend_begins_to_drain(self, *people: str) -> None:
        """Connects many people at once, and tells the backend to drain as soon as the first of them is in.

        Args:
            people: Names of the people; each session's alias is its person's name.

        Raises:
            Declined: The backend declined to drain.
            NameTaken: A session of that alias is still connected.

        Example:
        | Start Private Backend                | drain_seconds=${1} |
        | Make Organisation                    | Fabrikam |
        | @{people}                            | Create People | 20 | Fabrikam |
        | Arrive While Backend Begins To Drain | @{people} |
        | Everybody Should Have Been Sent Away |
        """
        ready = [self._ready(name) for name in people]
        with ThreadPoolExecutor(max_workers=len(ready)) as pool:
            coming = [pool.submit(self._come, chat, offer) for chat, offer in ready]
            wait(coming, return_when=FIRST_COMPLETED)
            self.kit.service.admin("POST", "/drain", status=HTTPStatus.ACCEPTED)
        statuses = [one.result() for one in coming]
        self._arrivals[ARRIVALS] = Arrivals(
            [chat for (chat, _), status in zip(ready, statuses, strict=True) if status is None],
            [status for status in statuses if status is not None],
        )

    def _ready(self, name: str) -> tuple[Chat, Offer]:
        person = self.kit.world.person(name)
        chat = Chat(Session(name, person.owner), person, self.kit.environment)
        self.kit.world.add_chat(chat)
        return chat, self.kit.offer(person.service.deployment, [("header", self.kit.token(person))])

    def _come(self, chat: Chat, offer: Offer) -> int | None:
        try:
            chat.session.open(offer, self.kit.environment.timeout("connect"))
        except Refused as refusal:
            return refusal.status
        return None

    @keyword(tags=("Crowds", "Judging", "Operations"))
    def everybody_should_have_been_sent_away(self) -> None:
        """Checks that each who came while the backend began to drain was told to come back.

        Either the connection was refused with 503, or there was nobody to ask any more; or whoever was let in
        was told goodbye with 1001.

        Raises:
            BrokenPromise: Somebody was let in and cut off, or stayed, or was refused in another way.
            Unexpected: Nobody came, or nobody was let in: there is nothing to look at.

        Example:
        | Start Private Backend                | drain_seconds=${1} |
        | Make Organisation                    | Fabrikam |
        | @{people}                            | Create People | 20 | Fabrikam |
        | Arrive While Backend Begins To Drain | @{people} |
        | Everybody Should Have Been Sent Away |
        """
        found = self._arrivals.get(ARRIVALS)
        if found is None or not found.let_in:
            raise Unexpected(
                "Nobody was let in before the backend began to drain: there is nothing to look at. "
                "Use `Arrive While Backend Begins To Drain` with more people."
            )
        strange = [
            status for status in found.refused if status not in (HTTPStatus.SERVICE_UNAVAILABLE, NOBODY)
        ]
        if strange:
            raise BrokenPromise(
                f"Somebody who came while the backend began to drain was refused with {strange[0]}; "
                "503 says that it is worth coming back."
            )
        patience = self.kit.environment.timeout("close")
        for chat in found.let_in:
            how = how_it_ended(chat.session.wait_end(patience))
            if how != GOING_AWAY:
                raise BrokenPromise(
                    f"{chat.alias} was let in while the backend began to drain, and "
                    f"{'is still connected' if how == 'open' else f'the connection ended with {how}'}; "
                    "it should be told goodbye with 1001."
                )
        logger.info(f"{len(found.let_in)} were let in and told goodbye; {len(found.refused)} were refused.")
