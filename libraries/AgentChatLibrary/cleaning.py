"""A net under everything that a run writes: no secret in clear, and no markup that came from elsewhere.

Robot Framework shows a message as HTML when it begins with ``*HTML*``; so a backend could run a script in the
report of whoever tests it, by an answer that a keyword logs or fails with. Nothing here needs that, so only
this library's own markup is let through.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from robot import model, result, running

from .redaction import mask

MARK: Final = "*HTML*"
"""What Robot Framework takes for the beginning of HTML."""

_writing: list[bool] = []


@contextmanager
def own_markup() -> Iterator[None]:
    """Lets HTML through that the library itself writes meanwhile; everything in it is escaped already."""
    _writing.append(True)
    try:
        yield
    finally:
        _writing.pop()


def clean(text: str) -> str:
    """A message without secrets, that is shown as the text it is.

    Args:
        text: Any message.
    """
    while text.lstrip().startswith(MARK):
        text = text.lstrip().removeprefix(MARK)
    return mask(text)


class Cleaning:
    """The listener that cleans what is logged, what keywords fail with, and what stands in tests' headers."""

    ROBOT_LISTENER_API_VERSION = 3

    def log_message(self, message: model.Message) -> None:
        """Cleans a message before anybody writes it."""
        if message.html and not _writing:
            message.html = False
        cleaned = clean(message.message)
        if cleaned != message.message:
            message.message = cleaned

    def end_body_item(self, _: running.BodyItem, outcome: result.BodyItem) -> None:
        """Cleans what a keyword failed with."""
        message = getattr(outcome, "message", "")
        if message:
            outcome.message = clean(message)

    def end_for_iteration(self, data: running.ForIteration, outcome: result.ForIteration) -> None:
        """Cleans the values of a loop, which the log shows."""
        for name, value in outcome.assign.items():
            outcome.assign[name] = mask(value)
        self.end_body_item(data, outcome)

    def end_test(self, _: running.TestCase, outcome: result.TestCase) -> None:
        """Cleans what a suite may have put into a test's header."""
        outcome.message = clean(outcome.message)
        outcome.doc = mask(outcome.doc)
        for name, value in outcome.metadata.items():
            outcome.metadata[name] = mask(value)
        masked = [mask(str(tag)) for tag in outcome.tags]
        if masked != [str(tag) for tag in outcome.tags]:
            outcome.tags = masked

    def end_suite(self, _: running.TestSuite, outcome: result.TestSuite) -> None:
        """Cleans what a suite's setup or teardown failed with."""
        outcome.message = clean(outcome.message)
