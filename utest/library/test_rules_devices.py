"""The same frames on every device, live and replayed: each difference is told."""

import json

import pytest
from AgentChatLibrary.rules import devices
from AgentChatLibrary.transcript import Owner
from hypothesis import given
from hypothesis import strategies as st
from strategies import Server, changed, doubled, dropped, quick, retold, scenes, sessions, swapped

identical = devices.same_seq_same_frame


def blamed(verdict):
    return {frame.index for frame in verdict.offending}


def two_devices(after_seq=2):
    """One that stayed, and one that came back and asked for what it had missed."""
    server = Server(seed=after_seq)
    stayed = server.connect("Ana")
    run_id = server.ask(stayed, 3)
    for _ in range(5):
        server.work(run_id)
    back = server.connect("Ana's phone", 2)
    server.resume(back, after_seq)
    server.finish()
    return stayed.transcript, back.transcript


@quick
@given(scenes(), scenes("Boris"))
def test_valid_scenes_hold(ana, boris):
    verdict = identical([*ana.transcripts, *boris.transcripts])
    assert verdict, verdict.text()


@quick
@given(st.data(), st.sampled_from([" ", "\\u00e9", "reformatted", "reordered"]))
def test_a_seq_with_another_text_is_told(data, how):
    stayed, back = two_devices()
    event = data.draw(st.sampled_from(back.durable))
    texts = {
        " ": event.frame.data + " ",
        "\\u00e9": event.frame.data.replace("a", "\\u0061", 1),
        "reformatted": json.dumps(event.fields, separators=(",", ":")),
        "reordered": json.dumps(dict(reversed(event.fields.items()))),
    }
    other = retold(back, {event.index: texts[how]})
    verdict = identical([stayed, other])
    assert blamed(verdict) == {event.index}
    assert verdict.transcript is other
    assert [(t.session, f.event.seq) for t, f in verdict.beside] == [("Ana", event.seq)]
    assert "from character" in verdict.story
    assert identical([other])
    assert devices.same_frames(other, stayed, 3, len(stayed.durable)).broken


@quick
@given(sessions(), st.data())
def test_a_seq_that_comes_again_with_another_text_is_told(scene, data):
    (transcript,) = scene.transcripts
    event = data.draw(st.sampled_from(transcript.durable))
    assert identical([doubled(transcript, event.index)])
    verdict = identical([changed(doubled(transcript, event.index), event.index + 1, timestamp=7.5)])
    assert blamed(verdict) == {event.index + 1}
    assert {frame.index for frame in verdict.context} == {event.index}


@quick
@given(scenes())
def test_a_person_nobody_knows_is_undecided(scene):
    server = Server()
    unknown = server.connect("Somebody").transcript
    unknown.owner = Owner("")
    verdict = identical([*scene.transcripts, dropped(unknown, 0)])
    assert not verdict
    assert not verdict.broken


@pytest.mark.parametrize("after_seq", [0, 2, 5])
def test_what_came_after_the_return_equals_what_stayed(after_seq):
    stayed, back = two_devices(after_seq)
    last = len(stayed.durable)
    for one, other in ((back, stayed), (stayed, back), ([back], [stayed])):
        verdict = devices.same_frames(one, other, after_seq + 1, last)
        assert verdict, verdict.text()
    if after_seq:
        verdict = devices.same_frames(back, stayed, after_seq, last)
        assert f"never received seq {after_seq} of" in verdict.story


@quick
@given(st.data())
def test_a_replay_that_loses_doubles_or_swaps_is_told(data):
    stayed, back = two_devices()
    last = len(stayed.durable)
    at = data.draw(st.integers(0, len(back.durable) - 2))
    one, other = back.durable[at : at + 2]
    lost = devices.same_frames(dropped(back, one.index), stayed, 3, last)
    assert lost.broken
    assert f"never received seq {one.seq}" in lost.story
    twice = devices.same_frames(doubled(back, one.index), stayed, 3, last)
    assert blamed(twice) == {one.index + 1}
    assert blamed(devices.same_frames(swapped(back, one.index, other.index), stayed, 3, last)) == {
        other.index
    }
    assert devices.same_frames(stayed, dropped(back, one.index), 3, last).broken


def test_a_session_is_compared_over_its_connections():
    server = Server()
    stayed = server.connect("Ana")
    phone = server.connect("Ana's phone")
    run_id = server.ask(stayed, 3)
    for _ in range(4):
        server.work(run_id)
    server.deliver(phone)
    server.end(phone, None)
    for _ in range(2):
        server.work(run_id)
    back = server.connect("Ana's phone", 2)
    server.resume(back, 4)
    server.finish()
    last = len(stayed.transcript.durable)
    both = [phone.transcript, back.transcript]
    assert devices.same_frames(both, stayed.transcript, 1, last)
    assert devices.same_frames(stayed.transcript, both, 1, last)
    wrong = [phone.transcript, dropped(back.transcript, back.transcript.durable[0].index)]
    assert "seq 5 of seq 1 to" in devices.same_frames(wrong, stayed.transcript, 1, last).story


def test_a_truncated_recording_is_undecided():
    stayed, back = two_devices()
    back.truncated = 1
    verdict = devices.same_frames(back, stayed, 3, 4)
    assert not verdict
    assert not verdict.broken
