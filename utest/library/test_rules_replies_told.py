"""What the rules say of what is broken, whole: the sentence, the frames that show it, and the expectation."""

import pytest
from AgentChatLibrary.rules import replies
from scripted import STARTED, THOUGHT, greeted, scripted, stories, told


@stories(
    (
        "an ack after the first event",
        lambda: replies.acks_come_first(
            scripted(greeted(), "> chat message_id=q_1", STARTED, "< ack message_id=q_1 run_id=r_1")
        ),
        [
            "Ana's run r_1 was acknowledged after its agent_started had come.",
            "  #1       +0.250 s  sent chat         message q_1",
            "  #2       +0.375 s  agent_started     seq 1  run r_1",
            "  #3       +0.500 s  ack               run r_1  message q_1   <- offending",
            "Expected: the ack of a question comes before any event of its run.",
        ],
    ),
    (
        "an ack after the very first frame",
        lambda: replies.acks_come_first(scripted(STARTED, "< ack message_id=q_1 run_id=r_1")),
        [
            "Ana's run r_1 was acknowledged after its agent_started had come.",
            "  #0       +0.125 s  agent_started     seq 1  run r_1",
            "  #1       +0.250 s  ack               run r_1  message q_1   <- offending",
            "Expected: the ack of a question comes before any event of its run.",
        ],
    ),
    (
        "two acks the other way round",
        lambda: replies.acks_come_first(
            scripted(
                greeted(),
                "> chat message_id=q_1 content=One?",
                "> chat message_id=q_2 content=Two?",
                "< ack message_id=q_2 run_id=r_2",
                "< ack message_id=q_1 run_id=r_1",
            )
        ),
        [
            'Ana asked "One?" before "Two?", but was acknowledged the other way round.',
            "  #1       +0.250 s  sent chat         message q_1",
            "  #2       +0.375 s  sent chat         message q_2",
            "  #3       +0.500 s  ack               run r_2  message q_2",
            "  #4       +0.625 s  ack               run r_1  message q_1   <- offending",
            "Expected: acks come in the order of asking.",
        ],
    ),
    (
        "two acks the other way round, after a refusal",
        lambda: replies.acks_come_first(
            scripted(
                greeted(),
                "> chat message_id=q_1 content=One?",
                "> chat message_id=q_2 content=Two?",
                "> chat message_id=q_3 content=3",
                "< error message_id=q_1",
                "< ack message_id=q_3 run_id=r_2",
                "< ack message_id=q_2 run_id=r_1",
            )
        ),
        [
            'Ana asked "Two?" before 3, but was acknowledged the other way round.',
            "  #2       +0.375 s  sent chat         message q_2",
            "  #3       +0.500 s  sent chat         message q_3",
            "  #5       +0.750 s  ack               run r_2  message q_3",
            "  #6       +0.875 s  ack               run r_1  message q_2   <- offending",
            "Expected: acks come in the order of asking.",
        ],
    ),
    (
        "two acks the other way round, after frames without an id",
        lambda: replies.acks_come_first(
            scripted(
                greeted(),
                "> chat content=Zero?",
                "> chat message_id=q_1 content=One?",
                "> chat message_id=q_2 content=Two?",
                "< error",
                "< ack message_id=q_2 run_id=r_2",
                "< ack message_id=q_1 run_id=r_1",
            )
        ),
        [
            'Ana asked "One?" before "Two?", but was acknowledged the other way round.',
            "  #2       +0.375 s  sent chat         message q_1",
            "  #3       +0.500 s  sent chat         message q_2",
            "  #5       +0.750 s  ack               run r_2  message q_2",
            "  #6       +0.875 s  ack               run r_1  message q_1   <- offending",
            "Expected: acks come in the order of asking.",
        ],
    ),
    (
        "a pong that comes again",
        lambda: replies.pongs_answer_pings(
            scripted(greeted(), "> ping sequence=1", "< pong sequence=1", "< pong sequence=1")
        ),
        [
            "Ana received the pong 1 again; the first came at +0.375 s (#2).",
            "  #2       +0.375 s  pong",
            "  #3       +0.500 s  pong   <- offending",
            "Expected: each ping is answered by one pong with its own sequence and data, in the order"
            " of the pings.",
        ],
    ),
    (
        "a pong that answers none of three pings",
        lambda: replies.pongs_answer_pings(
            scripted(
                greeted(), "> ping sequence=1", "> ping sequence=2", "> ping sequence=3", "< pong sequence=4"
            )
        ),
        [
            "Ana received the pong 4, which answers no ping that was sent.",
            "  #1       +0.250 s  sent ping",
            "  #2       +0.375 s  sent ping",
            "  #4       +0.625 s  pong   <- offending",
            "Expected: each ping is answered by one pong with its own sequence and data, in the order"
            " of the pings.",
        ],
    ),
    (
        "a pong that passes two pings",
        lambda: replies.pongs_answer_pings(
            scripted(
                greeted(),
                "> ping sequence=1",
                "> ping sequence=2 message_id=p_2",
                "> ping sequence=3",
                "< pong sequence=3",
            )
        ),
        [
            "Ana received the pong 3 while 2 earlier pings had no answer.",
            "  #1       +0.250 s  sent ping",
            "  #2       +0.375 s  sent ping         message p_2",
            "  #3       +0.500 s  sent ping",
            "  #4       +0.625 s  pong   <- offending",
            "Expected: each ping is answered by one pong with its own sequence and data, in the order"
            " of the pings.",
        ],
    ),
    (
        "pings without a pong",
        lambda: replies.pongs_answer_pings(
            scripted(greeted(), "> ping sequence=1", "> ping sequence=2"), complete=True
        ),
        [
            "Ana had no pong for 2 pings.",
            "  #1       +0.250 s  sent ping   <- offending",
            "  #2       +0.375 s  sent ping   <- offending",
            "Expected: each ping is answered by one pong with its own sequence and data, in the order"
            " of the pings.",
        ],
    ),
    (
        "a pong that is known by its message_id",
        lambda: replies.pongs_answer_pings(scripted(greeted(), "< pong message_id=p_1 data=8")),
        [
            "Ana received the pong p_1, which answers no ping that was sent.",
            "  #1       +0.250 s  pong              message p_1   <- offending",
            "Expected: each ping is answered by one pong with its own sequence and data, in the order"
            " of the pings.",
        ],
    ),
    (
        "a pong that is known by its data",
        lambda: replies.pongs_answer_pings(scripted(greeted(), "< pong data=8")),
        [
            "Ana received the pong 8, which answers no ping that was sent.",
            "  #1       +0.250 s  pong   <- offending",
            "Expected: each ping is answered by one pong with its own sequence and data, in the order"
            " of the pings.",
        ],
    ),
    (
        "true in the place of 1",
        lambda: replies.pongs_answer_pings(scripted(greeted(), "> ping sequence=1", "< pong sequence=true")),
        [
            "Ana received the pong true, which answers no ping that was sent.",
            "  #1       +0.250 s  sent ping",
            "  #2       +0.375 s  pong   <- offending",
            "Expected: each ping is answered by one pong with its own sequence and data, in the order"
            " of the pings.",
        ],
    ),
)
def test_what_is_broken_is_told_with_its_frames(judge, lines):
    told(judge(), *lines)


