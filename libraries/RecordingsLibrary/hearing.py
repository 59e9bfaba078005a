"""A case: a recording, told in the canonical alphabet, and what became of each of its records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from AgentChatLibrary.contract import Contract
from AgentChatLibrary.dialect.reading import Account, Reading
from AgentChatLibrary.dialect.relaxed import DialectContract
from AgentChatLibrary.environment import Environment
from AgentChatLibrary.recordings import Record, Recording
from AgentChatLibrary.rules.contract import ContractLike
from AgentChatLibrary.transcript import Transcript
from AgentChatLibrary.verdict import plain

QUOTED: Final = 100
"""Characters of a message that an account quotes."""


class Case:
    """A recording and the environment whose dialect tells it.

    Args:
        recording: The recording.
        environment: The environment.

    Attributes:
        recording: The recording.
        transcripts: Its connections, told in the canonical alphabet.
        contract: What they are judged by.
    """

    def __init__(self, recording: Recording, environment: Environment) -> None:
        self.recording = recording
        dialect = environment.translation
        self._accounts: dict[int, Account] = {}
        self.contract: ContractLike
        if dialect is None:
            self.transcripts: list[Transcript] = recording.transcripts
            self.contract = Contract()
            return
        readings = [Reading(dialect, wire) for wire in recording.transcripts]
        self.transcripts = [reading.refresh() for reading in readings]
        self._accounts = {id(a.frame): a for reading in readings for a in reading.accounts}
        self.contract = DialectContract(dialect)

    def summary(self) -> str:
        """How many records became what."""
        became = Counter(kind for _, kind, _ in self._became())
        return ", ".join(f"{number} {kind}" for kind, number in became.items()) or "nothing"

    def account(self) -> Iterator[str]:
        """One line for each record: what it became, or why it became nothing."""
        for record, kind, what in self._became():
            yield f"{record.number:>5}  {record.session:24}  {record.name:9}  {kind}: {what}"

    def unread(self) -> Iterator[tuple[str, bool]]:
        """The messages that nothing reads, with the reason, and whether each was received."""
        for record, kind, what in self._became():
            if kind == UNREAD and record.frame is not None:
                quoted = plain(str(record.frame.data), QUOTED)
                yield (
                    f"  record {record.number}, {record.session}: {quoted}\n    {what}",
                    record.frame.received,
                )

    def _became(self) -> Iterator[tuple[Record, str, str]]:
        for record in self.recording.records:
            account = self._accounts.get(id(record.frame))
            if record.frame is None:
                yield record, BESIDE, record.reason
            elif account is None:
                yield record, CANONICAL, record.frame.type
            elif account.unmatched:
                yield record, UNREAD, account.reason
            elif account.told:
                yield record, CANONICAL, ", ".join(account.told)
            else:
                yield record, LEFT_OUT, account.reason


CANONICAL: Final = "canonical"
LEFT_OUT: Final = "left out with a reason"
UNREAD: Final = "read by nothing"
BESIDE: Final = "no message of a conversation"
