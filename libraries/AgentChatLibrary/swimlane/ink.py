"""SVG as text: elements with everything escaped, the signs' shapes, and the style for light and dark."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from ..verdict import plain
from .scene import Sign


class Markup(str):
    """Text that is SVG already; any other text is escaped when it becomes part of an element."""

    __slots__ = ()


def el(name: str, *children: str, **attributes: str | float) -> Markup:
    """An element.

    Args:
        name: Its name.
        *children: Its content: elements, or text that is to be escaped.
        **attributes: Its attributes; an underscore stands for a hyphen, one at the end for nothing.
    """
    given = "".join(
        f" {key.rstrip('_').replace('_', '-')}={quoteattr(_value(value))}"
        for key, value in attributes.items()
    )
    inside = "".join(child if isinstance(child, Markup) else escape(printable(child)) for child in children)
    return Markup(f"<{name}{given}>{inside}</{name}>" if inside else f"<{name}{given}/>")


def printable(text: str) -> str:
    """The text without what XML cannot hold, such as control characters and lone surrogates."""
    return plain(text, max(1, len(text)))


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return printable(value)
    return f"{value:.1f}".removesuffix(".0")


COLOURS: Final = {
    # name: (light, dark); each is told apart by its shape and letter too
    "bg": ("#ffffff", "#1d2329"),
    "ink": ("#1c1f23", "#e8eaed"),
    "dim": ("#5c6670", "#a7b0ba"),
    "line": ("#9aa4ae", "#6d7883"),
    "on": ("#ffffff", "#111418"),
    "red": ("#b80000", "#ff8f86"),
    "Q": ("#3d4650", "#c9d1d9"),
    "S": ("#0b57a4", "#7db8f0"),
    "T": ("#6a4ba3", "#c6aef2"),
    "E": ("#8a5200", "#f0b860"),
    "C": ("#1c6b42", "#7fd6a4"),
    "A": ("#005a66", "#6fd3dc"),
    "F": ("#3d4650", "#c9d1d9"),
    "X": ("#3d4650", "#c9d1d9"),
}
"""Contrast is at least 4.5 to 1 for every text on its ground, in both."""


def style(size: float) -> Markup:
    """The picture's own style.

    Args:
        size: The text's size in pixels.
    """
    light = "".join(f"--{name}:{one};" for name, (one, _) in COLOURS.items())
    dark = "".join(f"--{name}:{other};" for name, (_, other) in COLOURS.items())
    return Markup(
        f"<style>svg{{{light}font:{size:g}px sans-serif}}"
        f"@media(prefers-color-scheme:dark){{svg{{{dark}}}}}"
        "text{fill:var(--ink)}.d{fill:var(--dim)}.b{font-weight:bold}"
        ".r{fill:var(--red);font-weight:bold}.ring{fill:none;stroke:var(--red);stroke-width:2}"
        ".l{stroke:var(--line);fill:none}.k{stroke:var(--ink);fill:none;stroke-width:1.5}"
        ".m{text-anchor:middle}.e{text-anchor:end}"
        ".o{fill:var(--on);font-weight:bold;text-anchor:middle}.bg{fill:var(--bg)}"
        + "".join(f".{one}{{fill:var(--{one})}}" for one in "QSTECAFX")
        + "</style>"
    )


def outline(sign: Sign, radius: float) -> tuple[tuple[float, float], str]:
    """A sign's shape: where its path begins, seen from its middle, and how it goes on from there.

    Args:
        sign: The sign; one for :data:`Sign.OTHER` stands for marks of several kinds.
        radius: Half of its width.
    """
    r, wide = radius, radius * 1.15
    if sign is Sign.STARTED:
        half = f"a{r:g} {r:g} 0 1 0 "
        return (-r, 0), f"{half}{2 * r:g} 0{half}{-2 * r:g} 0z"
    corners = {
        Sign.THINKING: [(0, -wide), (wide, 0), (0, wide), (-wide, 0)],
        Sign.EXECUTING: [(-r, -r), (r * 0.4, -r), (wide, 0), (r * 0.4, r), (-r, r)],
        Sign.COMPLETED: [(-r * 0.9, -r * 0.9), (r * 0.9, -r * 0.9), (r * 0.9, r * 0.9), (-r * 0.9, r * 0.9)],
        Sign.ANSWERED: [(0, -wide), (r, -r * 0.2), (r, r), (-r, r), (-r, -r * 0.2)],
        Sign.FAILED: [(-wide, -r), (wide, -r), (r * 0.3, wide), (-r * 0.3, wide)],
        Sign.ERROR: [(0, -wide), (wide, r), (-wide, r)],
        Sign.ASKED: [
            *((-r, -r), (r, -r), (r, r * 0.6), (0, r * 0.6)),
            *((-r * 0.6, wide), (-r * 0.5, r * 0.6), (-r, r * 0.6)),
        ],
        Sign.OTHER: [
            *((-r * 0.6, -r), (r * 0.6, -r), (r, -r * 0.6), (r, r * 0.6)),
            *((r * 0.6, r), (-r * 0.6, r), (-r, r * 0.6), (-r, -r * 0.6)),
        ],
    }[sign]
    steps = "".join(f"l{bx - ax:.1f} {by - ay:.1f}" for (ax, ay), (bx, by) in pairwise(corners))
    return corners[0], f"{steps}z"


def signs(places: Iterable[tuple[Sign, float, float]], radius: float) -> list[Markup]:
    """Signs at their places. All of one kind are one path and one text: a page may hold hundreds of pictures.

    Args:
        places: Each sign, and where its middle is.
        radius: Half of a sign's width.
    """
    found: dict[Sign, list[tuple[float, float]]] = {}
    for sign, x, y in places:
        found.setdefault(sign, []).append((x, y))
    body = []
    for sign, middles in found.items():
        (dx, dy), path = outline(sign, radius)
        body.append(
            el(
                "path",
                class_=style_of(sign),
                d="".join(f"M{x + dx:.1f} {y + dy:.1f}{path}" for x, y in middles),
            )
        )
        if sign.value:
            lower = radius * LETTERS.get(sign, 0.5)
            body.append(
                el(
                    "text",
                    sign.value * len(middles),
                    class_="o",
                    x=" ".join(f"{x:.1f}" for x, _ in middles),
                    y=" ".join(f"{y + lower:.1f}" for _, y in middles),
                    font_size=radius * 1.4,
                )
            )
    return body


LETTERS: Final = {Sign.ERROR: 0.85, Sign.ANSWERED: 0.72, Sign.FAILED: 0.4, Sign.ASKED: 0.35}
"""How far below the middle a letter stands, in radii, where that is not a half."""


def style_of(sign: Sign) -> str:
    """The name of a sign's style."""
    return "X" if sign in (Sign.ERROR, Sign.OTHER) else sign.value