@pytest.mark.parametrize(
    "lines",
    [
        (STARTED, "> chat message_id=q_1", THOUGHT, "< ack message_id=q_1 run_id=r_1"),
        (
            "> cancel message_id=q_1",
            "> chat message_id=q_2",
            "< ack message_id=q_1 run_id=r_1",
            "< ack message_id=q_2 run_id=r_2",
        ),
        (
            "> cancel message_id=x_1",
            "> chat message_id=q_1",
            "< ack message_id=q_1 run_id=r_1",
            "< ack message_id=x_1 run_id=r_2",
        ),
    ],
    ids=["an ack that is repeated", "a cancellation that is acknowledged", "one that is acknowledged later"],
)
def test_acks_as_they_should_be_hold(lines):
    assert replies.acks_come_first(scripted(greeted(), *lines))


@pytest.mark.parametrize(
    "lines",
    [
        ("> ping sequence=1", "> ping sequence=2", "< error", "< error", "< error"),
        ('> ping data={"a":1,"b":2}', '< pong data={"b":2,"a":1}'),
        ("> ping sequence=1 message_id=p_1", "< error message_id=p_1"),
    ],
    ids=[
        "more errors without an id than pings",
        "data whose names come in another order",
        "a ping that is refused by its id",
    ],
)
def test_pongs_as_they_should_be_hold(lines):
    assert replies.pongs_answer_pings(scripted(greeted(), *lines), complete=True)


def test_a_run_that_was_not_asked_here_does_not_keep_the_next_from_being_judged():
    late = ("> chat message_id=q_1", "< agent_started run_id=r_2", "< ack message_id=q_1 run_id=r_2")
    assert replies.acks_come_first(scripted(greeted(), STARTED, *late)).broken
