"""A run as it was written: whose question it was, what was replayed, and whether anything may be missing."""

import pytest
from AgentChatLibrary.rules.reading import chosen, seen_runs
from scripted import CALLED, STARTED, THOUGHT, greeted, scripted


def the_run(*lines, last_seq=0):
    return seen_runs(scripted(greeted(last_seq), *lines))["r_1"]


def seqs(run):
    return [event.seq for event in run.events]


def old(seq, **fields):
    more = "".join(f" {name}={value}" for name, value in fields.items())
    return f"< agent_thinking run_id=r_1 seq={seq}{more}"


@pytest.mark.parametrize(
    ("last_seq", "lines", "whole"),
    [
        (0, [CALLED], True),
        (9, [CALLED], False),
        (9, [STARTED, CALLED], True),
        (9, [CALLED, STARTED], False),
        (9, ["> chat message_id=q_1", "< ack message_id=q_1 run_id=r_1", CALLED], True),
        (9, ["> resume after_seq=0", CALLED, "< resumed from_seq=1"], True),
        (9, ["> resume after_seq=2", CALLED, "< resumed from_seq=3"], False),
        (
            9,
            [
                "> resume after_seq=0",
                "< resumed from_seq=1",
                "> resume after_seq=2",
                CALLED,
                "< resumed from_seq=3",
            ],
            True,
        ),
    ],
    ids=[
        "of a person without a past",
        "that may have begun before",
        "that was seen to begin",
        "that was seen to begin when it had begun",
        "that was asked here",
        "replayed from the first event on",
        "replayed in part",
        "replayed from the first event on, and then in part",
    ],
)
def test_nothing_can_be_missing_of_a_run(last_seq, lines, whole):
    assert the_run(*lines, last_seq=last_seq).whole is whole


@pytest.mark.parametrize(
    "line", ["> user_message content=x", "> ping", "> resume after_seq=0", "> refresh_token token=x"]
)
def test_old_events_are_replayed_only_behind_a_resume(line):
    assert the_run(line, old(3), last_seq=5).replayed is line.startswith("> resume")
    assert not the_run(old(3), last_seq=5).replayed


def test_events_at_the_watershed_are_replayed_and_those_above_it_live():
    run = the_run("> resume after_seq=0", old(6), old(5), "< resumed from_seq=1", last_seq=5)
    assert seqs(run) == [5, 6]
    assert run.replayed


def test_an_event_without_a_seq_is_live():
    run = the_run("> resume after_seq=0", "< agent_thinking run_id=r_1", old(2), "< resumed", last_seq=5)
    assert seqs(run) == [2, None]


def test_a_replay_is_read_as_it_came_in_its_own_order():
    run = the_run("> resume after_seq=0", old(3), old(2), old(2), "< resumed", old(6), last_seq=5)
    assert seqs(run) == [3, 2, 2, 6]


def test_of_several_replays_each_event_counts_once_as_it_came_first():
    first = ("> resume after_seq=2", old(3, step=1), old(3, step=2), old(4, step=1), "< resumed")
    again = ("> resume after_seq=1", old(2, step=7), old(3, step=7), old(4, step=7), "< resumed")
    run = the_run(*first, *again, old(6, step=9), last_seq=5)
    assert [(e.seq, e["step"]) for e in run.events] == [(2, 7), (3, 1), (3, 2), (4, 1), (6, 9)]


def test_a_replay_that_is_not_over_counts_only_where_there_is_nothing_else():
    unfinished = ("> resume after_seq=0", old(1), old(2))
    assert seqs(the_run(*unfinished, last_seq=5)) == [1, 2]
    assert seqs(the_run(*unfinished, old(6), last_seq=5)) == [6]
    over = ("> resume after_seq=3", old(4), "< resumed")
    assert seqs(the_run(*over, *unfinished, old(6), last_seq=5)) == [4, 6]


@pytest.mark.parametrize(
    ("lines", "question", "acknowledged"),
    [
        (["> chat message_id=q_1", "< ack message_id=q_1 run_id=r_1"], 1, True),
        (["> user_message message_id=q_1", "< ack message_id=q_1 run_id=r_1"], 1, True),
        (["> chat content=x", "< ack message_id=m_1 run_id=r_1"], None, True),
        (["> chat content=x", "< ack run_id=r_1"], None, True),
        (["> cancel message_id=x_1 run_id=r_1", "< ack message_id=x_1 run_id=r_1"], None, False),
        (["> cancel run_id=r_1", "< ack run_id=r_1"], None, False),
        (["> cancel run_id=r_2", "< ack run_id=r_1"], None, True),
        (["> chat message_id=q_1", "> cancel message_id=q_1", "< ack message_id=q_1 run_id=r_1"], 1, True),
        (["> chat message_id=q_1", "> chat message_id=q_1", "< ack message_id=q_1 run_id=r_1"], 1, True),
        (["> ping message_id=q_1", "< ack message_id=q_1 run_id=r_1"], None, True),
    ],
    ids=[
        "a chat",
        "a user_message",
        "a chat without an id, which gets one",
        "a chat without an id, which gets none",
        "a cancellation",
        "a cancellation without an id",
        "a cancellation of another run",
        "a chat and a cancellation under one id",
        "a chat that was sent twice",
        "a ping",
    ],
)
def test_an_ack_belongs_to_the_question_that_was_asked_and_to_no_cancellation(lines, question, acknowledged):
    run = the_run(*lines, THOUGHT)
    assert (run.question.index if run.question else None) == question
    assert (run.ack is not None) == acknowledged


def test_the_first_ack_and_the_first_question_count():
    acks = ["< ack message_id=q_1 run_id=r_1", "< ack message_id=q_2 run_id=r_1"]
    run = the_run("> chat message_id=q_1", "> chat message_id=q_2", *acks)
    assert (run.ack.index, run.question.index) == (3, 1)


def test_frames_of_no_run_belong_to_none():
    runs = seen_runs(scripted(greeted(), "< agent_started", "< error run_id=r_1", "> cancel run_id=r_1"))
    assert runs == {}


def test_a_run_that_nobody_saw_has_no_events():
    transcript = scripted(greeted(), STARTED)
    (unseen,) = chosen(transcript, "r_9")
    assert (unseen.run_id, unseen.events, unseen.ack, unseen.end) == ("r_9", (), None, None)
    assert [run.run_id for run in chosen(transcript, None)] == ["r_1"]
