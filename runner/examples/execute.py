"""Executes examples in one Robot Framework process, against a backend that is started for them."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from AgentChatLibrary import environment
from robot.run import run as robot

from . import suite
from .suite import Shown

EMBEDDED: Final = "embedded"
"""The environment of examples: the one that can do all that they show."""


@dataclass(slots=True)
class Told:
    """What became of the examples.

    Attributes:
        passed: How many were executed and are right.
        failures: The others, each with where it stands and why.
        skipped: What could not be executed here, with the reason.
    """

    passed: int = 0
    failures: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


class _Listener:
    """Notes how each test ends."""

    ROBOT_LISTENER_API_VERSION = 3

    def __init__(self) -> None:
        self.ended: dict[str, tuple[str, str]] = {}

    def end_test(self, data: Any, result: Any) -> None:  # noqa: ANN401 -- Robot Framework has no types
        self.ended[f"{data.parent.name}.{data.name}"] = (result.status, result.message)


def execute(examples: Sequence[Shown]) -> Told:
    """Executes examples.

    Args:
        examples: The examples.

    Returns:
        What became of them.
    """
    told = Told()
    os.environ[environment.VARIABLE] = EMBEDDED
    with tempfile.TemporaryDirectory(prefix="agent-chat-examples-") as private:
        folder = Path(private) / "suites"
        folder.mkdir()
        tests = suite.write(examples, folder)
        listener, output = _Listener(), io.StringIO()
        robot(
            str(folder),
            **{"outputdir": str(Path(private) / "results"), "output": None, "log": None, "report": None},
            **{"listener": listener, "console": "quiet", "stderr": output},
        )
    for name, one in tests.items():
        status, message = listener.ended.get(name, ("FAIL", "It was not executed."))
        where = f"{one.places[0]}: the example of {' and '.join(one.keywords)}"
        if status == "PASS":
            told.passed += 1
        elif status == "SKIP":
            told.skipped.append(f"{where} was skipped: {message}")
        else:
            told.failures.append(f"{where} fails: {message}")
    told.failures += [line for line in output.getvalue().splitlines() if line.startswith("[ ERROR ]")]
    return told
