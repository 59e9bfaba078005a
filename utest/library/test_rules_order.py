"""The order within a run: valid sessions keep it, and every way of breaking it is told by its frames."""

import json

import pytest
from AgentChatLibrary.frames import DURABLE
from AgentChatLibrary.rules import order, pairing
from hypothesis import given
from hypothesis import strategies as st
from strategies import (
    Server,
    changed,
    doubled,
    dropped,
    inserted,
    quick,
    reseqed,
    retold,
    scenes,
    sessions,
    swapped,
    with_frames,
)

RULES = (
    order.started_first,
    order.thinking_before_tools,
    order.steps_rise_by_one,
    order.calls_closed_before_the_end,
    order.one_end,
    order.nothing_after_the_end,
    order.agreed_order,
)


def events(transcript, run_id, *types):
    return [e for e in transcript.durable if e.run_id == run_id and (not types or e.type in types)]


def blamed(verdict):
    return {frame.index for frame in verdict.offending}


@quick
@given(scenes())
def test_valid_scenes_are_never_broken(scene):
    for transcript in scene.transcripts:
        for rule in RULES:
            verdict = rule(transcript)
            assert not verdict.broken, verdict.text()


@quick
@given(sessions(past=1))
def test_whole_runs_hold_and_are_complete(scene):
    (transcript,) = scene.transcripts
    for rule in RULES:
        assert rule(transcript), rule(transcript).text()
    for run_id in scene.runs:
        assert order.complete_run(transcript, run_id), order.complete_run(transcript, run_id).text()


@quick
@given(sessions(), st.data())
def test_a_start_that_is_dropped_doubled_or_late_is_told(scene, data):
    (transcript,), run_id = scene.transcripts, data.draw(st.sampled_from(scene.runs))
    started, thinking, *_ = events(transcript, run_id)
    without = reseqed(dropped(transcript, started.index))
    verdict = order.started_first(without, run_id)
    assert blamed(verdict) == {events(without, run_id)[0].index}
    twice = reseqed(doubled(transcript, started.index))
    assert blamed(order.started_first(twice)) == {started.index + 1}
    late = reseqed(swapped(transcript, started.index, thinking.index))
    assert blamed(order.started_first(late)) == {started.index}
    for broken in (without, twice, late):
        assert order.agreed_order(broken).broken
        assert order.complete_run(broken, run_id).broken


@quick
@given(sessions(), st.data())
def test_a_tool_before_any_thinking_is_told(scene, data):
    (transcript,), run_id = scene.transcripts, data.draw(st.sampled_from(scene.runs))
    thinking = events(transcript, run_id, "agent_thinking")[0]
    tool = events(transcript, run_id, "tool_executing")[0]
    early = reseqed(swapped(transcript, thinking.index, tool.index))
    assert blamed(order.thinking_before_tools(early)) == {thinking.index}
    silent = reseqed(dropped(transcript, *(e.index for e in events(transcript, run_id, "agent_thinking"))))
    (guilty,) = blamed(order.thinking_before_tools(silent, run_id))
    assert silent.frames[guilty].event.tool_call_id == tool.tool_call_id
    assert order.complete_run(silent, run_id).broken
    assert order.agreed_order(early, run_id).broken


@quick
@given(sessions(), st.data(), st.sampled_from([0, 9, -1, "2", True, None, 1.5, ...]))
def test_steps_that_do_not_count_are_told(scene, data, wrong):
    (transcript,), run_id = scene.transcripts, data.draw(st.sampled_from(scene.runs))
    thinking = data.draw(st.sampled_from(events(transcript, run_id, "agent_thinking")))
    verdict = order.steps_rise_by_one(changed(transcript, thinking.index, step=wrong))
    assert blamed(verdict) == {thinking.index}, verdict.text()
    assert order.agreed_order(changed(transcript, thinking.index, step=wrong)).broken


