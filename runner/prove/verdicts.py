"""What a test's end says about a fault, and what a trial came to."""

from __future__ import annotations

import builtins
import dataclasses
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from ..console import first_line

AMBIENT: Final = "Ambient:"
"""How the message of a failure begins that the library's listener found, not the test."""
_WRAPPING: Final = re.compile(
    r"^(\*HTML\*|(Parent suite |Suite )?(Setup|Teardown) failed:|Several failures occurred:|\d+\))\s*"
)
_TIMEOUT: Final = re.compile(
    r"^(Test|Task|Keyword|Setup|Teardown) timeout .* exceeded\.?|^Process .* timed out"
)
_HARNESS: Final = re.compile(
    r"^(The backend (ended with status|did not come up)|No backend answers"
    r"|This test was planned but never reported|Ambient: the sessions could not be judged)"
)
HTTP_ERROR: Final = "HTTPError"
"""What RequestsLibrary raises for an answer with another status than is expected: an assertion."""
_EXCEPTIONS: Final = "|".join(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, Exception) and not issubclass(AssertionError, value)
)
_CRASH: Final = re.compile(
    rf"^(({_EXCEPTIONS}|(?!AssertionError|{HTTP_ERROR})\w+(Error|Exception)|(Read|Connect)Timeout|NoAnswer): "
    r"|No keyword with name |Variable '.*' not found|Resolving variable |Evaluating expression )"
)
"""How a message begins when something went wrong that no test states: no assertion. ``NoAnswer`` is the
library's exception for an HTTP request that nothing answered, the timeouts are those of HTTP clients."""


class How(StrEnum):
    """How a test ended while a fault was there."""

    PASSED = "passed"
    SKIPPED = "skipped"
    OWN = "own"
    """It failed by an assertion of its own: caught."""
    BLOCKED = "blocked"
    """A step that only prepares failed (Given, When, a setup): it never came to what it promises."""
    AMBIENT = "ambient"
    """Only the invariants that hold for every test failed: caught, but not by this test."""
    TIMEOUT = "timeout"
    """The harness gave up waiting: that proves nothing."""
    CRASHED = "crashed"
    """An exception that no test means: that proves nothing either."""
    HARNESS = "harness"
    """No backend, or no report."""


def how(status: str, message: str, *, preparing: bool = False, meaning: How | None = None) -> How:
    """Judges the end of a test.

    Args:
        status: Robot Framework's ``PASS``, ``FAIL`` or ``SKIP``.
        message: The test's message.
        preparing: Whether a step that only prepares has failed.
        meaning: What the exception says by its class, where that is known and is no assertion.

    Returns:
        What it says about the fault.
    """
    if status != "FAIL":
        return How.SKIPPED if status == "SKIP" else How.PASSED
    text = unwrapped(message)
    patterns = ((_HARNESS, How.HARNESS), (_TIMEOUT, How.TIMEOUT), (_CRASH, How.CRASHED))
    known = next((said for pattern, said in patterns if pattern.match(text)), meaning)
    if known:
        return How.AMBIENT if f"\n{AMBIENT}" in text else known
    if text.startswith(AMBIENT) or (preparing and f"\n{AMBIENT}" in text):
        return How.AMBIENT
    return How.BLOCKED if preparing else How.OWN


def unwrapped(message: str) -> str:
    """A test's message from where its first failure begins.

    Args:
        message: The message as Robot Framework has it.
    """
    text = message.strip()
    while found := _WRAPPING.match(text):
        text = text[found.end() :].lstrip()
    return text


@dataclass(frozen=True, slots=True)
class Ended:
    """How one test ended with one fault.

    Attributes:
        how: What it says.
        message: The first line of its message.
        seconds: How long it took.
    """

    how: How
    message: str = ""
    seconds: float = 0.0

    @classmethod
    def of(
        cls,
        status: str,
        message: str,
        seconds: float,
        *,
        preparing: bool = False,
        meaning: How | None = None,
    ) -> Ended:
        """From what Robot Framework reported."""
        said = first_line(message) if status == "FAIL" else ""
        return cls(how(status, message, preparing=preparing, meaning=meaning), said, round(seconds, 3))


@dataclass(slots=True)
class Trial:
    """What running tests against one fault came to.

    Attributes:
        fault: The fault's name.
        claimed: Full names of the tests that claim to catch it.
        ended: How each test ended, by full name.
        seconds: How long it all took.
        problem: Why it could not be carried out; empty when it could.
        late: The claiming tests that caught it only when they ran once more, with nothing beside them.
        key: What it was carried out with; another key makes it worthless.
        by_chance: Whether chance decides which of the claiming tests can catch it: it shows within one
            process, and people come to several. One of them must.
    """

    fault: str
    claimed: tuple[str, ...]
    ended: dict[str, Ended] = field(default_factory=dict)
    seconds: float = 0.0
    problem: str = ""
    late: tuple[str, ...] = ()
    key: str = ""
    by_chance: bool = False

    @property
    def by(self) -> list[str]:
        """The tests that caught it by assertions of their own."""
        return [name for name, end in self.ended.items() if end.how is How.OWN]

    @property
    def caught(self) -> bool:
        """Whether anything noticed the fault."""
        return any(end.how in {How.OWN, How.BLOCKED, How.AMBIENT} for end in self.ended.values())

    @property
    def missed_by(self) -> list[str]:
        """The tests that claim it and did not catch it. One that was skipped had no chance to."""
        if self.by_chance and set(self.by) & set(self.claimed):
            return []
        ends = {name: self.ended.get(name, Ended(How.HARNESS)) for name in self.claimed}
        return [name for name, end in ends.items() if end.how not in {How.OWN, How.SKIPPED}]

    @property
    def unrelated(self) -> list[str]:
        """The tests that do not claim it and failed all the same, by assertions of their own."""
        return [name for name in self.by if name not in self.claimed]

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return dataclasses.asdict(self) | {"caught": self.caught}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Trial:
        """From plain values."""
        ended = {name: Ended(How(e["how"]), e["message"], e["seconds"]) for name, e in value["ended"].items()}
        return cls(
            value["fault"],
            tuple(value["claimed"]),
            ended,
            value["seconds"],
            value["problem"],
            tuple(value["late"]),
            value["key"],
        )
