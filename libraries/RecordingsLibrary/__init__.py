"""Keywords that judge a recording by every rule that applies to it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from AgentChatLibrary import environment
from AgentChatLibrary.recordings import read
from AgentChatLibrary.rules.story import counted, missing
from AgentChatLibrary.verdict import Outcome, Verdict
from robot.api import Failure, SkipExecution, logger
from robot.api.deco import keyword, library
from robot.libraries.BuiltIn import BuiltIn

from .hearing import Case
from .verdicts import RULES, Broken, judged

RECORDING: Final = "AGENT_CHAT_RECORDING"
"""The environment variable that names the recording."""
SHOWN: Final = 3
"""Connections whose story a failure tells; the log tells all."""
LISTED: Final = 20
"""Frames that a failure lists; the log lists all."""


@library(scope="SUITE")
class RecordingsLibrary:
    """Judges a recording: what somebody else has recorded, told in the canonical alphabet by a dialect.

    The environment variable ``AGENT_CHAT_RECORDING`` names the file, ``AGENT_CHAT_ENV`` the environment whose
    dialect tells it. Nothing is started and nothing is sent.
    """

    def __init__(self) -> None:
        self._case: Case | None = None

    @keyword
    def load_recording(self) -> None:
        """Loads the recording and tells it; the log accounts for every record.

        Raises:
            RecordingProblem: It cannot be used; the message says why.

        Example, with a recording:
        | Load Recording |
        | Every Message Should Be Read |
        | Every Connection Should Keep | order.started_first |
        """
        variables = Path(__file__).resolve().parents[2] / "variables"
        env = environment.chosen(variables)
        self._case = case = Case(read(Path(os.environ[RECORDING])), env)
        builtin: Any = BuiltIn()
        builtin.set_suite_metadata("Recording", f"{case.recording.file.name} ({case.recording.form})")
        builtin.set_suite_metadata("Environment", env.name)
        builtin.set_suite_metadata("Records", case.summary())
        for line in case.account():
            logger.info(line)

    @keyword
    def every_message_should_be_read(self) -> str:
        """Checks that the dialect reads every message that was received.

        Returns:
            How many were read, and what became of them.

        Raises:
            Failure: Some were not; each is listed with the reason.

        Example, with a recording:
        | Load Recording |
        | Every Message Should Be Read |
        | Every Connection Should Keep | order.started_first |
        """
        case = self._the_case
        unread = [line for line, received in case.unread() if received]
        sent = [line for line, received in case.unread() if not received]
        for line in (*unread, *sent):
            logger.info(line)
        if unread:
            rest = (
                [f"... and {len(unread) - LISTED} more; the log lists all."] if len(unread) > LISTED else []
            )
            lines = "\n".join([*unread[:LISTED], *rest])
            raise Failure(f"{counted(len(unread), 'message')} received, and nothing reads them:\n{lines}")
        return case.summary()

    @keyword
    def every_connection_should_keep(self, rule: str) -> None:
        """Judges all connections by a rule.

        Args:
            rule: The rule's name, for example ``order.started_first``.

        Raises:
            Failure: A connection breaks it, or cannot be judged because frames were not recorded; the message
                tells the first few.
            SkipExecution: No connection can be judged by it; the message says why.

        Example, with a recording:
        | Load Recording |
        | Every Message Should Be Read |
        | Every Connection Should Keep | order.started_first |
        """
        if rule not in RULES:
            raise Failure(f"There is no rule {rule!r}. There are: {', '.join(sorted(RULES))}.")
        try:
            verdicts = judged(rule, self._the_case)
        except Broken as reason:
            raise SkipExecution(str(reason)) from None
        self._tell(rule, verdicts)

    def _tell(self, rule: str, verdicts: Sequence[Verdict]) -> None:
        by_outcome = Counter(verdict.outcome for verdict in verdicts)
        for verdict in verdicts:
            if verdict.outcome is not Outcome.HOLDS:
                logger.info(f"{verdict.outcome}: {verdict.text()}")
        broken = [verdict for verdict in verdicts if verdict.broken]
        judgeable = len(verdicts) - by_outcome[Outcome.UNDECIDED]
        if broken:
            stories = "\n\n".join(verdict.text() for verdict in broken[:SHOWN])
            more = (
                f"\n\n... and {len(broken) - SHOWN} more; the log tells all." if len(broken) > SHOWN else ""
            )
            raise Failure(f"{len(broken)} of {judgeable} break {rule}:\n{stories}{more}")
        cut = [verdict.transcript for verdict in verdicts if verdict.cut and verdict.transcript is not None]
        if cut:
            stories = "\n".join(dict.fromkeys(missing(transcript) for transcript in cut[:SHOWN]))
            of_all = f"{len(cut)} of {len(verdicts)} cannot be judged by {rule}"
            raise Failure(f"{of_all}, for want of frames:\n{stories}")
        if not judgeable:
            why = Counter(verdict.story for verdict in verdicts).most_common(1)
            raise SkipExecution(f"Nothing here can be judged by it: {why[0][0] if why else 'no connection.'}")
        logger.info(f"{judgeable} keep {rule}; {by_outcome[Outcome.UNDECIDED]} cannot be judged.")

    @property
    def _the_case(self) -> Case:
        if self._case is None:
            raise Failure("No recording is loaded. Use `Load Recording` first.")
        return self._case
