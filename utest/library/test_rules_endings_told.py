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
)
def test_what_is_broken_is_told_with_its_frames(judge, lines):
    told(judge(), *lines)


def test_whether_a_run_was_running_when_its_person_left_is_undecided():
    undecided(
        endings.acknowledged_runs_ended([scripted(greeted(), *ASKED, STARTED, ">close:1001", "<close:1001")]),
        "Ana's run r_1 was acknowledged, and no end came until +0.750 s (#5); "
        "whether it was running still, nothing received can tell.",
    )
