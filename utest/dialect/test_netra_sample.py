"""The recorded frames of Netra Apex: every record is canonical, or listed with the reason why it is not."""

from __future__ import annotations

from collections import Counter

import pytest
from AgentChatLibrary.dialect.reading import Reading
from AgentChatLibrary.recordings import Recording, read
from AgentChatLibrary.rules import order
from dialect_shelf import FIXTURES, dialect_of


@pytest.fixture(scope="module")
def recording() -> Recording:
    return read(FIXTURES / "netra-frames.jsonl")


@pytest.fixture(scope="module")
def readings(recording) -> list[Reading]:
    found = [Reading(dialect_of("netra"), wire) for wire in recording.transcripts]
    for reading in found:
        reading.refresh()
    return found


def test_every_record_is_canonical_or_listed_with_its_reason(recording, readings):
    accounts = {id(account.frame): account for reading in readings for account in reading.accounts}
    became: Counter[str] = Counter()
    for record in recording.records:
        account = accounts.get(id(record.frame))
        if record.frame is None:
            assert record.reason, record
            became["no frame of a conversation"] += 1
        elif account is None:
            assert record.frame.code is not None, record
            became["an end"] += 1
        elif account.told:
            became["canonical"] += 1
        else:
            assert account.reason, record
            became["nothing reads it" if account.unmatched else "left out"] += 1
    assert len(recording.records) == 550
    assert became == {
        "canonical": 269,
        "an end": 19,
        "left out": 90,
        "nothing reads it": 71,
        "no frame of a conversation": 101,
    }


def test_both_live_shapes_are_told(readings):
    flat = next(r for r in readings if r.wire.session == "fallback_chat_payload")
    assert order.complete_run(flat.refresh(), "fallback_chat_payload/1/run-1")
    enveloped = next(r for r in readings if r.wire.session == "agent2_chat_in_thread").refresh()
    (run,) = enveloped.runs().values()
    assert run.question is not None
    assert {event.type for event in run.events} == {"agent_started", "agent_thinking", "agent_completed"}
    assert {event.thread_id for event in run.events} == {"thread_1_357d8369"}


def test_a_run_of_the_supervisor_is_announced_twice_and_the_rules_say_so(readings):
    enveloped = next(r for r in readings if r.wire.session == "agent2_chat_in_thread").refresh()
    verdict = order.started_first(enveloped)
    assert verdict.broken
    assert "started 2 times" in verdict.story


def test_only_what_other_endpoints_say_is_received_and_not_read(readings):
    where = {r.wire.session for r in readings for a in r.unmatched if a.frame.received}
    assert where == {"ws_test", "api_mcp_ws", "types_builtin"}


def test_refusals_are_told_with_their_status_and_code(readings):
    refused = {
        reading.wire.session: (event["status"], event["code"])
        for reading in readings
        for event in reading.refresh().received("connection_refused")
    }
    assert refused["no_auth"] == (401, "missing_credential")
    assert refused["bad_signature"] == (401, "invalid_token")
    assert refused["expired"] == (401, "invalid_token")
    assert refused["huge_17MB"] == (429, "too_many_connections")
