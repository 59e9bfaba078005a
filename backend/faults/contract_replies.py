"""Faults of the form of what is no event: the welcome, times, absent fields, plain requests."""

from collections.abc import Mapping
from dataclasses import replace

from starlette.types import Message, Receive, Scope, Send

from backend.components import Components
from backend.compose import EventComposer, Frame, ReplyComposer, RunKey
from backend.faults import fault
from backend.web.journal import AccessLog

UPGRADE_REQUIRED = 426
"""HTTP status (RFC 9110, section 15.5.22)."""


class _SendsNulls(EventComposer):
    def compose(
        self, event: str, run: RunKey, seq: int, timestamp: float, fields: Mapping[str, object]
    ) -> Frame:
        frame = super().compose(event, run, seq, timestamp, fields)
        if event == "agent_completed":
            frame.setdefault("upgrade_offer", None)
        return frame


@fault("null-for-an-absent-field", group="contract")
def null_for_an_absent_field(components: Components) -> Components:
    """Clients that show an offer where there is the field show an empty one: it is null instead of absent."""
    return replace(components, events=_SendsNulls)


class _WelcomesAsFree(ReplyComposer):
    def compose(self, kind: str, fields: Mapping[str, object], message_id: str | None = None) -> Frame:
        frame = super().compose(kind, fields, message_id)
        if kind == "connection_established":
            frame["tier"] = "free" if frame["tier"] != "free" else "pro"
        return frame


@fault("welcome-with-wrong-tier", group="contract")
def welcome_with_wrong_tier(components: Components) -> Components:
    """Customers are greeted with another tier than they pay for, and write to support."""
    return replace(components, replies=_WelcomesAsFree)


class _ExpiresInMilliseconds(ReplyComposer):
    def compose(self, kind: str, fields: Mapping[str, object], message_id: str | None = None) -> Frame:
        frame = super().compose(kind, fields, message_id)
        expires_at = frame.get("expires_at")
        if isinstance(expires_at, int):
            frame["expires_at"] = expires_at * 1000
        return frame


@fault("expiry-in-milliseconds", group="contract")
def expiry_in_milliseconds(components: Components) -> Components:
    """Clients renew their tokens thousands of years too late: expires_at is in milliseconds."""
    return replace(components, replies=_ExpiresInMilliseconds)


class _AnswersNotFound(AccessLog):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def hiding(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == UPGRADE_REQUIRED:
                message = {**message, "status": 404}
            await send(message)

        await super().__call__(scope, receive, hiding if scope["type"] == "http" else send)


@fault("upgrade-not-asked-for", group="contract")
def upgrade_not_asked_for(components: Components) -> Components:
    """Whoever opens the chat's address in a browser is told that there is nothing."""
    return replace(components, access_log=_AnswersNotFound)
