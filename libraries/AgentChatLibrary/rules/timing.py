"""How long things take, by when frames came (contract: Frames; budgets are an environment's)."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ..frames import Event
from ..transcript import Transcript
from ..verdict import Verdict, broken, holds, short, undecided
from .reading import SeenRun, chosen, seen_runs
from .story import listing, missing, run_of, shown, weigh

WITHIN = "timing.within"
DURATIONS = "timing.durations_are_true"
CUT_OFF = "timing.cut_off_calls_are_timed"
WORK = "timing.work_takes_its_time"
SPREAD = "timing.distribution_within"

SLACK_SECONDS: Final = 0.050
"""How much longer than the receive gap a ``duration_ms`` may be (promise 9): frames bunch on their way."""

CUT_OFF_SECONDS: Final = 2 * SLACK_SECONDS
"""How long a call must have gone on to judge its ``duration_ms``: any small number fits a short one."""

WORKING: Final = "forecast_spend"
"""The tool that computes for 50 ms or more, whatever it is asked (contract: Tools)."""
WORK_MS: Final = 20.0
"""What such work takes at the least, in milliseconds, whichever clock measures it."""

TRANSITIONS: Final = {
    "asked_to_ack": "from the question to its ack",
    "asked_to_started": "from the question to agent_started, the first sign of life",
    "started_to_thinking": "from agent_started to the first agent_thinking",
    "thinking_to_executing": "from agent_thinking to its tool_executing",
    "executing_to_completed": "from tool_executing to tool_completed",
    "completed_to_answer": "from the last tool_completed to agent_completed",
    "whole": "from the question to agent_completed",
    "longest_gap": "between two signs of life",
}
"""The transitions that a budget can be set for, and how a story names them."""


@dataclass(frozen=True, slots=True)
class Span:
    """The time between two frames of a run.

    Attributes:
        seconds: How long it took.
        start: The frame it began with.
        end: The frame it ended with.
    """

    seconds: float
    start: Event
    end: Event


@dataclass(frozen=True, slots=True)
class RunTimes:
    """The times of one run, by transition; several where the run has several tool calls.

    Attributes:
        run_id: The backend's id of the run.
        spans: For each of :data:`TRANSITIONS` the times measured, in order; none where it cannot be measured.
    """

    run_id: str
    spans: Mapping[str, tuple[Span, ...]]

    def longest(self, transition: str) -> float | None:
        """The longest time of a transition in seconds, or None when it was not measured."""
        return max((span.seconds for span in self.spans[transition]), default=None)

    def seconds(self, transition: str) -> tuple[float, ...]:
        """Every time of a transition, in seconds."""
        return tuple(span.seconds for span in self.spans[transition])


def times(transcript: Transcript, run_id: str) -> RunTimes:
    """Measures a run by the moments at which its frames were sent and received.

    Replayed events say nothing about time, so a run that was replayed in part has no times. What involves the
    question needs the connection that asked.

    Args:
        transcript: The connection that saw the run live.
        run_id: The run to measure.
    """
    (run,) = chosen(transcript, run_id)
    return _times(run)


def all_times(transcript: Transcript) -> dict[str, RunTimes]:
    """Measures every run that a connection saw, as :func:`times` does.

    Args:
        transcript: The connection that saw the runs live.

    Returns:
        The times by the runs' ids, in the order of their first frames.
    """
    return {run_id: _times(run) for run_id, run in seen_runs(transcript).items()}


def _times(run: SeenRun) -> RunTimes:
    found: dict[str, list[Span]] = {name: [] for name in TRANSITIONS}
    if run.replayed:
        return RunTimes(run.run_id, dict.fromkeys(TRANSITIONS, ()))

    def span(name: str, start: Event | None, end: Event | None) -> None:
        if start is not None and end is not None:
            found[name].append(Span(end.at - start.at, start, end))

    firsts: dict[str, Event] = {}
    executing: dict[str, Event] = {}
    thought: Event | None = None
    completed: Event | None = None
    for event in run.events:
        firsts.setdefault(event.type, event)
        if event.type == "agent_thinking":
            thought = event
        elif event.type == "tool_executing":
            span("thinking_to_executing", thought, event)
            thought = None  # further calls of the same thought did not wait for it
            executing.setdefault(event.tool_call_id or "", event)
        elif event.type == "tool_completed":
            span("executing_to_completed", executing.get(event.tool_call_id or ""), event)
            completed = event
    answer = firsts.get("agent_completed")
    span("asked_to_ack", run.question, run.ack)
    span("asked_to_started", run.question, firsts.get("agent_started"))
    span("started_to_thinking", firsts.get("agent_started"), firsts.get("agent_thinking"))
    span("completed_to_answer", completed, answer)
    span("whole", run.question, answer)
    signs = [*([run.question] if run.question is not None else []), *run.events]
    if run.ack is not None:
        signs.append(run.ack)
    for start, end in pairwise(sorted(signs, key=lambda event: event.at)):
        span("longest_gap", start, end)
    found["longest_gap"] = sorted(found["longest_gap"], key=lambda gap: -gap.seconds)[:1]
    return RunTimes(run.run_id, {name: tuple(spans) for name, spans in found.items()})


def within(transcript: Transcript, run_id: str, budgets: Mapping[str, float]) -> Verdict:
    """No transition of a run took longer than its budget.

    Undecided while a transition with a budget has not been measured: the run has not come so far, it was
    replayed, or it was asked elsewhere.

    Args:
        transcript: The connection that asked.
        run_id: The run to judge.
        budgets: Longest time in seconds for each transition that has a budget (see :data:`TRANSITIONS`).

    Raises:
        ValueError: A budget names no transition.
    """
    known(budgets)
    if transcript.truncated:
        return undecided(WITHIN, transcript, missing(transcript))
    measured, name = times(transcript, run_id), run_of(transcript, run_id)
    over = [
        (span, transition, budget)
        for transition, budget in budgets.items()
        for span in measured.spans[transition]
        if span.seconds > budget
    ]
    if over:
        over.sort(key=lambda found: found[2] - found[0].seconds)
        slow = [f"{s.seconds:.3f} s {TRANSITIONS[t]} (budget {b:.3f} s)" for s, t, b in over[:3]]
        worst = over[0][0]
        return broken(
            WITHIN,
            transcript,
            f"{name} was too slow: {listing(slow)}.",
            "every transition within its budget.",
            [worst.end.frame],
            [worst.start.frame],
        )
    absent = [transition for transition in budgets if not measured.spans[transition]]
    if absent:
        what = listing(TRANSITIONS[t] for t in absent)
        story = f"{name} has no time {what} that this connection could measure."
        return undecided(WITHIN, transcript, story)
    return holds(WITHIN, transcript)


def known(transitions: Iterable[str]) -> None:
    """Checks that each name is one of :data:`TRANSITIONS`.

    Raises:
        ValueError: One is not; the message lists them all.
    """
    for name in transitions:
        if name not in TRANSITIONS:
            raise ValueError(f"{name!r} is no transition; there are {listing(TRANSITIONS)}")


def durations_are_true(
    transcript: Transcript, run_id: str | None = None, *, slack: float = SLACK_SECONDS
) -> Verdict:
    """No ``duration_ms`` is longer than the time in which its frames came, plus a little.

    A tool's is measured from its ``tool_executing``, an answer's from the question. Replayed runs are left
    out: their frames came together.

    Args:
        transcript: The connection that saw the run live.
        run_id: The run to judge; all of them when omitted.
        slack: How much longer it may be, in seconds.
    """
    if transcript.truncated:
        return undecided(DURATIONS, transcript, missing(transcript))
    found: list[Verdict] = []
    measured = 0
    for run in chosen(transcript, run_id):
        if run.replayed:
            continue
        executing = {e.tool_call_id: e for e in reversed(run.of("tool_executing"))}
        for event in run.of("tool_completed", "agent_completed"):
            tool = event.type == "tool_completed"
            start = executing.get(event.tool_call_id) if tool else run.question
            if start is not None:
                measured += 1
                found += _duration(transcript, run, event, start, slack)
    if run_id is not None and not measured:
        story = f"{run_of(transcript, run_id)} has no duration_ms whose frames both came live."
        return undecided(DURATIONS, transcript, story)
    return weigh(DURATIONS, transcript, found)


def work_takes_its_time(transcript: Transcript, run_id: str) -> Verdict:
    """A forecast, which is real work, has a ``duration_ms`` to show for it, and so has its answer.

    What is measured in another unit, or not at all, is far below. Runs that made no forecast, or whose
    forecast was not completed well, say nothing about this.

    Args:
        transcript: A connection that saw the run.
        run_id: The run to judge.
    """
    if transcript.truncated:
        return undecided(WORK, transcript, missing(transcript))
    (run,) = chosen(transcript, run_id)
    forecasts = [
        e for e in run.of("tool_completed") if e.get("tool_name") == WORKING and e.get("status") == "ok"
    ]
    for event in [*forecasts, *run.of("agent_completed")] if forecasts else []:
        value = event.get("duration_ms")
        if isinstance(value, int | float) and value < WORK_MS:
            return broken(
                WORK,
                transcript,
                f"{run_of(transcript, run_id)} made a forecast, which takes 50 ms or more; its {event.type} "
                f"claims {shown(value)} ms.",
                f"the duration_ms of what contains a forecast is at least {WORK_MS:.0f} ms.",
                [event.frame],
                [e.frame for e in forecasts if e is not event],
            )
    return weigh(WORK, transcript, [])


def cut_off_calls_are_timed(transcript: Transcript, run_id: str, *, slack: float = SLACK_SECONDS) -> Verdict:
    """A call that was cut off tells how long it had gone on: the time between its two frames' ``timestamp``.

    Nobody else can tell that: whoever worked on it may be gone. Frames may be replayed. A call that was cut
    off within ``CUT_OFF_SECONDS`` decides nothing, unless it is plainly wrong: any small number would do.

    Args:
        transcript: A connection that saw the run.
        run_id: The run to judge.
        slack: How far the two may differ, in seconds.
    """
    if transcript.truncated:
        return undecided(CUT_OFF, transcript, missing(transcript))
    (run,) = chosen(transcript, run_id)
    began = {e.tool_call_id: e for e in run.of("tool_executing")}
    ends = [e for e in run.of("tool_completed") if e.get("status") == "cancelled"]
    if not ends:
        story = f"{run_of(transcript, run_id)} has no call that was cut off."
        return undecided(CUT_OFF, transcript, story)
    found: list[Verdict] = []
    for event in ends:
        start, value = began.get(event.tool_call_id), event.get("duration_ms")
        if start is None or start.timestamp is None or event.timestamp is None:
            continue  # which other rules are about
        gap = (event.timestamp - start.timestamp) * 1000
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if not good or abs(value - gap) > slack * 1000:
            story = f"{run_of(transcript, run_id)} claims {shown(value)} ms for call "
            story += f"{short(event.tool_call_id or '')}, which was cut off {gap:.0f} ms after it began."
            expected = f"duration_ms is the time between the timestamps, give or take {slack * 1000:.0f} ms."
            found.append(broken(CUT_OFF, transcript, story, expected, [event.frame], [start.frame]))
        elif gap <= CUT_OFF_SECONDS * 1000:
            story = f"{run_of(transcript, run_id)} was cut off {gap:.0f} ms after its call had begun, "
            story += f"too soon to tell what its duration_ms means: it takes {CUT_OFF_SECONDS * 1000:.0f} ms."
            found.append(undecided(CUT_OFF, transcript, story))
    return weigh(CUT_OFF, transcript, found)


def _duration(
    transcript: Transcript, run: SeenRun, event: Event, start: Event, slack: float
) -> list[Verdict]:
    value, gap = event.get("duration_ms"), (event.at - start.at) * 1000
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
        came = shown(value) if "duration_ms" in event else "nothing"
        story = f"gave {came} for the duration_ms of {event.type}."
    elif value > gap + slack * 1000:
        what = f"call {short(event.tool_call_id)}" if event.tool_call_id else "its answer"
        story = f"claims {shown(value)} ms for {what}, whose frames came {gap:.0f} ms apart."
    else:
        return []
    story = f"{run_of(transcript, run.run_id)} {story}"
    expected = f"duration_ms is at most the time between the frames plus {slack * 1000:.0f} ms."
    return [broken(DURATIONS, transcript, story, expected, [event.frame], [start.frame])]


@dataclass(frozen=True, slots=True)
class Distribution:
    """How a quantity spreads over many runs. Percentiles are nearest-rank: a value that really occurred.

    Attributes:
        count: How many values.
        p50: The smallest value that at least half of the values do not exceed.
        p95: The smallest value that at least 95 in 100 of the values do not exceed.
        max: The largest value.
    """

    count: int
    p50: float
    p95: float
    max: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Distribution:
        """The distribution of ``values``.

        Raises:
            ValueError: There is no value.
        """
        ordered = sorted(values)
        if not ordered:
            raise ValueError("no values: there is nothing to distribute")
        return cls(len(ordered), _nearest_rank(ordered, 50), _nearest_rank(ordered, 95), ordered[-1])

    def __str__(self) -> str:
        ms = f"p50 {self.p50 * 1000:.1f} ms, p95 {self.p95 * 1000:.1f} ms, max {self.max * 1000:.1f} ms"
        return f"{ms} of {self.count}"


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that so many in a hundred do not exceed: one that really occurred (nearest rank).

    Args:
        values: At least one value, in any order.
        percent: How many in a hundred, above 0.
    """
    return _nearest_rank(sorted(values), percent)


def _nearest_rank(ordered: list[float], percent: float) -> float:
    return ordered[math.ceil(len(ordered) * percent / 100) - 1]


def distribution_within(
    what: str,
    values: Collection[float],
    *,
    p50: float | None = None,
    p95: float | None = None,
    at_least: int = 1,
) -> Verdict:
    """Many times keep their budgets. Undecided with fewer than ``at_least`` of them.

    Args:
        what: What was timed, for the story.
        values: The times in seconds.
        p50: Budget of the median in seconds; not judged when omitted.
        p95: Budget of the 95th percentile in seconds; not judged when omitted.
        at_least: How many values are needed for a judgement.
    """
    if len(values) < max(1, at_least):
        return undecided(SPREAD, None, f"{what}: {len(values)} measured, {max(1, at_least)} needed to judge.")
    found = Distribution.of(values)
    over = [
        (name, value, budget)
        for name, value, budget in (("p50", found.p50, p50), ("p95", found.p95, p95))
        if budget is not None and value > budget
    ]
    if not over:
        return holds(SPREAD)
    expected = listing(f"{name} at most {budget * 1000:.1f} ms" for name, _, budget in over)
    return broken(SPREAD, None, f"{what} took too long: {found}.", f"{expected}.")
