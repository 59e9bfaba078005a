"""Amounts of money as people read them."""

from __future__ import annotations


def money(cents: int) -> str:
    """Cents as people read them: ``$1,234.56`` (contract: HTTP)."""
    return f"${cents // 100:,}.{cents % 100:02d}"
