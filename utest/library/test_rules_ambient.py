"""The ambient invariants: they hold of every valid scene, catch every kind of break, and never raise."""

import gc
import json
import time

import pytest
from AgentChatLibrary.contract import Contract
from AgentChatLibrary.frames import Direction, Kind
from AgentChatLibrary.rules import (
    correlation,
    devices,
    endings,
    isolation,
    order,
    pairing,
    replies,
    secrets,
    sequence,
    timing,
)
from AgentChatLibrary.rules.ambient import INVARIANTS, ambient
from AgentChatLibrary.verdict import Outcome, holds, undecided
from hypothesis import given
from hypothesis import strategies as st
from strategies import (
    Server,
    an_id,
    changed,
    doubled,
    dropped,
    garbled,
    inserted,
    quick,
    reseqed,
    retold,
    scenes,
    sessions,
    with_frames,
)

CONTRACT = Contract()
SECRET = "a-secret-of-somebody-else"


def blamed(verdict):
    return {frame.index for frame in verdict.offending}


def broken_rules(transcripts):
    return {verdict.rule for verdict in ambient(transcripts, CONTRACT, [SECRET]) if verdict.broken}


@quick
@given(scenes(), scenes("Boris"))
def test_valid_scenes_of_two_people_hold(ana, boris):
    verdicts = ambient([*ana.transcripts, *boris.transcripts], CONTRACT, [SECRET])
    assert {verdict.rule for verdict in verdicts} == set(INVARIANTS)
    for verdict in verdicts:
        assert not verdict.broken, verdict.text()
        assert verdict or verdict.rule == endings.ENDED


LEAK = f"canary-person-{an_id('u', 'Boris')}-0badcafe"
BREAKS = {
    "clocks.timestamps_tell_the_time": lambda t, e: changed(t, e.index, timestamp=e.timestamp + 7200),
    "contract.valid": lambda t, e: changed(t, e.index, private=1),
    "sequence.established_first": lambda t, _: dropped(t, 0),
    "correlation.user_id_is_own": lambda t, e: changed(t, e.index, user_id=an_id("u", "Boris")),
    "sequence.seq_rises_by_one": lambda t, e: dropped(t, e.index),
    "secrets.holds_no_secret": lambda t, e: changed(t, e.index, message=SECRET),
    "isolation.no_foreign_canary": lambda t, e: changed(t, e.index, message=LEAK),
    "devices.same_seq_same_frame": lambda t, e: retold(t, {e.index: e.frame.data + " "}),
    "endings.nothing_above_the_end": lambda t, e: reseqed(
        inserted(t, len(t.frames), {**e.fields, "type": "agent_thinking"})
    ),
    "endings.acknowledged_runs_ended": lambda t, _: inserted(
        dropped(t, t.durable[-1].index), len(t.frames) - 1, "", kind=Kind.CLOSE
    ),
}


@pytest.mark.parametrize("rule", INVARIANTS)
@quick
@given(sessions(), st.data())
def test_each_invariant_catches_what_breaks_it(rule, scene, data):
    (transcript,) = scene.transcripts
    event = data.draw(st.sampled_from(transcript.durable[:-1]))
    wrong = BREAKS[rule](transcript, event)
    if rule == "endings.acknowledged_runs_ended":
        wrong.frames[-1].code = 1001
    stayed = with_frames(transcript, transcript.frames)
    beside = [stayed] if rule == "devices.same_seq_same_frame" else []
    assert rule in broken_rules([*beside, wrong])
    assert broken_rules([stayed]) == set()


@quick
@given(garbled(), garbled())
def test_no_rule_raises_for_whatever_came_over_the_wire(one, other):
    verdicts = [*ambient([one, other], CONTRACT, [SECRET]), *ambient([other], CONTRACT, [])]
    for transcript in (one, other):
        verdicts += [
            rule(transcript)
            for rule in (
                order.started_first,
                order.thinking_before_tools,
                order.steps_rise_by_one,
                order.calls_closed_before_the_end,
                order.one_end,
                order.nothing_after_the_end,
                order.agreed_order,
                pairing.every_tool_call_is_answered,
                pairing.findings_come_from_calls,
                sequence.timestamps_never_fall,
                replies.acks_come_first,
                replies.pongs_answer_pings,
                correlation.replies_match_messages,
                correlation.one_thread_and_person_per_run,
                correlation.one_run_per_question,
                isolation.no_foreign_events,
                timing.durations_are_true,
            )
        ]
        for run_id in ("r_1", *list(transcript.runs())[:1]):
            verdicts.append(order.complete_run(transcript, run_id))
            verdicts.append(timing.within(transcript, run_id, dict.fromkeys(timing.TRANSITIONS, 0.001)))
            verdicts.append(isolation.no_events_of(transcript, [run_id]))
            verdicts.append(correlation.only_these_runs(transcript, [run_id]))
        verdicts.append(isolation.nothing_received_between(transcript, -2, 9, ["pong"]))
        verdicts.append(replies.pongs_answer_pings(transcript, complete=True))
    verdicts.append(devices.same_frames(one, other, 1, 3))
    verdicts.append(devices.same_frames([one, other], [other], 1, 3))
    for verdict in verdicts:
        text = verdict.text()
        text.encode("utf-8")
        assert verdict or text
        assert verdict.outcome is not Outcome.UNDECIDED or verdict.story
        assert all(line.isprintable() for line in text.split("\n"))


