"""What the rules say of what is broken, whole: the sentence, the frames that show it, and the expectation."""

import pytest
from AgentChatLibrary.rules import correlation
from scripted import STARTED, greeted, scripted, stories, told, undecided


@stories(
    (
        "an ack of neither of two messages under one id",
        lambda: correlation.replies_match_messages(
            scripted(
                greeted(),
                "> ping message_id=q_1",
                "> resume message_id=q_1",
                "< ack message_id=q_1 run_id=r_1",
            )
        ),
        [
            "Ana received ack for q_1, which was a ping.",
            "  #1       +0.250 s  sent ping         message q_1",
            "  #2       +0.375 s  sent resume       message q_1",
            "  #3       +0.500 s  ack               run r_1  message q_1   <- offending",
            "Expected: each message gets one reply at the most, which echoes its message_id.",
        ],
    ),
    (
        "a pong for a message that was never sent, while a ping without id waits",
        lambda: correlation.replies_match_messages(
            scripted(greeted(), "> ping sequence=1", "< pong sequence=1 message_id=q_9")
        ),
        [
            "Ana received pong for message q_9, which was not sent before.",
            "  #2       +0.375 s  pong              message q_9   <- offending",
            "Expected: each message gets one reply at the most, which echoes its message_id.",
        ],
    ),
    (
        "a pong with null for a message_id",
        lambda: correlation.replies_match_messages(scripted(greeted(), "> ping", "< pong message_id=null")),
        [
            "Ana received pong with null for a message_id.",
            "  #2       +0.375 s  pong   <- offending",
            "Expected: each message gets one reply at the most, which echoes its message_id.",
        ],
    ),
    (
        "three acks for a message that was sent twice",
        lambda: correlation.replies_match_messages(
            scripted(
                greeted(),
                "> chat message_id=q_1",
                "> chat message_id=q_1",
                "< ack message_id=q_1",
                "< ack message_id=q_1",
                "< ack message_id=q_1",
            )
        ),
        [
            "Ana received ack 3 times for message q_1, which was sent 2 times.",
            "  #1       +0.250 s  sent chat         message q_1",
            "  #2       +0.375 s  sent chat         message q_1",
            "  #3       +0.500 s  ack               message q_1",
            "  #5       +0.750 s  ack               message q_1   <- offending",
            "Expected: each message gets one reply at the most, which echoes its message_id.",
        ],
    ),
    (
        "a message that is both acknowledged and refused",
        lambda: correlation.replies_match_messages(
            scripted(greeted(), "> chat message_id=q_1", "< ack message_id=q_1", "< error message_id=q_1")
        ),
        [
            "Ana received both ack and error for message q_1, which was sent once.",
            "  #1       +0.250 s  sent chat         message q_1",
            "  #2       +0.375 s  ack               message q_1",
            "  #3       +0.500 s  error             message q_1   <- offending",
            "Expected: each message gets one reply at the most, which echoes its message_id.",
        ],
    ),
    (
        "an error after everything was answered",
        lambda: correlation.replies_match_messages(scripted(greeted(), "> ping", "< pong", "< error")),
        [
            "Ana received an error that answers nothing: all was answered.",
            "  #3       +0.500 s  error   <- offending",
            "Expected: each message gets one reply at the most, which echoes its message_id.",
        ],
    ),
    (
        "an ack when only a ping was sent",
        lambda: correlation.replies_match_messages(scripted(greeted(), "> ping", "< ack message_id=q_4")),
        [
            "Ana received ack for message q_4, which answers nothing that was sent before.",
            "  #2       +0.375 s  ack               message q_4   <- offending",
            "Expected: each message gets one reply at the most, which echoes its message_id.",
        ],
    ),
    (
        "a resumed for a resume that was never sent",
        lambda: correlation.replies_match_messages(scripted(greeted(), "< resumed message_id=s_1")),
        [
            "Ana received resumed for message s_1, which was not sent before.",
            "  #1       +0.250 s  resumed           message s_1   <- offending",
            "Expected: each message gets one reply at the most, which echoes its message_id.",
        ],
    ),
    (
        "a resumed without id when only a ping was sent",
        lambda: correlation.replies_match_messages(scripted(greeted(), "> ping", "< resumed")),
        [
            "Ana received resumed, which answers nothing that was sent before.",
            "  #2       +0.375 s  resumed   <- offending",
            "Expected: each message gets one reply at the most, which echoes its message_id.",
        ],
    ),
    (
        "events in another thread than the ack said",
        lambda: correlation.one_thread_and_person_per_run(
            scripted(
                greeted(),
                "> chat message_id=q_1",
                "< ack message_id=q_1 run_id=r_1 thread_id=t_1",
                "< agent_started run_id=r_1 thread_id=t_2 user_id=u_1 seq=1",
                "< agent_thinking run_id=r_1 thread_id=t_3 user_id=u_1 seq=2",
            )
        ),
        [
            "Ana's run r_1 has two thread_ids: t_1 and t_2.",
            "  #2       +0.375 s  ack               run r_1  message q_1",
            "  #3       +0.500 s  agent_started     seq 1  run r_1   <- offending",
            "  #4       +0.625 s  agent_thinking    seq 2  run r_1   <- offending",
            "Expected: every event of a run carries the same thread_id.",
        ],
    ),
    (
        "a question that was accepted into another conversation than the one that it named",
        lambda: correlation.one_thread_and_person_per_run(
            scripted(
                greeted(),
                "> chat message_id=q_1 thread_id=t_1",
                "< ack message_id=q_1 run_id=r_1 thread_id=t_2",
                "< agent_started run_id=r_1 thread_id=t_2 user_id=u_1 seq=1",
            )
        ),
        [
            "Ana went on with the conversation t_1, and r_1 was accepted into another one: t_2.",
            "  #1       +0.250 s  sent chat         message q_1",
            "  #2       +0.375 s  ack               run r_1  message q_1   <- offending",
            "Expected: a question with a thread_id goes on with that conversation.",
        ],
    ),
    (
        "events of two people in one run",
        lambda: correlation.one_thread_and_person_per_run(
            scripted(
                greeted(),
                "> chat message_id=q_1",
                "< ack message_id=q_1 run_id=r_1 thread_id=t_1",
                "< agent_started run_id=r_1 thread_id=t_1 user_id=u_1 seq=1",
                "< agent_thinking run_id=r_1 thread_id=t_1 user_id=u_2 seq=2",
                "< agent_thinking run_id=r_1 thread_id=t_1 seq=3",
            )
        ),
        [
            "Ana's run r_1 has two user_ids: u_1 and u_2.",
            "  #3       +0.500 s  agent_started     seq 1  run r_1",
            "  #4       +0.625 s  agent_thinking    seq 2  run r_1   <- offending",
            "  #5       +0.750 s  agent_thinking    seq 3  run r_1   <- offending",
            "Expected: every event of a run carries the same user_id.",
        ],
    ),
    (
        "frames with other people's user_id, on a second connection of a device",
        lambda: correlation.user_id_is_own(
            scripted(
                greeted(),
                "< agent_started user_id=u_7 run_id=r_1",
                "< agent_thinking user_id=8 run_id=r_1",
                session="Ana's phone",
                connection=2,
            )
        ),
        [
            "Ana's phone (connection 2) (u_1) received agent_started of another: u_7.",
            "  #1       +0.250 s  agent_started     run r_1   <- offending",
            "  #2       +0.375 s  agent_thinking    run r_1   <- offending",
            "Expected: every frame with a user_id carries the session's own.",
        ],
    ),
    (
        "one message that began two runs, on a device with a name of its own",
        lambda: correlation.one_run_per_question(
            scripted(
                greeted(),
                "> chat message_id=q_1",
                "< ack message_id=q_1 run_id=r_1",
                "< ack message_id=q_1 run_id=r_2",
                session="tablet",
            )
        ),
        [
            "Ana's message q_1 on tablet began two runs: r_1 and r_2.",
            "  #2       +0.375 s  ack               run r_1  message q_1",
            "  #3       +0.500 s  ack               run r_2  message q_1   <- offending",
            "Expected: every question has a run of its own, and every run answers one question.",
        ],
    ),
    (
        "two messages that one run answers, among acks that tell nothing of it",
        lambda: correlation.one_run_per_question(
            scripted(
                greeted(),
                "> cancel message_id=x_1 run_id=r_1",
                "> chat message_id=q_1",
                "> chat message_id=q_2",
                "< ack message_id=x_1 run_id=r_1",
                "< ack run_id=r_5",
                "< ack message_id=q_1",
                "< ack message_id=q_1 run_id=r_1",
                "< ack message_id=q_2 run_id=r_1",
            )
        ),
        [
            "Ana's run r_1 answers two questions: messages q_1 and q_2.",
            "  #7       +1.000 s  ack               run r_1  message q_1",
            "  #8       +1.125 s  ack               run r_1  message q_2   <- offending",
            "Expected: every question has a run of its own, and every run answers one question.",
        ],
    ),
    (
        "runs that are strangers, beside a known one",
        lambda: correlation.only_these_runs(
            scripted(
                greeted(),
                "< agent_started run_id=r_1",
                "< agent_started run_id=r_2",
                "< agent_thinking run_id=r_3",
            ),
            ["r_1"],
        ),
        [
            "Ana received 2 events of a strange run: first agent_started of r_2.",
            "  #2       +0.375 s  agent_started     run r_2   <- offending",
            "  #3       +0.500 s  agent_thinking    run r_3   <- offending",
            "Expected: only events of 1 known run.",
        ],
    ),
    (
        "an event without a run",
        lambda: correlation.only_these_runs(scripted(greeted(), "< agent_started"), ["r_1", "r_2"]),
        [
            "Ana received 1 event of a strange run: first agent_started of null.",
            "  #1       +0.250 s  agent_started   <- offending",
            "Expected: only events of 2 known runs.",
        ],
    ),
)
def test_what_is_broken_is_told_with_its_frames(judge, lines):
    told(judge(), *lines)


