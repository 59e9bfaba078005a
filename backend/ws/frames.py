"""Reading what a client sends: text to a frame, or the contract's exact reason why not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from backend import strict_json
from backend.compose import FrameError
from backend.strict_json import MAX_INTEGER

MAX_DEPTH = 32
"""Deepest nesting of objects and arrays (contract, "Errors and ends")."""

MAX_MESSAGE_ID = 64
"""Characters."""

MAX_FIELD = 64
"""Characters of a field's name that a refusal repeats."""

TYPE_SHOWN = 64
"""Characters of an unknown type that the refusal repeats."""

Check = Callable[[object], str | None]


@dataclass(frozen=True, slots=True)
class ClientFrame:
    """A frame that a client sent and that has the contract's form.

    Attributes:
        type: One of the contract's client types.
        fields: Everything in it; fields that the contract does not name are ignored by whoever reads this.
        message_id: The client's own id of it, which replies echo.
    """

    type: str
    fields: Mapping[str, Any]
    message_id: str | None


def _filled_text(value: object) -> str | None:
    if not isinstance(value, str):
        return "must be a string"
    return None if value else "must not be empty"


def _flag(value: object) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def _integer(value: object) -> str | None:
    return None if _is_integer(value) else "must be an integer"


def _not_negative(value: object) -> str | None:
    if not _is_integer(value):
        return "must be an integer"
    return None if isinstance(value, int | float) and value >= 0 else "must not be negative"


def _is_integer(value: object) -> bool:
    # JSON has one kind of number: 3.0 is the integer 3, and true is none.
    if isinstance(value, float):
        return value.is_integer() and abs(value) <= MAX_INTEGER
    return isinstance(value, int) and not isinstance(value, bool)


def _message_id(value: object) -> str | None:
    if not isinstance(value, str):
        return "must be a string"
    return None if 1 <= len(value) <= MAX_MESSAGE_ID else f"must have 1 to {MAX_MESSAGE_ID} characters"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a client frame: whether it must be there, and what is wrong with a value."""

    required: bool
    check: Check


_QUESTION = {
    "content": Field(True, _filled_text),
    "thread_id": Field(False, _filled_text),
    "share": Field(False, _flag),
}

CLIENT_FRAMES: Mapping[str, Mapping[str, Field]] = {
    "chat": _QUESTION,
    "user_message": _QUESTION,
    "ping": {"sequence": Field(False, _integer)},
    "resume": {"after_seq": Field(True, _not_negative)},
    "cancel": {"run_id": Field(True, _filled_text)},
    "refresh_token": {"token": Field(True, _filled_text)},
}
"""The contract's client frames. ``data`` of a ping may be anything."""


