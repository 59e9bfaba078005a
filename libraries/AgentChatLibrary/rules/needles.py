"""Finds any of many texts in many frames, in a time that hardly grows with how many are sought."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

SHORTEST: Final = 12
"""The shortest text sought, in characters, as long as the shortest password: shorter ones meet by chance."""
STEPS: Final = (6, 12, 24, 48)
"""The block sizes: each text is sought with the largest of which it must cover a whole block."""
FAMILIES: Final = 8
"""How many beginnings that several texts share are looked for by themselves."""
FEW: Final = 24
"""How many plain searches cost less than one look-up at every cut: about the half, in frames of 1 kB."""
QUOTE: Final = '"'


class Needles:
    """Texts to look for.

    Tokens are many and long, and begin alike: a frame without that beginning holds none of them. What begins
    like no other is sought by itself while there are few such texts, and by its blocks once there are many.

    Args:
        texts: What to look for; those shorter than :data:`SHORTEST` are left out.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._first: dict[str, str] = {}
        self._families: dict[str, _Family] = {}
        self._alone: dict[str, None] = {}
        self._blocks = _Blocks()
        self.add(texts)

    def add(self, texts: Iterable[str]) -> None:
        """Looks for further texts too, which must not be among those that are looked for already."""
        for text in dict.fromkeys(texts):
            if len(text) < SHORTEST:
                continue
            beginning = text[:SHORTEST]
            first = self._first.setdefault(beginning, text)
            if beginning in self._families:
                self._families[beginning].add(text)
            elif first is text or len(self._families) == FAMILIES:
                self._alone[text] = None
            else:
                family = self._families[beginning] = _Family()
                family.add(text)
                if first in self._alone:
                    del self._alone[first]
                    family.add(first)

    def found_in(self, haystack: Sequence[str]) -> list[str]:
        """The texts that any of ``haystack`` holds, each once."""
        hits: list[str] = []
        for beginning, family in self._families.items():
            near = [hay for hay in haystack if beginning in hay]
            if near:
                hits += family.found_in(beginning, near)
        if self._alone and (self._blocks or len(self._alone) > FEW):
            self._blocks.add(self._alone)
            self._alone = {}
        hits += [text for text in self._alone if any(text in hay for hay in haystack)]
        return hits + self._blocks.found_in(haystack)


@dataclass(slots=True)
class _Family:
    """Texts that begin alike."""

    texts: set[str] = field(default_factory=set)
    lengths: set[int] = field(default_factory=set)

    def add(self, text: str) -> None:
        self.texts.add(text)
        self.lengths.add(len(text))

    def found_in(self, beginning: str, haystack: Iterable[str]) -> Iterable[str]:
        """The texts that stand where any of ``haystack`` has their beginning."""
        there = {
            hay[at : at + length]
            for hay in haystack
            for at in _places(beginning, hay)
            for length in self.lengths
        }
        return there & self.texts


def _places(text: str, hay: str) -> Iterator[int]:
    at = hay.find(text)
    while at >= 0:
        yield at
        at = hay.find(text, at + 1)


class _Blocks:
    """Texts that have nothing in common.

    When a long text is cut every n characters, a text of at least 2n - 1 characters in it covers a whole cut,
    and that cut is one of the n blocks that begin in its first n characters. So one look-up a cut is enough.
    """

    def __init__(self) -> None:
        self._blocks: dict[int, dict[str, list[str]]] = {}
        self._quoting: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._blocks or self._quoting)

    def add(self, texts: Iterable[str]) -> None:
        for text in texts:
            if QUOTE in text:
                self._quoting.append(text)
                continue
            step = max(n for n in STEPS if 2 * n - 1 <= len(text))
            blocks = self._blocks.setdefault(step, {})
            for start in range(step):
                blocks.setdefault(text[start : start + step], []).append(text)

    def found_in(self, haystack: Sequence[str]) -> list[str]:
        hits = [text for text in self._quoting if any(text in hay for hay in haystack)]
        if not self._blocks:
            return hits
        # JSON says most things again and again, between quotation marks: once is enough to look at.
        said: set[str] = set()
        for hay in haystack:
            said.update(hay.split(QUOTE))
        once = QUOTE.join(said)
        for step, blocks in self._blocks.items():
            cuts = {once[at : at + step] for at in range(0, len(once), step)}
            candidates = dict.fromkeys(chain.from_iterable(blocks[cut] for cut in cuts & blocks.keys()))
            hits += [text for text in candidates if text in once]
        return hits
