"""The two pictures: a small one for a narrow column, and a full one with legend and times."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Final

from ..transcript import Transcript
from .ink import Markup, el, signs, style
from .lanes import Look, lane
from .layout import Scale
from .scene import WORDS, Lane, Latency, Marking, Scene, Sign, scene

SMALL: Final = Look(
    width=136, left=6, right=130, text=9, radius=5, signs=30, lanes=3, breaks=3, names_above=True
)
FULL: Final = Look(
    width=900, left=150, right=880, text=12, radius=8, signs=400, lanes=12, breaks=5, names_above=False
)
TICK: Final = 60.0
"""Pixels between two labels of the axis at the least."""


def small(
    transcripts: Sequence[Transcript],
    marking: Marking | None = None,
    budgets: Mapping[str, float] | None = None,
) -> str:
    """The small picture, as SVG text: legible in a column that is 160 pixels wide.

    The headline is left out: the message stands beside it wherever it is shown.

    Args:
        transcripts: Every connection, those of one session in order; secrets are masked already.
        marking: What is wrong, if anything.
        budgets: Longest acceptable times in seconds, by transition.
    """
    return _draw(scene(transcripts, marking, budgets), SMALL)


def full(
    transcripts: Sequence[Transcript],
    marking: Marking | None = None,
    budgets: Mapping[str, float] | None = None,
) -> str:
    """The full picture, as SVG text, with times and a legend.

    Args:
        transcripts: Every connection, those of one session in order; secrets are masked already.
        marking: What is wrong, if anything.
        budgets: Longest acceptable times in seconds, by transition.
    """
    return _draw(scene(transcripts, marking, budgets), FULL)


def _draw(what: Scene, look: Look) -> str:
    shown, hidden = _chosen(what.lanes, look.lanes)
    scale = Scale(
        what.moments, look.left + 4, look.right - 4, look.breaks, 10.0 if look.names_above else 24.0
    )
    body: list[Markup] = []
    y = 4.0
    for line in _wrapped(_headline(what, look), look):
        body.append(el("text", line, class_="r", x=4 if look.names_above else 8, y=y + look.text))
        y += look.text + 3
    together = 0
    places: list[tuple[Sign, float, float]] = []
    over: list[Markup] = []
    first = y
    for one in shown:
        drawn = lane(one, y, scale, look, look.signs // len(shown))
        body += drawn.body
        places += drawn.signs
        over += drawn.over
        y += drawn.height
        together += drawn.together
    body = [*_breaks(scale, first, y), *body]
    axis, y = _axis(scale, y, look)
    body += axis
    for note in _notes(what, hidden, together, short=look.names_above):
        for line in textwrap.wrap(note, look.letters):
            body.append(el("text", line, class_="d", x=4 if look.names_above else 8, y=y + look.text))
            y += look.text + 3
    for latency in what.latencies:
        if look.names_above and latency is not what.latencies[-1]:
            continue  # the whole answer's time is the one that fits
        gauge, y = _gauge(latency, y, look)
        body += gauge
    if not look.names_above:
        legend, explained, y = _legend(y, look)
        body += legend
        places += explained
    height = y + 5
    return el(
        "svg",
        style(look.text),
        el("rect", class_="bg", width=look.width, height=height, rx=3),
        *body,
        *signs(places, look.radius),
        *over,
        xmlns="http://www.w3.org/2000/svg",
        width=look.width,
        height=height,
        viewBox=f"0 0 {look.width:g} {height:.0f}",
        role="img",
    )


def _chosen(lanes: Sequence[Lane], most: int) -> tuple[list[Lane], list[Lane]]:
    """The lanes that are drawn, in their order, and the others; one where something is wrong comes first."""
    kept = sorted(range(len(lanes)), key=lambda i: (not lanes[i].wrong, i))[:most]
    return [lanes[i] for i in sorted(kept)], [lane for i, lane in enumerate(lanes) if i not in kept]


def _notes(what: Scene, hidden: Sequence[Lane], together: int, *, short: bool) -> list[str]:
    """What the picture leaves out, so that nobody takes it for everything."""
    notes = []
    if hidden:
        frames = sum(len(lane.marks) for lane in hidden)
        more = f"+{len(hidden)} more, {frames} frames"
        notes.append(more if short else f"{more}, not drawn")
    if together:
        notes.append(f"{together} events share a sign" + ("" if short else " (x2, x3, ...), being too close"))
    if what.lost:
        notes.append(f"{what.lost} frames were not recorded")
    return notes


def _headline(what: Scene, look: Look) -> str:
    if not look.names_above or not what.headline or any(lane.wrong for lane in what.lanes):
        return "" if look.names_above else what.headline
    return "failed: see the message"


def _wrapped(headline: str, look: Look) -> list[str]:
    if not headline:
        return []
    return textwrap.wrap(headline, look.letters - 2, max_lines=4 if look.names_above else 2, placeholder=" …")


def _breaks(scale: Scale, top: float, bottom: float) -> list[Markup]:
    """Two strokes through all lanes where time in which nothing happened is cut out."""
    return [
        el(
            "path",
            class_="l",
            d="".join(f"M{x - 3:.1f} {bottom:.1f}L{x:.1f} {top:.1f}" for x in (b.x, b.x + 4)),
            stroke_dasharray="2 2",
            stroke_width=0.8,
        )
        for b in scale.breaks
    ]


def _axis(scale: Scale, y: float, look: Look) -> tuple[list[Markup], float]:
    """The time line with its figures; in the small picture only its ends."""
    left, right = scale.x(scale.start), scale.x(scale.end)
    body = [el("line", class_="l", x1=left, x2=right, y1=y, y2=y)]
    if look.names_above:
        cut = sum(b.end - b.start for b in scale.breaks)
        told = f"{seconds(scale.end - scale.start)}" + (f", {seconds(cut)} of it cut" if cut else "")
        body.append(el("text", told, class_="d e", x=look.right, y=y + look.text + 1))
        body.append(el("text", "0", class_="d", x=look.left, y=y + look.text + 1))
        return body, y + look.text + 4
    shown = scale.end - scale.start - sum(b.end - b.start for b in scale.breaks)
    ends = [b.x - 12 for b in scale.breaks] + [right]
    ticks, last = "", float("-inf")
    for (start, place), end in zip(scale.starts, ends, strict=True):
        for at, x in _places(scale, start, place, end):
            ticks += f"M{x:.1f} {y:.1f}v5"
            if x - last >= TICK:
                told = _moment(at - scale.start, shown)
                body.append(el("text", told, class_="d m", x=x, y=y + 16))
                last = x
    body.append(el("path", class_="l", d=ticks))
    last = float("-inf")
    for b in scale.breaks:
        if b.x - last >= TICK:  # what stands too close to another is in the sum
            body.append(el("text", f"{seconds(b.end - b.start)} cut", class_="d m", x=b.x, y=y + 29))
            last = b.x
    if len(scale.breaks) > 1:
        told = f"{seconds(sum(b.end - b.start for b in scale.breaks))} cut in all"
        body.append(el("text", told, class_="d", x=8, y=y + 29))
    return body, y + (36 if scale.breaks else 24)


def _moment(value: float, shown: float) -> str:
    """A moment on the axis, as exact as is needed to tell it from the next.

    Args:
        value: Seconds from the beginning.
        shown: How many seconds the axis shows.
    """
    if value < 1:
        return seconds(value)
    return f"{value:.{sum(shown < limit for limit in (10, 1, 0.1))}f} s"


def _places(scale: Scale, start: float, place: float, end: float) -> list[tuple[float, float]]:
    """Round moments between two places of an uncut part, its own beginning first."""
    found = [(start, place)]
    step = 1e-4
    while scale.x(start + step) - place < TICK and step < 1e5:  # noqa: PLR2004 -- a day
        step *= 2.5 if f"{step:e}".startswith("2") else 2.0
    at = start + step
    while scale.x(at) < end - TICK / 2 and scale.x(at) > found[-1][1]:
        found.append((at, scale.x(at)))
        at += step
    return found


def _gauge(latency: Latency, y: float, look: Look) -> tuple[list[Markup], float]:
    """A time beside its budget: the frame is the budget, the filling what was measured."""
    budget = f" of {seconds(latency.budget)}" if latency.budget else ""
    slowest = f" (slowest of {latency.runs})" if latency.runs > 1 and not look.names_above else ""
    told = f"{latency.what}: {seconds(latency.seconds)}{budget}{slowest}"
    if latency.over:
        told = f"OVER: {seconds(latency.seconds)}{budget}" if look.names_above else f"{told}, OVER BUDGET"
    kind = "r" if latency.over else ""
    wide = look.width - 12 if look.names_above else 200.0
    x = 6.0 if look.names_above else look.left
    body = []
    text = el("text", told, class_=kind, x=x if look.names_above else x + wide + 10, y=y + look.text)
    if latency.budget is None:
        return [text], y + look.text + 4
    bar = y + look.text + 4 if look.names_above else y + 4
    filled = max(1.0, min(1.0, latency.seconds / latency.budget) * wide)
    body.append(text)
    body.append(el("rect", class_="l", x=x, y=bar, width=wide, height=6))
    body.append(el("rect", class_=kind or "C", x=x, y=bar, width=filled, height=6))
    return body, (bar + 9 if look.names_above else y + look.text + 6)


def _legend(y: float, look: Look) -> tuple[list[Markup], list[tuple[Sign, float, float]], float]:
    body: list[Markup] = []
    places: list[tuple[Sign, float, float]] = []
    y += 12
    x = 16.0
    for sign, words in WORDS.items():
        wide = len(words) * look.text * 0.52 + 3 * look.radius + 14
        if x + wide > look.width:
            x, y = 16.0, y + look.step + 4
        if sign is Sign.OTHER:
            body.append(el("path", class_="l", d=f"M{x} {y - 4}v8"))
        else:
            places.append((sign, x, y))
        body.append(el("text", words, class_="d", x=x + look.radius + 5, y=y + 4))
        x += wide
    y += look.step + 4
    told = (
        "thick line: connection open; bar: opened or closed; zigzag: dropped; ring and arrow: to blame; "
        "dashed strokes: empty time cut out"
    )
    body.append(el("text", told, class_="d", x=8, y=y + 2))
    return body, places, y + 6


def seconds(value: float) -> str:
    """A time as people read it: ``0``, ``0.4 ms``, ``12 ms``, ``1.24 s``, ``5 s``, ``75 s``."""
    if value < 1e-6:  # noqa: PLR2004 -- less than can be measured
        return "0"
    if value < 0.00995:  # noqa: PLR2004 -- would be told as 10.0 ms
        return f"{value * 1e3:.1f} ms"
    if value < 0.9995:  # noqa: PLR2004 -- would be told as 1000 ms
        return f"{value * 1e3:.0f} ms"
    return f"{value:.2f}".rstrip("0").rstrip(".") + " s" if value < 9.995 else f"{value:.0f} s"  # noqa: PLR2004 -- would be told as 10.00 s
