"""How long the proof takes beside running the healthy suites as often as there are faults; read, not run."""

from __future__ import annotations

import json
from typing import Final

from ..model import Goal, Row, Taken
from ..processes import ROOT

PROOF: Final = ROOT / "results" / "proof" / "proof.json"
OUTPUT: Final = ROOT / "results" / "output.json"
SHORT: Final = Goal(0.5, "lower")


def take(quick: bool) -> Taken:
    """Reads what the last proof and the last whole run took.

    Args:
        quick: Makes no difference.
    """
    del quick
    if not PROOF.is_file() or not OUTPUT.is_file():
        return Taken(
            told=["The kill matrix is not there yet: `python3 run.py prove` makes it, after `run.py`."]
        )
    faults = json.loads(PROOF.read_text("utf-8"))["faults"]
    trials = [float(fault.get("seconds", 0.0)) for fault in faults]
    healthy = _tests_seconds(json.loads(OUTPUT.read_text("utf-8")))
    if not trials or not healthy:
        return Taken(told=["The last proof tells no times."])
    what = f"trials of {len(trials)} faults, added up"
    peer = f"the healthy tests as often, added up ({healthy:.0f} s each time)"
    row = Row("kill matrix", what, "s", [sum(trials)], [healthy * len(trials)], peer, SHORT, noisy=True)
    return Taken([row])


def _tests_seconds(output: dict[str, object]) -> float:
    """Seconds that all tests of a run took, one after the other."""
    total, waiting = 0.0, [output.get("suite", {})]
    while waiting:
        suite = waiting.pop()
        if isinstance(suite, dict):
            waiting += suite.get("suites", [])
            total += sum(float(test.get("elapsed_time", 0.0)) for test in suite.get("tests", []))
    return total
