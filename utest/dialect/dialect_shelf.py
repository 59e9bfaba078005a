"""The dialects to try: those of this project, and two more that show other ways of saying things."""

from __future__ import annotations

from pathlib import Path

from AgentChatLibrary.dialect.building import load
from AgentChatLibrary.dialect.model import Dialect

FIXTURES = Path(__file__).parent / "fixtures"
VARIABLES = Path(__file__).parents[2] / "variables"
OWN = sorted(file.stem for file in (VARIABLES / "dialects").glob("*.yaml"))
OTHERS = sorted(file.stem for file in FIXTURES.glob("*.yaml"))
VALUES = ("conversation", "workflow_id", "model", "session")
WALL = 1_795_339_278.0


def dialect_of(name: str) -> Dialect:
    """A dialect of this project, or one of the fixtures."""
    return load(name if name in OWN else str(FIXTURES / f"{name}.yaml"), VARIABLES, VALUES)
