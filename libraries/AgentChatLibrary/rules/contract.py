"""Every frame keeps the wire contract (contract: Frames)."""

from __future__ import annotations

import json
from typing import Any, Literal, Protocol

from ..frames import MESSAGES, Direction, Frame, Kind
from ..transcript import Transcript
from ..verdict import Verdict, broken
from .story import counted, settle, shown, someone

VALID = "contract.valid"


class ContractLike(Protocol):
    """What knows the contract: says how a message departs from it, in short lines; none when it does not."""

    def problems(self, direction: Literal["server", "client"], message: dict[str, Any], /) -> list[str]:
        """Says how ``message``, sent by ``direction``, departs from the contract."""
        ...


def valid(
    transcript: Transcript, contract: ContractLike, direction: Direction = Direction.RECEIVED
) -> Verdict:
    """Every message is a JSON object in a text frame that the contract accepts.

    Strict JSON (RFC 8259): a key that comes twice, ``NaN`` and infinities are refused; so are binary frames.

    Args:
        transcript: The connection to judge.
        contract: What knows the contract.
        direction: Judges what was received, or what was sent.
    """
    sender: Literal["server", "client"] = "server" if direction is Direction.RECEIVED else "client"
    verb = "received" if direction is Direction.RECEIVED else "sent"
    wrong: list[tuple[Frame, str]] = []
    for frame in transcript.frames[:]:
        if frame.direction is direction and frame.kind in MESSAGES:
            problems = _problems(frame, contract, sender)
            if problems:
                wrong.append((frame, "; ".join(problems[:3])))
    if not wrong:
        return settle(VALID, transcript)
    (frame, problem), *others = wrong
    more = f" ({counted(len(others), 'further frame')} too)" if others else ""
    name = "a binary frame" if frame.kind is Kind.BINARY else shown(frame.type).strip('"')
    return broken(
        VALID,
        transcript,
        f"{someone(transcript)} {verb} {name}, which the contract does not allow{more}: {problem}",
        "every message is a JSON object that the contract's schema for its type accepts.",
        [f for f, _ in wrong],
    )


def _problems(frame: Frame, contract: ContractLike, sender: Literal["server", "client"]) -> list[str]:
    event, flaw = frame.event, frame.flaw
    if flaw is not None:
        return [flaw]
    if event is not None:
        return contract.problems(sender, event.fields)
    if frame.kind is Kind.BINARY:
        return ["messages are text frames."]
    if isinstance(frame.data, bytes):
        return ["it is no UTF-8."]
    return [f"it is no JSON object but {shown(json.loads(frame.data))}."]
