"""The time of day that frames bear: right within bounds, and told when it is wrong."""

import pytest
from AgentChatLibrary.frames import Direction
from AgentChatLibrary.rules import clocks
from AgentChatLibrary.verdict import Outcome
from hypothesis import given
from hypothesis import strategies as st
from scripted import greeted, scripted
from strategies import Server, changed, dropped, garbled, quick, scenes, sessions, with_frames

rule = clocks.timestamps_tell_the_time
AHEAD, BEHIND = clocks.AHEAD_SECONDS, clocks.BEHIND_SECONDS


def blamed(verdict):
    return {frame.index for frame in verdict.offending}


def came(transcript, event):
    return transcript.wall(event.frame)


def shifted(transcript, seconds, *indexes):
    """With times of receipt instead of sending, and so many seconds added at these indexes."""
    for index in indexes:
        event = transcript.frames[index].event
        transcript = changed(transcript, index, timestamp=came(transcript, event) + seconds)
    return transcript


@quick
@given(scenes())
def test_valid_scenes_tell_the_time(scene):
    for transcript in scene.transcripts:
        verdict = rule(transcript)
        assert verdict, verdict.text()


@quick
@given(sessions(pings=2), st.data(), st.floats(AHEAD + 0.1, 1e9))
def test_any_frame_from_the_future_is_told(scene, data, seconds):
    (transcript,) = scene.transcripts
    event = data.draw(st.sampled_from(transcript.received()))
    assert blamed(rule(shifted(transcript, seconds, event.index))) == {event.index}


@quick
@given(sessions(pings=2, past=1), st.data(), st.floats(BEHIND + 0.1, 1e9))
def test_any_live_frame_from_the_past_is_told(scene, data, seconds):
    (transcript,) = scene.transcripts
    event = data.draw(st.sampled_from(transcript.received()))
    assert blamed(rule(shifted(transcript, -seconds, event.index))) == {event.index}


@quick
@given(sessions(pings=2), st.data(), st.floats(-BEHIND + 0.1, AHEAD - 0.1))
def test_clocks_may_differ_a_little(scene, data, seconds):
    (transcript,) = scene.transcripts
    indexes = data.draw(st.sets(st.sampled_from([event.index for event in transcript.received()])))
    assert rule(shifted(transcript, seconds, *indexes))


@quick
@given(sessions(), st.floats(AHEAD + 1, 1e7), st.booleans())
def test_milliseconds_and_another_zone_are_told(scene, seconds, in_milliseconds):
    (transcript,) = scene.transcripts
    event = transcript.durable[0]
    stamp = event.timestamp * 1000 if in_milliseconds else event.timestamp + seconds
    assert rule(changed(transcript, event.index, timestamp=stamp)).broken


def replayed():
    server = Server()
    server.plan(server.new_id("r"), server.new_id("t"), 2)
    server.finish()
    server.clock += 86_400
    here = server.connect("Ana")
    server.resume(here, 0)
    server.ask(here)
    server.finish()
    return here.transcript


@pytest.mark.parametrize(("seconds", "right"), [(10, True), (10.5, False), (-60, True), (-60.5, False)])
def test_ten_seconds_ahead_and_sixty_behind_are_allowed(seconds, right):
    frames = (greeted(), f"< pong timestamp={1_790_000_000.25 + seconds!r}")
    assert rule(scripted(*frames)).outcome is (Outcome.HOLDS if right else Outcome.BROKEN)


def test_a_frame_without_a_time_hides_none_behind_it():
    transcript = scripted(greeted(), "< pong", "< pong timestamp=5")
    assert blamed(rule(transcript)) == {2}


def test_what_is_replayed_may_be_of_any_age():
    transcript = replayed()
    old = transcript.durable[0]
    assert came(transcript, old) - old.timestamp > BEHIND
    assert rule(transcript)


def test_what_is_replayed_is_never_from_the_future():
    transcript = replayed()
    old = transcript.durable[0]
    assert blamed(rule(shifted(transcript, AHEAD + 1, old.index))) == {old.index}


def test_what_came_live_after_a_replay_counts():
    transcript = replayed()
    new = transcript.durable[-1]
    assert blamed(rule(shifted(transcript, -BEHIND - 1, new.index))) == {new.index}


def test_events_without_a_number_or_a_watershed_may_be_of_any_age():
    transcript = replayed()
    new = transcript.durable[-1]
    wrong = shifted(transcript, -BEHIND - 1, new.index)
    assert rule(changed(wrong, new.index, seq=...))
    assert rule(dropped(wrong, 0))


@pytest.mark.parametrize("value", [None, "now", True, [], ...])
def test_what_is_no_time_is_left_to_the_contract(value):
    transcript = replayed()
    assert rule(changed(transcript, transcript.durable[-1].index, timestamp=value))


def test_what_was_sent_may_say_what_it_likes():
    transcript = replayed()
    transcript.append(transcript.frames[-1].at, Direction.SENT, "text", '{"type": "ping", "timestamp": 5}')
    assert rule(transcript)


def test_a_recording_without_the_time_of_day_or_without_frames_is_undecided():
    transcript = replayed()
    unknown = with_frames(transcript, transcript.frames)
    unknown.opened_wall = 0.0
    assert rule(unknown).outcome is Outcome.UNDECIDED
    transcript.truncated = 1
    assert rule(transcript).outcome is Outcome.UNDECIDED


def test_the_story_says_by_how_much():
    transcript = replayed()
    verdict = rule(shifted(transcript, 7200, transcript.durable[-1].index))
    assert "bears a time 7,200 s after it came." in verdict.story
    verdict = rule(shifted(transcript, -3600, transcript.durable[-1].index))
    assert "bears a time 3,600 s before it came." in verdict.story


@quick
@given(garbled())
def test_nothing_makes_it_raise(transcript):
    transcript.opened_wall = 1_790_000_000.0
    assert rule(transcript).text() is not None
