"""Verdicts: about five lines that tell the story, whatever came over the wire."""

import json

import pytest
from AgentChatLibrary.frames import Direction, Kind
from AgentChatLibrary.transcript import Owner, Transcript
from AgentChatLibrary.verdict import (
    Outcome,
    broken,
    describe,
    every,
    first_broken,
    holds,
    plain,
    short,
    undecided,
)
from hypothesis import given
from hypothesis import strategies as st

CALL = {"tool_name": "query_spend", "tool_call_id": "c_2b6d0e94c7f1483aa5e38d10b97c64f2"}


@pytest.fixture
def transcript():
    found = Transcript("Ana", Owner("Ana"), opened_at=10.0)
    for number in range(6):
        kind = "tool_completed" if number % 2 else "tool_executing"
        text = json.dumps({"type": kind, "seq": number + 1, **CALL})
        found.append(10.4 + number / 100, Direction.RECEIVED, Kind.TEXT, text)
    return found


def test_a_story_is_the_sentence_the_frames_and_the_expectation(transcript):
    verdict = broken(
        "rule", transcript, "It broke.", "what holds.", transcript.frames[1:2], transcript.frames[:1]
    )
    assert verdict.text() == (
        "It broke.\n"
        "  #0       +0.400 s  tool_executing    seq 1  query_spend  call c_2b6d0e94\n"
        "  #1       +0.410 s  tool_completed    seq 2  query_spend  call c_2b6d0e94   <- offending\n"
        "Expected: what holds."
    )
    assert verdict.broken
    assert not verdict


def test_a_story_shows_four_frames_at_the_most_and_counts_the_rest(transcript):
    text = broken("rule", transcript, "It broke.", "x.", transcript.frames).text()
    assert text.count("<- offending") == 4
    assert "  ... and 2 more" in text
    text = broken("rule", transcript, "It broke.", "x.", transcript.frames[:1], transcript.frames[1:]).text()
    assert text.count("\n  #") == 4
    assert "more" not in text


def test_frames_of_other_transcripts_stand_beside_with_their_session(transcript):
    other = Transcript("Ana's phone", Owner("Ana"), opened_at=10.0)
    frame = other.append(10.5, Direction.RECEIVED, Kind.TEXT, '{"type": "pong"}')
    text = broken("r", transcript, "It broke.", "x.", transcript.frames[:1], beside=[(other, frame)]).text()
    assert text.splitlines()[2] == "  #0       +0.500 s  pong   on Ana's phone"


def test_a_verdict_without_a_transcript_has_no_frames():
    assert broken("rule", None, "It broke.", "x.").text() == "It broke.\nExpected: x."
    assert holds("rule").text() == ""
    assert undecided("rule", None, "Nobody knows.").text() == "Nobody knows."


def test_only_what_holds_is_true():
    yes, no, unknown = holds("a"), broken("b", None, "no", "x"), undecided("c", None, "why")
    assert [bool(v) for v in (yes, no, unknown)] == [True, False, False]
    assert [v.broken for v in (yes, no, unknown)] == [False, True, False]
    assert first_broken([yes, unknown, no]) is no
    assert first_broken([yes, unknown]) is None
    assert every("r", [yes, unknown, no]) is no
    assert every("r", [yes, unknown]) is unknown
    assert every("r", [yes]).outcome is Outcome.HOLDS
    assert every("r", []).rule == "r"


def test_what_was_sent_and_how_it_ended_is_told(transcript):
    sent = transcript.append(
        10.5, Direction.SENT, Kind.TEXT, '{"type": "chat", "run_id": "r_123456789abcdef"}'
    )
    close = transcript.append(10.6, Direction.RECEIVED, Kind.CLOSE, "slow_consumer", 1008)
    drop = transcript.append(10.7, Direction.RECEIVED, Kind.DROP, "reset by peer")
    refusal = transcript.append(10.8, Direction.RECEIVED, Kind.TEXT, '{"type": "error", "code": "forbidden"}')
    assert describe(transcript, sent) == "  #6       +0.500 s  sent chat         run r_12345678"
    assert describe(transcript, close) == "  #7       +0.600 s  <close>           1008 slow_consumer"
    assert describe(transcript, drop) == "  #8       +0.700 s  <drop>            reset by peer"
    assert describe(transcript, refusal) == "  #9       +0.800 s  error             forbidden"


@pytest.mark.parametrize(
    ("identifier", "cut"),
    [
        ("r_7f3a91c05be24d68b0d7c4e9128f6a35", "r_7f3a91c0"),
        ("r_7f3a", "r_7f3a"),
        ("query_spend", "query_spend"),
        ("q-1", "q-1"),
        ("x" * 41, "x" * 39 + "…"),
        ("", ""),
    ],
)
def test_an_id_is_cut_so_that_it_can_be_told_from_others(identifier, cut):
    assert short(identifier) == cut


@given(st.text(max_size=90) | st.text("\n\r\x1b\ud800\u202e", max_size=9))
def test_text_of_the_wire_stays_on_one_line_and_can_be_written(text):
    for found in (plain(text), short(text)):
        assert found.isprintable()
        found.encode("utf-8")
    found = Transcript("Ana", Owner("Ana"))
    frame = found.append(
        0.0, Direction.RECEIVED, Kind.TEXT, json.dumps({"type": text, "code": text, "run_id": text})
    )
    assert describe(found, frame).isprintable()
    close = found.append(0.0, Direction.RECEIVED, Kind.CLOSE, text, 1000)
    assert describe(found, close).isprintable()
