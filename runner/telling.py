"""What a run says at its end: the failures, what else went wrong, and where the report is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from .console import counted, first_line, say
from .leaks import Leak, Secrets
from .project import shown
from .results import Failure, Outcome

SHOWN_FAILURES: Final = 20
"""Failures shown on the console; a backend that is down fails all tests in the same way."""
NONE: Final = Secrets(())
SETUP: Final = "Parent suite setup failed"
"""How the message of each test begins whose suite could not be set up."""


def tell(
    outcome: Outcome, files: Sequence[Path], secrets: Secrets = NONE, leaks: Sequence[Leak] = ()
) -> None:
    """Says what failed, and where the report is.

    Args:
        outcome: What the run came to.
        files: What was written.
        secrets: What must not be shown.
        leaks: Where secrets were found.
    """
    failures = list(_once(outcome.failures))
    if failures:
        say("Failed:")
    for failure in failures[:SHOWN_FAILURES]:
        say(f"  {failure.name}")
        say(f"    {secrets.masked(first_line(failure.message))}")
    if len(failures) > SHOWN_FAILURES:
        say(f"  ... and {len(failures) - SHOWN_FAILURES} more; the report has all.")
    for title, lines in (
        ("Nothing was tried: every test was skipped:", _reasons(outcome, secrets)),
        ("Known failures (they do not break the build):", [test.name for test in outcome.known_failures]),
        ("Errors outside of tests:", [first_line(secrets.masked(error)) for error in outcome.errors]),
        ("Reported though not planned:", outcome.extra),
        ("Secrets were written (none may be):", [str(leak) for leak in leaks]),
    ):
        if lines:
            say(title)
            for line in lines:
                say(f"  {line}")
    say("Report: " + ", ".join(shown(file) for file in files))


def _reasons(outcome: Outcome, secrets: Secrets) -> list[str]:
    """Why tests were skipped where all of them were, with how many; most first."""
    if outcome.dry or outcome.tried:
        return []
    skipped = [test for test in outcome.result.suite.all_tests if test.skipped]
    reasons = Counter(secrets.masked(first_line(test.message)) for test in skipped)
    return [f"{counted(n, 'test')}: {reason}" for reason, n in reasons.most_common(SHOWN_FAILURES)]


def _once(failures: Sequence[Failure]) -> Iterator[Failure]:
    """The failures; the setup of a suite, which fails each of its tests, counts as one."""
    alike = Counter(_setup(failure) for failure in failures)
    told: set[tuple[str, str]] = set()
    for failure in failures:
        same = _setup(failure)
        if not failure.message.startswith(SETUP) or alike[same] == 1:
            yield failure
        elif same not in told:
            told.add(same)
            yield Failure(f"{same[0]} ({alike[same]} tests)", failure.message)


def _setup(failure: Failure) -> tuple[str, str]:
    """The suite, and what its setup says."""
    return failure.suite, failure.message
