"""The tongue of one session: canonical messages go out in the backend's words, and come in canonical."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from ..transcript import Owner, Transcript
from .model import INTENTS, OTHER, Dialect
from .reading import Reading
from .speaking import Speaker


class Tongue:
    """What one session says and hears.

    Args:
        dialect: How the backend speaks.
        values: The environment's own values for places in templates.
        owner: Whose session it is.

    Attributes:
        dialect: How the backend speaks.
        speaker: Says what the session's client means.
    """

    def __init__(self, dialect: Dialect, values: Mapping[str, Any], owner: Owner) -> None:
        self.dialect = dialect
        own = {"user_id": owner.user_id, "name": owner.name, "tier": owner.tier}
        self.speaker = Speaker(dialect, {**own, **values})

    def said(self, message: str) -> str:
        """A canonical client frame as the backend wants to hear it; any other text as it is.

        Only strict JSON is taken for a frame: what a test has broken on purpose must stay broken.

        Raises:
            NotOffered: The dialect has no way to say it.
        """
        try:
            meant = json.loads(message, object_pairs_hook=_once, parse_constant=_no)
            json.dumps(meant, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            return message
        kind = meant.get("type") if isinstance(meant, dict) else None
        if kind in INTENTS or (isinstance(kind, str) and OTHER in self.dialect.says):
            return self.speaker.say(meant)
        return message

    def reading(self, wire: Transcript) -> Reading:
        """A new connection, told in the canonical alphabet while it grows."""
        return Reading(self.dialect, wire, self.speaker)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a key comes twice")
    return fields


def _no(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
