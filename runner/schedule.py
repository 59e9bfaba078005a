"""Shares suites out among workers, so that all of them end at about the same time.

A worker costs about half a second of CPU to start and as much to load the library, so each is started once
and takes its whole share. How long tests take is known from the last run, before the first one from a file
beside the suites.
"""

from __future__ import annotations

import contextlib
import heapq
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from .planning import Planned, schedule_file, timings_file


def read_timings(results: Path) -> dict[str, float]:
    """How many seconds a test of each suite took when it ran last; empty when nothing is known."""
    with contextlib.suppress(OSError, ValueError):
        known = json.loads(timings_file(results).read_text("utf-8"))
        return {str(name): float(spent) for name, spent in known.items()}
    return {}


def keep_timings(results: Path, timings: Mapping[str, float]) -> None:
    """Keeps how many seconds a test of each suite took, beside what is known of others."""
    known = {**read_timings(results), **{name: round(spent, 3) for name, spent in timings.items()}}
    schedule_file(results).write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", "utf-8")


def shares(tests: Iterable[Planned], number: int, timings: Mapping[str, float]) -> list[list[str]]:
    """Shares suites out: the longest first, each to whoever has least to do.

    Args:
        tests: The tests to run.
        number: How many workers there are.
        timings: How many seconds a test of each suite takes; one second where that is not known.

    Returns:
        The full names of each worker's suites, the longest share first; no share is empty.
    """
    sizes = Counter(test.suite for test in tests)
    weights = {suite: timings.get(suite, 1.0) * size for suite, size in sizes.items()}
    heap: list[tuple[float, int, list[str]]] = [(0.0, at, []) for at in range(number)]
    for suite in sorted(weights, key=lambda name: -weights[name]):
        load, at, share = heapq.heappop(heap)
        share.append(suite)
        heapq.heappush(heap, (load + weights[suite], at, share))
    return [share for _, _, share in sorted(heap, key=lambda entry: -entry[0]) if share]


def ordering(shared: Iterable[Iterable[str]]) -> str:
    """The shares as pabot's ordering file has them: one group for each worker."""
    return "".join("{\n" + "".join(f"--suite {name}\n" for name in share) + "}\n" for share in shared)
