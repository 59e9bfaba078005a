"""The ambient invariants: what every session of every test keeps, whatever the test was about."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from ..transcript import Transcript
from ..verdict import Verdict
from .canary import first_senders
from .clocks import timestamps_tell_the_time
from .contract import ContractLike, valid
from .correlation import user_id_is_own
from .devices import same_seq_same_frame
from .endings import acknowledged_runs_ended, nothing_above_the_end
from .isolation import no_foreign_canary
from .secrets import holds_no_secret
from .sequence import established_first, seq_rises_by_one

INVARIANTS: Final = (
    "contract.valid",
    "sequence.established_first",
    "correlation.user_id_is_own",
    "sequence.seq_rises_by_one",
    "clocks.timestamps_tell_the_time",
    "secrets.holds_no_secret",
    "isolation.no_foreign_canary",
    "devices.same_seq_same_frame",
    "endings.nothing_above_the_end",
    "endings.acknowledged_runs_ended",
)
"""The names of the rules that :func:`ambient` asks."""


def ambient(
    transcripts: Sequence[Transcript], contract: ContractLike, secrets: Collection[str]
) -> list[Verdict]:
    """Judges all connections of a test by every ambient invariant.

    What cannot be judged is undecided, never broken: a truncated recording, a connection without a watershed,
    an owner nobody knows, a run whose end nobody saw.

    Args:
        transcripts: Every connection that the test had, those of one session in order.
        contract: What knows the contract.
        secrets: Every token and password issued.

    Returns:
        For each connection a verdict by each rule about one, then one by each rule about all.
    """
    senders = first_senders(transcripts)
    found = [
        verdict
        for transcript in transcripts
        for verdict in (
            valid(transcript, contract),
            established_first(transcript),
            user_id_is_own(transcript),
            seq_rises_by_one(transcript),
            timestamps_tell_the_time(transcript),
            holds_no_secret(transcript, secrets),
            no_foreign_canary(transcript, senders),
        )
    ]
    return [
        *found,
        same_seq_same_frame(transcripts),
        nothing_above_the_end(transcripts),
        acknowledged_runs_ended(transcripts),
    ]
