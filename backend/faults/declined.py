"""Faults in what becomes of a question that was declined: it is kept, and worked on with the next one."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from backend.compose import FrameError
from backend.faults import fault
from backend.store.lane import DatabaseUnavailableError
from backend.ws.frames import ClientFrame
from backend.ws.handlers import Chat
from backend.ws.router import Router

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from backend.agent.intake import Accepted
    from backend.components import Components
    from backend.store.people import Person
    from backend.ws.connection import Connection

QUESTIONS = {"chat", "user_message"}
PATIENCE_SECONDS = 1.0
"""How long the next question waits for the one that was kept."""

Kept = dict[str, list[str]]
"""Declined questions, by the id of their asker."""


def _keep(kept: Kept, user_id: str, document: Mapping[str, Any]) -> None:
    """Keeps a declined question, whatever its content is."""
    kept.setdefault(user_id, []).append("".join(filter(str.isprintable, str(document.get("content")))) or "?")


def _catching_up(kept: Kept, too_much: str = "") -> type[Chat]:
    """Returns a handler that works on whatever was kept when the next question of its asker is accepted.

    Args:
        kept: Declined questions.
        too_much: Code of the refusals after which the handler keeps a question itself.
    """

    class CatchesUp(Chat):
        async def accept(self, frame: ClientFrame, person: Person) -> Accepted:
            try:
                accepted = await super().accept(frame, person)
            except FrameError as error:
                if error.code == too_much:
                    _keep(kept, person.id, frame.fields)
                raise
            for content in kept.pop(person.id, []):
                with contextlib.suppress(FrameError):
                    await self.catch_up(content, person)
            return accepted

        async def catch_up(self, content: str, person: Person) -> None:
            """Works on a question that was kept."""
            late = await super().accept(ClientFrame("chat", {"content": content}, None), person)
            self.begin(late)
            _, _, task = self._supervisor._running[late.run_id]
            await asyncio.wait({task}, timeout=PATIENCE_SECONDS)

    return CatchesUp


@fault("malformed-question-asked-later", group="input")
def malformed_question_asked_later(components: Components) -> Components:
    """A question that was refused for a wrong field is worked on with the next one: two answers for one."""
    kept: Kept = {}

    class KeepsTheMalformed(Router):
        async def receive(self, connection: Connection, message: str | bytes) -> None:
            kind, document = self._parser.kind(message)
            if kind in QUESTIONS and not isinstance(document, FrameError):
                try:
                    self._parser.frame(kind, document)
                except FrameError:
                    _keep(kept, connection.identity.user_id, document)
            await super().receive(connection, message)

    return replace(components, router=KeepsTheMalformed, chat=_catching_up(kept))


@fault("question-beyond-the-quota-asked-later", group="limits")
def question_beyond_the_quota_asked_later(components: Components) -> Components:
    """Whoever upgrades when the quota is spent pays for the declined question too, beside asking it again."""
    return replace(components, chat=_catching_up({}, "quota_exceeded"))


@fault("question-of-an-outage-asked-later", group="resilience")
def question_of_an_outage_asked_later(components: Components) -> Components:
    """Who was told that a question cannot be taken, and asks again later, is answered and charged twice."""
    kept: Kept = {}

    class KeepsWhatCannotBeStored(Router):
        async def admitted(self, connection: Connection, document: Mapping[str, Any] | FrameError) -> Person:
            try:
                return await super().admitted(connection, document)
            except DatabaseUnavailableError:
                if not isinstance(document, FrameError) and document["type"] in QUESTIONS:
                    _keep(kept, connection.identity.user_id, document)
                raise

    return replace(components, router=KeepsWhatCannotBeStored, chat=_catching_up(kept))
