"""Crowds: a bounded recording says what it left out, and nothing that needed it counts as kept."""

from __future__ import annotations

import json
import threading

import pytest
from AgentChatLibrary.crowd import story, table
from AgentChatLibrary.engine.offer import Offer
from AgentChatLibrary.engine.session import Session
from AgentChatLibrary.frames import Direction, Kind
from AgentChatLibrary.rules.everything import RULES, judge
from AgentChatLibrary.transcript import Owner, Transcript
from scripted import greeted, scripted
from websockets.sync.server import serve

WHOLE = (
    greeted(),
    "> chat message_id=m_1 content=Why",
    "< ack message_id=m_1 run_id=r_1 thread_id=t_1",
    "< agent_started seq=1 run_id=r_1 thread_id=t_1 user_id=u_1 timestamp=1790000001",
    "< agent_thinking seq=2 run_id=r_1 thread_id=t_1 user_id=u_1 step=1",
    "< tool_executing seq=3 run_id=r_1 thread_id=t_1 user_id=u_1 tool_call_id=c_1 tool_name=x",
    "< tool_completed seq=4 run_id=r_1 thread_id=t_1 user_id=u_1 tool_call_id=c_1 tool_name=x duration_ms=1",
    "< agent_completed seq=5 run_id=r_1 thread_id=t_1 user_id=u_1 timestamp=1790000005 duration_ms=1",
)


class Anything:
    """A contract that has nothing against any frame."""

    def problems(self, *_):
        return []


@pytest.fixture
def talkative():
    """A server that sends a hundred numbered frames and closes."""

    def talk(connection):
        for number in range(100):
            connection.send(json.dumps({"type": "agent_thinking", "seq": number}))

    with serve(talk, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()


def test_a_bounded_session_keeps_the_first_frames_and_the_end_and_counts_the_rest(talkative):
    session = Session("Ana", Owner("Ana"), keep=10)
    session.open(Offer(talkative), 5.0)
    end = session.wait_end(5.0)
    transcript = session.transcript
    assert [e.seq for e in transcript.received()] == list(range(10))
    assert end is not None
    assert end.kind is Kind.CLOSE
    assert transcript.frames[-1] is end
    assert transcript.truncated == 90


def test_a_wait_ends_while_frames_that_are_left_out_come(talkative):
    session = Session("Ana", Owner("Ana"), keep=1)
    session.open(Offer(talkative), 5.0)
    assert session.wait(lambda t: t.truncated or None, 5.0)


def test_every_rule_holds_for_a_whole_run():
    judged = list(judge([scripted(*WHOLE)], Anything(), ["a-secret-of-some-length"]))
    assert [one.rule for one in judged] == list(RULES)
    assert story(judged) is None


def test_what_was_left_out_is_told_and_counts_as_broken():
    transcript = Transcript("Ana", Owner("Ana", "u_1"), limit=4)
    for frame in scripted(*WHOLE).frames:
        transcript.append(frame.at, frame.direction, frame.kind, frame.data)
    assert len(transcript.frames) == 4
    told, verdict = story(judge([transcript], Anything(), []))
    assert told.startswith("This could not be decided: 4 frames of Ana were not recorded")
    assert verdict.transcript is transcript


def test_a_break_is_told_once_with_how_many_have_it_too():
    broken = [
        scripted(*WHOLE, "< agent_thinking seq=6 run_id=r_1 thread_id=t_1 user_id=u_1") for _ in range(3)
    ]
    told, _ = story(judge(broken, Anything(), []))
    assert "is so on 2 more connections." in told
    assert told.startswith("Ana's run r_1 went on after its agent_completed")


def test_a_rule_can_be_left_out():
    assert "timing.durations_are_true" not in [
        one.rule for one in judge([scripted(*WHOLE)], Anything(), [], without=["timing.durations_are_true"])
    ]


def test_percentiles_stand_beside_budgets():
    lines = table({"whole": [0.1] * 98 + [0.9, 1.5], "asked_to_ack": []}, {"whole": 5.0})
    assert len(lines) == 2
    assert lines[1].split() == [
        "whole",
        "100.0",
        "ms",
        "100.0",
        "ms",
        "900.0",
        "ms",
        "1500.0",
        "ms",
        "5000",
        "ms",
        "100",
    ]


def test_ends_and_questions_are_found_again_when_more_has_come():
    transcript = scripted(*WHOLE[:2])
    assert transcript.end is None
    assert transcript.sent_as("m_1").index == 1
    assert transcript.sent_as("m_2") is None
    transcript.append(9.0, Direction.SENT, Kind.TEXT, '{"type":"chat","message_id":"m_2"}')
    transcript.append(9.5, Direction.RECEIVED, Kind.DROP, "gone")
    assert transcript.sent_as("m_2").index == 2
    assert transcript.end.data == "gone"
    assert [e.type for e in transcript.sent()] == ["chat", "chat"]
