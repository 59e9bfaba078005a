"""Recorded frames as HTML for the log: folded away, escaped, and bounded."""

from __future__ import annotations

import html
from collections.abc import Collection, Sequence
from typing import Final

from .frames import Frame, Kind
from .rules.story import counted, someone
from .transcript import Transcript
from .verdict import plain

LONGEST: Final = 400
"""Characters of one frame that are shown; the transcript has all of it."""
CONNECTIONS: Final = 24
"""Connections whose frames are shown; of more, those with an offending frame come first."""
PRE: Final = "white-space:pre-wrap;overflow-wrap:anywhere;margin:0.3em 0 0.6em 1em"


def frames(transcripts: Sequence[Transcript], wrong: Collection[tuple[int, int]], most: int) -> str:
    """Every recorded frame in a line of its own, the connections folded one by one.

    Args:
        transcripts: Every connection; secrets are masked already.
        wrong: The offending frames: the transcript's position, and the frame's index.
        most: How many characters there may be, roughly; what is left out is counted.
    """
    to_blame = {position for position, _ in wrong}
    order = sorted(range(len(transcripts)), key=lambda i: (i not in to_blame, i))[:CONNECTIONS]
    share = most // max(1, len(order))
    parts = [
        _connection(transcripts[at], {index for position, index in wrong if position == at}, share)
        for at in sorted(order)
    ]
    left = [t for at, t in enumerate(transcripts) if at not in order]
    if left:
        number = counted(sum(len(t.frames) for t in left), "frame")
        parts.append(f"<p>{counted(len(left), 'more connection')} with {number}, not shown here.</p>")
    return "".join(parts)


def _connection(transcript: Transcript, wrong: Collection[int], most: int) -> str:
    shown: list[str] = []
    used, spare = 0, most  # offending frames have room of their own, so that they are not the ones left out
    left = wrong_left = 0
    for frame in transcript.frames:
        offending = frame.index in wrong
        if (spare if offending else most - used) <= 0:
            left, wrong_left = left + 1, wrong_left + offending
            continue
        line = _line(transcript, frame)
        if offending:
            spare -= len(line)
            shown.append(f"<b>{html.escape(line)}   &lt;- offending</b>")
        else:
            used += len(line)
            shown.append(html.escape(line))
    if left:
        offenders = f", {wrong_left} of them offending" if wrong_left else ""
        shown.append(f"... and {counted(left, 'more frame')}{offenders}, not shown here")
    if transcript.truncated:
        shown.append(f"... and {counted(transcript.truncated, 'frame')} that no one recorded")
    title = html.escape(f"{plain(someone(transcript), 60)}: {counted(len(transcript.frames), 'frame')}")
    return f'<details><summary>{title}</summary><pre style="{PRE}">{chr(10).join(shown)}</pre></details>'


def _line(transcript: Transcript, frame: Frame) -> str:
    way = "received" if frame.received else "sent    "
    return f"#{frame.index:<4d} {transcript.since_open(frame):+9.3f} s  {way}  {_content(frame)}"


def _content(frame: Frame) -> str:
    if isinstance(frame.data, bytes):
        return f"<{frame.kind}, {counted(len(frame.data), 'byte')}> {plain(frame.data[:40].hex(' '), 120)}"
    if frame.kind in (Kind.CLOSE, Kind.DROP):
        return f"<{frame.kind}> {frame.code or ''} {plain(frame.data, LONGEST)}".rstrip()
    return plain(frame.data, LONGEST)
