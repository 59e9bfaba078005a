"""The agreed order within a run (contract: Order and delivery)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ..frames import DURABLE, Event
from ..transcript import Transcript
from ..verdict import Verdict, broken, every, short, undecided
from . import pairing
from .reading import SeenRun, chosen, integer
from .story import listing, missing, nameless, run_of, shown, unseen, until, weigh

FIVE: Final = tuple(kind for kind in DURABLE if kind != "agent_failed")
"""The five events that product promises for every question (contract: Frames)."""

Judge = Callable[[str, Transcript, SeenRun], Iterator[Verdict]]
"""Gives what is wrong, or cannot be decided, of one run."""


def _over(rule: str, judge: Judge, transcript: Transcript, run_id: str | None) -> Verdict:
    if transcript.truncated:
        return undecided(rule, transcript, missing(transcript))
    runs = chosen(transcript, run_id)
    if run_id is not None and not any(run.events for run in runs):
        return unseen(rule, transcript, run_id)
    found = [wrong for run in runs for wrong in judge(rule, transcript, run)]
    return weigh(rule, transcript, found)


def started_first(transcript: Transcript, run_id: str | None = None) -> Verdict:
    """Each run begins with ``agent_started``, and has it once.

    A run that was cancelled or interrupted before it could begin has its ``agent_failed`` alone. Undecided
    for a run that may have begun before the connection did.

    Args:
        transcript: The connection to judge.
        run_id: The run to judge; all of them when omitted.
    """
    return _over("order.started_first", _started_first, transcript, run_id)


def thinking_before_tools(transcript: Transcript, run_id: str | None = None) -> Verdict:
    """At least one ``agent_thinking`` comes before the first ``tool_executing`` of each run."""
    return _over("order.thinking_before_tools", _thinking_before_tools, transcript, run_id)


def steps_rise_by_one(transcript: Transcript, run_id: str | None = None) -> Verdict:
    """The ``step`` of each run's ``agent_thinking`` counts 1, 2, 3, ... (contract: Frames)."""
    return _over("order.steps_rise_by_one", _steps_rise_by_one, transcript, run_id)


def calls_closed_before_the_end(transcript: Transcript, run_id: str | None = None) -> Verdict:
    """Each tool call is completed before its run ends."""
    return _over("order.calls_closed_before_the_end", _calls_closed, transcript, run_id)


def one_end(transcript: Transcript, run_id: str | None = None) -> Verdict:
    """No run ends twice. A run without an end is running still; ``complete_run`` asks for the end."""
    return _over("order.one_end", _one_end, transcript, run_id)


def nothing_after_the_end(transcript: Transcript, run_id: str | None = None) -> Verdict:
    """No event of a run comes after its end."""
    return _over("order.nothing_after_the_end", _nothing_after, transcript, run_id)


def agreed_order(transcript: Transcript, run_id: str | None = None) -> Verdict:
    """All that the contract says of the order within a run, pairing included, complete or not.

    Args:
        transcript: The connection to judge.
        run_id: The run to judge; all of them when omitted.
    """
    rule = "order.agreed_order"
    return _all(
        rule,
        transcript,
        pairing.every_tool_call_is_answered(transcript, run_id),
        _over(rule, _agreed_order, transcript, run_id),
    )


def complete_run(transcript: Transcript, run_id: str) -> Verdict:
    """One whole run: all five events in the agreed order, of one thread and one person, each call answered.

    Broken also while the run has not ended: ask once its end has come, or its time is up.

    Args:
        transcript: The connection that saw the run.
        run_id: The run to judge.
    """
    rule = "order.complete_run"
    if transcript.truncated:
        return undecided(rule, transcript, missing(transcript))
    (run,) = chosen(transcript, run_id)
    found = [*_agreed_order(rule, transcript, run), *_complete(rule, transcript, run)]
    return _all(
        rule,
        transcript,
        pairing.every_tool_call_is_answered(transcript, run_id),
        weigh(rule, transcript, found),
        pairing.findings_come_from_calls(transcript, run_id),
    )


def _all(rule: str, transcript: Transcript, *verdicts: Verdict) -> Verdict:
    """One verdict over several, under the name of the rule that was asked."""
    return every(rule, verdicts, transcript)._replace(rule=rule)


def _started_first(rule: str, transcript: Transcript, run: SeenRun) -> Iterator[Verdict]:
    if not run.events:
        return
    first, started = run.events[0], run.of("agent_started")
    begun = first.type == "agent_started" or _never_began(run)
    if begun and len(started) <= 1:
        return
    name = run_of(transcript, run.run_id)
    expected = "agent_started is the first event of a run, and comes once."
    if not begun:
        if started:
            story = f"{name} broke the agreed order: {first.type} came before agent_started."
            yield broken(rule, transcript, story, expected, [first.frame], [started[0].frame])
        elif run.whole:
            story = f"{name} began with {first.type}; no agent_started came."
            yield broken(rule, transcript, story, expected, [first.frame])
        else:
            yield undecided(rule, transcript, f"{name} may have begun before this connection did.")
    if len(started) > 1:
        story = f"{name} started {len(started)} times."
        yield broken(rule, transcript, story, expected, [e.frame for e in started[1:]], [started[0].frame])


def _never_began(run: SeenRun) -> bool:
    """Whether somebody else ended the run before its first event: its asker, or the death of its owner."""
    match run.events:
        case (only,):
            return only.type == "agent_failed" and only.get("code") in ("cancelled", "interrupted")
        case _:
            return False


