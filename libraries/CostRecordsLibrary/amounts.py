"""Amounts of money as people read them."""

from __future__ import annotations

import re
from typing import Final

AMOUNT: Final = re.compile(r"\$\d+(?:,\d{3})*(?:\.\d+)?")
"""An amount in a text, written as agreed or not."""


def money(cents: int) -> str:
    """Cents as people read them: ``$1,234.56`` (contract: HTTP)."""
    return f"${cents // 100:,}.{cents % 100:02d}"


def amount_behind(name: str, text: str) -> str | None:
    """The amount that a text gives in brackets behind a name: ``payments ($1,234.56)``; None without one."""
    found = re.search(rf"(?<!\w){re.escape(name)} \((\$[\d,]+\.\d\d)\)", text)
    return found[1] if found else None
