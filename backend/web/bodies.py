"""Reading the JSON bodies of requests, field by field."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from backend import strict_json
from backend.store.people import LIMIT_NAMES
from backend.texts import is_text
from backend.web.answers import Refusal

MAX_BODY = 64 * 1024
"""Bytes of an ordinary body."""

MAX_RECORDS_BODY = 32 * 1024 * 1024
"""Bytes of a body with records, which only administrators send."""

MAX_PASSWORD = 256
"""Characters; a bound on what the hash is computed of."""

MAX_TEXT = 200
"""Characters of a name."""

MAX_EMAIL = 254
"""Characters (RFC 5321, section 4.5.3.1.3, less the angle brackets)."""

_EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f.]+(\.[^@\s\x00-\x1f.]+)*")


def invalid(field: str | None, message: str) -> Refusal:
    """Returns the refusal of a body."""
    return Refusal(400, "invalid_request", message, field=field)


async def body(request: Request, at_most: int = MAX_BODY) -> dict[str, Any]:
    """Returns the JSON object that a request carries.

    Args:
        request: The request.
        at_most: Bytes that it may have.

    Raises:
        Refusal: It is too large or no JSON object.
    """
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > at_most:
            raise Refusal(413, "invalid_request", f"A body may have at most {at_most} bytes.")
        parts.append(part)
    if size == 0:
        return {}  # whatever is needed will be named as missing
    try:
        value = strict_json.decode(b"".join(parts).decode("utf-8"))
    except (ValueError, RecursionError):
        raise invalid(None, "The body is not valid JSON.") from None
    if not isinstance(value, dict):
        raise invalid(None, "The body must be a JSON object.")
    return value


def text(fields: Mapping[str, Any], name: str, *, longest: int = MAX_TEXT) -> str:
    """Returns a text that must be there and must not be blank."""
    value = fields.get(name)
    if not isinstance(value, str):
        problem = "is missing" if name not in fields else "must be a string"
        raise invalid(name, f"The field {name} {problem}.")
    if not value.strip() or len(value) > longest:
        raise invalid(name, f"The field {name} must have 1 to {longest} characters.")
    if not is_text(value):
        raise invalid(name, f"The field {name} holds characters that are no text.")
    return value


def email(fields: Mapping[str, Any]) -> str:
    """Returns an e-mail address."""
    value = text(fields, "email", longest=MAX_EMAIL)
    if not _EMAIL.fullmatch(value.strip()):
        raise invalid("email", "The field email must be an e-mail address.")
    return value.strip()


def new_password(fields: Mapping[str, Any], least: int) -> str:
    """Returns a password that somebody chooses, of at least so many characters."""
    value = text(fields, "password", longest=MAX_PASSWORD)
    if len(value) < least:
        raise invalid("password", f"The field password must have at least {least} characters.")
    return value


def choice(fields: Mapping[str, Any], name: str, values: tuple[str, ...]) -> str:
    """Returns one of several values."""
    value = fields.get(name)
    if not isinstance(value, str) or value not in values:
        raise invalid(name, f"The field {name} must be one of {', '.join(values)}.")
    return value


def texts(fields: Mapping[str, Any], name: str, values: frozenset[str]) -> tuple[str, ...]:
    """Returns a list of some of several values."""
    value = fields.get(name)
    if not isinstance(value, list) or not all(isinstance(item, str) and item in values for item in value):
        raise invalid(name, f"The field {name} must be a list of some of {', '.join(sorted(values))}.")
    return tuple(dict.fromkeys(value))


def flag(fields: Mapping[str, Any], name: str) -> bool:
    """Returns true or false."""
    value = fields.get(name)
    if not isinstance(value, bool):
        raise invalid(name, f"The field {name} must be true or false.")
    return value


def limits(fields: Mapping[str, Any]) -> dict[str, int]:
    """Returns figures that differ from the tier's."""
    value = fields.get("limits")
    if not isinstance(value, dict):
        raise invalid("limits", "The field limits must be an object.")
    for name, figure in value.items():
        if name not in LIMIT_NAMES:
            raise invalid(f"limits.{name}", f"There is no limit of this name; {', '.join(LIMIT_NAMES)}.")
        lowest = 1 if name in {"connections", "messages_per_minute", "burst"} else 0
        if not isinstance(figure, int) or isinstance(figure, bool) or not lowest <= figure <= 10**9:
            raise invalid(f"limits.{name}", f"The field limits.{name} must be an integer from {lowest} up.")
    return dict(value)
