"""The project's version, from the one place where it is written: ``pyproject.toml``."""

from __future__ import annotations

import tomllib

from .project import ROOT


def current() -> str:
    """The version, as Semantic Versioning has it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return str(project["version"])
