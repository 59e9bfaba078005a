"""Writes how each test ended, the moment it has: a line of JSON each.

Robot Framework loads this file by its path, as ``--listener witness.py;FILE``. A run that is killed in the
middle has told all that had ended by then. A test of many rows ends with the first that fails by an assertion
of its own: no other row can say more about the fault.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from robot import result, running

from runner.prove.verdicts import How, how

_INHERITING = {"And", "But"}
_PREPARING = {"Given", "When"}


class witness:  # noqa: N801 -- Robot Framework wants the file's name
    """Tells name, status, message, seconds, and whether a step that only prepares has failed.

    Args:
        file: Where the lines go.
    """

    ROBOT_LISTENER_API_VERSION = 3
    ROBOT_LISTENER_PRIORITY = -100
    """After every other listener: the library's own may still fail a test."""

    def __init__(self, file: str) -> None:
        self._out = Path(file).open("a", encoding="utf-8")  # noqa: SIM115 -- closed when the run ends

    def end_test(self, _: running.TestCase, ended: result.TestCase) -> None:
        """Writes a line."""
        line = {
            "name": str(ended.full_name),
            "status": str(ended.status),
            "message": str(ended.message),
            "seconds": ended.elapsed_time.total_seconds(),
            "preparing": prepares(ended),
        }
        self._out.write(json.dumps(line) + "\n")
        self._out.flush()

    def end_keyword(self, row: running.Keyword, ended: result.Keyword) -> None:
        """Leaves out the other rows of a template once one has failed as a test must."""
        test = row.parent
        if not isinstance(test, running.TestCase) or not test.template or not ended.failed:
            return
        if row in test.body and how(str(ended.status), str(ended.message)) is How.OWN:
            del test.body[test.body.index(row) + 1 :]

    def close(self) -> None:
        """Ends the file."""
        self._out.close()


def prepares(test: result.TestCase) -> bool:
    """Whether what failed first is the setup, or a step that begins with Given or When.

    Such a test never came to what it promises. Where steps have no such words, each states a promise.
    """
    if test.setup and test.setup.failed:
        return True
    word = ""
    for step in test.body:
        said = _word(step)
        word = said if said and said not in _INHERITING else word
        if getattr(step, "failed", False):
            return word in _PREPARING
    return False


def _word(step: Any) -> str:  # noqa: ANN401 -- keywords and control structures alike
    first = str(step.name).partition(" ")[0].capitalize() if isinstance(step, result.Keyword) else ""
    return first if first in _INHERITING | _PREPARING | {"Then"} else ""
