"""What a probe makes of what it has recorded: roles, and a dialect that reads all of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from AgentChatLibrary.dialect.building import load
from AgentChatLibrary.dialect.reading import Reading
from AgentChatLibrary.frames import Kind
from AgentChatLibrary.transcript import Transcript
from AgentChatLibrary.transcript_lines import load as load_transcripts

from runner.probe import drafting, looking
from runner.probe.drafting import Seen
from runner.probe.knocking import Way
from runner.probe.patterns import Pattern, decoded, form_of, patterns
from runner.probe.roles import Roles, assign

FIXTURES = Path(__file__).parent / "fixtures"
VARIABLES = Path(__file__).parents[2] / "variables"


def recorded(name: str) -> Transcript:
    """The connection on which the question was answered."""
    with (FIXTURES / f"{name}.jsonl").open(encoding="utf-8") as lines:
        return max(load_transcripts(lines), key=lambda transcript: len(transcript.frames))


def heard(transcript: Transcript) -> tuple[list[Pattern], Roles, Seen]:
    frames = [f for f in transcript.frames if f.kind is Kind.TEXT and f.received]
    form = form_of(frames)
    found = patterns(decoded(frames, form), form)
    run = [p for p in found if p.when not in ({"event": "connected"}, {"event": "authenticated"})]
    roles = assign(run)
    seen = Seen("Probed", "ws://here/ws", "/ws", form=form, kinds=run, roles=roles)
    seen.before = [p for p in found if p not in run]
    return found, roles, seen


@pytest.mark.parametrize(
    ("name", "started", "thinking", "executing", "completed", "answered"),
    [
        (
            "agno",
            {"event": "WorkflowStarted"},
            {"event": "ModelRequestStarted"},
            {"event": "ToolCallStarted"},
            {"event": "ToolCallCompleted"},
            {"event": "WorkflowCompleted"},
        ),
        (
            "aimock",
            {"type": "response.created"},
            {"type": "response.reasoning_summary_text.done"},
            {"type": "response.output_item.added", "item.type": "web_search_call"},
            {"type": "response.output_item.done", "item.type": "web_search_call"},
            {"type": "response.completed"},
        ),
    ],
)
def test_the_kinds_of_message_get_their_roles(name, started, thinking, executing, completed, answered):
    _, roles, _ = heard(recorded(name))
    assert roles.started.when == started
    assert roles.thinking.when == thinking
    assert roles.executing.when == executing
    assert roles.completed.when == completed
    assert roles.answered.when == answered


@pytest.mark.parametrize("name", ["agno", "aimock"])
def test_the_draft_reads_everything_that_was_recorded(name, tmp_path):
    transcript = recorded(name)
    _, _, seen = heard(transcript)
    seen.question = {"ask": "$content"}
    seen.way = Way("query", {"name": "token"})
    file = tmp_path / "draft.yaml"
    file.write_text(drafting.dialect(seen), "utf-8")
    reading = Reading(load(str(file), VARIABLES), transcript)
    told = {event.type for event in reading.refresh().received()}
    assert [a.reason for a in reading.unmatched if a.frame.received] == []
    assert {"agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"} <= told


def test_a_draft_says_what_it_could_not_tell():
    _, _, seen = heard(recorded("agno"))
    seen.question = {"ask": "$content"}
    assert "#   The agent tells no reasoning in words" in drafting.dialect(seen)


def test_what_is_not_as_the_contract_has_it_is_no_contract():
    assert not looking.is_canonical([recorded("agno")])
    assert not looking.is_canonical([])
