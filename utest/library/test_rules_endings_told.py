"""What the rules say of what is broken, whole: the sentence, the frames that show it, and the expectation."""

from AgentChatLibrary.rules import endings
from scripted import ASKED, ENDED, STARTED, THOUGHT, greeted, scripted, stories, told, undecided


@stories(
    (
        "an end seen by one device, and later events by another",
        lambda: endings.nothing_above_the_end(
            [
                scripted(greeted(), "< agent_completed run_id=r_1 seq=4"),
                scripted(
                    greeted(),
                    "< agent_thinking run_id=r_1 seq=3",
                    "< agent_thinking run_id=r_1 seq=5",
                    "< tool_executing run_id=r_1 seq=6",
                    session="Ana's phone",
                ),
            ]
        ),
        [
            "Ana's run r_1 on Ana's phone went on after its end: it ended with seq 4, and its "
            "agent_thinking has seq 5.",
            "  #2       +0.375 s  agent_thinking    seq 5  run r_1   <- offending",
            "  #3       +0.500 s  tool_executing    seq 6  run r_1   <- offending",
            "  #1       +0.250 s  agent_completed   seq 4  run r_1   on Ana",
            "Expected: no event of a run has a seq above that of its end.",
        ],
    ),
    (
        "a second end and a later event beside the first",
        lambda: endings.nothing_above_the_end(
            [
                scripted(
                    greeted(),
                    "< agent_completed run_id=r_1 seq=4",
                    "< agent_completed run_id=r_1 seq=6",
                    "< agent_thinking run_id=r_1 seq=5",
                )
            ]
        ),
        [
            "Ana's run r_1 went on after its end: it ended with seq 4, and its agent_completed has seq 6.",
            "  #1       +0.250 s  agent_completed   seq 4  run r_1",
            "  #2       +0.375 s  agent_completed   seq 6  run r_1   <- offending",
            "  #3       +0.500 s  agent_thinking    seq 5  run r_1   <- offending",
            "Expected: no event of a run has a seq above that of its end.",
        ],
    ),
    (
        "an open run when the server drains",
        lambda: endings.acknowledged_runs_ended([scripted(greeted(), *ASKED, STARTED, "<close:1001")]),
        [
            "Ana's run r_1 had no end when the drained server closed with 1001; its last frame was "
            "agent_started.",
            "  #2       +0.375 s  ack               run r_1  message q_1",
            "  #3       +0.500 s  agent_started     seq 1  run r_1",
            "  #4       +0.625 s  <close>           1001   <- offending",
            "Expected: every acknowledged run ends before a drained server closes.",
        ],
    ),
    (
        "an acknowledged run that never began when the server drains",
        lambda: endings.acknowledged_runs_ended([scripted(greeted(), *ASKED, "<close:1001")]),
        [
            "Ana's run r_1 had no end when the drained server closed with 1001; its last frame was ack.",
            "  #2       +0.375 s  ack               run r_1  message q_1",
            "  #3       +0.500 s  <close>           1001   <- offending",
            "Expected: every acknowledged run ends before a drained server closes.",
        ],
    ),
    (
        "an open run of several events when the server drains",
        lambda: endings.acknowledged_runs_ended(
            [scripted(greeted(), *ASKED, STARTED, THOUGHT, "<close:1001")]
        ),
        [
            "Ana's run r_1 had no end when the drained server closed with 1001; its last frame was "
            "agent_thinking.",
            "  #2       +0.375 s  ack               run r_1  message q_1",
            "  #4       +0.625 s  agent_thinking    seq 2  run r_1",
            "  #5       +0.750 s  <close>           1001   <- offending",
            "Expected: every acknowledged run ends before a drained server closes.",
        ],
    ),
    (
        "an open run beside one that ended when the server drains",
        lambda: endings.acknowledged_runs_ended(
            [
                scripted(
                    greeted(),
                    *ASKED,
                    ENDED,
                    "> chat message_id=q_2",
                    "< ack message_id=q_2 run_id=r_2",
                    "<close:1001",
                )
            ]
        ),
        [
            "Ana's run r_2 had no end when the drained server closed with 1001; its last frame was ack.",
            "  #5       +0.750 s  ack               run r_2  message q_2",
            "  #6       +0.875 s  <close>           1001   <- offending",
            "Expected: every acknowledged run ends before a drained server closes.",
        ],
    ),
    (
        "a run that nobody saw end",
        lambda: endings.each_run_ends_once(
            [
                scripted(greeted(), *ASKED, ENDED),
                scripted(greeted(), "< ack run_id=r_2", "< agent_started run_id=r_2 seq=6", connection=2),
            ]
        ),
        [
            "Ana's run r_2 (connection 2) has no end; the last frame of it was agent_started.",
            "  #2       +0.375 s  agent_started     seq 6  run r_2",
            "Expected: each run has one end.",
        ],
    ),
    (
        "a run that was accepted and never began",
        lambda: endings.each_run_ends_once([scripted(greeted(), *ASKED)]),
        [
            "Ana's run r_1 has no end; the last frame of it was ack.",
            "  #2       +0.375 s  ack               run r_1  message q_1",
            "Expected: each run has one end.",
        ],
    ),
    (
        "a run that ended otherwise on the next connection",
        lambda: endings.each_run_ends_once(
            [
                scripted(greeted(), *ASKED, ENDED),
                scripted(greeted(5), "< agent_failed run_id=r_1 seq=6", connection=2),
            ]
        ),
        [
            "Ana's run r_1 (connection 2) has 2 ends, with seq 5 and 6.",
            "  #1       +0.250 s  agent_failed      seq 6  run r_1   <- offending",
            "  #3       +0.500 s  agent_completed   seq 5  run r_1   on Ana",
            "Expected: each run has one end.",
        ],
    ),
)
def test_what_is_broken_is_told_with_its_frames(judge, lines):
    told(judge(), *lines)


def test_whether_a_run_was_running_when_its_person_left_is_undecided():
    undecided(
        endings.acknowledged_runs_ended([scripted(greeted(), *ASKED, STARTED, ">close:1001", "<close:1001")]),
        "Ana's run r_1 was acknowledged, and no end came until +0.750 s (#5); "
        "whether it was running still, nothing received can tell.",
    )


def test_one_end_is_enough_wherever_it_came_and_as_often_as_it_was_replayed():
    assert endings.each_run_ends_once(
        [
            scripted(greeted(), *ASKED, STARTED),
            scripted(greeted(5), STARTED, ENDED, ENDED, connection=2),
            scripted(greeted(5), ENDED, connection=3),
        ]
    )


def test_runs_without_an_end_are_listed_in_the_order_in_which_they_were_seen():
    first = scripted(greeted(), *ASKED, "< ack run_id=r_3", "< agent_started run_id=r_2 seq=6")
    assert endings.open_runs([]) == []
    assert endings.open_runs([first]) == ["r_1", "r_3", "r_2"]
    assert endings.open_runs([first, scripted(greeted(), ENDED, connection=2)]) == ["r_3", "r_2"]


def test_without_any_run_there_is_no_end_to_look_at():
    story = "No run was seen: there is nothing to look at."
    for transcripts in ([], [scripted(greeted())], [scripted(greeted(), "< pong run_id=r_1")]):
        undecided(endings.each_run_ends_once(transcripts), story)


def test_what_was_not_recorded_may_have_been_the_end():
    cut = scripted(greeted(), *ASKED)
    cut.truncated = 1
    assert not endings.each_run_ends_once([cut])
    assert not endings.each_run_ends_once([cut]).broken
