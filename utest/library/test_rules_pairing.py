"""Tool calls and their results: every way of breaking the pair is told by its frames."""

from AgentChatLibrary.rules import pairing
from hypothesis import given
from hypothesis import strategies as st
from strategies import Server, changed, doubled, dropped, quick, reseqed, scenes, sessions, swapped

answered = pairing.every_tool_call_is_answered
findings = pairing.findings_come_from_calls


def blamed(verdict):
    return {frame.index for frame in verdict.offending}


def pairs(transcript):
    """Each call's tool_executing and tool_completed."""
    results = {e.tool_call_id: e for e in transcript.received("tool_completed")}
    return [(e, results[e.tool_call_id]) for e in transcript.received("tool_executing")]


@quick
@given(scenes())
def test_valid_scenes_are_never_broken(scene):
    for transcript in scene.transcripts:
        for rule in (answered, findings):
            verdict = rule(transcript)
            assert not verdict.broken, verdict.text()


@quick
@given(sessions(past=1))
def test_whole_runs_hold(scene):
    assert answered(scene.transcripts[0])
    assert findings(scene.transcripts[0])


@quick
@given(sessions(), st.data())
def test_a_call_without_a_result_is_told_once_its_run_has_ended(scene, data):
    (transcript,) = scene.transcripts
    call, result = data.draw(st.sampled_from(pairs(transcript)))
    lost = reseqed(dropped(transcript, result.index))
    assert blamed(answered(lost)) == {call.index}
    assert answered(lost, call.run_id).broken
    assert all(answered(lost, other) for other in scene.runs if other != call.run_id)
    assert findings(lost)


@quick
@given(sessions(), st.data())
def test_a_result_without_a_call_is_told(scene, data):
    (transcript,) = scene.transcripts
    call, result = data.draw(st.sampled_from(pairs(transcript)))
    lost = reseqed(dropped(transcript, call.index))
    verdict = answered(lost)
    assert blamed(verdict) == {result.index - 1}
    assert "never began" in verdict.story


@quick
@given(sessions(), st.data())
def test_a_result_before_its_call_is_told(scene, data):
    (transcript,) = scene.transcripts
    call, result = data.draw(st.sampled_from(pairs(transcript)))
    verdict = answered(reseqed(swapped(transcript, call.index, result.index)))
    assert blamed(verdict) == {call.index}
    assert "came before its tool_executing" in verdict.story
    assert {frame.index for frame in verdict.context} == {result.index}


@quick
@given(sessions(), st.data())
def test_a_call_or_result_that_comes_twice_is_told(scene, data):
    (transcript,) = scene.transcripts
    event = data.draw(st.sampled_from([e for pair in pairs(transcript) for e in pair]))
    twice = reseqed(doubled(transcript, event.index))
    verdict = answered(twice)
    assert blamed(verdict) == {event.index + 1}
    assert {frame.index for frame in verdict.context} == {event.index}


@quick
@given(sessions(), st.data(), st.sampled_from(["c_" + "0" * 32, "", None, 7, [], {}, ...]))
def test_a_call_id_that_is_exchanged_or_lost_is_told(scene, data, value):
    (transcript,) = scene.transcripts
    call, result = data.draw(st.sampled_from(pairs(transcript)))
    verdict = answered(changed(transcript, result.index, tool_call_id=value))
    assert blamed(verdict) in ({result.index}, {call.index}), verdict.text()
    verdict = answered(changed(transcript, call.index, tool_call_id=value))
    assert blamed(verdict) <= {result.index, call.index}
    assert verdict.broken


@quick
@given(sessions(), st.data(), st.sampled_from(["compare_models", None, 7, ["query_spend"], ...]))
def test_a_result_under_another_tool_is_told(scene, data, value):
    (transcript,) = scene.transcripts
    _, result = data.draw(st.sampled_from(pairs(transcript)))
    verdict = answered(changed(transcript, result.index, tool_name=value))
    assert blamed(verdict) == {result.index}


@quick
@given(sessions(runs=(2, 3)), st.data())
def test_a_call_id_that_two_runs_use_is_told(scene, data):
    (transcript,) = scene.transcripts
    one, other = data.draw(st.permutations(scene.runs))[:2]
    first, _ = next(pair for pair in pairs(transcript) if pair[0].run_id == one)
    call, result = next(pair for pair in pairs(transcript) if pair[0].run_id == other)
    same = changed(transcript, call.index, tool_call_id=first.tool_call_id)
    verdict = answered(changed(same, result.index, tool_call_id=first.tool_call_id))
    assert blamed(verdict) <= {first.index, call.index}
    assert verdict.broken
    assert "already used by run" in verdict.story


@quick
@given(sessions(runs=(2, 3)), st.data())
def test_a_result_under_another_run_is_told(scene, data):
    (transcript,) = scene.transcripts
    call, result = data.draw(st.sampled_from(pairs(transcript)))
    other = next(run_id for run_id in scene.runs if run_id != call.run_id)
    assert answered(changed(transcript, result.index, run_id=other)).broken


@quick
@given(sessions(), st.data(), st.sampled_from(["c_" + "0" * 32, None, 7, [], ...]))
def test_a_finding_of_no_call_of_its_run_is_told(scene, data, value):
    (transcript,) = scene.transcripts
    end = data.draw(st.sampled_from(transcript.received("agent_completed")))
    strange = {"title": "Idle", **({"tool_call_id": value} if value is not ... else {})}
    wrong = [*end["result"]["findings"], strange]
    verdict = findings(changed(transcript, end.index, result={"findings": wrong}))
    assert blamed(verdict) == {end.index}
    assert findings(changed(transcript, end.index, result={"findings": ["nothing"]})).broken


@quick
@given(sessions(runs=(2, 3)))
def test_a_finding_by_the_call_of_another_run_is_told(scene):
    (transcript,) = scene.transcripts
    one, other = transcript.received("agent_completed")[:2]
    verdict = findings(changed(transcript, one.index, result=other["result"]))
    assert blamed(verdict) == {one.index}


def test_a_call_that_may_have_begun_before_the_connection_is_undecided():
    server = Server()
    early = server.connect("Ana")
    run_id = server.ask(early, 1)
    for _ in range(3):
        server.work(run_id)
    late = server.connect("Ana's laptop")
    server.work(run_id)
    later = server.connect("Ana's tablet")
    server.finish()
    for rule, connection in ((answered, late), (findings, later)):
        assert rule(early.transcript)
        verdict = rule(connection.transcript)
        assert not verdict
        assert not verdict.broken
        assert "before this connection" in verdict.story


def test_an_open_call_of_a_running_run_is_not_broken():
    server = Server()
    here = server.connect("Ana")
    run_id = server.ask(here, 1)
    for _ in range(3):
        server.work(run_id)
    server.deliver(here)
    assert here.transcript.frames[-1].type == "tool_executing"
    assert answered(here.transcript)


def test_a_truncated_recording_is_undecided():
    server = Server()
    here = server.connect("Ana")
    here.transcript.truncated = 1
    for rule in (answered, findings):
        assert not rule(here.transcript)
        assert not rule(here.transcript).broken
