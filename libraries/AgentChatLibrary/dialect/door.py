"""The door of a backend: how a credential travels, what is said after the upgrade, what a refusal is."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from websockets.datastructures import Headers

from .model import Dialect, Refusal, Step
from .paths import MISSING
from .speaking import NotOffered
from .templates import Unsayable, Values, fill

USUAL: Final = "header"
"""What the suites call the usual way; each dialect has a usual way of its own."""
AGREED: Final = ("header", "subprotocol", "query", "first_message", "challenge")
"""The ways in which a dialect may agree that a credential travels."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a handshake carries.

    Attributes:
        url: The address, query included.
        headers: Its headers.
        subprotocols: The subprotocols that are offered.
        token: The credential that goes out after the upgrade; empty when none does.
        steps: What is said and waited for after the upgrade.
        presented: Whether a credential travels in an agreed way.
    """

    url: str
    headers: Mapping[str, str]
    subprotocols: Sequence[str]
    token: str = ""
    steps: Sequence[Step] = field(default_factory=tuple)
    presented: bool = True


def request(
    dialect: Dialect,
    url: str,
    credentials: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
    values: Mapping[str, Any],
) -> Request:
    """What carries these credentials to a backend of this dialect.

    Args:
        dialect: How the backend speaks.
        url: Its WebSocket address.
        credentials: Tokens and how each travels, in the words of the suites: ``header`` is the usual way,
            ``subprotocol`` the browser's; others are ways in which none is agreed to travel.
        headers: Further headers.
        values: The environment's own values for places.

    Raises:
        NotOffered: A credential shall travel as a subprotocol, and the dialect has no such way.
    """
    carriers, query = dialect.carriers, list[tuple[str, str]]()
    presented = False
    own = {name: _text(value, "", values) for name, value in dialect.headers.items()} | dict(headers)
    out = Headers(own)  # setting a header there adds one more of its name
    offered: list[str] = []
    late = ""
    for way, token in credentials:
        kind = carriers.usual if way == USUAL else way
        presented = presented or kind in AGREED
        if kind == "header" and carriers.header is not None:
            out[carriers.header[0]] = _text(carriers.header[1], token, values)
        elif kind == "subprotocol":
            if not carriers.subprotocols:
                raise NotOffered(f"{dialect.name} takes no credential as a subprotocol (connect.carriers).")
            offered += [_text(one, token, values) for one in carriers.subprotocols]
        elif kind == "bare_subprotocol":
            with_token = [one for one in carriers.subprotocols if "$token" in one]
            offered += [_text(one, token, values) for one in with_token or ["jwt.$token_base64url"]]
        elif kind == "query":
            query.append((carriers.query, token))
        elif kind in ("first_message", "challenge"):
            late = token
        else:
            query.append((kind.removesuffix("_query"), token))
    if query:
        url += ("&" if "?" in url else "?") + urllib.parse.urlencode(query)
    steps = [*(carriers.greeting if late else ()), *dialect.greeting]
    return Request(url, out, offered, late, steps, presented)


def step_text(step: Step, token: str, kept: Mapping[str, Any], otherwise: Values) -> str:
    """What a step of the greeting says.

    Args:
        step: The step.
        token: The credential.
        kept: What earlier steps have kept; ``nonce`` is what a challenge asked with.
        otherwise: Gives the values of other places.

    Raises:
        Unsayable: A value is not there.
    """
    nonce = str(kept.get("nonce", ""))
    own = {
        "token": token,
        "token_base64url": _base64url(token),
        "proof": hmac.new(token.encode(), nonce.encode(), hashlib.sha256).hexdigest(),
        **kept,
    }
    said = fill(step.say, lambda name: own[name] if name in own else otherwise(name))
    return json.dumps(said, ensure_ascii=False)


def read_refusal(dialect: Dialect, status: int, body: str) -> Refusal | None:
    """How an HTTP answer is read as a refusal; None when the dialect does not say."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        parsed = None
    content = parsed if isinstance(parsed, dict) else {}
    fitting = (e for e in dialect.endings if e.http == status and e.when.holds(content))
    return next((ending.refusal for ending in fitting), None)


def canonical_body(code: str, message: str) -> str:
    """The body that the contract would have given a refusal."""
    return json.dumps({"error": {"code": code, "message": message}})


def address(dialect: Dialect, values: Mapping[str, Any]) -> str:
    """The path of the WebSocket, with the environment's values in their places.

    Raises:
        NotOffered: A value is not there.
    """
    try:
        return str(fill(dialect.path, lambda name: values.get(name, MISSING)))
    except Unsayable as problem:
        raise NotOffered(
            f"The address of {dialect.name} is {dialect.path}: {problem}. "
            "The environment's VALUES must give it."
        ) from None


def _text(template: str, token: str, values: Mapping[str, Any]) -> str:
    own = {"token": token, "token_base64url": _base64url(token)}
    try:
        return str(fill(template, lambda name: own.get(name, values.get(name, MISSING))))
    except Unsayable as problem:
        raise NotOffered(f"Nobody can be presented: {problem}.") from None


def _base64url(token: str) -> str:
    return base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")