def test_strangers_that_did_not_come_are_denied_until_a_moment():
    verdict = correlation.only_these_runs(scripted(greeted(), STARTED), ["r_1", "r_2"])
    assert verdict
    assert verdict.story == "Ana received no strange run until +0.250 s (#1)."


@pytest.mark.parametrize(
    "lines",
    [
        ("> chat message_id=q_1", "< ack message_id=q_1 run_id=r_1", "< ack message_id=q_1 run_id=r_1"),
        ("> cancel message_id=x_1", "< ack message_id=x_1 run_id=r_1", "< ack message_id=x_1 run_id=r_2"),
        ("< ack message_id=m_1 run_id=r_1", "< ack message_id=m_2 run_id=r_1"),
    ],
    ids=["the same ack again", "two runs that one message cancels", "questions that were not named"],
)
def test_acks_that_do_not_tell_one_question_from_another_hold(lines):
    assert correlation.one_run_per_question(scripted(greeted(), *lines))


@pytest.mark.parametrize(
    "lines",
    [
        ["> chat message_id=q_1 thread_id=t_1", "< ack message_id=q_1 run_id=r_1"],
        ["> chat message_id=q_1", "< ack message_id=q_1 run_id=r_1 thread_id=t_1"],
        ["< ack message_id=q_1 run_id=r_1 thread_id=t_1"],
    ],
    ids=["the ack names no conversation", "the question names none", "there was no question"],
)
def test_a_conversation_that_one_side_alone_names_is_no_other_one(lines):
    assert correlation.one_thread_and_person_per_run(scripted(greeted(), *lines))


