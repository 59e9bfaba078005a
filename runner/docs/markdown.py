"""What a Markdown page consists of, as far as its checks need to know: headings, links, code."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

FENCE: Final = re.compile(r"^(?P<indent> *)(?P<mark>`{3,}|~{3,}) *(?P<info>[^`]*)$")
HEADING: Final = re.compile(r"^#{1,6} +(?P<text>.+?)\s*#*$")
LINK: Final = re.compile(r"(?P<picture>!?)\[(?:[^\[\]]|\[[^\]]*\])*\]\((?P<target>[^()\s]+)\)")
INLINE: Final = re.compile(r"(?<!`)(?P<mark>`+)(?!`)(?P<code>.+?)(?<!`)(?P=mark)(?!`)")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code.

    Attributes:
        line: The line it begins in, from 1.
        language: The first word behind the fence; empty without one, ``None`` for an indented block.
        marks: The other words behind the fence.
        code: The code.
    """

    line: int
    language: str | None
    marks: tuple[str, ...]
    code: str


@dataclass(slots=True)
class Page:
    """A page.

    Attributes:
        file: Where it stands.
        anchors: The anchors of its headings, as GitHub and the site make them.
        links: The targets of its links and pictures, with their lines.
        blocks: Its blocks of code.
        inline: Its code within lines, with their lines.
    """

    file: Path
    anchors: set[str] = field(default_factory=set)
    links: list[tuple[int, str]] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    inline: list[tuple[int, str]] = field(default_factory=list)


def read(file: Path) -> Page:
    """Reads a page.

    Args:
        file: Where it stands.
    """
    page = Page(file)
    numbered = iter(enumerate(file.read_text("utf-8").splitlines(), 1))
    indented: list[tuple[int, str]] = []
    blank = True
    for number, line in numbered:
        if (indented or blank) and (line.startswith("    ") or (indented and not line.strip())):
            indented.append((number, line))
            continue
        if indented:
            page.blocks.append(_indented(indented))
            indented = []
        opening = FENCE.match(line)
        if opening is not None:
            page.blocks.append(_fenced(opening, number, numbered))
            blank = True
            continue
        blank = not line.strip()
        heading = HEADING.match(line)
        if heading is not None:
            page.anchors.add(_unique(slug(heading["text"]), page.anchors))
            blank = True
        page.inline += [(number, found["code"].strip()) for found in INLINE.finditer(line)]
        without_code = INLINE.sub("", line)
        page.links += [(number, found["target"]) for found in LINK.finditer(without_code)]
    if indented:
        page.blocks.append(_indented(indented))
    return page


def slug(heading: str) -> str:
    """The anchor of a heading: lower case, words joined by hyphens, other signs left out.

    Args:
        heading: The heading's text.
    """
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    return re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")


def _unique(anchor: str, taken: set[str]) -> str:
    number, found = 0, anchor
    while found in taken:
        number += 1
        found = f"{anchor}-{number}"
    return found


def _indented(lines: list[tuple[int, str]]) -> Block:
    text = textwrap.dedent("\n".join(line for _, line in lines))
    return Block(lines[0][0], None, (), text.strip("\n") + "\n")


def _fenced(opening: re.Match[str], number: int, lines: Iterator[tuple[int, str]]) -> Block:
    code: list[str] = []
    for _, line in lines:
        if line.strip().startswith(opening["mark"]) and not line.strip().strip(opening["mark"][0]):
            break
        code.append(line.removeprefix(opening["indent"]))
    words = opening["info"].split()
    return Block(number, words[0] if words else "", tuple(words[1:]), "\n".join(code) + "\n")
