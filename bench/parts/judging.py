"""Judges many frames by every rule: copies of runs that were recorded, as many as are wanted.

Each copy has people, runs and messages of its own, as if so many had asked: either as many people as it
takes, each with one run, or one person whose one connection saw them all.
"""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from AgentChatLibrary.contract import Contract
from AgentChatLibrary.frames import Frame, Kind
from AgentChatLibrary.rules.everything import judge
from AgentChatLibrary.transcript import Owner, Transcript
from AgentChatLibrary.transcript_lines import load
from AgentChatLibrary.verdict import Outcome

ID: Final = re.compile(
    r"\b([a-z])_([0-9a-f]{32})\b|(?<=\"message_id\": \")([^\"]+)|(?<=\"message_id\":\")([^\"]+)"
)
SEQ: Final = re.compile(r'("seq":\s*)(\d+)')
STAMP: Final = re.compile(r'("timestamp":\s*)(\d+\.?\d*)')
# Times are those of the processor: whatever else the machine does is not the rules' cost.
SECRETS: Final = 1_000
"""Tokens that are looked for in every frame: as many as a crowd of a thousand has."""


def main(told: Mapping[str, Any]) -> dict[str, Any]:
    """Judges copies.

    Args:
        told: ``file`` with recorded transcripts, how many ``frames`` there are to be, and whether ``one``
            connection has them all.
    """
    with Path(told["file"]).open(encoding="utf-8") as file:
        recorded = [t for t in load(file) if t.frames]
    make = _one if told["one"] else _many
    transcripts = make(recorded, told["frames"])
    secrets = [f"header.{number:032x}.signature" for number in range(SECRETS)]
    gc.collect()
    begun = time.process_time()
    judged = judge(transcripts, Contract(), secrets)
    seconds = time.process_time() - begun
    wrong = [v.text() for one in judged for v in one.verdicts if v.outcome is not Outcome.HOLDS]
    return {
        "seconds": seconds,
        "rules": {one.rule: one.seconds for one in judged},
        "frames": sum(len(t.frames) for t in transcripts),
        "connections": len(transcripts),
        "wrong": wrong[:2],
    }


def _many(recorded: Sequence[Transcript], frames: int) -> list[Transcript]:
    """Connections of one run each, until there are so many frames."""
    made: list[Transcript] = []
    there = 0
    while there < frames:
        source = recorded[len(made) % len(recorded)]
        number = len(made)
        user = _renamed(source.owner.user_id, number)
        owner = Owner(f"Person {number}", user, source.owner.organisation_id, source.owner.tier)
        copy = Transcript(owner.name, owner, 1, source.opened_at, source.opened_wall)
        for frame in source.frames:
            text = frame.data
            if isinstance(text, str) and frame.kind is Kind.TEXT:
                text = ID.sub(partial(_other, number), text)
            copy.append(frame.at, frame.direction, frame.kind, text, frame.code)
        made.append(copy)
        there += len(copy.frames)
    return made


def _one(recorded: Sequence[Transcript], frames: int) -> list[Transcript]:
    """One connection that asks the same question until there are so many frames."""
    source = recorded[0]
    copy = Transcript(source.session, source.owner, 1, source.opened_at, source.opened_wall)
    texts = [frame for frame in source.frames if frame.kind is Kind.TEXT]
    # On a busy machine the question may have gone out before the welcome came.
    welcome = next(frame for frame in texts if frame.type == "connection_established")
    run = [frame for frame in texts if frame is not welcome]
    copy.append(welcome.at, welcome.direction, welcome.kind, welcome.data)
    number = seqs = 0
    length = run[-1].at - run[0].at + 1
    while len(copy.frames) < frames:
        last = 0
        for frame, told, seq in _again(run, number, seqs):
            last = seq or last
            text = STAMP.sub(partial(_later, number * length), told, count=1)
            copy.append(frame.at + number * length, frame.direction, frame.kind, text)
        number, seqs = number + 1, last
    return [copy]


def _again(run: Sequence[Frame], number: int, seqs: int) -> Iterator[tuple[Frame, str, int]]:
    """The frames of a run with new ids, numbered from where the last one ended."""
    owner = re.search(r"u_[0-9a-f]{32}", str(run[1].data) + str(run[-1].data))
    own = owner[0] if owner else ""
    for frame in run:
        text = ID.sub(
            lambda found: found[0] if found[0] == own else _renamed(found[0], number), str(frame.data)
        )
        seq = SEQ.search(text)
        count = int(seq[2]) + seqs if seq else 0
        if seq:
            text = SEQ.sub(lambda found: f"{found[1]}{int(found[2]) + seqs}", text, count=1)
        yield frame, text, count


def _later(seconds: float, found: re.Match[str]) -> str:
    return f"{found[1]}{float(found[2]) + seconds}"


def _other(number: int, found: re.Match[str]) -> str:
    return _renamed(found[0], number)


def _renamed(identifier: str, number: int) -> str:
    """Another id for each number, of the same shape."""
    if not number:
        return identifier
    return f"{identifier[:-8]}{(int(identifier[-8:], 16) + number) % 2**32:08x}"
