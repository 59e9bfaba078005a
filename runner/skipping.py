"""How a check says that it could not be made here."""

from __future__ import annotations

from typing import Final

SKIPPED: Final = 77
"""The exit status of a check that could not be made, as autotools have it; what it printed says why."""
