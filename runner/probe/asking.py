"""Asking: which message a question is, which is a ping, and what wrong messages are answered with."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from AgentChatLibrary.dialect.model import Dialect
from AgentChatLibrary.dialect.speaking import NotOffered, Speaker
from AgentChatLibrary.dialect.templates import names
from AgentChatLibrary.engine.session import Ended, Session
from AgentChatLibrary.frames import Frame, Kind
from AgentChatLibrary.service import NoAnswer, Service
from AgentChatLibrary.transcript import Transcript

from .knocking import complains, settle

QUESTIONS: Final[Sequence[Mapping[str, Any]]] = (
    {"type": "chat", "content": "$content", "thread_id": "$thread_id", "message_id": "$message_id"},
    {"type": "chat", "payload": {"content": "$content", "thread_id": "$thread_id"}},
    {"type": "user_message", "content": "$content"},
    {"type": "message", "content": "$content"},
    {"type": "message", "message": "$content"},
    {"type": "prompt", "prompt": "$content"},
    {"type": "start", "task": "$content"},
    {"role": "user", "content": [{"type": "text", "text": "$content"}]},
    {"message": "$content"},
)
PINGS: Final[Sequence[Mapping[str, Any]]] = (
    {"type": "ping", "sequence": "$sequence", "data": "$data", "message_id": "$message_id"},
    {"type": "ping"},
    {"action": "ping"},
    {"event": "ping"},
)
PONG: Final = re.compile(r"pong", re.IGNORECASE)
ENOUGH: Final = 3
"""Messages after a question that are no accident."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A question that was answered, or the best that there was.

    Attributes:
        template: How it was said.
        session: The connection.
        asked: The frame that asked.
        came: What came after it.
        values: The values that its places needed beside those of a message.
    """

    template: Mapping[str, Any]
    session: Session
    asked: Frame
    came: list[Frame]
    values: Mapping[str, Any]

    @property
    def good(self) -> bool:
        """Whether it was an answer, and no complaint."""
        return len(self.came) >= ENOUGH or (
            bool(self.came) and not any(complains(str(frame.data)) for frame in self.came)
        )


def candidates(given: Mapping[str, Any] | None, folder: Path) -> Iterator[Mapping[str, Any]]:
    """The messages that are tried as a question: the one that was given, else usual ones and known ones.

    Args:
        given: What the user says a question is.
        folder: The ``variables`` folder, whose dialects know some.
    """
    if given is not None:
        yield given
        return
    yield from QUESTIONS
    for file in sorted((folder / "dialects").glob("*.yaml")):
        says = (yaml.safe_load(file.read_text("utf-8")) or {}).get("says", {})
        templates = says.get("chat", [])
        yield from templates if isinstance(templates, list) else [templates]


def find_values(
    template: Mapping[str, Any], service: Service, token: str, known: Mapping[str, Any]
) -> dict[str, Any]:
    """Values for the places of a template that no message fills, looked up over HTTP.

    ``$workflow_id`` is the id of the first of ``GET /workflows``, and so on.

    Args:
        template: The template.
        service: The backend's HTTP side.
        token: The credential.
        known: What the user has given.
    """
    own = {
        "content",
        "thread_id",
        "message_id",
        "new_id",
        "id",
        "now",
        "now_ms",
        "now_iso",
        "random",
        "user_id",
        "email",
    }
    found: dict[str, Any] = {}
    for name in sorted(names(template) - own):
        if name in known:
            found[name] = known[name]
        else:
            plural = f"/{name.removesuffix('_id')}s"
            value = next(
                (v for path in (plural, f"/v1{plural}") if (v := _first_id(service, path, token))), None
            )
            if value is not None:
                found[name] = value
    return found


def _first_id(service: Service, path: str, token: str) -> str | None:
    try:
        body = service.request("GET", path, token=token).body
    except NoAnswer:
        return None
    listed = next((value for value in body.values() if isinstance(value, list)), [])
    first = listed[0] if listed else None
    value = first.get("id") if isinstance(first, dict) else None
    return value if isinstance(value, str) else None


def ask(
    session: Session,
    template: Mapping[str, Any],
    values: Mapping[str, Any],
    question: str,
    quiet: float,
    longest: float,
) -> Answered | None:
    """Asks once, and waits until nothing more comes.

    Args:
        session: An open connection.
        template: How a question is said.
        values: Values for its further places.
        question: The question.
        quiet: How long nothing must come, in seconds.
        longest: The longest wait in seconds.

    Returns:
        What came; None when a place has no value or the connection has ended.
    """
    message = {"content": question, "message_id": secrets.token_hex(8)}
    if not names(template) <= {
        *values,
        *message,
        "thread_id",
        "new_id",
        "id",
        "now",
        "now_ms",
        "now_iso",
        "random",
    }:
        return None
    speaker = Speaker(Dialect("probe", Path()), values)
    try:
        text = speaker.filled(template, message)
        session.send(text)
    except (NotOffered, Ended):
        return None
    asked = session.transcript.frames[-1]
    settle(session, quiet, longest)
    came = [f for f in session.transcript.frames[asked.index + 1 :] if f.received and f.kind is Kind.TEXT]
    return Answered(template, session, asked, came, values)


def find_ping(session: Session, seconds: float) -> tuple[Mapping[str, Any], Frame] | None:
    """The message that is answered by a pong, and the pong.

    Args:
        session: An open connection.
        seconds: Longest wait for each answer.
    """
    for template in PINGS:
        if not session.is_open:
            return None
        text = Speaker(Dialect("probe", Path())).filled(
            template, {"sequence": 7, "data": {"mark": "here"}, "message_id": secrets.token_hex(8)}
        )
        start = len(session.transcript.frames)
        session.send(text)
        found = session.wait(_pong_after(start), seconds)
        if found is not None:
            return template, found
    return None


def provoke(session: Session, text: str, seconds: float) -> Frame | None:
    """Sends something wrong; returns the complaint that it is answered with, None when there is none."""
    if not session.is_open:
        return None
    start = len(session.transcript.frames)
    session.send(text)
    return session.wait(
        lambda t: next(
            (f for f in t.frames[start:] if f.received and f.kind is Kind.TEXT and complains(str(f.data))),
            None,
        ),
        seconds,
    )


def _pong_after(start: int) -> Callable[[Transcript], Frame | None]:
    """What finds a pong that came from a frame index on."""
    return lambda transcript: next(
        (f for f in transcript.frames[start:] if f.received and PONG.search(_kind_text(f))), None
    )


def _kind_text(frame: Frame) -> str:
    try:
        parsed = json.loads(str(frame.data))
    except ValueError:
        return ""
    if not isinstance(parsed, dict):
        return ""
    return " ".join(str(parsed.get(name, "")) for name in ("type", "event", "kind", "action", "method"))


def given_values(pairs: Sequence[str]) -> dict[str, Any]:
    """The values of ``--value NAME=VALUE``; JSON where it is JSON, else text.

    Raises:
        ValueError: One is no pair.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        name, mark, text = pair.partition("=")
        if not mark or not name:
            raise ValueError(f"{pair!r} is not NAME=VALUE")
        try:
            found[name] = json.loads(text)
        except ValueError:
            found[name] = text
    return found
