"""Which rules there are for recordings, and how each is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

from AgentChatLibrary.dialect.reading import UNMATCHED
from AgentChatLibrary.rules import (
    clocks,
    correlation,
    devices,
    endings,
    isolation,
    order,
    pairing,
    replies,
    sequence,
    timing,
)
from AgentChatLibrary.rules.canary import first_senders
from AgentChatLibrary.rules.contract import ContractLike, valid
from AgentChatLibrary.transcript import Transcript
from AgentChatLibrary.verdict import Verdict, undecided

from .hearing import Case


class Broken(Exception):
    """A rule cannot be asked of a recording; the message says why."""


def judged(rule: str, case: Case) -> list[Verdict]:
    """Asks one rule of every connection, or of all together.

    Args:
        rule: Its name.
        case: The recording.

    Raises:
        Broken: It cannot be asked of this recording.
    """
    if rule in TIMED and not case.recording.timed:
        raise Broken("The recording bears no times.")
    return list(RULES[rule](case))


class _Readable:
    """The contract, for messages that are read: those that are not have a test of their own."""

    def __init__(self, contract: ContractLike) -> None:
        self._contract = contract

    def problems(self, direction: Literal["server", "client"], message: dict[str, object], /) -> list[str]:
        """How a message departs from the contract."""
        return [] if message.get("type") == UNMATCHED else self._contract.problems(direction, message)


def _each(rule: Callable[[Transcript], Verdict]) -> Callable[[Case], Sequence[Verdict]]:
    return lambda case: [rule(transcript) for transcript in case.transcripts]


def _contract(case: Case) -> Sequence[Verdict]:
    contract = _Readable(case.contract)
    return [valid(transcript, contract) for transcript in case.transcripts]


def _canaries(case: Case) -> Sequence[Verdict]:
    senders = first_senders(case.transcripts)
    return [isolation.no_foreign_canary(transcript, senders) for transcript in case.transcripts]


def _durations(case: Case) -> Sequence[Verdict]:
    return [
        timing.durations_are_true(t, run_id)
        if any("duration_ms" in event for event in run.events)
        else undecided("timing.durations_are_true", t, "The backend tells no durations.")
        for t in case.transcripts
        for run_id, run in t.runs().items()
    ]


def _where_sent(name: str, rule: Callable[[Transcript], Verdict]) -> Callable[[Case], Sequence[Verdict]]:
    """A rule about answers, for connections of which the recording holds what was sent."""
    why = "Nothing that the client sent was recorded."
    return lambda case: [
        rule(t) if any(not f.received for f in t.frames) else undecided(name, t, why)
        for t in case.transcripts
    ]


def _where_numbered(
    name: str, rule: Callable[[Sequence[Transcript]], Sequence[Verdict]]
) -> Callable[[Case], Sequence[Verdict]]:
    """A rule that goes by the numbers of events, where they bear any."""
    why = "No event bears a number (seq)."

    def ask(case: Case) -> Sequence[Verdict]:
        numbered = any(event.seq is not None for t in case.transcripts for event in t.durable)
        return rule(case.transcripts) if numbered else [undecided(name, None, why)]

    return ask


RULES: Final[Mapping[str, Callable[[Case], Sequence[Verdict]]]] = {
    "contract.valid": _contract,
    "sequence.established_first": _each(sequence.established_first),
    "sequence.seq_rises_by_one": _each(sequence.seq_rises_by_one),
    "sequence.timestamps_never_fall": _where_numbered(
        sequence.TIMES, lambda all_: [sequence.timestamps_never_fall(t) for t in all_]
    ),
    "clocks.timestamps_tell_the_time": _each(clocks.timestamps_tell_the_time),
    "correlation.user_id_is_own": _each(correlation.user_id_is_own),
    "correlation.one_run_per_question": _where_sent(
        "correlation.one_run_per_question", correlation.one_run_per_question
    ),
    "correlation.one_thread_and_person_per_run": _each(correlation.one_thread_and_person_per_run),
    "correlation.replies_match_messages": _where_sent(
        "correlation.replies_match_messages", correlation.replies_match_messages
    ),
    "replies.acks_come_first": _where_sent("replies.acks_come_first", replies.acks_come_first),
    "replies.pongs_answer_pings": _where_sent("replies.pongs_answer_pings", replies.pongs_answer_pings),
    "order.started_first": _each(order.started_first),
    "order.thinking_before_tools": _each(order.thinking_before_tools),
    "order.steps_rise_by_one": _each(order.steps_rise_by_one),
    "order.calls_closed_before_the_end": _each(order.calls_closed_before_the_end),
    "order.one_end": _each(order.one_end),
    "order.nothing_after_the_end": _each(order.nothing_after_the_end),
    "pairing.every_tool_call_is_answered": _each(pairing.every_tool_call_is_answered),
    "timing.durations_are_true": _durations,
    "isolation.no_foreign_canary": _canaries,
    "devices.same_seq_same_frame": _where_numbered(
        devices.IDENTICAL, lambda all_: [devices.same_seq_same_frame(all_)]
    ),
    "endings.nothing_above_the_end": _where_numbered(
        "endings.nothing_above_the_end", lambda all_: [endings.nothing_above_the_end(all_)]
    ),
    "endings.acknowledged_runs_ended": lambda case: [endings.acknowledged_runs_ended(case.transcripts)],
}
"""How each rule is asked, by its name."""

TIMED: Final = frozenset({"timing.durations_are_true", "clocks.timestamps_tell_the_time"})
"""The rules that need times of receipt."""
