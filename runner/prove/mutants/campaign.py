"""Tries mutants, some at a time, and keeps each record as soon as it is made."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Protocol

from ...console import say, seconds
from .copies import Workplace
from .generator import Change, Mutant, change
from .records import Judged, Record, Records
from .scope import Scope


class Judge(Protocol):
    """Says what becomes of a mutant."""

    def judge(self, mutant: Mutant, change: Change) -> Judged:
        """Lets the tests meet the mutant."""


def drawn(mutants: Sequence[Mutant], seed: int) -> Iterator[Mutant]:
    """A mutant of each site, in random order.

    Args:
        mutants: All there are.
        seed: Decides the order, and which variant of each site.

    Yields:
        The mutants.
    """
    chance = random.Random(seed)  # noqa: S311 -- a sample, not a secret
    sites: dict[object, list[Mutant]] = {}
    for mutant in sorted(mutants):
        sites.setdefault(mutant.site, []).append(mutant)
    order = list(sites.values())
    chance.shuffle(order)
    for variants in order:
        yield chance.choice(variants)


class Campaign:
    """Mutants of one kind and their judge.

    Args:
        kind: ``backend`` or ``rules``.
        workplace: Holds the code.
        judge: Judges them.
        records: Keeps what comes of them.
        scope: Says which do not count.
        jobs: Mutants at the same time.
    """

    def __init__(
        self, kind: str, workplace: Workplace, judge: Judge, records: Records, scope: Scope, jobs: int
    ) -> None:
        self._kind, self._workplace, self._judge = kind, workplace, judge
        self._records, self._scope, self._jobs = records, scope, jobs
        self._told = self._all = 0
        self._telling = threading.Lock()

    def choose(self, candidates: Iterator[Mutant], sample: int | None) -> list[tuple[Mutant, Change]]:
        """The mutants to try: those that are Python, another program, and not listed as equivalent.

        Args:
            candidates: In the order to take them.
            sample: How many to take; all when None.
        """
        chosen: list[tuple[Mutant, Change]] = []
        for mutant in candidates:
            if len(chosen) == sample:
                break
            made = change(self._workplace.root, mutant)
            if made is not None and not self._scope.same(mutant, made):
                chosen.append((mutant, made))
        return chosen

    def carry_out(self, chosen: Sequence[tuple[Mutant, Change]], *, fresh: bool) -> list[Record]:
        """Tries mutants, but for those whose records still hold.

        Args:
            chosen: What to try.
            fresh: Whether all are tried again.

        Returns:
            A record of each, in the order given.
        """
        known = {m: self._records.find(m) for m, _ in chosen} if not fresh else {}
        records = {mutant: record for mutant, record in known.items() if record is not None}
        waiting = [(mutant, made) for mutant, made in chosen if mutant not in records]
        self._all, self._told = len(chosen), len(records)
        if records:
            say(f"  {len(records)} tried earlier: nothing has changed since (or use --fresh)")
        with ThreadPoolExecutor(self._jobs) as pool:
            futures = {pool.submit(self._try, mutant, made): mutant for mutant, made in waiting}
            try:
                for future in as_completed(futures):
                    records[futures[future]] = future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self._workplace.close()
                raise
        return [records[mutant] for mutant, _ in chosen]

    def _try(self, mutant: Mutant, made: Change) -> Record:
        begun = time.monotonic()
        judged = self._judge.judge(mutant, made)
        record = Record.of(self._kind, mutant, made, judged, time.monotonic() - begun)
        self._records.keep(mutant, record)
        self._tell(record)
        return record

    def _tell(self, record: Record) -> None:
        where = f"{Path(record.module).stem}:{record.at} {record.function} {record.operator}"
        with self._telling:
            self._told += 1
            done = f"[{self._told:3}/{self._all}]"
            say(f"  {done} {record.how.value:14} {where}  {seconds(record.seconds)}")
            if not record.how.dead:
                say(f"            {_one_line(record.line)}  ->  {_one_line(record.becomes)}")


def _one_line(text: str) -> str:
    return " / ".join(text.splitlines())
