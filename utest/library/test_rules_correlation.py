"""Who and what a frame belongs to: every wrong message, run, thread and person is told."""

import pytest
from AgentChatLibrary.rules import correlation
from AgentChatLibrary.transcript import Owner
from hypothesis import given
from hypothesis import strategies as st
from strategies import WALL, Server, changed, doubled, dropped, inserted, quick, scenes, sessions

match = correlation.replies_match_messages
thread = correlation.one_thread_and_person_per_run
own = correlation.user_id_is_own
question = correlation.one_run_per_question
only = correlation.only_these_runs
REPLIES = ("ack", "pong", "error", "resumed", "token_refreshed")
ERROR = {"type": "error", "timestamp": WALL, "code": "internal", "message": "No.", "error": "No."}


def blamed(verdict):
    return {frame.index for frame in verdict.offending}


@quick
@given(scenes())
def test_valid_scenes_hold(scene):
    for transcript in scene.transcripts:
        for rule in (match, thread, own, question):
            verdict = rule(transcript)
            assert verdict, verdict.text()


@quick
@given(sessions(pings=2), st.data(), st.sampled_from(["q-none", None, 7, [], ""]))
def test_a_reply_to_no_message_of_this_connection_is_told(scene, data, value):
    (transcript,) = scene.transcripts
    reply = data.draw(st.sampled_from(transcript.received(*REPLIES)))
    assert blamed(match(changed(transcript, reply.index, message_id=value))) == {reply.index}


@quick
@given(sessions(pings=2), st.data())
def test_a_reply_that_comes_twice_or_before_its_message_is_told(scene, data):
    (transcript,) = scene.transcripts
    reply = data.draw(st.sampled_from(transcript.received(*REPLIES)))
    assert blamed(match(doubled(transcript, reply.index))) == {reply.index + 1}
    asked = next(e for e in transcript.sent() if e.message_id == reply.message_id)
    early = inserted(dropped(transcript, reply.index), asked.index, reply.frame.data)
    assert blamed(match(early)) == {asked.index}


@quick
@given(sessions(pings=2), st.data())
def test_a_reply_of_another_kind_than_its_message_is_told(scene, data):
    (transcript,) = scene.transcripts
    ack = data.draw(st.sampled_from(transcript.received("ack")))
    pong = data.draw(st.sampled_from(transcript.received("pong")))
    for reply, other in ((ack, pong), (pong, ack)):
        wrong = changed(transcript, reply.index, message_id=other.message_id)
        assert min(reply.index, other.index) in blamed(match(wrong)) or reply.index in blamed(match(wrong))


@quick
@given(sessions(), st.data())
def test_a_question_that_is_both_accepted_and_refused_is_told(scene, data):
    (transcript,) = scene.transcripts
    ack = data.draw(st.sampled_from(transcript.received("ack")))
    both = inserted(transcript, ack.index + 1, {**ERROR, "message_id": ack.message_id})
    verdict = match(both)
    assert blamed(verdict) == {ack.index + 1}
    assert "both ack and error" in verdict.story


def test_a_question_that_is_asked_again_may_get_a_second_reply():
    server = Server()
    here = server.connect("Ana")
    server.ask(here)
    server.finish()
    sent, ack = here.transcript.sent("chat")[0], here.transcript.received("ack")[0]
    again = inserted(here.transcript, len(here.transcript.frames), sent.frame.data, "sent")
    assert match(inserted(again, len(again.frames), ack.frame.data))
    assert question(inserted(again, len(again.frames), ack.frame.data))
    assert match(inserted(again, len(again.frames), {**ERROR, "message_id": ack.message_id}))
    other = {**ack.fields, "run_id": "r_" + "0" * 32}
    verdict = question(inserted(again, len(again.frames), other))
    assert blamed(verdict) == {len(again.frames)}
    assert "two runs" in verdict.story


def test_an_error_that_answers_nothing_is_told():
    server = Server()
    here = server.connect("Ana")
    assert blamed(match(inserted(here.transcript, 1, ERROR))) == {1}
    server.ping(here)
    server.deliver(here)
    assert blamed(match(inserted(here.transcript, 3, ERROR))) == {3}


def test_an_ack_made_for_a_question_without_an_id_is_its_own():
    server = Server()
    here = server.connect("Ana")
    server.ask(here, named=False)
    server.deliver(here)
    assert match(here.transcript)
    assert blamed(match(doubled(here.transcript, 2))) == {3}


