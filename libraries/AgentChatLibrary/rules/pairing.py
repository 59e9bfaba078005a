"""Tool calls and their results: each call is answered once, by itself (contract: Order and delivery)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ..frames import Event
from ..transcript import Transcript
from ..verdict import Verdict, broken, short, undecided
from .reading import SeenRun, chosen, remembered, seen_runs
from .story import missing, nameless, run_of, same, shown, unseen, weigh

ANSWERED = "pairing.every_tool_call_is_answered"
FINDINGS = "pairing.findings_come_from_calls"


def every_tool_call_is_answered(transcript: Transcript, run_id: str | None = None) -> Verdict:
    """Each ``tool_executing`` is followed by exactly one ``tool_completed`` of the same call, tool and run.

    Call ids are unique over all runs. A call that is open is broken only once its run has ended
    (contract: Order and delivery). Undecided where a call may have begun before the connection did.

    Args:
        transcript: The connection to judge.
        run_id: The run to judge; all of them when omitted.
    """
    if transcript.truncated:
        return undecided(ANSWERED, transcript, missing(transcript))
    if run_id is None:
        return remembered(transcript, ANSWERED, partial(_answered, run_id=None))
    runs = seen_runs(transcript)
    if run_id not in runs or not runs[run_id].events:
        return unseen(ANSWERED, transcript, run_id)
    return _answered(transcript, run_id)


def _answered(transcript: Transcript, run_id: str | None) -> Verdict:
    owners: dict[str, Event] = {}
    found: list[Verdict] = []
    for run in seen_runs(transcript).values():
        # Every run is read, because a call of another run may have taken the id; one run may be wanted.
        wrong = list(_calls(transcript, run, owners))
        if run_id in (None, run.run_id):
            found += wrong
    return weigh(ANSWERED, transcript, found)


def _calls(transcript: Transcript, run: SeenRun, owners: dict[str, Event]) -> Iterator[Verdict]:
    name = partial(_name, transcript)
    executing: dict[str, Event] = {}
    completed: dict[str, Event] = {}
    late: dict[str, Event] = {}
    end: Event | None = None
    for event in run.events:
        if event.ends_run and end is None:
            end = event
        if event.type not in ("tool_executing", "tool_completed"):
            continue
        call = event.tool_call_id
        if call is None:
            yield broken(
                ANSWERED,
                transcript,
                f"{name(run)} has a {event.type} with {nameless(event, 'tool_call_id')}.",
                "every tool_executing and tool_completed names its call.",
                [event.frame],
            )
        elif event.type == "tool_executing":
            other = owners.setdefault(call, event)
            if other is not event:
                where = "" if other.run_id == run.run_id else f" by run {short(other.run_id or '')}"
                yield broken(
                    ANSWERED,
                    transcript,
                    f"{name(run)} began call {short(call)} again: its id was already used{where}.",
                    "the id of a tool call is used for one call only.",
                    [event.frame],
                    [other.frame],
                )
            executing.setdefault(call, event)
        else:
            yield from _completed(transcript, run, call, event, executing, completed)
            if end is not None and call not in completed:
                late[call] = event
            completed.setdefault(call, event)
    if end is not None:
        for call, event in executing.items():
            if call not in completed or call in late:
                yield broken(
                    ANSWERED,
                    transcript,
                    f"{name(run)} ended without a tool_completed for call {short(call)} ({_tool(event)}).",
                    "every tool call is completed before its run ends.",
                    [event.frame],
                    [end.frame, *([late[call].frame] if call in late else [])],
                )


def _completed(
    transcript: Transcript,
    run: SeenRun,
    call: str,
    event: Event,
    executing: dict[str, Event],
    completed: dict[str, Event],
) -> Iterator[Verdict]:
    name = partial(_name, transcript)
    begun = executing.get(call)
    if call in completed:
        yield broken(
            ANSWERED,
            transcript,
            f"{name(run)} completed call {short(call)} twice.",
            "exactly one tool_completed for every tool_call_id.",
            [event.frame],
            [completed[call].frame],
        )
    elif begun is None:
        late = next((e for e in run.of("tool_executing") if e.tool_call_id == call), None)
        if late is not None:
            yield broken(
                ANSWERED,
                transcript,
                f"{name(run)} broke the agreed order: tool_completed came before its tool_executing.",
                "tool_executing before tool_completed for every tool_call_id.",
                [event.frame],
                [late.frame],
            )
        elif run.whole:
            yield broken(
                ANSWERED,
                transcript,
                f"{name(run)} completed call {short(call)}, which it never began.",
                "a tool_executing of the same run before every tool_completed.",
                [event.frame],
                [e.frame for e in executing.values() if e.tool_call_id not in completed],
            )
        else:
            yield undecided(
                ANSWERED,
                transcript,
                f"{name(run)} completed call {short(call)}, which may have begun before this connection.",
            )
    elif not same(begun.get("tool_name"), event.get("tool_name")):
        yield broken(
            ANSWERED,
            transcript,
            f"{name(run)} began call {short(call)} as {_tool(begun)} and completed it as {_tool(event)}.",
            "tool_completed has the tool_name of its tool_executing.",
            [event.frame],
            [begun.frame],
        )


def _name(transcript: Transcript, run: SeenRun) -> str:
    return run_of(transcript, run.run_id)


def _tool(event: Event) -> str:
    value = event.get("tool_name")
    return short(value) if isinstance(value, str) else shown(value)


def findings_come_from_calls(transcript: Transcript, run_id: str | None = None) -> Verdict:
    """Each finding of an ``agent_completed`` names a tool call of its own run (contract: Frames).

    Args:
        transcript: The connection to judge.
        run_id: The run to judge; all of them when omitted.
    """
    if transcript.truncated:
        return undecided(FINDINGS, transcript, missing(transcript))
    found: list[Verdict] = []
    runs = chosen(transcript, run_id)
    if run_id is not None and not any(run.end for run in runs):
        return unseen(FINDINGS, transcript, run_id)
    for run in runs:
        calls = {event.tool_call_id for event in run.of("tool_executing", "tool_completed")}
        for end in run.of("agent_completed"):
            for call in _named(end):
                if isinstance(call, str) and call in calls:
                    continue
                named = short(call) if isinstance(call, str) else shown(call)
                if run.whole or not isinstance(call, str):
                    found.append(
                        broken(
                            FINDINGS,
                            transcript,
                            f"{_name(transcript, run)} found something by call {named}, "
                            "which is no call of this run.",
                            "every finding names the tool call of its own run whose result shows it.",
                            [end.frame],
                            [event.frame for event in run.of("tool_executing")],
                        )
                    )
                else:
                    found.append(
                        undecided(
                            FINDINGS,
                            transcript,
                            f"{_name(transcript, run)} names call {named}, "
                            "which may have come before this connection.",
                        )
                    )
    return weigh(FINDINGS, transcript, found)


def _named(end: Event) -> Iterator[object]:
    """The call that each finding names; None where it names none."""
    result = end.get("result")
    findings = result.get("findings") if isinstance(result, dict) else None
    for finding in findings if isinstance(findings, list) else []:
        yield finding.get("tool_call_id") if isinstance(finding, dict) else None
