"""Finds any of many texts in many frames, in a time that hardly grows with how many are sought."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final

SHORTEST: Final = 12
"""The shortest text sought, in characters, as long as the shortest password: shorter ones meet by chance."""
STEPS: Final = (6, 16, 48)
"""The block sizes: each text is sought with the largest of which it must cover a whole block."""
QUOTE: Final = '"'


class Needles:
    """Texts to look for.

    When a long text is cut every n characters, a text of at least 2n - 1 characters in it covers a whole cut,
    and that cut is one of the n blocks that begin in its first n characters. So one look-up a cut is enough.

    Args:
        texts: What to look for; those shorter than :data:`SHORTEST` are left out.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._blocks: dict[int, dict[str, list[str]]] = {}
        self._quoting: list[str] = []
        self.add(texts)

    def add(self, texts: Iterable[str]) -> None:
        """Looks for further texts too, which must not be among those that are looked for already."""
        for text in dict.fromkeys(texts):
            if len(text) < SHORTEST:
                continue
            if QUOTE in text:
                self._quoting.append(text)
                continue
            step = max(n for n in STEPS if 2 * n - 1 <= len(text))
            blocks = self._blocks.setdefault(step, {})
            for start in range(step):
                blocks.setdefault(text[start : start + step], []).append(text)

    def found_in(self, haystack: Sequence[str]) -> list[str]:
        """The texts that any of ``haystack`` holds, each once."""
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
