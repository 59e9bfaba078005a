"""Every frame keeps the contract: what the contract refuses, and what JSON itself refuses."""

import json

import pytest
from AgentChatLibrary.contract import Contract
from AgentChatLibrary.frames import Direction, Kind
from AgentChatLibrary.rules.contract import valid
from hypothesis import given
from hypothesis import strategies as st
from strategies import Server, changed, inserted, quick, retold, scenes, sessions

CONTRACT = Contract()


def blamed(verdict):
    return {frame.index for frame in verdict.offending}


@quick
@given(scenes())
def test_valid_scenes_hold(scene):
    for transcript in scene.transcripts:
        verdict = valid(transcript, CONTRACT)
        assert verdict, verdict.text()


@quick
@given(sessions(pings=1), st.data())
def test_a_field_that_is_dropped_renamed_retyped_or_added_is_told(scene, data):
    (transcript,) = scene.transcripts
    event = data.draw(st.sampled_from(transcript.received()))
    assert blamed(valid(changed(transcript, event.index, private=1), CONTRACT)) == {event.index}
    name = data.draw(st.sampled_from([n for n in event if n not in ("sequence", "data", "message_id")]))
    for value in (..., [], None):
        if name == "result" and value == []:
            continue
        verdict = valid(changed(transcript, event.index, **{name: value}), CONTRACT)
        assert blamed(verdict) == {event.index}, (name, value)
        assert verdict.story.startswith("Ana received ")
    verdict = valid(changed(transcript, event.index, **{name: ..., f"{name}s": event[name]}), CONTRACT)
    assert blamed(verdict) == {event.index}
    milliseconds = changed(transcript, event.index, timestamp=event["timestamp"] * 1000)
    assert blamed(valid(milliseconds, CONTRACT)) == {event.index}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"type": "pong", "timestamp": 1790000000.5', "no strict JSON"),
        (
            '{"type": "pong", "timestamp": 1790000000.5, "timestamp": 1790000000.5}',
            'key "timestamp" comes twice',
        ),
        (
            '{"type": "pong", "timestamp": 1790000000.5, "data": {"a": {"b": 1, "b": 2}}}',
            'key "b" comes twice',
        ),
        ('{"type": "pong", "timestamp": 1790000000.5, "data": NaN}', "NaN is no JSON"),
        ('{"type": "pong", "timestamp": 1790000000.5, "data": [-Infinity]}', "-Infinity is no JSON"),
        ('{"type": "pong", "timestamp": 1790000000.5, "data": 1e400}', "beyond what a number can hold"),
        ('\ufeff{"type": "pong", "timestamp": 1790000000.5}', "no strict JSON"),
        ("[]", "no JSON object but []"),
        ("null", "no JSON object but null"),
        ('"pong"', 'no JSON object but "pong"'),
        ("", "no strict JSON"),
        ("[" * 100_000, "nested too deep"),
        ("1" * 5000, "no strict JSON"),
    ],
)
def test_what_is_no_strict_json_object_is_told(text, problem):
    server = Server()
    here = server.connect("Ana")
    verdict = valid(inserted(here.transcript, 1, text), CONTRACT)
    assert blamed(verdict) == {1}
    assert problem in verdict.story


def test_a_binary_frame_is_told_and_control_frames_are_none_of_the_contracts():
    server = Server()
    here = server.connect("Ana")
    verdict = valid(inserted(here.transcript, 1, b"{}", kind=Kind.BINARY), CONTRACT)
    assert blamed(verdict) == {1}
    assert "a binary frame" in verdict.story
    for kind in (Kind.PING, Kind.PONG, Kind.CLOSE, Kind.DROP):
        assert valid(inserted(here.transcript, 1, "", kind=kind), CONTRACT)


def test_what_was_sent_is_judged_only_when_asked():
    server = Server()
    here = server.connect("Ana")
    server.ask(here)
    server.send(here, "chat")
    assert valid(here.transcript, CONTRACT)
    verdict = valid(here.transcript, CONTRACT, Direction.SENT)
    assert blamed(verdict) == {2}
    assert verdict.story.startswith("Ana sent chat, which the contract does not allow: ")


def test_every_broken_frame_is_named_and_the_first_is_told():
    server = Server()
    here = server.connect("Ana")
    server.ask(here)
    server.finish()
    wrong = {f.index: json.dumps({**f.event.fields, "x": 1}) for f in here.transcript.frames if f.received}
    verdict = valid(retold(here.transcript, wrong), CONTRACT)
    assert blamed(verdict) == set(wrong)
    assert f"({len(wrong) - 1} further frames too)" in verdict.story
    assert verdict.text().count("\n") == 6


def test_a_truncated_recording_is_undecided():
    server = Server()
    here = server.connect("Ana")
    here.transcript.truncated = 1
    assert not valid(here.transcript, CONTRACT)
    assert not valid(here.transcript, CONTRACT).broken


def test_a_text_frame_that_is_no_text_is_told():
    server = Server()
    here = server.connect("Ana")
    verdict = valid(inserted(here.transcript, 1, '{"type": "pong"}'.encode("utf-16")), CONTRACT)
    assert blamed(verdict) == {1}
    assert "no UTF-8" in verdict.story
