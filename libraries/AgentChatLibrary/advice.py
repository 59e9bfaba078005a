"""What to do about a step that Robot Framework does not know: the nearest keywords, and where they are.

Robot Framework compares only names that are imported and hold no arguments. Most business keywords hold some
(``${name} asks "${question}"``), and the most frequent reason for a step that is not found is a resource that
is not imported. Both are looked up here in ``resources/``, when a test has failed for that reason.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from robot import result, running
from robot.api.parsing import ModelVisitor, get_resource_model
from robot.errors import DataError
from robot.running.arguments.embedded import EmbeddedArguments

RESOURCES: Final = Path(__file__).resolve().parents[2] / "resources"
MARKS: Final = ("It is in", "The nearest business keywords:", "No business keyword is near.")
"""How advice begins."""
NEAREST: Final = 3
"""How many keywords are told."""
CLOSE: Final = 0.45
"""From which likeness on a keyword is told."""
WORDS: Final = 0.6
"""How much whole words count for the likeness; the rest is for letters."""
NOT_FOUND: Final = re.compile(
    r"No keyword with name '(?P<step>.+?)' found\.(?! Did you mean)"
    rf"(?! (?:{'|'.join(map(re.escape, MARKS))}))"
)
"""Where Robot Framework itself has a hint, it is the best one; and advice is given once."""
PREFIX: Final = re.compile(r"^(given|when|then|and|but)\s+", re.IGNORECASE)
QUOTED: Final = re.compile(r'"[^"]*"')
EMBEDDED: Final = re.compile(r"\$\{([^:}]+)(:[^{}]*(\{[^{}]*\})?[^{}]*)?\}")


@dataclass(frozen=True, slots=True)
class BusinessKeyword:
    """A keyword of ``resources/``.

    Attributes:
        name: Its name, with its embedded arguments.
        file: The resource file that holds it.
    """

    name: str
    file: str

    @property
    def shown(self) -> str:
        """Its name as people write it, without the patterns of its arguments."""
        return EMBEDDED.sub(r"${\1}", self.name)

    def takes(self, step: str) -> bool:
        """Whether a step is a call of this keyword."""
        try:
            pattern = EmbeddedArguments.from_name(self.name)
        except DataError:
            return False
        if pattern is None:
            return _plain(self.name) == _plain(step)
        return pattern.name.fullmatch(step) is not None

    def likeness(self, step: str) -> float:
        """How much a step looks like a call of it, from 0 to 1; what is quoted does not count."""
        mine, other = _gist(self.name), _gist(step)
        words = difflib.SequenceMatcher(None, mine.split(), other.split()).ratio()
        return WORDS * words + (1 - WORDS) * difflib.SequenceMatcher(None, mine, other).ratio()


def advised(message: str) -> str:
    """A message with advice behind each step that it says is not found.

    Args:
        message: The message of a failed test.
    """
    return NOT_FOUND.sub(lambda found: f"{found[0]} {_about(found['step'])}", message)


def _about(step: str) -> str:
    plain = PREFIX.sub("", step)
    known = business_keywords()
    for keyword in known:
        if keyword.takes(plain):
            return f"{MARKS[0]} {keyword.file}; add to the settings: `Resource    ../{keyword.file}`"
    ordered = sorted((-keyword.likeness(plain), keyword.name, keyword) for keyword in known)[:NEAREST]
    near = [f"`{keyword.shown}` ({keyword.file})" for score, _, keyword in ordered if -score >= CLOSE]
    return f"{MARKS[1]} {', '.join(near)}." if near else f"{MARKS[2]} What can be said: resources/*.resource."


@cache
def business_keywords(folder: Path = RESOURCES) -> Sequence[BusinessKeyword]:
    """The keywords of all resource files.

    Args:
        folder: Where the resource files are.
    """
    found: list[BusinessKeyword] = []
    for file in sorted(folder.glob("*.resource")):
        reader = _Reader(f"{folder.name}/{file.name}")
        reader.visit(get_resource_model(file))
        found += reader.found
    return found


class _Reader(ModelVisitor):  # type: ignore[misc]  # Robot Framework has no types
    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[BusinessKeyword] = []

    def visit_Keyword(self, keyword: Any) -> None:  # noqa: ANN401, N802 -- Robot Framework's model and name
        self.found.append(BusinessKeyword(keyword.name, self.file))


def _plain(name: str) -> str:
    return name.lower().replace(" ", "").replace("_", "")


def _gist(step: str) -> str:
    """A step without what differs from call to call: quoted text and embedded arguments."""
    return " ".join(QUOTED.sub('""', EMBEDDED.sub("", step)).lower().split())


class Advising:
    """The listener that adds the advice to the message of a test that has failed for an unknown step."""

    ROBOT_LISTENER_API_VERSION = 3

    def end_test(self, _: running.TestCase, outcome: result.TestCase) -> None:
        """Adds the advice, if there is any."""
        if outcome.failed:
            outcome.message = advised(outcome.message)
