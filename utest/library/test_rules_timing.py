"""Times by receipt: what is measured, what is over budget, what cannot be measured."""

import json

import pytest
from AgentChatLibrary.rules import timing
from AgentChatLibrary.verdict import Outcome
from hypothesis import given
from hypothesis import strategies as st
from scripted import greeted, scripted, undecided
from strategies import Server, changed, quick, scenes, sessions, with_frames


def blamed(verdict):
    return {frame.index for frame in verdict.offending}


def later(transcript, index, seconds):
    """With everything from ``index`` on delayed."""
    copy = with_frames(transcript, transcript.frames)
    for frame in copy.frames[index:]:
        frame.at += seconds
    return copy


def one_run(calls=2):
    server = Server()
    here = server.connect("Ana")
    run_id = server.ask(here, calls)
    server.finish()
    return here.transcript, run_id


@quick
@given(scenes())
def test_valid_scenes_have_true_durations(scene):
    for transcript in scene.transcripts:
        verdict = timing.durations_are_true(transcript)
        assert verdict, verdict.text()


@quick
@given(sessions(), st.data())
def test_every_transition_is_measured_from_its_own_frames(scene, data):
    (transcript,), run_id = scene.transcripts, data.draw(st.sampled_from(scene.runs))
    found = timing.times(transcript, run_id)
    for name, spans in found.spans.items():
        assert spans, name
        for span in spans:
            assert span.seconds == span.end.at - span.start.at >= 0
            assert span.end.run_id == run_id
    events = [e for e in transcript.durable if e.run_id == run_id]
    calls = [e for e in events if e.type == "tool_executing"]
    assert len(found.spans["executing_to_completed"]) == len(calls)
    assert len(found.spans["thinking_to_executing"]) == len(calls)
    assert found.longest("whole") == pytest.approx(
        found.longest("asked_to_started") + events[-1].at - events[0].at
    )
    assert found.longest("longest_gap") <= found.longest("whole")


@quick
@given(sessions(), st.data(), st.sampled_from(sorted(timing.TRANSITIONS)))
def test_a_transition_over_its_budget_is_told(scene, data, name):
    (transcript,), run_id = scene.transcripts, data.draw(st.sampled_from(scene.runs))
    budgets = {
        transition: timing.times(transcript, run_id).longest(transition) for transition in timing.TRANSITIONS
    }
    assert timing.within(transcript, run_id, budgets)
    span = max(timing.times(transcript, run_id).spans[name], key=lambda s: s.seconds)
    slow = later(transcript, span.end.index, 5)
    verdict = timing.within(slow, run_id, {name: 4.9})
    assert verdict.broken
    assert timing.TRANSITIONS[name] in verdict.story
    assert "(budget 4.900 s)" in verdict.story


def test_a_long_silence_in_the_middle_is_told_with_its_frames():
    transcript, run_id = one_run()
    tool = transcript.received("tool_completed")[0]
    verdict = timing.within(later(transcript, tool.index, 9), run_id, {"longest_gap": 8, "whole": 99})
    assert blamed(verdict) == {tool.index}
    assert {frame.index for frame in verdict.context} == {tool.index - 1}


def test_what_cannot_be_measured_is_undecided():
    server = Server()
    here = server.connect("Ana")
    run_id = server.ask(here)
    server.work(run_id)
    server.deliver(here)
    verdict = timing.within(here.transcript, run_id, {"whole": 1, "asked_to_ack": 1})
    assert not verdict
    assert not verdict.broken
    assert "from the question to agent_completed" in verdict.story
    other = server.connect("Ana's laptop")
    server.finish()
    assert not timing.within(other.transcript, run_id, {"asked_to_started": 1}).broken
    assert not timing.within(here.transcript, "r_other", {"whole": 1}).broken
    here.transcript.truncated = 1
    assert not timing.within(here.transcript, run_id, {"whole": 1e-9}).broken


