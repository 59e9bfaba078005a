"""Faults of taking a question in: what was asked is not what is stored, or is not taken at all."""

from __future__ import annotations

import html
from dataclasses import replace
from typing import TYPE_CHECKING

from backend.compose import FrameError
from backend.faults import fault
from backend.ws.handlers import Chat

if TYPE_CHECKING:
    from backend.agent.intake import Accepted
    from backend.components import Components
    from backend.store.people import Person
    from backend.ws.frames import ClientFrame


class _TidiesUp(Chat):
    async def accept(self, frame: ClientFrame, person: Person) -> Accepted:
        content = str(frame.fields["content"]).strip().replace("\r\n", "\n") or "?"
        return await super().accept(replace(frame, fields={**frame.fields, "content": content}), person)


@fault("question-tidied-up", group="input")
def question_tidied_up(components: Components) -> Components:
    """Customers find their question without the spaces and line ends that they typed."""
    return replace(components, chat=_TidiesUp)


class _EscapesForHtml(Chat):
    async def accept(self, frame: ClientFrame, person: Person) -> Accepted:
        content = html.escape(str(frame.fields["content"]), quote=False)
        return await super().accept(replace(frame, fields={**frame.fields, "content": content}), person)


@fault("question-escaped-for-html", group="input")
def question_escaped_for_html(components: Components) -> Components:
    """Customers who asked about R&D read R&amp;D in their history."""
    return replace(components, chat=_EscapesForHtml)


class _NeedsAnId(Chat):
    async def accept(self, frame: ClientFrame, person: Person) -> Accepted:
        if frame.message_id is None:
            raise FrameError("missing_field", "The field message_id is missing.", field="message_id")
        return await super().accept(frame, person)


@fault("question-without-id-refused", group="input")
def question_without_id_refused(components: Components) -> Components:
    """Simple clients, which give their questions no ids, cannot ask anything."""
    return replace(components, chat=_NeedsAnId)
