"""Finds any of many texts within a long one, in a time that grows with the long one alone."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Final

SHORTEST: Final = 12
"""The shortest text sought, in characters, as long as the shortest password: shorter ones meet by chance."""
STEPS: Final = (6, 16, 48)
"""The block sizes: each text is sought with the largest that fits into it twice."""


class Needles:
    """Texts to look for.

    When the long text is cut every n characters, a text of at least 2n - 1 characters covers a whole cut, and
    that cut is one of the n blocks that begin in the text's first n characters. So each cut is looked up once.

    Args:
        texts: What to look for; those shorter than :data:`SHORTEST` are left out.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._blocks: dict[int, dict[str, list[str]]] = {}
        for text in dict.fromkeys(texts):
            if len(text) < SHORTEST:
                continue
            step = max(n for n in STEPS if 2 * n - 1 <= len(text))
            blocks = self._blocks.setdefault(step, {})
            for start in range(step):
                blocks.setdefault(text[start : start + step], []).append(text)

    def found_in(self, long: str) -> list[str]:
        """The texts that ``long`` holds, each once."""
        hits: list[str] = []
        for step, blocks in self._blocks.items():
            cuts = {long[at : at + step] for at in range(0, len(long), step)}
            candidates = dict.fromkeys(chain.from_iterable(blocks[cut] for cut in cuts & blocks.keys()))
            hits += [text for text in candidates if text in long]
        return hits
