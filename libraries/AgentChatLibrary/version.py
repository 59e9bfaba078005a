"""The library's version: the project's, from the one place where it is written, ``pyproject.toml``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[2] / "pyproject.toml"


def current() -> str:
    """The version, as Semantic Versioning has it; ``unknown`` where the library lies without its project."""
    # Every worker imports the library: reading one line is enough, and no parser need be loaded.
    if not PROJECT.is_file():
        return "unknown"
    found = re.search(r'^version = "([^"]+)"$', PROJECT.read_text("utf-8"), re.MULTILINE)
    return found[1] if found else "unknown"
