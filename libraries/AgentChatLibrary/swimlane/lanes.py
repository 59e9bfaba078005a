"""Draws lanes: the line of each connection, a tick at each frame's moment, and the events' signs below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from .ink import Markup, el
from .layout import Scale, Spot, spots
from .scene import Lane, Mark, Sign, Stretch

ROWS: Final = 2
"""Rows of signs in a lane: more would be harder to read than signs that stand for several."""
LABELS: Final = 4
"""How many connections or offending frames of a lane are named; the others are drawn without a word."""


@dataclass(frozen=True, slots=True)
class Look:
    """How large things are, in pixels.

    Attributes:
        width: The whole picture.
        left: Where the time line begins.
        right: Where it ends.
        text: The size of the text.
        radius: Half of a sign's width.
        signs: How many signs there may be in all lanes together.
        lanes: How many lanes are drawn.
        breaks: How many empty gaps may be cut out of the time line.
        names_above: Whether a lane's name stands above its line instead of left of it.
    """

    width: float
    left: float
    right: float
    text: float
    radius: float
    signs: int
    lanes: int
    breaks: int
    names_above: bool

    @property
    def letters(self) -> int:
        """About how many characters fit beside each other."""
        return int((self.width - 12) / (self.text * 0.54))

    @property
    def step(self) -> float:
        """How far apart two signs are."""
        return self.radius * 2 + 2


@dataclass(slots=True)
class Drawn:
    """A lane that is drawn.

    Attributes:
        body: What lies below its signs.
        signs: Its signs, and where they are.
        over: What lies above them.
        height: How much room it takes.
        together: How many events share a sign with others.
    """

    body: list[Markup]
    signs: list[tuple[Sign, float, float]]
    over: list[Markup]
    height: float
    together: int


def lane(one: Lane, top: float, scale: Scale, look: Look, most: int) -> Drawn:
    """Draws one lane.

    Args:
        one: The session.
        top: Where the lane begins.
        scale: Where moments are.
        look: How large things are.
        most: How many signs it may have.
    """
    body: list[Markup] = []
    if look.names_above:
        body.append(el("text", one.name, class_="b", x=4, y=top + look.text))
        y = top + look.text + (16 if any(_words(s, 0, 0, 0, look) for s in one.stretches) else 8)
    else:
        y = top + look.text + 8
        body.append(el("text", one.name, class_="b", x=8, y=y))
        body.append(el("text", one.about, class_="d", x=8, y=y + look.text + 3))
    body += _connections(one.stretches, y, scale, look)
    shown = [mark for mark in one.marks if mark.sign is not Sign.OTHER or mark.wrong]
    body += _ticks(one.marks, y, scale)
    placed = spots(shown, scale, look.left + look.radius, look.right - look.radius, look.step, ROWS, most)
    first_row = y + look.radius + 9
    body.append(_leaders(placed, y, first_row, scale, look))
    signs: list[tuple[Sign, float, float]] = []
    over: list[Markup] = []
    for spot in placed:
        y_of = first_row + spot.row * look.step
        if spot.sign is Sign.OTHER:
            body.append(el("circle", class_="X", cx=spot.x, cy=y_of, r=3))
        else:
            signs.append((spot.sign or Sign.OTHER, spot.x, y_of))
        over += _over(spot, y_of, look)
    rows = 1 + max((spot.row for spot in placed), default=-1)
    bottom = y + 6 if not rows else first_row + (rows - 1) * look.step + look.radius + 3
    if any(spot.wrong for spot in placed):
        body += _blamed(placed, bottom, look)
        bottom += look.text + 7
    absent = Counter(f"missing: {what}"[: look.letters] for what in one.missing)
    for what, times in list(absent.items())[:LABELS]:
        told = what if times == 1 else f"{what[: look.letters - 5]} (x{times})"
        body.append(
            el("text", told, class_="r", x=4 if look.names_above else look.left, y=bottom + look.text)
        )
        bottom += look.text + 3
    below = 2 if look.names_above else 4
    height = max(bottom, top + 2 * look.text + 10) - top + below
    return Drawn(body, signs, over, height, sum(len(spot.marks) for spot in placed if len(spot.marks) > 1))


def _connections(stretches: Sequence[Stretch], y: float, scale: Scale, look: Look) -> list[Markup]:
    """A thick line while one was open, a bar where it opened or closed, a zigzag where it dropped."""
    lines: dict[str, None] = {}
    bars: dict[str, None] = {}
    body = []
    for number, stretch in enumerate(stretches):
        start, end = round(scale.x(stretch.start)), round(scale.x(stretch.end))
        lines[f"M{start} {y:g}H{end}"] = None
        bars[f"M{start} {y - 5:g}v10"] = None
        if stretch.how == "dropped":
            bars[f"M{end} {y - 7:g}l4 4l-7 4l7 4l-4 3"] = None
        elif stretch.how:
            bars[f"M{end} {y - 5:g}v10"] = None
        if number < LABELS:
            body += _words(stretch, start, end, y - 6, look)
    return [
        el("path", class_="l", d="".join(lines), stroke_width=3),
        el("path", class_="k", d="".join(bars)),
        *body,
    ]


def _words(stretch: Stretch, start: float, end: float, y: float, look: Look) -> list[Markup]:
    """That it is a later connection, and how it ended, unless that was a plain goodbye."""
    body = []
    if stretch.number > 1:
        body.append(_within("again", start + 2, y, look))
    if stretch.how == "dropped" or stretch.why:
        told = stretch.how if look.names_above else f"{stretch.how} {stretch.why}"
        body.append(_within(told, end - 2, y, look, end=True))
    return body


def _within(text: str, x: float, y: float, look: Look, *, end: bool = False) -> Markup:
    """A word beside a place, but inside of the picture."""
    size = look.text - 1
    wide = len(text) * size * 0.55
    begin = x - wide if end else x
    begin = max(look.left if not look.names_above else 2.0, min(begin, look.width - wide - 2))
    return el("text", text, class_="d", x=begin, y=y, font_size=size)


def _ticks(marks: Iterable[Mark], y: float, scale: Scale) -> list[Markup]:
    """A tick at the moment of each frame; those that cannot be told apart are drawn once."""
    events = {round(scale.x(mark.at)) for mark in marks if mark.sign is not Sign.OTHER}
    others = {round(scale.x(mark.at)) for mark in marks if mark.sign is Sign.OTHER} - events
    body = []
    for places, style, height in ((others, "l", 3), (events, "k", 4)):
        if places:
            path = "".join(f"M{x} {y - height:g}v{2 * height}" for x in sorted(places))
            body.append(el("path", class_=style, d=path))
    return body


def _leaders(placed: Sequence[Spot], line: float, first_row: float, scale: Scale, look: Look) -> Markup:
    """A thin line from each sign up to its moment; all of them below all signs."""
    path = "".join(
        f"M{scale.x(spot.marks[0].at):.1f} {line + 4:g}"
        f"L{spot.x:.1f} {first_row + spot.row * look.step - look.radius:g}"
        for spot in placed
    )
    return el("path", class_="l", d=path, stroke_width=0.6) if path else Markup()


def _over(spot: Spot, y: float, look: Look) -> list[Markup]:
    """The number where a sign stands for several, and the ring where it is to blame."""
    r, number = look.radius, len(spot.marks)
    body = []
    if number > 1:
        told = f"x{number}"
        if spot.sign is None:
            body.append(el("text", told, class_="o", x=spot.x, y=y + r * 0.4, font_size=r * 2 / len(told)))
        else:
            body.append(el("text", told, class_="b m", x=spot.x, y=y + 2.2 * r, font_size=r * 1.1))
    if spot.wrong:
        body.append(
            el("rect", class_="ring", x=spot.x - r - 2, y=y - r - 2, width=2 * r + 4, height=2 * r + 4, rx=2)
        )
    return body


def _blamed(placed: Sequence[Spot], top: float, look: Look) -> list[Markup]:
    """An arrow up to each offending sign, and its name."""
    wrong = [spot for spot in placed if spot.wrong]
    body = [el("path", class_="r", d=f"M{spot.x:.1f} {top:.1f}l4 6h-8z") for spot in wrong]
    names = [mark.name for spot in wrong for mark in spot.marks if mark.wrong]
    more = f" and {len(names) - LABELS} more" if len(names) > LABELS else ""
    told = "wrong" if look.names_above else f"wrong: {', '.join(names[:LABELS])}{more}"
    wide = len(told) * look.text * 0.6
    x = max(look.left, min(wrong[0].x - wide / 2, look.right - wide))
    body.append(el("text", told, class_="r", x=x, y=top + 6 + look.text))
    return body
