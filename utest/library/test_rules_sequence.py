"""Durable delivery: gaps, repeats, replays and clocks, each broken in every way."""

import json

import pytest
from AgentChatLibrary.frames import Kind
from AgentChatLibrary.rules import sequence
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import (
    WALL,
    Server,
    changed,
    doubled,
    dropped,
    inserted,
    quick,
    scenes,
    sessions,
    swapped,
    with_frames,
)

seq = sequence.seq_rises_by_one


def blamed(verdict):
    return {frame.index for frame in verdict.offending}


def replayed(after_seq=2, past=8, live=True):
    """A connection that resumed, with live events on both sides of the replay."""
    server = Server(seed=after_seq)
    old = server.new_id("r")
    server.plan(old, server.new_id("t"), 3)
    for _ in range(past):
        server.work(old)
    here = server.connect("Ana")
    if live:
        server.work(old)
    server.resume(here, after_seq)
    server.finish()
    return here.transcript


@quick
@given(scenes())
def test_valid_scenes_hold(scene):
    for transcript in scene.transcripts:
        for rule in (seq, sequence.established_first, sequence.timestamps_never_fall):
            verdict = rule(transcript)
            assert verdict, verdict.text()


@quick
@given(sessions(past=1), st.data())
def test_a_gap_a_repeat_and_a_swap_are_told(scene, data):
    (transcript,) = scene.transcripts
    durable = transcript.durable
    at = data.draw(st.integers(0, len(durable) - 2))
    lost = dropped(transcript, durable[at].index)
    verdict = seq(lost)
    assert blamed(verdict) == {durable[at + 1].index - 1}
    assert f"seq {durable[at].seq} never came" in verdict.story
    assert blamed(seq(doubled(transcript, durable[at].index))) == {durable[at].index + 1}
    assert blamed(seq(swapped(transcript, durable[at].index, durable[at + 1].index))) == {durable[at].index}


@quick
@given(sessions(past=1), st.data(), st.sampled_from([0, -1, 1, "3", None, True, 2.0, 10**30, ...]))
def test_a_seq_that_is_renumbered_or_of_another_type_is_told(scene, data, value):
    (transcript,) = scene.transcripts
    event = data.draw(st.sampled_from(transcript.durable))
    assert blamed(seq(changed(transcript, event.index, seq=value))) == {event.index}


@quick
@given(sessions(past=1), st.data())
def test_a_stream_that_starts_beside_the_watershed_is_told(scene, data):
    (transcript,) = scene.transcripts
    first = transcript.durable[0]
    off = data.draw(st.sampled_from([-1, 1, 5]))
    assume(transcript.watershed + off >= 0)
    assert blamed(seq(changed(transcript, 0, last_seq=transcript.watershed + off))) == {first.index}


@pytest.mark.parametrize("after_seq", [0, 1, 2, 7, 8])
@pytest.mark.parametrize("live", [False, True])
def test_a_replay_holds(after_seq, live):
    transcript = replayed(after_seq, live=live)
    assert transcript.watershed == 8
    assert seq(transcript), seq(transcript).text()


@pytest.mark.parametrize("field", ["from_seq", "to_seq", "count"])
@pytest.mark.parametrize("value", [0, 1, 2, 99, -1, "3", None, True, ...])
def test_a_resumed_that_lies_is_told(field, value):
    transcript = replayed(3)
    (resumed,) = transcript.received("resumed")
    verdict = seq(changed(transcript, resumed.index, **{field: value}))
    assert blamed(verdict) == {resumed.index}
    assert field in verdict.story


def test_a_replay_off_by_one_too_long_too_short_or_from_the_beginning_is_told():
    transcript = replayed(3)
    first, second, *_, last = [e for e in transcript.durable if e.seq <= 8]
    (resumed,) = transcript.received("resumed")
    assert blamed(seq(dropped(transcript, first.index))) == {second.index - 1}
    assert blamed(seq(dropped(transcript, second.index))) == {second.index}
    verdict = seq(dropped(transcript, last.index))
    assert blamed(verdict) == {resumed.index - 1}
    assert "still due, from seq 8" in verdict.story
    assert blamed(seq(doubled(transcript, last.index))) == {last.index + 1}
    assert blamed(seq(doubled(transcript, first.index))) == {first.index + 1}
    assert blamed(seq(swapped(transcript, first.index, second.index))) == {first.index}
    before = inserted(transcript, first.index, {**first.fields, "seq": 3})
    assert blamed(seq(before)) == {first.index}
    (resume,) = transcript.sent("resume")
    assert seq(changed(transcript, resume.index, after_seq=4)).broken
    assert seq(changed(transcript, resume.index, after_seq=2)).broken


def test_a_replay_of_nothing_or_without_an_end_is_told():
    transcript = replayed(3, live=False)
    old = [e.index for e in transcript.durable if e.seq <= 8]
    resumed = transcript.received("resumed")[0]
    verdict = seq(dropped(transcript, *old))
    assert blamed(verdict) == {resumed.index - len(old)}
    assert "5 events still due" in verdict.story
    live = next(e for e in transcript.durable if e.seq == 9)
    verdict = seq(dropped(transcript, resumed.index))
    assert blamed(verdict) == {live.index - 1}
    assert "in the middle of a replay" in verdict.story


