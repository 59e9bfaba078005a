"""Every rule that any connection of the contract keeps, asked of many connections at once."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from ..transcript import Transcript
from ..verdict import Verdict
from . import clocks, correlation, devices, endings, isolation, order, pairing, replies, sequence, timing
from .canary import first_senders
from .contract import ContractLike, valid
from .secrets import holds_no_secret

Rule = Callable[[Transcript], Verdict]


@dataclass(slots=True)
class Judged:
    """What one rule says.

    Attributes:
        rule: Its name.
        verdicts: A verdict for each connection, or one for all of them together.
        seconds: How long it took.
    """

    rule: str
    verdicts: list[Verdict]
    seconds: float = 0.0


EACH: Final[dict[str, Rule]] = {
    sequence.FIRST: sequence.established_first,
    sequence.SEQ: sequence.seq_rises_by_one,
    sequence.TIMES: sequence.timestamps_never_fall,
    clocks.TIME: clocks.timestamps_tell_the_time,
    correlation.OWN: correlation.user_id_is_own,
    correlation.THREAD: correlation.one_thread_and_person_per_run,
    correlation.QUESTION: correlation.one_run_per_question,
    correlation.REPLIES: correlation.replies_match_messages,
    replies.ACKS: replies.acks_come_first,
    replies.PONGS: replies.pongs_answer_pings,
    "order.agreed_order": order.agreed_order,
    pairing.ANSWERED: pairing.every_tool_call_is_answered,
    pairing.FINDINGS: pairing.findings_come_from_calls,
    timing.DURATIONS: timing.durations_are_true,
    isolation.FOREIGN: isolation.no_foreign_events,
}
"""The rules about one connection that need nothing but what it recorded."""
TOGETHER: Final[dict[str, Callable[[Sequence[Transcript]], Verdict]]] = {
    devices.IDENTICAL: devices.same_seq_same_frame,
    endings.ABOVE: endings.nothing_above_the_end,
    endings.ENDED: endings.acknowledged_runs_ended,
}
"""The rules about all connections of a test."""
RULES: Final = ("contract.valid", "secrets.holds_no_secret", isolation.CANARY, *EACH, *TOGETHER)
"""The names of all rules that :func:`judge` asks."""


def judge(
    transcripts: Sequence[Transcript],
    contract: ContractLike,
    secrets: Collection[str],
    without: Collection[str] = (),
    judged_one: Callable[[], object] = lambda: None,
) -> list[Judged]:
    """Asks every rule.

    Each connection is judged by one rule after the other, while what was read of it is at hand: with all
    connections by one rule after the other a frame costs half as much again.

    Args:
        transcripts: The connections, those of one session in order.
        contract: What knows the contract.
        secrets: Every token and password issued.
        without: Names of rules that are not asked.
        judged_one: Is called when a connection has been judged.

    Returns:
        What each rule says.
    """
    known = frozenset(secrets)
    with unhurried():
        senders = first_senders(transcripts)
        rules: dict[str, Rule] = {
            "contract.valid": lambda t: valid(t, contract),
            "secrets.holds_no_secret": lambda t: holds_no_secret(t, known),
            isolation.CANARY: lambda t: isolation.no_foreign_canary(t, senders),
            **EACH,
        }
        asked = [(rule, Judged(name, [])) for name, rule in rules.items() if name not in without]
        for transcript in transcripts:
            for rule, judged in asked:
                begun = perf_counter()
                judged.verdicts.append(rule(transcript))
                judged.seconds += perf_counter() - begun
            judged_one()
        found = [judged for _, judged in asked]
        for name, about_all in TOGETHER.items():
            if name not in without:
                begun = perf_counter()
                verdict = about_all(transcripts)
                found.append(Judged(name, [verdict], perf_counter() - begun))
    return found


@contextmanager
def unhurried() -> Iterator[None]:
    """Keeps the garbage collector from going through all frames again and again while they are read.

    What is read is kept with its frame, so there is nothing to collect; without this a fifth of the time of
    100,000 frames goes there. Afterwards it counts as old, not as new and to be gone through at once.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.freeze()
            gc.unfreeze()
            gc.enable()
