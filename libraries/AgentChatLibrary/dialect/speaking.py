"""Speaking: canonical messages said as the backend wants to hear them."""

from __future__ import annotations

import json
import secrets
import threading
import time
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from robot.api import SkipExecution

from .model import INTENTS, OTHER, Dialect
from .paths import MISSING
from .templates import Unsayable, fill, match

MADE: Final[Mapping[str, str]] = {
    "new_id": "a new UUID",
    "random": "eight new hexadecimal digits",
    "now": "Unix seconds",
    "now_ms": "Unix milliseconds",
    "now_iso": "ISO 8601, UTC",
    "id": "1, 2, 3, ... on the connection",
    "user_id": "the id of the person",
    "email": "the person's e-mail address",
    "name": "the person's name",
}
"""What a template may have a place for beside the message's own fields, and what it stands for."""


NEEDED: Final[Mapping[str, frozenset[str]]] = {
    "chat": frozenset({"content"}),
    "user_message": frozenset({"content"}),
    "ping": frozenset(),
    "resume": frozenset({"after_seq"}),
    "cancel": frozenset({"run_id"}),
    "refresh_token": frozenset({"token"}),
    "other": frozenset({"type"}),
}
"""What a message must carry to mean something (contract: Client frames)."""


class NotOffered(SkipExecution):
    """The backend offers no way to do what a test needs: the test is skipped, with this reason."""

    ROBOT_SUPPRESS_NAME = True


class Speaker:
    """Says what one connection's client means, and knows what it has said.

    Args:
        dialect: How the backend speaks.
        values: The environment's own values for places in templates.
    """

    def __init__(self, dialect: Dialect, values: Mapping[str, Any] | None = None) -> None:
        self.dialect = dialect
        self.values: dict[str, Any] = dict(values or {})
        self._count = 0
        self._meant: dict[str, deque[dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def say(self, message: Mapping[str, Any]) -> str:
        """A canonical message as text for the backend.

        Args:
            message: A client frame of the contract.

        Raises:
            NotOffered: The dialect has no template for it, or the template needs what is not there.
        """
        kind = str(message["type"])
        templates = self.dialect.says.get(kind if kind in INTENTS else OTHER)
        if not templates:
            raise NotOffered(f"{self.dialect.name} offers no way to say {kind!r} (`says` has no {kind}).")
        text = self.filled(templates[0], message)
        with self._lock:
            self._meant.setdefault(text, deque()).append(dict(message))
        return text

    def filled(self, template: object, fields: Mapping[str, Any] | None = None) -> str:
        """A template as text, with the values of a message, of the environment, and new ones.

        Raises:
            NotOffered: A value that it needs is not there.
        """
        given: Mapping[str, Any] = fields or {}
        try:
            filled = fill(template, lambda name: given[name] if name in given else self.value(name))
            return json.dumps(filled, ensure_ascii=False)
        except Unsayable as problem:
            raise NotOffered(f"{self.dialect.name} cannot be told this: {problem}.") from None

    def meant(self, text: str) -> dict[str, Any] | None:
        """The canonical message that this text was made of, each once; None when it was not made here."""
        with self._lock:
            waiting = self._meant.get(text)
            if not waiting:
                return None
            message = waiting.popleft()
            if not waiting:
                del self._meant[text]
            return message

    def read(self, sent: Mapping[str, Any], kinds: Sequence[str] = INTENTS) -> dict[str, Any] | None:
        """The canonical message that a template reads in what some client sent; None when none does.

        Args:
            sent: What the client sent.
            kinds: What it may have meant.
        """
        for kind in kinds:
            for template in self.dialect.says.get(kind, ()):
                found: dict[str, Any] = {}
                if match(template, sent, found) and NEEDED[kind] <= found.keys():
                    own = {n: v for n, v in found.items() if n not in MADE and n not in self.values}
                    return {"type": kind, **own}  # of another type, the type itself stands in its place
        return None

    def greets(self, sent: Mapping[str, Any]) -> bool:
        """Whether what a client sent belongs to the greeting, credential included."""
        steps = [*self.dialect.carriers.greeting, *self.dialect.greeting]
        says = [step.say for step in steps if step.say is not None]
        if self.dialect.nudge is not None:
            says.append(self.dialect.nudge)
        return any(match(template, sent, {}) for template in says)

    def value(self, name: str) -> Any:  # noqa: ANN401 -- any JSON value
        """The environment's value of this name, or a new one; ``MISSING`` when there is none."""
        if name in self.values:
            return self.values[name]
        now = time.time()
        match name:
            case "new_id":
                return str(uuid.uuid4())
            case "random":
                return secrets.token_hex(4)
            case "now":
                return now
            case "now_ms":
                return int(now * 1000)
            case "now_iso":
                return datetime.fromtimestamp(now, UTC).isoformat()
            case "id":
                self._count += 1
                return self._count
            case _:
                return MISSING