class FrameParser:
    """Reads client frames. Each step is a method of its own and raises ``FrameError``."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes

    def size(self, message: str | bytes) -> None:
        """Checks the size of a message in UTF-8 bytes, before anything else looks at it."""
        # A text has at least as many bytes as characters; most messages need no encoding to know.
        size = len(message)
        if isinstance(message, str) and self._max_bytes // 4 < size <= self._max_bytes:
            size = len(message.encode("utf-8", "surrogatepass"))
        if size > self._max_bytes:
            raise FrameError(
                "message_too_large", f"A message may have at most {self._max_bytes} bytes in UTF-8."
            )

    def kind(self, message: str | bytes) -> tuple[str | None, Mapping[str, Any] | FrameError]:
        """Reads a message up to its type.

        Returns:
            The type, when it is one of the contract's, and the message as an object; or None and the reason
            why it is not accepted.
        """
        try:
            self.size(message)
            document = self.document(self.text(message))
            kind = self.type(document)
        except FrameError as problem:
            return None, problem
        return kind, document

    def text(self, message: str | bytes) -> str:
        """Returns a text message."""
        if isinstance(message, bytes):
            raise FrameError("invalid_message", "Messages are text; a binary one is not read.")
        return message

    def document(self, text: str) -> Mapping[str, Any]:
        """Returns the object that a text is."""
        value = self.json(text)
        if not isinstance(value, dict):
            raise FrameError("invalid_message", "A message is a JSON object.")
        return value

    def json(self, text: str) -> object:
        """Returns the value of a JSON text, without any of the liberties that readers take."""
        try:
            value = strict_json.decode(text)
        except (ValueError, RecursionError):
            raise FrameError("invalid_json", "The message is not valid JSON.") from None
        self.inside(value)
        return value

    def inside(self, value: object) -> None:
        """Checks nesting and strings all the way down."""
        level: list[object] = [value]
        has_nul = None
        for depth in range(1, MAX_DEPTH + 2):
            if depth > MAX_DEPTH and any(isinstance(item, dict | list) for item in level):
                raise FrameError("invalid_json", f"The message is nested deeper than {MAX_DEPTH} levels.")
            below: list[object] = []
            for item in level:
                if isinstance(item, str):
                    has_nul = has_nul or _has_nul(item)
                elif isinstance(item, dict):
                    below.extend(item.keys())
                    below.extend(item.values())
                elif isinstance(item, list):
                    below.extend(item)
            level = below
            if not level:
                break
        if has_nul:
            self.nul(value)

    def nul(self, value: object) -> None:
        """Refuses a message with U+0000 in a string, and names the field when it is a plain one."""
        plain = value if isinstance(value, dict) else {}
        named = (name for name, text in plain.items() if isinstance(text, str) and "\x00" in text)
        field = next((name[:MAX_FIELD] for name in named if name.isidentifier()), None)
        message_id = None if field == "message_id" else _echo(plain)
        raise FrameError(
            "invalid_message", "A string must not contain U+0000.", field=field, message_id=message_id
        )

    def type(self, document: Mapping[str, Any]) -> str:
        """Returns the type of a message, one of the contract's."""
        if "type" not in document:
            raise FrameError(
                "missing_field", "The field type is missing.", field="type", message_id=_echo(document)
            )
        kind = document["type"]
        if not isinstance(kind, str):
            raise FrameError(
                "invalid_message",
                "The field type must be a string.",
                field="type",
                message_id=_echo(document),
            )
        if kind not in CLIENT_FRAMES:
            raise FrameError(
                "unknown_type", f'There is no message type "{shown(kind)}".', message_id=_echo(document)
            )
        return kind

    def frame(self, kind: str, document: Mapping[str, Any]) -> ClientFrame:
        """Returns a message as a frame of its type.

        Raises:
            FrameError: A field is missing or wrong; names it.
        """
        message_id = _echo(document)
        if "message_id" in document and message_id is None:
            self.wrong("message_id", _message_id(document["message_id"]) or "is not valid", None)
        for name, field in CLIENT_FRAMES[kind].items():
            if name not in document:
                if field.required:
                    raise FrameError(
                        "missing_field", f"The field {name} is missing.", field=name, message_id=message_id
                    )
                continue
            problem = field.check(document[name])
            if problem is not None:
                self.wrong(name, problem, message_id)
        return ClientFrame(kind, document, message_id)

    def wrong(self, name: str, problem: str, message_id: str | None) -> None:
        """Refuses a message for the value of one field."""
        raise FrameError("invalid_message", f"The field {name} {problem}.", field=name, message_id=message_id)


def shown(kind: str) -> str:
    """Returns an unknown type as a refusal may repeat it: cut, and every control character escaped."""
    return "".join(
        character if character.isprintable() and character not in '"\\' else _escaped(character)
        for character in kind[:TYPE_SHOWN]
    )


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 -- one UTF-16 unit


def _echo(document: Mapping[str, Any]) -> str | None:
    message_id = document.get("message_id")
    return message_id if isinstance(message_id, str) and _message_id(message_id) is None else None


def _has_nul(text: str) -> bool:
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise FrameError("invalid_json", "The message has a lone surrogate.")
    return "\x00" in text
