"""Every fault can be started and says what it costs; those of events, form and delivery do what they say."""

import asyncio
import itertools
import json
import re
import secrets
import subprocess
import sys
from dataclasses import fields

import pytest
from serving import DURABLE, Running, eventually

from backend.app import build
from backend.components import Components
from backend.faults import __main__ as command
from backend.faults import all_faults, fault, one_fault
from backend.settings import Settings

FAULTS = all_faults()
SAVINGS = "Where can we cut our cloud bill?"


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_makes_an_application_and_says_what_it_costs(name, tmp_path):
    found = FAULTS[name]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert re.fullmatch(r"[a-z]+", found.group)
    assert found.docstring.endswith((".", "?"))
    healthy, broken = Components(), found.apply(Components())
    assert any(getattr(broken, one.name) is not getattr(healthy, one.name) for one in fields(Components))
    settings = Settings(
        jwt_key=secrets.token_hex(), admin_token=secrets.token_hex(), database_url=f"sqlite:///{tmp_path}/a"
    )
    service = build(settings, broken, lambda: None)
    try:
        assert service.app.routes
    finally:
        service.ground.database.close()


def test_no_two_faults_share_a_name_and_none_is_without_a_word():
    def nothing(components):
        return components

    with pytest.raises(ValueError, match="does not say"):
        fault("without-a-word", group="events")(nothing)
    nothing.__doc__ = "Somebody suffers."
    with pytest.raises(ValueError, match="two faults wrong-run-id"):
        fault("wrong-run-id", group="events")(nothing)
    assert "without-a-word" not in all_faults()


def test_each_fault_is_found_by_its_name_and_no_other():
    assert {name: one_fault(name) for name in FAULTS} == FAULTS
    assert one_fault("no-such-fault") is None


def test_to_find_one_fault_loads_no_module_of_others():
    code = "import sys; from backend.faults import one_fault; one_fault('two-ends'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if name.startswith("backend.faults.") and "._" not in name}
    assert loaded == {FAULTS["two-ends"].apply.__module__}


def test_the_faults_are_listed_one_a_line(capsys):
    assert command.main(["--list"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["name"] for one in listed] == list(FAULTS)
    assert all(
        set(one) == {"name", "group", "family", "needs", "local", "docstring", "module"} for one in listed
    )


def test_an_unknown_name_is_answered_with_near_ones(capsys):
    assert command.main(["wrong-runid"]) == 2
    said = capsys.readouterr().err
    assert "wrong-run-id" in said
    assert "All of them: python3 run.py prove --list" in said
    assert command.main([]) == 2
    assert "usage:" in capsys.readouterr().err


def events_of(name, folder, question=SAVINGS):
    """Returns the events of one question to a service with a fault, live, until its run has ended."""
    running = Running(folder, FAULTS[name].apply(Components()))
    try:
        ana = running.person()

        async def scenario():
            async with ana.connect() as session:
                await session.send(type="chat", content=question)
                await session.until("ack")
                await eventually(lambda: ana.shown()["runs_open"] == 0)
                await session.fence()
                return [event for event in map(json.loads, session.received) if event["type"] in DURABLE]

        return asyncio.run(scenario())
    finally:
        running.stop()


CALL = ["agent_thinking", "tool_executing", "tool_completed"]
HEALTHY = ["agent_started", *CALL * 4, "agent_thinking", "agent_completed"]
STREAMS = {
    "completion-before-last-tool-result": [*HEALTHY[:12], *HEALTHY[13:], "tool_completed"],
    "duplicated-event": [*HEALTHY[:4], "tool_completed", *HEALTHY[4:]],
    "dropped-agent-started": HEALTHY[1:],
    "dropped-agent-thinking": [HEALTHY[0], *HEALTHY[2:]],
    "dropped-tool-executing": [*HEALTHY[:2], *HEALTHY[3:]],
    "dropped-tool-completed": [*HEALTHY[:3], *HEALTHY[4:]],
    "dropped-agent-completed": HEALTHY[:-1],
    "swapped-neighbours": [*HEALTHY[:11], "tool_completed", "tool_executing", *HEALTHY[13:]],
    "stream-stops-silently": HEALTHY[:7],
    "event-after-completion": [*HEALTHY, "agent_thinking"],
    "two-ends": [*HEALTHY, "agent_failed"],
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_fault_of_the_stream_changes_what_it_says_and_nothing_else(name, tmp_path):
    events = events_of(name, tmp_path)
    assert [event["type"] for event in events] == STREAMS[name]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


def test_a_gap_in_seq_is_one_number_that_nothing_carries(tmp_path):
    seqs = [event["seq"] for event in events_of("seq-gap", tmp_path)]
    assert [seq for seq in range(1, seqs[-1] + 1) if seq not in seqs] == [4]
    assert seqs == sorted(set(seqs))


def test_a_repeated_seq_is_the_same_frame_again(tmp_path):
    events = events_of("seq-repeat", tmp_path, "Review every service one by one")
    again = [one for one, other in itertools.pairwise(events) if one == other]
    assert [event["seq"] for event in again] == list(range(20, events[-1]["seq"] + 1, 20))


def test_time_runs_backwards_at_results_alone(tmp_path):
    events = events_of("timestamps-going-backwards", tmp_path)
    back = [two["type"] for one, two in itertools.pairwise(events) if two["timestamp"] < one["timestamp"]]
    assert back == ["tool_completed"] * 4
