"""How a keyword says that a promise is broken."""

from __future__ import annotations

from collections.abc import Collection

from ..evidence import Evidence, of_verdict
from ..redaction import issued
from ..rules.secrets import forms
from ..verdict import Outcome, Verdict


class BrokenPromise(AssertionError):
    """A rule is broken; the message tells the story, shows the frames, and says what was expected."""

    ROBOT_SUPPRESS_NAME = True

    def __init__(self, message: str, verdict: Verdict | None = None) -> None:
        super().__init__(message)
        self.evidence = of_verdict(verdict, message) if verdict is not None else Evidence(message)


def demand(verdict: Verdict) -> None:
    """Raises unless the rule holds: an undecided rule proves nothing, so it does not pass either.

    Raises:
        BrokenPromise: The rule is broken, or cannot be decided.
    """
    if verdict.outcome is Outcome.UNDECIDED:
        raise BrokenPromise(f"This could not be decided: {verdict.text()}", verdict)
    if not verdict:
        raise BrokenPromise(verdict.text(), verdict)


def something(found: Collection[object], nothing: str) -> None:
    """Raises unless there is something to judge: what looks at nothing proves nothing.

    Args:
        found: What is to be judged.
        nothing: What is so when it is empty, as a sentence without its full stop.

    Raises:
        BrokenPromise: It is empty.
    """
    if not found:
        raise BrokenPromise(f"{nothing}: there is nothing to look at.")


def no_secret(text: str, where: str) -> None:
    """Raises when a text holds a secret that this process has issued, in whatever form.

    Args:
        text: What is searched.
        where: What it is, for the message.

    Raises:
        BrokenPromise: It holds one; the message says which, never the secret.
    """
    for number, secret in enumerate(issued(), 1):
        for form, name in forms(secret):
            if form in text:
                raise BrokenPromise(
                    f"The {where} holds an issued secret (number {number}), {name}; it must hold none."
                )