@quick
@given(sessions(), st.data())
def test_a_thought_that_is_dropped_or_doubled_is_told(scene, data):
    (transcript,), run_id = scene.transcripts, data.draw(st.sampled_from(scene.runs))
    thinking = events(transcript, run_id, "agent_thinking")
    lost = data.draw(st.integers(0, len(thinking) - 2))
    verdict = order.steps_rise_by_one(reseqed(dropped(transcript, thinking[lost].index)), run_id)
    assert blamed(verdict) == {thinking[lost + 1].index - 1}
    verdict = order.steps_rise_by_one(reseqed(doubled(transcript, thinking[lost].index)), run_id)
    assert blamed(verdict) == {thinking[lost].index + 1}


@quick
@given(sessions(), st.data())
def test_an_end_before_the_last_result_is_told(scene, data):
    (transcript,), run_id = scene.transcripts, data.draw(st.sampled_from(scene.runs))
    end = events(transcript, run_id)[-1]
    result = events(transcript, run_id, "tool_completed")[-1]
    early = reseqed(swapped(transcript, result.index, end.index))
    verdict = order.calls_closed_before_the_end(early)
    assert blamed(verdict) == {result.index}
    assert end.index in {frame.index for frame in verdict.context}
    lost = reseqed(dropped(transcript, result.index))
    assert blamed(order.calls_closed_before_the_end(lost)) == {end.index - 1}
    for broken in (early, lost):
        assert order.agreed_order(broken, run_id).broken
        assert order.complete_run(broken, run_id).broken


@quick
@given(sessions(), st.data(), st.sampled_from(DURABLE))
def test_whatever_comes_after_the_end_is_told(scene, data, kind):
    (transcript,), run_id = scene.transcripts, data.draw(st.sampled_from(scene.runs))
    end = events(transcript, run_id)[-1]
    late = {**end.fields, "type": kind, "tool_call_id": "c_late"}
    after = reseqed(inserted(transcript, data.draw(st.integers(end.index + 1, len(transcript.frames))), late))
    guilty = events(after, run_id)[-1].index
    assert blamed(order.nothing_after_the_end(after)) == {guilty}
    assert order.agreed_order(after).broken
    assert order.complete_run(after, run_id).broken
    if kind in ("agent_completed", "agent_failed"):
        assert blamed(order.one_end(after)) == {guilty}
    else:
        assert order.one_end(after)


@quick
@given(sessions(), st.data())
def test_a_run_without_one_of_the_five_events_is_not_complete(scene, data):
    (transcript,), run_id = scene.transcripts, data.draw(st.sampled_from(scene.runs))
    kind = data.draw(st.sampled_from(order.FIVE))
    found = events(transcript, run_id, kind)
    without = reseqed(dropped(transcript, *(e.index for e in found)))
    verdict = order.complete_run(without, run_id)
    assert verdict.broken
    assert verdict.offending
    assert kind in verdict.text(), verdict.text()
    others = [other for other in scene.runs if other != run_id]
    assert all(order.complete_run(without, other) for other in others)


@quick
@given(
    sessions(), st.data(), st.sampled_from(["thread_id", "user_id"]), st.sampled_from(["x_1", None, 7, []])
)
def test_a_run_with_an_event_of_another_thread_or_person_is_not_complete(scene, data, field, value):
    (transcript,), run_id = scene.transcripts, data.draw(st.sampled_from(scene.runs))
    event = data.draw(st.sampled_from(events(transcript, run_id)[1:]))
    verdict = order.complete_run(changed(transcript, event.index, **{field: value}), run_id)
    assert blamed(verdict) == {event.index}, verdict.text()


@quick
@given(sessions(), st.data())
def test_an_event_under_another_run_id_leaves_its_run_incomplete(scene, data):
    (transcript,), run_id = scene.transcripts, data.draw(st.sampled_from(scene.runs))
    # The contract promises no thought after the last result: only_these_runs tells when that one strays.
    event = data.draw(st.sampled_from(events(transcript, run_id)[:-2] + events(transcript, run_id)[-1:]))
    assert order.complete_run(changed(transcript, event.index, run_id="r_" + "0" * 32), run_id).broken


@quick
@given(sessions(failing=True), st.data())
def test_a_failed_run_is_in_order_but_not_complete(scene, data):
    (transcript,), run_id = scene.transcripts, data.draw(st.sampled_from(scene.runs))
    assert order.agreed_order(transcript)
    verdict = order.complete_run(transcript, run_id)
    assert blamed(verdict) == {events(transcript, run_id)[-1].index}
    assert "tool_failed" in verdict.story