def test_a_frame_above_the_end_is_told_on_another_device():
    server = Server()
    asking = server.connect("Ana")
    run_id = server.ask(asking)
    other = server.connect("Ana's phone")
    server.finish()
    end = asking.transcript.durable[-1]
    late = {**end.fields, "type": "agent_thinking", "seq": end.seq + 1}
    phone = inserted(other.transcript, len(other.transcript.frames), late)
    phone = dropped(phone, phone.received("agent_completed")[0].index)
    verdict = endings.nothing_above_the_end([asking.transcript, phone])
    assert blamed(verdict) == {len(phone.frames) - 1}
    assert verdict.beside[0][0] is asking.transcript
    assert run_id[:10] in verdict.story


@quick
@given(sessions(), st.data())
def test_two_ends_of_one_run_are_told_by_the_later(scene, data):
    (transcript,) = scene.transcripts
    end = data.draw(st.sampled_from(transcript.received("agent_completed")))
    twice = reseqed(doubled(transcript, end.index))
    assert blamed(endings.nothing_above_the_end([twice])) == {end.index + 1}


@quick
@given(sessions(past=1), st.data())
def test_each_run_has_one_end_unless_it_is_taken_away_or_comes_again(scene, data):
    (transcript,) = scene.transcripts
    assert endings.each_run_ends_once([transcript])
    end = data.draw(st.sampled_from(transcript.received("agent_completed")))
    assert endings.each_run_ends_once([dropped(transcript, end.index)]).broken
    twice = reseqed(doubled(transcript, end.index))
    assert blamed(endings.each_run_ends_once([twice])) == {end.index + 1}
    assert endings.each_run_ends_once([dropped(transcript, end.index), transcript])


@pytest.mark.parametrize("code", [1000, 1001, 1006, None])
def test_a_run_without_an_end_is_broken_only_when_a_drained_server_closed(code):
    server = Server()
    here = server.connect("Ana")
    run_id = server.ask(here)
    server.work(run_id)
    server.deliver(here)
    kind = Kind.DROP if code is None else Kind.CLOSE
    here.transcript.append(server.tick(), Direction.RECEIVED, kind, "", code)
    verdict = endings.acknowledged_runs_ended([here.transcript])
    assert not verdict
    assert verdict.broken is (code == 1001)
    if code == 1001:
        assert verdict.offending[0].code == 1001
        twice = inserted(here.transcript, 1, here.transcript.sent("chat")[0].frame.data, Direction.SENT)
        assert not endings.acknowledged_runs_ended([here.transcript, twice]).broken


def test_the_echo_of_a_persons_own_close_is_no_draining():
    server = Server()
    here = server.connect("Ana")
    server.work(server.ask(here))
    server.deliver(here)
    here.transcript.append(server.tick(), Direction.SENT, Kind.CLOSE, "", 1001)
    here.transcript.append(server.tick(), Direction.RECEIVED, Kind.CLOSE, "", 1001)
    verdict = endings.acknowledged_runs_ended([here.transcript])
    assert not verdict
    assert not verdict.broken


def test_a_run_that_ended_on_another_connection_has_ended():
    server = Server()
    here = server.connect("Ana")
    run_id = server.ask(here)
    server.work(run_id)
    server.end(here, 1001)
    back = server.connect("Ana", 2)
    server.finish()
    assert endings.acknowledged_runs_ended([here.transcript, back.transcript])
    assert not endings.acknowledged_runs_ended([here.transcript])


def test_a_truncated_recording_is_undecided_by_every_rule_about_one_connection():
    server = Server()
    here = server.connect("Ana")
    server.ask(here)
    server.finish()
    here.transcript.truncated = 5
    for verdict in ambient([here.transcript], CONTRACT, [SECRET]):
        assert not verdict.broken
        assert verdict.outcome is Outcome.UNDECIDED or verdict.rule in (devices.IDENTICAL, endings.ENDED)
        assert verdict.cut == (verdict.outcome is Outcome.UNDECIDED)


def test_what_cannot_be_decided_for_another_reason_is_not_for_want_of_frames():
    here = Server().connect("Ana")
    assert not undecided("a.rule", here.transcript, "nothing was sent").cut
    assert not undecided("a.rule", None, "nothing was sent").cut
    here.transcript.truncated = 1
    assert undecided("a.rule", here.transcript, "one is missing").cut
    assert not holds("a.rule", here.transcript).cut


def test_nothing_to_judge_holds():
    assert all(ambient([], CONTRACT, []))


def test_judging_takes_a_time_that_grows_with_the_frames_alone():
    class Anything:
        def problems(self, _direction, _message, /):
            return []

    def seconds(rounds):
        server = Server()
        here = server.connect("Ana")
        for _ in range(rounds):
            server.ask(here, 3)
            server.ping(here)
            server.finish()
        transcript = with_frames(here.transcript, here.transcript.frames)
        json.dumps([f.event.type for f in transcript.frames])
        gc.collect()
        gc.disable()  # a collection looks at all that the tests have made, and comes when it comes
        try:
            started = time.process_time()
            assert all(ambient([transcript], Anything(), [SECRET]))
            return time.process_time() - started
        finally:
            gc.enable()

    few, many = (min(seconds(rounds) for _ in range(3)) for rounds in (200, 800))
    assert many < 4 * 3 * max(few, 0.005), "four times the frames took more than 12 times as long"


def test_secrets_are_prepared_once_for_all_connections_and_once_when_there_are_more(monkeypatch):
    server = Server()
    here = server.connect("Ana")
    many = [f"{n:040d}" for n in range(500)]
    prepared, forms = [], secrets.forms
    monkeypatch.setattr(secrets, "forms", lambda secret: prepared.append(secret) or forms(secret))
    ambient([here.transcript] * 20, CONTRACT, many)
    assert sorted(prepared) == many
    ambient([here.transcript] * 20, CONTRACT, [*many, "one-more-secret"])
    assert prepared[len(many) :] == ["one-more-secret"]
