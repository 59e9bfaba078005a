"""Secrets: every one issued is known here, so that none can be written anywhere in clear.

The list itself lives in memory, and in the private file that ``run.py`` names for its scan of what a run
wrote.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from .rules.secrets import forms

VARIABLE: Final = "AGENT_CHAT_SECRETS_FILE"
"""The environment variable that names the private file; it lies outside ``results/`` (mode 0600)."""
SHORTEST: Final = 8
"""Shorter strings are not masked: they would match ordinary words."""
MASK: Final = "<secret>"

_issued: dict[str, None] = {}
_masked: list[str] = []
"""Every form of every secret, as it may stand in a text, the longest first."""


def issue(secret: str) -> str:
    """Registers a secret from its birth and returns it."""
    if len(secret) >= SHORTEST and secret not in _issued:
        _issued[secret] = None
        _masked.extend(form for form, _ in forms(secret))
        _masked.sort(key=len, reverse=True)
        file = os.environ.get(VARIABLE)
        if file:
            descriptor = os.open(Path(file), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "a", encoding="utf-8") as out:
                out.write(secret + "\n")
    return secret


def issued() -> tuple[str, ...]:
    """Every secret of this process, in order of issue."""
    return tuple(_issued)


def mask(text: str) -> str:
    """``text`` with every issued secret replaced, plain or encoded, the longest first."""
    for form in _masked:
        if form in text:
            text = text.replace(form, MASK)
    return text