def test_a_run_of_which_nothing_came_is_not_complete():
    server = Server()
    here = server.connect("Ana")
    run_id = server.ask(here)
    server.deliver(here)
    verdict = order.complete_run(here.transcript, run_id)
    assert verdict.broken
    assert verdict.story.startswith("Nothing of Ana's run r_")
    assert order.agreed_order(here.transcript)


@pytest.mark.parametrize("code", ["cancelled", "interrupted"])
def test_a_run_that_was_ended_before_it_began_keeps_the_order(code):
    server = Server()
    here = server.connect("Ana")
    run_id = server.ask(here)
    server.plans[run_id].clear()
    server.plans[run_id].append({"type": "agent_failed", "code": code, "message": "No."})
    server.finish()
    assert order.agreed_order(here.transcript)
    assert order.complete_run(here.transcript, run_id).broken
    wrong = changed(here.transcript, len(here.transcript.frames) - 1, code="internal")
    assert order.started_first(wrong).broken


def test_a_run_that_began_before_the_connection_is_undecided():
    server = Server()
    early = server.connect("Ana")
    run_id = server.ask(early)
    server.work(run_id)
    late = server.connect("Ana's laptop")
    server.finish()
    assert order.agreed_order(early.transcript)
    for rule in (order.started_first, order.thinking_before_tools, order.agreed_order):
        verdict = rule(late.transcript)
        assert rule is order.thinking_before_tools or (not verdict and not verdict.broken)
    assert not order.complete_run(late.transcript, run_id).broken


@pytest.mark.parametrize("again", [False, True])
def test_a_replayed_run_is_judged_as_it_was_written(again):
    server = Server(seed=3)
    early = server.connect("Ana")
    run_id = server.ask(early, 3)
    for _ in range(4):
        server.work(run_id)
    late = server.connect("Ana's laptop")
    server.work(run_id)
    if again:
        server.resume(late, 2)
    server.resume(late, 0)
    server.finish()
    assert order.complete_run(late.transcript, run_id), order.complete_run(late.transcript, run_id).text()
    thinking, tool = (
        late.transcript.received(kind)[0].index for kind in ("agent_thinking", "tool_executing")
    )
    assert again or order.agreed_order(swapped(late.transcript, thinking, tool)).broken


@quick
@given(sessions())
def test_a_truncated_recording_is_undecided(scene):
    (transcript,) = scene.transcripts
    transcript.truncated = 3
    for rule in RULES:
        verdict = rule(transcript)
        assert not verdict
        assert not verdict.broken
        assert "3 frames" in verdict.story
    assert not order.complete_run(transcript, scene.runs[0]).broken


def test_one_run_can_be_judged_among_broken_ones():
    server = Server()
    here = server.connect("Ana")
    good, bad = server.ask(here), server.ask(here)
    server.finish()
    broken = dropped(here.transcript, events(here.transcript, bad, "agent_started")[0].index)
    assert order.agreed_order(broken, good)
    assert order.agreed_order(broken, bad).broken
    assert order.agreed_order(broken).broken


def test_rules_see_the_same_in_a_copy_and_in_other_words():
    server = Server()
    here = server.connect("Ana")
    server.ask(here)
    server.finish()
    copy = with_frames(here.transcript, here.transcript.frames)
    spaced = retold(copy, {f.index: json.dumps(f.event.fields, indent=2) for f in copy.frames})
    assert order.agreed_order(spaced)


@pytest.mark.parametrize(
    "rule", [*RULES, pairing.every_tool_call_is_answered, pairing.findings_come_from_calls]
)
def test_a_run_that_nobody_saw_proves_nothing(rule):
    server = Server()
    here = server.connect("Ana")
    run_id = server.ask(here)
    server.deliver(here)
    for asked in (run_id, "r_nobody"):
        verdict = rule(here.transcript, asked)
        assert not verdict
        assert not verdict.broken
        assert "Nothing of Ana's run r_" in verdict.story
