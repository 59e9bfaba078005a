"""What a proof came to: as JSON, as a page, and in a line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..console import counted
from ..planning import Plan
from .catalogue import Fault
from .matrix import page
from .verdicts import How, Trial


@dataclass(frozen=True, slots=True)
class Proof:
    """A finished proof.

    Attributes:
        faults: The faults that were tried.
        trials: What each came to, by the fault's name.
        tests: All tests that could catch something, in the order of the suites.
        considered: Those of them that must catch something.
        problems: What else is wrong: claims about nothing, tests that fail without a fault.
    """

    faults: tuple[Fault, ...]
    trials: Mapping[str, Trial]
    tests: tuple[str, ...]
    considered: tuple[str, ...]
    problems: tuple[str, ...]

    @classmethod
    def of(
        cls,
        plan: Plan,
        faults: Sequence[Fault],
        trials: Mapping[str, Trial],
        healthy: Mapping[str, str],
        problems: Sequence[str],
        *,
        everything: bool,
    ) -> Proof:
        """Puts a proof together.

        Args:
            plan: All tests.
            faults: The faults that were tried.
            trials: What each came to.
            healthy: How tests end without a fault.
            problems: What else is wrong.
            everything: Whether every test must catch something, not only those that claim to.
        """
        tests = tuple(name for name in plan.names if healthy.get(name) == "PASS")
        claiming = {name for trial in trials.values() for name in trial.claimed}
        considered = tuple(name for name in tests if everything or name in claiming)
        return cls(tuple(faults), trials, tests, considered, tuple(problems))

    @property
    def caught(self) -> list[str]:
        """The faults that something noticed."""
        return [fault.name for fault in self.faults if self.trials[fault.name].caught]

    @property
    def proven(self) -> list[str]:
        """The tests that caught a fault by an assertion of their own."""
        catching = {name for trial in self.trials.values() for name in trial.by}
        return [name for name in self.considered if name in catching]

    @property
    def complaints(self) -> list[str]:
        """Everything that keeps the proof from being complete, a line each."""
        lines = [*self.problems]
        for fault in self.faults:
            trial = self.trials[fault.name]
            if trial.problem:
                lines.append(f"{fault.name} could not be tried: {trial.problem.splitlines()[0]}")
            elif not trial.caught:
                lines.append(f"{fault.name} survived" + ("" if trial.claimed else "; no test claims it"))
            lines += [
                f"{fault.name} was not caught by {name}: {_instead(trial, name)}" for name in trial.missed_by
            ]
        proven = set(self.proven)
        lines += [f"{name} caught nothing" for name in self.considered if name not in proven]
        return lines

    @property
    def late(self) -> list[str]:
        """What was caught only when a test ran once more with nothing beside it, a line each."""
        return [
            f"{fault.name} was caught by {name} at the second try, with nothing beside it"
            for fault in self.faults
            for name in self.trials[fault.name].late
        ]

    @property
    def precision(self) -> tuple[int, int]:
        """Of the failures by a test's own assertion: those of tests that claim the fault, and all."""
        trials = [self.trials[fault.name] for fault in self.faults]
        return sum(len(t.by) - len(t.unrelated) for t in trials), sum(len(t.by) for t in trials)

    @property
    def precision_line(self) -> str:
        """The same, as a sentence."""
        claiming, failures = self.precision
        share = f" ({100 * claiming / failures:.1f} %)" if failures else ""
        return f"Precision: {claiming} of {failures} failures were of tests that claim the fault{share}"

    @property
    def good(self) -> bool:
        """Whether every fault was caught by all that claim it and every considered test caught one."""
        return not self.complaints

    @property
    def last_line(self) -> str:
        """The line that a proof ends with."""
        faults, tests = len(self.faults), len(self.considered)
        return f"{len(self.caught)} of {faults} faults caught, {len(self.proven)} of {tests} tests proven"


def described(trial: Trial) -> str:
    """One line about a trial, for the console."""
    if trial.problem:
        return f"FAIL      {trial.fault}: {trial.problem.splitlines()[0]}"
    own = len([name for name in trial.by if name in trial.claimed])
    claims = f"{own} of {counted(len(trial.claimed), 'claim')}"
    parts = [claims if trial.claimed else f"no test claims it by catches:{trial.fault}"]
    ambient = sum(end.how is How.AMBIENT for end in trial.ended.values())
    parts += [f"{ambient} ambient"] if ambient else []
    blocked = sum(end.how is How.BLOCKED for end in trial.ended.values())
    parts += [f"{blocked} blocked"] if blocked else []
    parts += [f"{len(trial.unrelated)} unrelated"] if trial.unrelated else []
    to_come = [name for name in trial.claimed if name not in trial.ended]
    bad = "survived" if not trial.caught else "MISSED" if trial.missed_by else ""
    mark = "to come" if to_come and set(trial.missed_by) <= set(to_come) else bad or "caught"
    return f"{mark:8}  {trial.fault}: {', '.join(parts)}"


def write(proof: Proof, folder: Path) -> list[Path]:
    """Writes proof.json and kill-matrix.html.

    Args:
        proof: What to write.
        folder: Where to.

    Returns:
        The files, the page first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    value = {
        "caught": proof.caught,
        "proven": proof.proven,
        "considered": proof.considered,
        "precision": dict(zip(("claiming", "failures"), proof.precision, strict=True)),
        "complaints": proof.complaints,
        "late": proof.late,
        "faults": [
            {"group": fault.group, "summary": fault.summary, **proof.trials[fault.name].as_json()}
            for fault in proof.faults
        ],
    }
    data, html = folder / "proof.json", folder / "kill-matrix.html"
    data.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")
    html.write_text(
        page(
            proof.faults,
            proof.trials,
            proof.tests,
            [proof.last_line, proof.precision_line, *proof.late],
            proof.complaints,
        ),
        "utf-8",
    )
    return [html, data]


def _instead(trial: Trial, name: str) -> str:
    end = trial.ended.get(name)
    if end is None:
        return "it did not run"
    why = "; what a test promises begins with Then" if end.how is How.BLOCKED else ""
    return f"{end.how.value}{f' ({end.message})' if end.message else ''}{why}"
