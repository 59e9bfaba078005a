"""Argument types of the keywords; Robot Framework names their members when a suite misspells one."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

Tier = Literal["free", "pro", "enterprise"]


class EventType(StrEnum):
    """The run events (contract: Durable frames)."""

    agent_started = "agent_started"
    agent_thinking = "agent_thinking"
    tool_executing = "tool_executing"
    tool_completed = "tool_completed"
    agent_completed = "agent_completed"
    agent_failed = "agent_failed"


class ClientFrame(StrEnum):
    """What a client sends (contract: Frames)."""

    chat = "chat"
    user_message = "user_message"
    ping = "ping"
    resume = "resume"
    cancel = "cancel"
    refresh_token = "refresh_token"  # noqa: S105 -- a frame's name