def test_a_message_id_that_asks_and_cancels_is_judged_as_a_question():
    asked = ("> cancel message_id=q_1 run_id=r_1", "> chat message_id=q_1")
    acks = ("< ack message_id=q_1 run_id=r_1", "< ack message_id=q_1 run_id=r_2")
    assert correlation.one_run_per_question(scripted(greeted(), *asked, *acks)).broken


@pytest.mark.parametrize(
    ("frames", "story"),
    [
        (1, "1 frame of Ana was not recorded, so this cannot be judged."),
        (2, "2 frames of Ana were not recorded, so this cannot be judged."),
    ],
)
def test_frames_that_were_not_recorded_are_counted(frames, story):
    transcript = scripted(greeted())
    transcript.truncated = frames
    undecided(correlation.replies_match_messages(transcript), story)


def test_frames_of_the_wire_between_messages_play_no_part():
    lines = ("<ping", ">pong", "< pong message_id=p_1", "<close:1000")
    assert correlation.replies_match_messages(scripted(greeted(), *lines)).broken
    assert correlation.replies_match_messages(scripted(greeted(), "> ping", *lines[:2], "< pong"))


def test_all_earlier_replies_are_shown_beside_the_one_too_many():
    sent, replies = ["> chat message_id=q_1"] * 2, ["< ack message_id=q_1"] * 3
    verdict = correlation.replies_match_messages(scripted(greeted(), *sent, *replies))
    assert [frame.index for frame in verdict.offending] == [5]
    assert [frame.index for frame in verdict.context] == [1, 2, 3, 4]
