"""People ask at once, for real; what their sessions recorded is judged by every rule, and written down."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from AgentChatLibrary.contract import Contract
from AgentChatLibrary.engine.crowd import close_many, open_many, send_together
from AgentChatLibrary.engine.offer import Offer
from AgentChatLibrary.engine.session import Session
from AgentChatLibrary.outgoing import encoded, new_message_id
from AgentChatLibrary.rules.everything import judge
from AgentChatLibrary.transcript import Owner, Transcript
from AgentChatLibrary.transcript_lines import save
from AgentChatLibrary.verdict import Outcome

QUESTION = "Where can we cut our cloud bill?"
SECONDS = 120.0


def main(told: Mapping[str, Any]) -> dict[str, Any]:
    """Lets everybody ask once.

    Args:
        told: ``url``, ``people`` (of each the name, user and organisation ids, tier and token), and ``file``,
            where the transcripts go.
    """
    people = told["people"]
    sessions = [Session(name, Owner(name, user, home, tier)) for name, user, home, tier, _ in people]
    open_many(sessions, [Offer(told["url"], [("header", token)]) for *_, token in people], SECONDS)
    begun = time.perf_counter()
    send_together([(s, encoded("chat", new_message_id(), {"content": QUESTION})) for s in sessions])
    unanswered = [s.alias for s in sessions if s.wait(_answer, SECONDS) is None]
    answered = time.perf_counter() - begun
    close_many(sessions)
    transcripts = [session.transcript for session in sessions]
    begun = time.perf_counter()
    judged = list(judge(transcripts, Contract(), [token for *_, token in people]))
    judging = time.perf_counter() - begun
    with Path(told["file"]).open("w", encoding="utf-8") as file:
        save(transcripts, file)
    wrong = [v.text() for one in judged for v in one.verdicts if v.outcome is not Outcome.HOLDS]
    return {
        "people": len(people),
        "frames": sum(len(t.frames) for t in transcripts),
        "answered_seconds": answered,
        "judging_seconds": judging,
        "unanswered": len(unanswered),
        "wrong": wrong[:3],
        "wrong_count": len(wrong),
    }


def _answer(transcript: Transcript) -> Any:  # noqa: ANN401 -- an event, or None
    return next((event for event in transcript.events() if event.ends_run), None)
