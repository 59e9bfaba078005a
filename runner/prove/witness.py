"""Writes how each test ended, the moment it has: a line of JSON each.

Robot Framework loads this file by its path, as ``--listener witness.py;FILE``. A run that is killed in the
middle has told all that had ended by then. A test of many rows ends with the first that fails by an assertion
of its own: no other row can say more about the fault.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from AgentChatLibrary.engine.crowd import TooMany
from AgentChatLibrary.environment import EnvironmentProblem
from robot import result, running

from runner.prove.verdicts import HTTP_ERROR, How, how, unwrapped

_TELLING = {"robot", "AgentChatLibrary", "CostRecordsLibrary", "RecordingsLibrary"}
"""Where exceptions are made that say by their message what they mean."""
_INHERITING = {"And", "But"}
_PREPARING = {"Given", "When"}


class witness:  # noqa: N801 -- Robot Framework wants the file's name
    """Tells name, status, message and seconds, and what the message does not say.

    That is whether a step that only prepares has failed, and what the exception means by its class where it
    is no assertion.

    Args:
        file: Where the lines go.
    """

    ROBOT_LISTENER_API_VERSION = 3
    ROBOT_LISTENER_PRIORITY = -100
    """After every other listener: the library's own may still fail a test."""

    def __init__(self, file: str) -> None:
        self._out = Path(file).open("a", encoding="utf-8")  # noqa: SIM115 -- closed when the run ends
        self._meanings: dict[str, How] = {}

    def start_test(self, *_: object) -> None:
        """Forgets what the last test met."""
        self._meanings.clear()

    def end_test(self, _: running.TestCase, ended: result.TestCase) -> None:
        """Writes a line."""
        line = {
            "name": str(ended.full_name),
            "status": str(ended.status),
            "message": str(ended.message),
            "seconds": ended.elapsed_time.total_seconds(),
            "preparing": prepares(ended),
            "meaning": self._meanings.get(_first(str(ended.message))),
        }
        self._out.write(json.dumps(line) + "\n")
        self._out.flush()

    def end_keyword(self, row: running.Keyword, ended: result.Keyword) -> None:
        """Leaves out the other rows of a template once one has failed as a test must.

        Notes before what a failure means by its class: Robot Framework calls while it handles the exception.
        """
        meaning = meant(sys.exc_info()[1]) if ended.failed else None
        if meaning:
            self._meanings.setdefault(_first(str(ended.message)), meaning)
        test = row.parent
        if not isinstance(test, running.TestCase) or not test.template or not ended.failed:
            return
        met = self._meanings.get(_first(str(ended.message)))
        if row in test.body and how(str(ended.status), str(ended.message), meaning=met) is How.OWN:
            del test.body[test.body.index(row) + 1 :]

    def close(self) -> None:
        """Ends the file."""
        self._out.close()


def meant(problem: BaseException | None) -> How | None:
    """What an exception means by its class; None where its message tells.

    Args:
        problem: What a keyword has raised.
    """
    if isinstance(problem, EnvironmentProblem | TooMany):
        return How.HARNESS
    if problem is None or isinstance(problem, AssertionError) or type(problem).__name__ == HTTP_ERROR:
        return None
    return None if type(problem).__module__.split(".")[0] in _TELLING else How.CRASHED


def _first(message: str) -> str:
    """The first line of a message's first failure."""
    return unwrapped(message).partition("\n")[0]


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