def test_replayed_events_say_nothing_about_time():
    server = Server()
    early = server.connect("Ana")
    run_id = server.ask(early)
    for _ in range(5):
        server.work(run_id)
    late = server.connect("Ana's laptop")
    server.resume(late, 0)
    server.finish()
    assert timing.times(late.transcript, run_id).longest("executing_to_completed") is None
    assert not timing.within(late.transcript, run_id, {"executing_to_completed": 1e-9}).broken
    wrong = changed(late.transcript, late.transcript.durable[3].index, duration_ms=9000)
    assert timing.durations_are_true(wrong)


def test_a_budget_for_something_unknown_names_what_is_known():
    transcript, run_id = one_run()
    with pytest.raises(ValueError, match="'first_word' is no transition; there are asked_to_ack, "):
        timing.within(transcript, run_id, {"first_word": 1})


@quick
@given(sessions(), st.data(), st.sampled_from([99_000, 1e9, -1, "5", None, True, []]))
def test_a_duration_longer_than_its_frames_took_is_told(scene, data, value):
    (transcript,) = scene.transcripts
    event = data.draw(st.sampled_from(transcript.received("tool_completed", "agent_completed")))
    verdict = timing.durations_are_true(changed(transcript, event.index, duration_ms=value))
    assert blamed(verdict) == {event.index}


def test_a_duration_may_exceed_the_gap_by_the_slack():
    transcript, _ = one_run(1)
    result, call = transcript.received("tool_completed")[0], transcript.received("tool_executing")[0]
    gap = (result.at - call.at) * 1000
    assert timing.durations_are_true(changed(transcript, result.index, duration_ms=gap + 49.9))
    assert timing.durations_are_true(changed(transcript, result.index, duration_ms=gap + 50.1)).broken


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200))
def test_percentiles_are_values_that_occurred(values):
    found = timing.Distribution.of(values)
    assert found.count == len(values)
    assert found.max == max(values)
    for percent, value in ((50, found.p50), (95, found.p95)):
        assert value in values
        assert sum(v <= value for v in values) * 100 >= percent * len(values)
        assert sum(v < value for v in values) * 100 < percent * len(values)


def test_a_distribution_is_nearest_rank():
    found = timing.Distribution.of(n / 1000 for n in range(1, 101))
    assert (found.p50, found.p95, found.max) == (0.050, 0.095, 0.100)
    assert str(found) == "p50 50.0 ms, p95 95.0 ms, max 100.0 ms of 100"
    with pytest.raises(ValueError, match="no values"):
        timing.Distribution.of([])


def test_many_times_keep_their_budgets_or_not():
    values = [n / 1000 for n in range(1, 101)]
    assert timing.distribution_within("Connecting", values, p50=0.050, p95=0.095, at_least=100)
    verdict = timing.distribution_within("Connecting", values, p50=0.049, p95=0.2)
    assert verdict.text() == (
        "Connecting took too long: p50 50.0 ms, p95 95.0 ms, max 100.0 ms of 100.\n"
        "Expected: p50 at most 49.0 ms."
    )
    few = timing.distribution_within("Connecting", values, p50=0.001, at_least=101)
    assert not few
    assert not few.broken


def test_a_single_value_is_enough_where_no_number_is_asked_for():
    assert timing.distribution_within("Connecting", [0.1], p50=0.1, at_least=0)
    assert timing.distribution_within("Connecting", [0.1], p50=0.09, at_least=0).broken
    none = timing.distribution_within("Connecting", [], p50=0.1, at_least=0)
    undecided(none, "Connecting: 0 measured, 1 needed to judge.")


def forecast(duration, answer=60.0, **fields):
    transcript, run_id = one_run(1)
    tool, end = transcript.received("tool_completed")[0], transcript.received("agent_completed")[0]
    made = changed(
        transcript, tool.index, **{"tool_name": "forecast_spend", "duration_ms": duration, **fields}
    )
    return changed(made, end.index, duration_ms=answer), run_id, tool.index, end.index


@given(st.floats(timing.WORK_MS, 1e6), st.floats(timing.WORK_MS, 1e6))
def test_a_forecast_that_took_its_time_holds(tool, answer):
    transcript, run_id, *_ = forecast(tool, answer)
    assert timing.work_takes_its_time(transcript, run_id)


