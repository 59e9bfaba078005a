"""What a client sends, as text."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any


def new_message_id() -> str:
    """A message id nobody has used (contract: Frames, 1 to 64 characters)."""
    return secrets.token_hex(16)


def encoded(kind: str, message_id: str, fields: Mapping[str, Any]) -> str:
    """A client frame as text.

    Args:
        kind: Its ``type``.
        message_id: Its id.
        fields: Its other fields.
    """
    return json.dumps({"type": kind, "message_id": message_id, **fields}, ensure_ascii=False)
