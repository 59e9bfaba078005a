"""Where things are in the project."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
"""The project's folder."""

TESTS: Final = ROOT / "tests"
RESOURCES: Final = ROOT / "resources"
LIBRARIES: Final = ROOT / "libraries"
VARIABLES: Final = ROOT / "variables"
RESULTS: Final = ROOT / "results"
BACKEND: Final = ROOT / "backend"
RUNNER: Final = ROOT / "runner"


def shown(path: Path) -> str:
    """The path as people type it: relative to where they stand when it is below, with forward slashes.

    Args:
        path: Any path.

    Returns:
        The shorter of the two forms.
    """
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)