@given(st.floats(0, timing.WORK_MS - 0.001))
def test_a_forecast_that_took_next_to_nothing_is_told(value):
    transcript, run_id, tool, end = forecast(value)
    verdict = timing.work_takes_its_time(transcript, run_id)
    assert blamed(verdict) == {tool}
    transcript, run_id, tool, end = forecast(60.0, value)
    verdict = timing.work_takes_its_time(transcript, run_id)
    assert blamed(verdict) == {end}
    assert {frame.index for frame in verdict.context} == {tool}


def test_other_tools_and_forecasts_that_failed_may_take_no_time():
    transcript, run_id = one_run()
    assert timing.work_takes_its_time(transcript, run_id)
    failed, run_id, *_ = forecast(0.1, 0.1, status="failed")
    assert timing.work_takes_its_time(failed, run_id)
    failed.truncated = 1
    assert not timing.work_takes_its_time(failed, run_id).broken


def cut_off(gap, value, *, began=True, status="cancelled"):
    """A run whose only call was cut off so many milliseconds after it had begun."""
    call = "run_id=r_1 tool_call_id=c_1 tool_name=query_spend"
    stamps = (1_790_000_000.0, 1_790_000_000.0 + gap / 1000)
    lines = [f"< tool_executing seq=2 timestamp={stamps[0]!r} {call}"] if began else []
    end = f"status={status} duration_ms={json.dumps(value)}"
    lines.append(f"< tool_completed seq=3 timestamp={stamps[1]!r} {end} {call}")
    return scripted(greeted(), *lines)


@given(st.floats(100.1, 1e5), st.floats(-49.9, 49.9))
def test_a_call_that_was_cut_off_tells_its_time(gap, off):
    assert timing.cut_off_calls_are_timed(cut_off(gap, gap + off), "r_1")


@given(st.floats(0, 99.9), st.floats(-49.9, 49.9))
def test_a_call_that_was_cut_off_too_soon_decides_nothing(gap, off):
    verdict = timing.cut_off_calls_are_timed(cut_off(gap, gap + off), "r_1")
    assert verdict.outcome is Outcome.UNDECIDED
    assert "too soon to tell what its duration_ms means" in verdict.story


def test_what_is_too_soon_is_told():
    undecided(
        timing.cut_off_calls_are_timed(cut_off(75, 80), "r_1"),
        "Ana's run r_1 was cut off 75 ms after its call had begun, too soon to tell what its duration_ms"
        " means: it takes 100 ms.",
    )


@given(st.floats(0, 1e5), st.one_of(st.floats(50.1, 1e6), st.floats(-1e6, -50.1)))
def test_a_call_that_was_cut_off_and_tells_another_time_is_told(gap, off):
    verdict = timing.cut_off_calls_are_timed(cut_off(gap, gap + off), "r_1")
    assert blamed(verdict) == {2}
    assert {frame.index for frame in verdict.context} == {1}


@pytest.mark.parametrize("value", [None, True, "2000"])
def test_a_call_that_was_cut_off_tells_a_number(value):
    assert timing.cut_off_calls_are_timed(cut_off(1, value), "r_1").broken


def test_without_a_call_that_was_cut_off_nothing_is_decided():
    verdict = timing.cut_off_calls_are_timed(cut_off(9, 9, status="ok"), "r_1")
    undecided(verdict, "Ana's run r_1 has no call that was cut off.")
    lost = cut_off(9, 9_000)
    lost.truncated = 1
    assert not timing.cut_off_calls_are_timed(lost, "r_1").broken
    assert not timing.cut_off_calls_are_timed(cut_off(9, 9_000, began=False), "r_1").broken


def test_a_call_whose_beginning_was_not_seen_does_not_keep_the_next_from_being_judged():
    call = "run_id=r_1 tool_name=query_spend tool_call_id"
    verdict = timing.cut_off_calls_are_timed(
        scripted(
            greeted(),
            f"< tool_executing seq=2 timestamp=1790000000.0 {call}=c_2",
            f"< tool_completed seq=3 timestamp=1790000001.0 status=cancelled duration_ms=1000 {call}=c_1",
            f"< tool_completed seq=4 timestamp=1790000001.0 status=cancelled duration_ms=9 {call}=c_2",
        ),
        "r_1",
    )
    assert blamed(verdict) == {3}
