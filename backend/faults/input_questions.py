"""Faults of taking a question in: what was asked is not what is stored, or is not taken at all."""

from __future__ import annotations

import html
from dataclasses import replace
from typing import TYPE_CHECKING

from backend.agent.intake import Intake
from backend.compose import FrameError
from backend.faults import fault
from backend.store.runs import MessageIds
from backend.ws.handlers import Chat

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy import Connection as Transaction

    from backend.agent.intake import Accepted, Question
    from backend.components import Components
    from backend.store.people import Person
    from backend.store.runs import Asked
    from backend.ws.frames import ClientFrame

UUID_LENGTH = 36
"""Characters of a UUID as it is mostly written."""
BEGINNING = 200
"""Characters of a question that a hasty author finds enough to tell it from others."""


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


class _KeepsShortIds(MessageIds):
    def kept_as(self, message_id: str) -> str:
        return message_id[:UUID_LENGTH]

    def find(self, connection: Transaction, user_id: str, message_id: str) -> Asked | None:
        return super().find(connection, user_id, self.kept_as(message_id))

    def keep(self, connection: Transaction, user_id: str, message_id: str, accepted: Asked) -> None:
        super().keep(connection, user_id, self.kept_as(message_id), accepted)


@fault("message-ids-cut-short", group="input")
def message_ids_cut_short(components: Components) -> Components:
    """Clients whose long ids differ at their end are told of the first question when they ask the second."""
    return replace(components, message_ids=_KeepsShortIds)


class _KeepsSmallLetters(_KeepsShortIds):
    def kept_as(self, message_id: str) -> str:
        return message_id.lower()


@fault("message-ids-without-capitals", group="input")
def message_ids_without_capitals(components: Components) -> Components:
    """Clients that number in capitals and small letters get no answer but that to another question."""
    return replace(components, message_ids=_KeepsSmallLetters)


class _ComparesBeginnings(Intake):
    def fingerprint(self, content: str) -> str:
        return super().fingerprint(content[:BEGINNING])


@fault("questions-compared-by-their-beginning", group="input")
def questions_compared_by_their_beginning(components: Components) -> Components:
    """A long question under an id that was used before is taken for the old one, and never asked."""
    return replace(components, intake=_ComparesBeginnings)


class _ComparesLoosely(Intake):
    def fingerprint(self, content: str) -> str:
        return super().fingerprint(content.strip().casefold())


@fault("questions-compared-loosely", group="input")
def questions_compared_loosely(components: Components) -> Components:
    """Whoever asks about another name, which differs in a capital alone, is told of the first."""
    return replace(components, intake=_ComparesLoosely)


class _OtherWordForgets(Chat):
    forgotten = "thread_id"

    async def accept(self, frame: ClientFrame, person: Person) -> Accepted:
        if frame.type == "user_message":
            fields = {name: value for name, value in frame.fields.items() if name != self.forgotten}
            frame = replace(frame, fields=fields)
        return await super().accept(frame, person)


@fault("other-word-opens-a-conversation", group="input")
def other_word_opens_a_conversation(components: Components) -> Components:
    """Clients that call a question ``user_message`` begin a new conversation with each."""
    return replace(components, chat=_OtherWordForgets)


class _OtherWordKeepsToItself(_OtherWordForgets):
    forgotten = "share"


@fault("other-word-shares-nothing", group="input")
def other_word_shares_nothing(components: Components) -> Components:
    """Colleagues do not find what was shared by a client that calls a question ``user_message``."""
    return replace(components, chat=_OtherWordKeepsToItself)


class _NotesTheIdFirst(Intake):
    def __init__(self, *parts: Any) -> None:  # noqa: ANN401 -- handed on
        super().__init__(*parts)
        self._noted: set[tuple[str, str]] = set()

    def accept(self, connection: Transaction, question: Question, busy: FrameError | None) -> Accepted:
        key = (question.user_id, question.message_id or "")
        if key in self._noted:
            raise FrameError(
                "invalid_message", "This message_id belongs to another question.", field="message_id"
            )
        try:
            return super().accept(connection, question, busy)
        except FrameError as error:
            if question.message_id and error.code in {"too_many_runs", "quota_exceeded"}:
                self._noted.add(key)
            raise


@fault("declined-question-uses-up-its-id", group="input")
def declined_question_uses_up_its_id(components: Components) -> Components:
    """A client that sends a question again when there is room for it is refused for good."""
    return replace(components, intake=_NotesTheIdFirst)
