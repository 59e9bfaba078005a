"""What nobody outside may read: how the backend is made, and what others have."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from robot.api.deco import keyword

from ..kit import Kit
from ..redaction import issued, mask
from ..rules import isolation, secrets
from .promises import BrokenPromise, demand, something

INSIDE: Final = re.compile(
    r"Traceback|File \\?\"|line \d+, in |\.py\b|[A-Za-z]+(?:Error|Exception)\b|/(?:usr|home|tmp|var|opt|etc)/"
    r"|\b(?:SELECT|INSERT|UPDATE|DELETE)\b.+\b(?:FROM|INTO|SET|WHERE)\b|sqlalchemy|sqlite|psycopg|eyJ[\w-]{8,}\."
)
"""What no error shows: stack traces, modules, exceptions, paths, SQL, drivers, JWTs (OWASP ASVS V16.5.1)."""
ITS_OWN: Final = {"message_id", "timestamp"}
"""What two errors that say the same differ in."""


class Inside:
    """Keywords that look for traces of the inside in what customers get."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Judging", "Security"))
    def errors_should_tell_nothing_about_the_inside(self, session: str) -> int:
        """Checks that no error of a session holds a stack trace, path, query, class name, canary or secret.

        Args:
            session: Alias of the session.

        Returns:
            How many errors were looked at.

        Raises:
            BrokenPromise: One tells something, or there was no error to look at.

        Example:
        | Send Malformed Message                      | Ana | broken JSON |
        | Wait For Error                              | Ana | invalid_json |
        | Errors Should Tell Nothing About The Inside | Ana |
        """
        transcript = self.kit.world.chat(session).transcript
        errors = transcript.received("error")
        something(errors, f"{session} has received no error")
        for error in errors:
            _no_inside(f"The error {error.get('code')}", str(error.frame.data))
        demand(secrets.holds_no_secret(transcript, issued()))
        demand(isolation.no_foreign_canary(transcript))
        return len(errors)

    @keyword(tags=("Judging", "Security"))
    def answer_should_tell_nothing_about_the_inside(self, what: str, body: object) -> None:
        """Checks that a web answer holds no stack trace, path, query, class name or secret.

        Args:
            what: What was answered, as the message's subject, for example ``The health``.
            body: The answer's body.

        Raises:
            BrokenPromise: It tells something.

        Example:
        | ${health} | Health Should Become | healthy | 200 | within=2 |
        | Answer Should Tell Nothing About The Inside | The health | ${health} |
        """
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        _no_inside(what, text)
        if mask(text) != text:
            raise BrokenPromise(f"{what} holds an issued secret.")

    @keyword(tags=("Judging", "Security"))
    def refusals_should_be_alike(
        self, otherwise: str, refusal: Mapping[str, Any], other: Mapping[str, Any]
    ) -> None:
        """Checks that two refusals say the same in every field.

        Only the message that each is about, and the time, may differ.

        Args:
            otherwise: What it means if they differ, as a sentence without its full stop.
            refusal: An error frame, or the body of a web request that was refused.
            other: The other one.

        Raises:
            BrokenPromise: They differ; the message shows the fields that do.

        Example:
        | ${one}   | Send Object | Ana | type=cancel | run_id=r_00000000000000000000000000000000 |
        | ${two}   | Send Object | Ana | type=cancel | run_id=no run at all |
        | ${first} | Message Should Be Declined | Ana | ${one} | not_found | It was cancelled. |
        | ${other} | Message Should Be Declined | Ana | ${two} | not_found | It was cancelled. |
        | Refusals Should Be Alike | Ana can tell a run that never was from no run | ${first} | ${other} |
        """
        names = [name for name in {**refusal, **other} if name not in ITS_OWN]
        apart = [
            f"{name} is {_value(refusal, name)} in the one refusal and {_value(other, name)} in the other"
            for name in names
            if _value(refusal, name) != _value(other, name)
        ]
        if apart:
            raise BrokenPromise(f"{otherwise}: {'; '.join(apart)}.")


def _value(refusal: Mapping[str, Any], name: str) -> str:
    return mask(repr(refusal[name])) if name in refusal else "absent"


def _no_inside(what: str, text: str) -> None:
    found = INSIDE.search(text)
    if found:
        raise BrokenPromise(f"{what} tells about the inside: {found.group(0)!r}.")
