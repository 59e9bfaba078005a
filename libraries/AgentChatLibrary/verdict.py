"""A verdict: what a rule says of a transcript, with the frames that show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from .frames import Frame, Kind
from .transcript import Transcript

SHOWN: Final = 4
"""How many frames a story shows: enough to see the break, few enough to read at a glance."""
SAID: Final = 60
"""Characters of a frame of another dialect that are shown as they were said."""

LABELS: Final = (
    ("tool_name", ""),
    ("tool_call_id", "call "),
    ("run_id", "run "),
    ("message_id", "message "),
    ("code", ""),
)
"""The fields that tell one frame from another, and how a story names them."""


class Outcome(StrEnum):
    """What a rule found."""

    HOLDS = "holds"
    BROKEN = "broken"
    UNDECIDED = "undecided"


class Verdict(NamedTuple):
    """What a rule says of a transcript. Each rule makes one of each connection, and a tuple is soonest made.

    Attributes:
        rule: The rule's name, for reports.
        outcome: Whether it holds, is broken, or cannot be decided from what was recorded.
        story: One sentence: who, what, and how it broke, or why it cannot be decided.
        expected: One sentence: what should have been.
        transcript: The transcript that was judged; None for a verdict over several or none.
        offending: The frames that break the rule, in order.
        context: Further frames worth seeing beside them.
        beside: Frames of other transcripts worth seeing, for a verdict over several.
    """

    rule: str
    outcome: Outcome = Outcome.HOLDS
    story: str = ""
    expected: str = ""
    transcript: Transcript | None = None
    offending: tuple[Frame, ...] = ()
    context: tuple[Frame, ...] = ()
    beside: tuple[tuple[Transcript, Frame], ...] = ()

    def __bool__(self) -> bool:
        return self.outcome is Outcome.HOLDS

    @property
    def broken(self) -> bool:
        """Whether the rule is broken; an undecided one is not."""
        return self.outcome is Outcome.BROKEN

    @property
    def cut(self) -> bool:
        """Whether it is undecided about a recording that frames are missing from."""
        if self.outcome is not Outcome.UNDECIDED or self.transcript is None:
            return False
        return self.transcript.truncated > 0

    def text(self) -> str:
        """The failure in about five lines: the sentence, the few frames that matter, the expectation."""
        lines = [self.story]
        if self.transcript is not None:
            marked = {f.index for f in self.offending[:SHOWN]}
            spare = max(0, SHOWN - len(marked))
            shown = {f.index: f for f in (*self.offending[:SHOWN], *self.context[:spare])}
            lines += [describe(self.transcript, shown[i], offending=i in marked) for i in sorted(shown)]
            hidden = len(self.offending) - SHOWN
            if hidden > 0:
                lines.append(f"  ... and {hidden} more")
        for other, frame in self.beside[:SHOWN]:
            lines.append(f"{describe(other, frame)}   on {short(other.session)}")
        if self.expected:
            lines.append(f"Expected: {self.expected}")
        return "\n".join(lines)


def holds(rule: str, transcript: Transcript | None = None) -> Verdict:
    """A verdict that the rule holds."""
    return Verdict(rule, transcript=transcript)


def broken(
    rule: str,
    transcript: Transcript | None,
    story: str,
    expected: str,
    offending: Iterable[Frame] = (),
    context: Iterable[Frame] = (),
    beside: Iterable[tuple[Transcript, Frame]] = (),
) -> Verdict:
    """A verdict that the rule is broken, with the frames that show it."""
    return Verdict(
        rule, Outcome.BROKEN, story, expected, transcript, tuple(offending), tuple(context), tuple(beside)
    )


def undecided(rule: str, transcript: Transcript | None, why: str) -> Verdict:
    """A verdict that the rule cannot be judged from what was recorded, and why."""
    return Verdict(rule, Outcome.UNDECIDED, why, transcript=transcript)


def first_broken(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The first verdict that is broken, or None."""
    return next((v for v in verdicts if v.broken), None)


def every(rule: str, verdicts: Sequence[Verdict], transcript: Transcript | None = None) -> Verdict:
    """One verdict over several: the first broken one, else the first undecided one, else that it holds."""
    found = first_broken(verdicts)
    if found is not None:
        return found
    return next((v for v in verdicts if v.outcome is Outcome.UNDECIDED), holds(rule, transcript))


def describe(transcript: Transcript, frame: Frame, *, offending: bool = False) -> str:
    """One frame in one line: index, time since the connection opened, type and what tells it apart.

    Args:
        transcript: The frame's transcript.
        frame: The frame to describe.
        offending: Whether to mark it.
    """
    event = frame.event
    name = short(frame.type) if frame.received else f"sent {short(frame.type)}"
    parts = [f"  #{frame.index:<4d} {transcript.since_open(frame):+9.3f} s  {name:<16s}"]
    if event is not None:
        if event.seq is not None:
            parts.append(f"seq {plain(str(event.seq), 20)}")
        for name, label in LABELS:
            value = event.get(name)
            if isinstance(value, str):
                parts.append(label + short(value))
    elif frame.kind in (Kind.CLOSE, Kind.DROP):
        parts.append(f"{frame.code or ''} {plain(str(frame.data))}".strip())
    if frame.source is not None and (offending or event is None or not event.type.isidentifier()):
        parts.append(f"said as {plain(str(frame.source.data), SAID)}")
    line = "  ".join(parts).rstrip()
    return f"{line}   <- offending" if offending else line


def short(identifier: str, length: int = 8) -> str:
    """An id cut so that a person can tell it from another: its prefix and its first characters.

    Args:
        identifier: A backend's id, for example ``r_7f3a...`` with 32 hexadecimal digits.
        length: How many characters after the prefix to keep.
    """
    prefix, mark, rest = identifier.partition("_")
    if mark and len(prefix) == 1 and len(rest) > length:
        return plain(f"{prefix}_{rest[:length]}")
    return plain(identifier)


def plain(text: str, length: int = 40) -> str:
    """Text from the wire made fit for one line of a story: cut, and without characters that do not print.

    A newline could forge a line of the story, and a lone surrogate could not be written to a report.

    Args:
        text: Any text.
        length: How many characters to keep at the most.
    """
    cut = text if len(text) <= length else text[: length - 1] + "…"
    return cut if cut.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in cut)
