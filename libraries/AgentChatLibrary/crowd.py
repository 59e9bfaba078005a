"""A crowd: people with a common name whose sessions act together, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from .chat import Chat
from .identity import Person
from .rules import timing
from .rules.everything import Judged
from .rules.story import counted
from .transcript import Transcript
from .verdict import Outcome, Verdict
from .world import Scope

PERCENTS: Final = (50, 95, 99)
"""The percentiles that are told of each transition."""


@dataclass(slots=True)
class Crowd:
    """People who act together.

    Attributes:
        name: How suites call the crowd.
        people: Who belongs to it.
        devices: How many sessions each of them has.
        keep: How many frames of each connection are recorded at the most; all when None.
        chats: Their sessions, once they are open.
    """

    name: str
    people: Sequence[Person]
    devices: int = 1
    keep: int | None = None
    chats: list[Chat] = field(default_factory=list)

    @property
    def transcripts(self) -> list[Transcript]:
        """What all of their connections have recorded."""
        return [transcript for chat in self.chats for transcript in chat.session.transcripts]

    def times(self) -> dict[str, list[float]]:
        """How long each transition of each of their runs took, in seconds."""
        found: dict[str, list[float]] = {name: [] for name in timing.TRANSITIONS}
        for chat in self.chats:
            asked = {question.run_id for question in chat.questions}
            for run_id, measured in timing.all_times(chat.transcript).items():
                if run_id in asked:
                    for name, values in found.items():
                        values.extend(measured.seconds(name))
        return found


def forget(scope: Scope, chats: Iterable[Chat]) -> None:
    """Takes sessions out of what a test has: they have been judged, and are not needed any more.

    Args:
        scope: What the test has.
        chats: The sessions.
    """
    gone = {id(chat) for chat in chats}
    scope.chats = {alias: chat for alias, chat in scope.chats.items() if id(chat) not in gone}
    scope.retired = [chat for chat in scope.retired if id(chat) not in gone]


def table(times: Mapping[str, Sequence[float]], budgets: Mapping[str, float]) -> list[str]:
    """The percentiles of each transition beside its budget, as aligned lines; none where nothing was timed.

    Args:
        times: For each transition its times in seconds.
        budgets: For each transition its budget in seconds.
    """
    lines = [f"{'transition':24}{'p50':>10}{'p95':>10}{'p99':>10}{'max':>10}{'budget':>10}{'times':>9}"]
    for name, values in times.items():
        if not values:
            continue
        shown = [timing.percentile(values, percent) for percent in PERCENTS] + [max(values)]
        budget = f"{budgets[name] * 1000:.0f} ms" if name in budgets else "-"
        cells = "".join(f"{value * 1000:>7.1f} ms" for value in shown)
        lines.append(f"{name:24}{cells}{budget:>10}{len(values):>9,}")
    return lines if len(lines) > 1 else []


def story(judged: Iterable[Judged]) -> tuple[str, Verdict] | None:
    """What is wrong with a crowd, the commonest break first; None when every rule holds everywhere.

    A rule that cannot be decided, because frames were not recorded, counts as wrong: it was needed.

    Args:
        judged: What each rule says.
    """
    wrong = [(one.rule, bad) for one in judged if (bad := _wrong(one.verdicts))]
    if not wrong:
        return None
    wrong.sort(key=lambda found: -len(found[1]))
    rule, verdicts = wrong[0]
    text = verdicts[0].text()
    if verdicts[0].outcome is Outcome.UNDECIDED:
        text = f"This could not be decided: {text}"
    if len(verdicts) > 1:
        text += f"\nThe same ({rule}) is so on {counted(len(verdicts) - 1, 'more connection')}."
    if len(wrong) > 1:
        text += f"\nAlso broken: {', '.join(f'{name} ({len(bad)})' for name, bad in wrong[1:])}."
    return text, verdicts[0]


def _wrong(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The verdicts that are broken, then those that could not be decided for want of frames."""
    found = list(verdicts)
    return [v for v in found if v.broken] + [v for v in found if v.cut]
