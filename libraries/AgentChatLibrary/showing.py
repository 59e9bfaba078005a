"""What a report shows of a test: the picture and the times in its header, the frames folded in the log.

Robot Framework puts test metadata into the header of log.html and into a column of report.html; an image URI
becomes an image. Nothing here judges.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from robot import result
from robot.api import logger

from . import recorded
from .cleaning import own_markup
from .evidence import Evidence, marking
from .filing import Filing, wanted
from .framelog import FrameLog
from .redaction import masked
from .rules.story import counted
from .swimlane import Marking, full, small, summary
from .swimlane.picture import seconds
from .swimlane.scene import TIME_WORDS, latencies
from .transcript import Transcript
from .verdict import plain

SEEN: Final = "Seen"
TIMES: Final = "Times"
WIRE: Final = "Wire"
"""Names of the test metadata: short, because report.html gives names and values 180 pixels together."""
SHORT: Final = (TIME_WORDS["asked_to_started"], TIME_WORDS["whole"])
"""The times that are told in words: as many as fit beside the picture without scrolling."""
PASSED_CHARACTERS: Final = 20_000
FAILED_CHARACTERS: Final = 120_000
"""How much of the frames the log holds, so that a report of 100 tests stays small."""
IMAGE: Final = "data:image/svg+xml;base64,"
MARKS: Final = re.compile(r"[^\w ,.:;+#'()/-]+")
"""What a title must not hold, since Robot Framework would read it as formatting."""
_IMAGE_BEGINS: Final = "data:image/"
_IMAGE_ENDS: Final = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".svg")
"""How Robot Framework tells the address of a picture from words (``robot.utils.htmlformatters``)."""
NOISE: Final = ("Several failures occurred:", "Setup failed:", "Teardown failed:", "Also teardown failed:")


def show(
    outcome: result.TestCase,
    parts: Iterable[tuple[Transcript, Transcript]],
    noted: Iterable[Evidence],
    budgets: Mapping[str, float],
    filing: Filing,
    *,
    written: bool = True,
) -> None:
    """Adds to a test's result what its sessions saw; nothing when they saw nothing.

    Args:
        outcome: The result; its status and message are final.
        parts: Every connection that the test could use, those of one session in order: the whole of it, and
            what belongs to this test.
        noted: What failed on the way.
        budgets: Longest acceptable times in seconds, by transition.
        filing: Keeps the transcripts where they are wanted.
        written: Whether the run writes a result; without one, pictures are drawn for nobody.

    Raises:
        OSError: The transcripts could not be written.
    """
    parts = [(whole, part) for whole, part in parts if part.frames]
    if not parts:
        return
    marks = Marking()
    if outcome.failed:
        marks = marking([whole for whole, _ in parts], noted, outcome.message, headline(outcome.message))
    clean = masked([part for _, part in parts])
    file = filing.keep(outcome.full_name, clean) if wanted(failed=outcome.failed) else None
    if not written:
        return
    outcome.metadata[SEEN] = picture(small(clean, marks, budgets), summary(clean))
    times = told_times(clean, budgets)
    if times:
        outcome.metadata[TIMES] = times
    told = counted(sum(len(t.frames) for t in clean), "frame")
    outcome.metadata[WIRE] = f"[{file}|transcript of {told}]" if file else told
    with own_markup():
        logger.write(folded(clean, marks, budgets, open_=outcome.failed), html=True)


def headline(message: str) -> str:
    """The first line of a failure that says something.

    Args:
        message: The test's message.
    """
    for line in message.removeprefix("*HTML*").splitlines():
        text = re.sub(r"^\d+\) ", "", line.strip()).removeprefix("Ambient: ")
        if text and text not in NOISE:
            return text
    return "the test failed"


def picture(svg: str, title: str) -> str:
    """A picture as test metadata.

    Args:
        svg: The picture.
        title: What it shows, for those who cannot see it; its own line, without any formatting.
    """
    told = MARKS.sub(" ", plain(title, 500)).replace("_", " ").strip() or "what was seen"
    if told.lower().startswith(_IMAGE_BEGINS) or told.lower().endswith(_IMAGE_ENDS):
        told = f"“{told}”"  # Robot Framework would take the title for the picture's address
    return f"[{uri(svg)}|{told}]"


def uri(svg: str) -> str:
    """A picture as an address that holds it."""
    return IMAGE + base64.b64encode(svg.encode("utf-8")).decode("ascii")


def told_times(transcripts: Sequence[Transcript], budgets: Mapping[str, float]) -> str:
    """The slowest times beside their budgets, in words; the full picture has more of them."""
    told = []
    for one in latencies(transcripts, budgets):
        if one.what not in SHORT:
            continue
        budget = f" of {seconds(one.budget)}" if one.budget else ""
        told.append(f"{one.what} {seconds(one.seconds)}{budget}{' (OVER)' if one.over else ''}")
    return "; ".join(told)


def folded(
    transcripts: Sequence[Transcript], marks: Marking, budgets: Mapping[str, float], *, open_: bool
) -> str:
    """The full picture and the frames as HTML, folded away.

    Args:
        transcripts: Every connection; secrets are masked already.
        marks: What is wrong, if anything.
        budgets: Longest acceptable times in seconds, by transition.
        open_: Whether the picture shows without unfolding.
    """
    people = list(dict.fromkeys(plain(t.session or "somebody", 24) for t in transcripts))
    frames = sum(len(t.frames) for t in transcripts)
    who = ", ".join(people[:6]) + (f" and {len(people) - 6} more" if len(people) > 6 else "")  # noqa: PLR2004 -- a line
    title = html.escape(f"What was seen by {who}: {frames} frames")
    drawn = uri(full(transcripts, marks, budgets))
    # For programs that follow times over many runs.
    times = "".join(
        f' data-time-{one.what.replace(" ", "-")}="{one.seconds:.6f}"'
        for one in latencies(transcripts, budgets)
    )
    told = html.escape(summary(transcripts))
    rows = recorded.frames(transcripts, marks.frames, FAILED_CHARACTERS if open_ else PASSED_CHARACTERS)
    return (
        f'<details class="swimlane"{" open" if open_ else ""}{times}><summary>{title}</summary>'
        f'<img src="{drawn}" alt="{told}" style="max-width:100%">{rows}</details>'
    )


def since(transcript: Transcript, begun: float) -> Transcript:
    """What a connection saw from a moment on: sessions of a suite live longer than one of its tests.

    Args:
        transcript: The connection.
        begun: The moment in Unix seconds.

    Returns:
        It, or the part of it that is young enough; frames keep their index.
    """
    if transcript.opened_wall >= begun:
        return transcript
    return replace(transcript, frames=FrameLog(f for f in transcript.frames if transcript.wall(f) >= begun))
