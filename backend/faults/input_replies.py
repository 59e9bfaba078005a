"""Faults in what is said about messages, wrong ones above all."""

from __future__ import annotations

import asyncio
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

from backend.compose import ErrorComposer, Frame, FrameError
from backend.faults import fault
from backend.ws.connection import Connection
from backend.ws.handlers import RefreshToken, Resume
from backend.ws.router import Router

if TYPE_CHECKING:
    from backend.components import Components
    from backend.store.people import Person
    from backend.ws.frames import ClientFrame


class _PongWithoutData(Router):
    def ping(self, connection: Connection, frame: ClientFrame) -> None:
        fields = {name: value for name, value in frame.fields.items() if name != "data"}
        super().ping(connection, replace(frame, fields=fields))


@fault("pong-without-data", group="input")
def pong_without_data(components: Components) -> Components:
    """A pong does not bring back what its ping carried, and clients that measure by it measure nothing."""
    return replace(components, router=_PongWithoutData)


class _ResumesBeyondTheEnd(Resume):
    async def handle(self, connection: Connection, frame: ClientFrame, person: Person) -> None:
        after = min(int(frame.fields["after_seq"]), connection.cursor.watershed)
        fields = {**frame.fields, "after_seq": after}
        await super().handle(connection, replace(frame, fields=fields), person)


@fault("resume-beyond-the-end-accepted", group="input")
def resume_beyond_the_end_accepted(components: Components) -> Components:
    """A client whose position is wrong is told that it has everything."""
    return replace(components, resume=_ResumesBeyondTheEnd)


class _ShowsWhere(ErrorComposer):
    def compose(self, error: FrameError) -> Frame:
        trace = "".join(traceback.format_exception(error))
        return super().compose(replaced(error, f"{error.message}\n{trace}"))


def replaced(error: FrameError, message: str) -> FrameError:
    """Returns an error with another text."""
    return FrameError(
        error.code,
        message,
        field=error.field,
        retry_after=error.retry_after,
        message_id=error.message_id,
        offer=error.offer,
    )


@fault("stack-trace-in-the-error", group="input")
def stack_trace_in_the_error(components: Components) -> Components:
    """Customers read where the source code lies and what it is called."""
    return replace(components, errors=_ShowsWhere)


class _QuotesTheToken(RefreshToken):
    async def handle(self, connection: Connection, frame: ClientFrame, person: Person) -> None:
        try:
            await super().handle(connection, frame, person)
        except FrameError as error:
            raise replaced(error, f"The token {frame.fields['token']} is not accepted.") from None


@fault("token-echoed-in-the-error", group="input")
def token_echoed_in_the_error(components: Components) -> Components:
    """A token that is refused is repeated in the refusal, and ends up where errors are collected."""
    return replace(components, refresh_token=_QuotesTheToken)


class _WithoutEcho(ErrorComposer):
    def compose(self, error: FrameError) -> Frame:
        frame = super().compose(error)
        frame.pop("message_id", None)
        return frame


@fault("errors-without-message-id", group="input")
def errors_without_message_id(components: Components) -> Components:
    """A client that has sent several messages cannot tell which of them was refused."""
    return replace(components, errors=_WithoutEcho)


class _WithoutEchoOfSome(ErrorComposer):
    def compose(self, error: FrameError) -> Frame:
        frame = super().compose(error)
        if error.code in ("too_many_runs", "invalid_message"):
            frame.pop("message_id", None)
        return frame


@fault("some-errors-without-message-id", group="input")
def some_errors_without_message_id(components: Components) -> Components:
    """A client whose question was one too many, or had a wrong field, cannot tell which of them it was."""
    return replace(components, errors=_WithoutEchoOfSome)


class _FieldUnnamed(ErrorComposer):
    def compose(self, error: FrameError) -> Frame:
        frame = super().compose(error)
        frame.pop("field", None)
        return frame


@fault("field-unnamed", group="input")
def field_unnamed(components: Components) -> Components:
    """Whoever has left a field out, or sent a wrong one, is not told which."""
    return replace(components, errors=_FieldUnnamed)


class _RefusesAtOnce(Connection):
    def refuse(self, error: FrameError) -> None:
        refusal = asyncio.get_running_loop().create_task(self.transmit(self.refused(error)))
        self._refusals = {refusal, *(task for task in self.__dict__.get("_refusals", ()) if not task.done())}


@fault("errors-overtake-the-queue", group="input")
def errors_overtake_the_queue(components: Components) -> Components:
    """Refusals come before the answers to earlier messages, and clients blame the wrong one."""
    return replace(components, connection=_RefusesAtOnce)