def _thinking_before_tools(rule: str, transcript: Transcript, run: SeenRun) -> Iterator[Verdict]:
    first = next((e for e in run.events if e.type in ("agent_thinking", "tool_executing")), None)
    if first is None or first.type == "agent_thinking" or not transcript.can_tell("agent_thinking"):
        return
    name = run_of(transcript, run.run_id)
    if not run.whole:
        yield undecided(rule, transcript, f"{name} may have thought before this connection began.")
        return
    yield broken(
        rule,
        transcript,
        f"{name} used {shown(first.get('tool_name'))} before any agent_thinking.",
        "at least one agent_thinking before the first tool_executing.",
        [first.frame],
        [e.frame for e in run.of("agent_started", "agent_thinking")[:2]],
    )


def _steps_rise_by_one(rule: str, transcript: Transcript, run: SeenRun) -> Iterator[Verdict]:
    last: Event | None = None
    for event in run.of("agent_thinking"):
        step = integer(event.get("step"))
        before = integer(last.get("step")) if last is not None else 0 if run.whole else None
        if step is None or (before is not None and step != before + 1):
            after = f"followed step {before}" if last is not None else "came first"
            came = nameless(event, "step") if step is None else f"step {shown(step)}"
            yield broken(
                rule,
                transcript,
                f"{run_of(transcript, run.run_id)} lost count of its thinking: {came} {after}.",
                "agent_thinking counts its steps 1, 2, 3, ...",
                [event.frame],
                [last.frame] if last is not None else [],
            )
            return
        last = event


def _calls_closed(rule: str, transcript: Transcript, run: SeenRun) -> Iterator[Verdict]:
    at = next((i for i, event in enumerate(run.events) if event.ends_run), None)
    if at is None:
        return
    before, end = run.events[:at], run.events[at]
    completed = {event.tool_call_id for event in before if event.type == "tool_completed"}
    calls = {
        event.tool_call_id: event
        for event in before
        if event.type == "tool_executing" and event.tool_call_id not in completed
    }
    if calls:
        which = listing(short(call or "without an id") for call in calls)
        late = [e.frame for e in run.events[at:] if e.type == "tool_completed" and e.tool_call_id in calls]
        yield broken(
            rule,
            transcript,
            f"{run_of(transcript, run.run_id)} broke the agreed order: "
            f"{end.type} came while call {which} was open.",
            "every tool_completed comes before the end of its run.",
            [end.frame],
            [event.frame for event in calls.values()] + late,
        )


def _one_end(rule: str, transcript: Transcript, run: SeenRun) -> Iterator[Verdict]:
    ends = [event for event in run.events if event.ends_run]
    if len(ends) > 1:
        story = f"{run_of(transcript, run.run_id)} ended {len(ends)} times: {listing(e.type for e in ends)}."
        expected = "every run ends once, with agent_completed or agent_failed."
        yield broken(rule, transcript, story, expected, [e.frame for e in ends[1:]], [ends[0].frame])


def _nothing_after(rule: str, transcript: Transcript, run: SeenRun) -> Iterator[Verdict]:
    at = next((i for i, event in enumerate(run.events) if event.ends_run), None)
    after = run.events[at + 1 :] if at is not None else ()
    if at is not None and after:
        yield broken(
            rule,
            transcript,
            f"{run_of(transcript, run.run_id)} went on after its {run.events[at].type}: "
            f"{listing(e.type for e in after[:3])} came later.",
            "nothing of a run comes after its end.",
            [e.frame for e in after],
            [run.events[at].frame],
        )


def _agreed_order(rule: str, transcript: Transcript, run: SeenRun) -> Iterator[Verdict]:
    for judge in (
        _started_first,
        _thinking_before_tools,
        _calls_closed,
        _one_end,
        _nothing_after,
        _steps_rise_by_one,
    ):
        yield from judge(rule, transcript, run)


def _complete(rule: str, transcript: Transcript, run: SeenRun) -> Iterator[Verdict]:
    name = run_of(transcript, run.run_id)
    expected = "all five events, agent_started to agent_completed, of one run, one thread and one person."
    if not run.events:
        came = f"Nothing of {name} came {until(transcript)}"
        yield broken(rule, transcript, f"{came}.", expected, [], [run.ack.frame] if run.ack else [])
        return
    last = run.events[-1]
    absent = [kind for kind in FIVE if transcript.can_tell(kind) and not run.of(kind)]
    failed = next(iter(run.of("agent_failed")), None)
    if failed is not None:
        code = shown(failed.get("code"))
        story = f"{name} ended with agent_failed {code} instead of an answer."
        yield broken(rule, transcript, story, expected, [failed.frame], [run.events[0].frame])
    elif absent and (run.whole or run.end is None):
        if run.end is not None:
            story = f"{name} ended without {listing(absent, 'or')}."
            yield broken(rule, transcript, story, expected, [run.end.frame], [run.events[0].frame])
        else:
            story = f"{name} had no {listing(absent, 'or')} {until(transcript)}; last came {last.type}."
            yield broken(rule, transcript, story, expected, [last.frame], [run.events[0].frame])
    elif absent:
        yield undecided(rule, transcript, f"{name} may have begun before this connection did.")
    for field in ("thread_id", "user_id"):
        first = run.ack if field == "thread_id" and run.ack is not None else run.events[0]
        other = next((e for e in run.events if e.get(field) != first.get(field)), None)
        if other is not None:
            values = f"{_id(first.get(field))} and {_id(other.get(field))}"
            story = f"{name} has events of two {field}s: {values}."
            yield broken(rule, transcript, story, expected, [other.frame], [first.frame])


def _id(value: object) -> str:
    return short(value) if isinstance(value, str) else shown(value)