def test_a_live_event_in_the_middle_of_a_replay_is_told():
    transcript = replayed(3, live=False)
    third = [e for e in transcript.durable if e.seq <= 8][2]
    live = next(e for e in transcript.durable if e.seq == 9)
    mixed = inserted(dropped(transcript, live.index), third.index, live.frame.data)
    verdict = seq(mixed)
    assert blamed(verdict) == {third.index}
    assert verdict.expected == sequence.NOTHING_BETWEEN


def test_an_old_event_without_a_resume_is_told():
    transcript = replayed(3)
    (resume,) = transcript.sent("resume")
    old = next(e for e in transcript.durable if e.seq <= 8)
    verdict = seq(dropped(transcript, resume.index))
    assert blamed(verdict) == {old.index - 1}
    assert "without having asked" in verdict.story
    late = inserted(transcript, len(transcript.frames), old.frame.data)
    assert blamed(seq(late)) == {len(transcript.frames)}


def test_a_resumed_without_a_resume_is_told():
    server = Server()
    here = server.connect("Ana")
    server.reply(here, "resumed", from_seq=1, to_seq=0, count=0)
    server.deliver(here)
    assert blamed(seq(here.transcript)) == {1}
    twice = replayed(3)
    (resumed,) = twice.received("resumed")
    assert blamed(seq(doubled(twice, resumed.index))) == {resumed.index + 1}


@pytest.mark.parametrize("bad", [-1, 9, "2", None, True])
def test_a_resume_that_is_refused_opens_no_replay(bad):
    transcript = replayed(3)
    (resume,) = transcript.sent("resume")
    refusal = {"type": "error", "timestamp": WALL, "code": "invalid_message", "message_id": "s-9"}
    asked = {"type": "resume", "after_seq": bad, "message_id": "s-9"}
    with_ask = inserted(transcript, resume.index, asked, "sent")
    assert seq(inserted(with_ask, resume.index + 1, refusal)), "a refused resume delays no other"
    alone = inserted(dropped(transcript, resume.index), resume.index, asked, "sent")
    assert seq(alone).broken


def test_a_resume_that_is_refused_although_it_is_valid_waits_no_longer():
    transcript = replayed(3)
    (resume,) = transcript.sent("resume")
    refusal = {"type": "error", "timestamp": WALL, "code": "rate_limited", "message_id": "s-9"}
    asked = {"type": "resume", "after_seq": 1, "message_id": "s-9"}
    with_ask = inserted(transcript, resume.index, asked, "sent")
    assert seq(inserted(with_ask, resume.index + 1, refusal))


@quick
@given(sessions(pings=2), st.data())
def test_a_first_frame_other_than_the_welcome_is_told(scene, data):
    (transcript,) = scene.transcripts
    first = sequence.established_first
    assert blamed(first(dropped(transcript, 0))) == {
        next(f.index for f in transcript.frames[1:] if f.received) - 1
    }
    other = data.draw(st.sampled_from([e.index for e in transcript.received()][1:]))
    assert blamed(first(swapped(transcript, 0, other))) == {0}
    assert blamed(first(doubled(transcript, 0, other + 1))) == {other + 1}
    assert blamed(first(inserted(transcript, 0, b"\x00", kind=Kind.BINARY))) == {0}
    assert first(inserted(transcript, 0, b"", kind=Kind.PING)), "a heartbeat is no message"


def test_a_connection_that_received_nothing_is_undecided():
    server = Server()
    here = server.connect("Ana")
    nothing = with_frames(here.transcript, [])
    for rule in (sequence.established_first, seq):
        assert not rule(nothing)
        assert not rule(nothing).broken


@quick
@given(sessions(), st.sampled_from(["7", None, True, 1.5, ...]))
def test_without_a_watershed_seq_is_undecided(scene, value):
    verdict = seq(changed(scene.transcripts[0], 0, last_seq=value))
    assert not verdict
    assert not verdict.broken
    assert "watershed" in verdict.story


@quick
@given(sessions(), st.data())
def test_a_clock_that_runs_backwards_is_told(scene, data):
    (transcript,) = scene.transcripts
    at = data.draw(st.integers(1, len(transcript.durable) - 1))
    before, event = transcript.durable[at - 1 : at + 1]
    back = changed(transcript, event.index, timestamp=before.timestamp - 0.001)
    verdict = sequence.timestamps_never_fall(back)
    assert blamed(verdict) == {event.index}
    assert {frame.index for frame in verdict.context} == {before.index}


def test_the_clock_is_judged_by_seq_not_by_receipt():
    transcript = replayed(0)
    assert sequence.timestamps_never_fall(transcript)
    old = transcript.durable[3]
    late = changed(transcript, old.index, timestamp=WALL + 99)
    verdict = sequence.timestamps_never_fall(late)
    (guilty,) = verdict.offending
    assert guilty.event.seq == old.seq + 1


@quick
@given(sessions())
def test_a_truncated_recording_is_undecided(scene):
    (transcript,) = scene.transcripts
    transcript.truncated = 1
    for rule in (seq, sequence.established_first, sequence.timestamps_never_fall):
        assert not rule(transcript)
        assert not rule(transcript).broken


def test_the_story_shows_what_came_before():
    transcript = replayed(3)
    lost = dropped(transcript, transcript.durable[-2].index)
    text = seq(lost).text()
    assert text.count("\n") == 3, text
    assert json.dumps(text)