@pytest.mark.parametrize("kind", ["pong", "resumed", "token_refreshed", "ack"])
def test_a_reply_without_an_id_needs_a_message_without_one(kind):
    server = Server()
    here = server.connect("Ana")
    server.ping(here, named=True)
    server.deliver(here)
    reply = {"type": kind, "timestamp": WALL}
    assert blamed(match(inserted(here.transcript, 3, reply))) == {3}


@quick
@given(
    sessions(), st.data(), st.sampled_from(["thread_id", "user_id"]), st.sampled_from(["x_1", None, 7, ...])
)
def test_an_event_of_another_thread_or_person_is_told(scene, data, field, value):
    (transcript,) = scene.transcripts
    event = data.draw(st.sampled_from(transcript.durable))
    verdict = thread(changed(transcript, event.index, **{field: value}))
    assert verdict.broken
    first = next(e for e in transcript.durable if e.run_id == event.run_id)
    assert (field == "user_id" and event.index == first.index) or blamed(verdict) == {event.index}
    others = [run_id for run_id in scene.runs if run_id != event.run_id]
    assert all(thread(changed(transcript, event.index, **{field: value}), run_id) for run_id in others)


@quick
@given(sessions(), st.data())
def test_an_ack_of_another_thread_is_told(scene, data):
    (transcript,) = scene.transcripts
    ack = data.draw(st.sampled_from(transcript.received("ack")))
    verdict = thread(changed(transcript, ack.index, thread_id="t_" + "0" * 32))
    assert blamed(verdict) == {e.index for e in transcript.durable if e.run_id == ack.run_id}


@quick
@given(sessions(), st.data(), st.sampled_from(["t_" + "0" * 32, "", None, 7]))
def test_a_question_that_is_not_accepted_into_its_conversation_is_told(scene, data, value):
    (transcript,) = scene.transcripts
    ack = data.draw(st.sampled_from(transcript.received("ack")))
    asked = transcript.sent_as(ack.message_id)
    assert thread(changed(transcript, asked.index, thread_id=ack.thread_id))
    elsewhere = changed(transcript, asked.index, thread_id="t_" + "1" * 32)
    assert blamed(thread(elsewhere)) == {ack.index}
    assert thread(changed(elsewhere, ack.index, thread_id=value)).broken
    assert thread(changed(transcript, asked.index, thread_id=value)).broken == isinstance(value, str)


@quick
@given(sessions(), st.data(), st.sampled_from(["u_" + "0" * 32, "", None, 7, []]))
def test_another_persons_id_is_told_wherever_it_stands(scene, data, value):
    (transcript,) = scene.transcripts
    event = data.draw(st.sampled_from([e for e in transcript.received() if "user_id" in e]))
    assert blamed(own(changed(transcript, event.index, user_id=value))) == {event.index}
    ack = transcript.received("ack")[0]
    assert blamed(own(changed(transcript, ack.index, user_id=value))) == {ack.index}


@quick
@given(sessions())
def test_a_person_nobody_knows_is_told_by_the_welcome_or_undecided(scene):
    (transcript,) = scene.transcripts
    transcript.owner = Owner("Ana")
    assert own(transcript)
    event = transcript.durable[0]
    assert blamed(own(changed(transcript, event.index, user_id="u_other"))) == {event.index}
    verdict = own(dropped(transcript, 0))
    assert not verdict
    assert not verdict.broken


@quick
@given(sessions(runs=(2, 3)))
def test_a_run_that_answers_two_questions_is_told(scene):
    (transcript,) = scene.transcripts
    one, other = transcript.received("ack")[:2]
    verdict = question(changed(transcript, other.index, run_id=one.run_id))
    assert blamed(verdict) == {other.index}
    assert "two questions" in verdict.story


@quick
@given(sessions(runs=(2, 3)), st.data())
def test_a_stranger_among_the_runs_is_told(scene, data):
    (transcript,) = scene.transcripts
    assert only(transcript, scene.runs)
    assert "until" in only(transcript, scene.runs).story
    verdict = only(transcript, scene.runs[1:])
    assert blamed(verdict) == {e.index for e in transcript.durable if e.run_id == scene.runs[0]}
    event = data.draw(st.sampled_from(transcript.durable))
    for value in ("r_other", None, 7, ...):
        verdict = only(changed(transcript, event.index, run_id=value), scene.runs)
        assert blamed(verdict) == {event.index}


@quick
@given(sessions())
def test_a_truncated_recording_is_undecided_but_what_is_broken_stays_broken(scene):
    (transcript,) = scene.transcripts
    transcript.truncated = 1
    for rule in (match, thread, own, question):
        assert not rule(transcript)
        assert not rule(transcript).broken
    wrong = changed(transcript, transcript.durable[0].index, user_id="u_other")
    wrong.truncated = 1
    assert own(wrong).broken
