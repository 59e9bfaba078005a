"""The order of replies: acks before events and in the order of asking, pongs as the pings."""

import pytest
from AgentChatLibrary.frames import Direction
from AgentChatLibrary.rules import replies
from hypothesis import given
from hypothesis import strategies as st
from strategies import WALL, Server, changed, doubled, dropped, inserted, quick, scenes, sessions, swapped

acks = replies.acks_come_first
pongs = replies.pongs_answer_pings


def blamed(verdict):
    return {frame.index for frame in verdict.offending}


@quick
@given(scenes())
def test_valid_scenes_hold(scene):
    for transcript in scene.transcripts:
        for rule in (acks, pongs):
            verdict = rule(transcript)
            assert verdict, verdict.text()


@quick
@given(sessions(), st.data())
def test_an_ack_after_an_event_of_its_run_is_told(scene, data):
    (transcript,), run_id = scene.transcripts, data.draw(st.sampled_from(scene.runs))
    ack = next(e for e in transcript.received("ack") if e.run_id == run_id)
    event = data.draw(st.sampled_from([e for e in transcript.durable if e.run_id == run_id]))
    late = inserted(dropped(transcript, ack.index), event.index, ack.frame.data)
    verdict = acks(late)
    assert verdict.broken
    assert any(f.event.run_id == run_id for f in verdict.offending)
    if len(scene.runs) == 1:
        assert blamed(verdict) == {event.index}


@quick
@given(sessions(runs=(2, 4)), st.data())
def test_acks_in_another_order_than_the_questions_are_told(scene, data):
    transcript = scene.transcripts[0]
    asked, *others = transcript.received("ack")
    other = data.draw(st.sampled_from(others))
    names = changed(transcript, asked.index, message_id=other.message_id)
    verdict = acks(changed(names, other.index, message_id=asked.message_id))
    assert verdict.broken
    assert blamed(verdict) <= {e.index for e in transcript.received("ack")}
    assert "the other way round" in verdict.story


def test_a_question_asked_again_may_be_acknowledged_again():
    server = Server()
    here = server.connect("Ana")
    server.ask(here)
    server.ask(here)
    server.finish()
    question, ack = here.transcript.sent("chat")[0], here.transcript.received("ack")[0]
    again = inserted(here.transcript, len(here.transcript.frames), question.frame.data, Direction.SENT)
    assert acks(inserted(again, len(again.frames), ack.frame.data))


def test_a_question_asked_again_on_a_later_connection_is_not_held_against_it():
    server = Server()
    early = server.connect("Ana")
    run_id = server.ask(early)
    server.work(run_id)
    late = server.connect("Ana's laptop")
    server.work(run_id)
    server.deliver(late)
    question = early.transcript.sent("chat")[0]
    server.deliver(early)
    ack = early.transcript.received("ack")[0]
    again = inserted(late.transcript, len(late.transcript.frames), question.frame.data, Direction.SENT)
    assert acks(inserted(again, len(again.frames), ack.frame.data))


@quick
@given(sessions(pings=5), st.data())
def test_pongs_that_are_lost_doubled_or_swapped_are_told(scene, data):
    (transcript,) = scene.transcripts
    came = transcript.received("pong")
    at = data.draw(st.integers(0, len(came) - 2))
    one, other = came[at], came[at + 1]
    assert blamed(pongs(doubled(transcript, one.index))) == {one.index + 1}
    assert "again" in pongs(doubled(transcript, one.index)).story
    lost = dropped(transcript, one.index)
    assert blamed(pongs(lost)) == {other.index - 1}
    assert "1 earlier ping had no answer" in pongs(lost).story
    assert one.index in blamed(pongs(swapped(transcript, one.index, other.index)))


@quick
@given(
    sessions(pings=3),
    st.data(),
    st.sampled_from(["sequence", "data", "message_id"]),
    st.sampled_from([None, -1, "1", True, {}, ["x"], ...]),
)
def test_a_pong_that_echoes_something_else_is_told(scene, data, field, value):
    (transcript,) = scene.transcripts
    pong = data.draw(st.sampled_from(transcript.received("pong")))
    verdict = pongs(changed(transcript, pong.index, **{field: value}))
    assert blamed(verdict) == {pong.index}


def test_what_python_calls_equal_is_told_apart():
    server = Server()
    here = server.connect("Ana")
    server.send(here, "ping", data=[1])
    server.reply(here, "pong", data=[True])
    server.deliver(here)
    assert pongs(here.transcript).broken
    assert pongs(changed(here.transcript, 2, data=[1.0])).broken
    assert pongs(changed(here.transcript, 2, data=[1]))


@quick
@given(sessions(pings=3))
def test_a_last_ping_without_a_pong_is_told_when_all_must_be_answered(scene):
    (transcript,) = scene.transcripts
    assert pongs(transcript, complete=True)
    pong, ping = transcript.received("pong")[-1], transcript.sent("ping")[-1]
    lost = dropped(transcript, pong.index)
    assert pongs(lost)
    assert blamed(pongs(lost, complete=True)) == {ping.index}


@pytest.mark.parametrize("named", [True, False])
def test_a_ping_that_was_refused_needs_no_pong(named):
    server = Server()
    here = server.connect("Ana")
    echo = {"message_id": "p-9"} if named else {}
    server.send(here, "ping", sequence="no number", **echo)
    server.reply(here, "error", code="invalid_message", field="sequence", **echo)
    server.ping(here)
    server.deliver(here)
    assert pongs(here.transcript, complete=True)
    without_error = dropped(here.transcript, here.transcript.received("error")[0].index)
    assert pongs(without_error).broken


def test_a_thousand_pings_in_a_burst_hold():
    server = Server()
    here = server.connect("Ana")
    for number in range(1000):
        server.send(here, "ping", sequence=number, message_id=f"b-{number}")
        server.reply(here, "pong", sequence=number, message_id=f"b-{number}")
    server.deliver(here)
    assert pongs(here.transcript, complete=True)
    verdict = pongs(swapped(here.transcript, 1500, 1501))
    assert len(verdict.offending) == 1


def test_a_pong_of_no_ping_is_told():
    server = Server()
    here = server.connect("Ana")
    stray = inserted(here.transcript, 1, {"type": "pong", "timestamp": WALL, "data": "x"})
    verdict = pongs(stray)
    assert blamed(verdict) == {1}
    assert "answers no ping" in verdict.story


def test_a_truncated_recording_is_undecided():
    server = Server()
    here = server.connect("Ana")
    here.transcript.truncated = 1
    for rule in (acks, pongs):
        assert not rule(here.transcript)
        assert not rule(here.transcript).broken
