"""What the rules say of what is broken, whole: the sentence, the frames that show it, and the expectation."""

import pytest
from AgentChatLibrary.rules import sequence
from scripted import greeted, scripted, stories, told, undecided

RESUME = "> resume after_seq=%s message_id=s_1"
RESUMED = "< resumed message_id=s_1 from_seq=%s to_seq=%s count=%s"


def event(seq):
    return f"< agent_started run_id=r_1 seq={seq}"


def judged(*lines, last_seq=2):
    return sequence.seq_rises_by_one(scripted(greeted(last_seq), *lines))


@stories(
    (
        "one event that is missing",
        lambda: judged(event(3), event(5)),
        [
            "Ana missed 1 event: seq 4 never came before seq 5.",
            "  #1       +0.250 s  agent_started     seq 3  run r_1",
            "  #2       +0.375 s  agent_started     seq 5  run r_1   <- offending",
            "Expected: live delivery is every seq above the watershed, rising by one, each once.",
        ],
    ),
    (
        "several events that are missing",
        lambda: judged(event(6)),
        [
            "Ana missed 3 events: seq 3 to 5 never came before seq 6.",
            "  #1       +0.250 s  agent_started     seq 6  run r_1   <- offending",
            "Expected: live delivery is every seq above the watershed, rising by one, each once.",
        ],
    ),
    (
        "an event that comes again",
        lambda: judged(event(3), event(3)),
        [
            "Ana received seq 3 again; seq 4 was due.",
            "  #1       +0.250 s  agent_started     seq 3  run r_1",
            "  #2       +0.375 s  agent_started     seq 3  run r_1   <- offending",
            "Expected: live delivery is every seq above the watershed, rising by one, each once.",
        ],
    ),
    (
        "an old event that nobody asked for",
        lambda: judged(event(2)),
        [
            "Ana received seq 2, which is not above the watershed 2, without having asked for it by a"
            " resume.",
            "  #1       +0.250 s  agent_started     seq 2  run r_1   <- offending",
            "Expected: live delivery is every seq above the watershed, rising by one, each once.",
        ],
    ),
    (
        "an event without a seq",
        lambda: judged("< agent_started run_id=r_1"),
        [
            "Ana received agent_started with no seq.",
            "  #1       +0.250 s  agent_started     run r_1   <- offending",
            "Expected: every run event carries its seq.",
        ],
    ),
    (
        "an event with a text for a seq",
        lambda: judged('< agent_started run_id=r_1 seq="3"'),
        [
            'Ana received agent_started with "3" for a seq.',
            "  #1       +0.250 s  agent_started     run r_1   <- offending",
            "Expected: every run event carries its seq.",
        ],
    ),
    (
        "a live event in the middle of a replay",
        lambda: judged(RESUME % 0, event(1), event(3)),
        [
            "Ana received the live agent_started with seq 3 in the middle of a replay, before resumed.",
            "  #2       +0.375 s  agent_started     seq 1  run r_1",
            "  #3       +0.500 s  agent_started     seq 3  run r_1   <- offending",
            "Expected: between resume and resumed no other durable frame is sent.",
        ],
    ),
    (
        "a replay that begins too late",
        lambda: judged(RESUME % 1, event(3), last_seq=3),
        [
            "Ana asked to resume after seq 1 and was sent seq 3 where seq 2 was due.",
            "  #1       +0.250 s  sent resume       message s_1",
            "  #2       +0.375 s  agent_started     seq 3  run r_1   <- offending",
            "Expected: a resume replays exactly after_seq + 1 to the watershed, in order, and then "
            "resumed says so.",
        ],
    ),
    (
        "a replay with a hole",
        lambda: judged(RESUME % 0, event(1), event(3), last_seq=3),
        [
            "Ana asked to resume after seq 0 and was sent seq 3 where seq 2 was due.",
            "  #1       +0.250 s  sent resume       message s_1",
            "  #2       +0.375 s  agent_started     seq 1  run r_1",
            "  #3       +0.500 s  agent_started     seq 3  run r_1   <- offending",
            "Expected: a resume replays exactly after_seq + 1 to the watershed, in order, and then "
            "resumed says so.",
        ],
    ),
    (
        "a replay whose last event comes again",
        lambda: judged(RESUME % 0, event(1), event(2), event(2)),
        [
            "Ana asked to resume after seq 0 and was sent seq 2 where resumed was due.",
            "  #1       +0.250 s  sent resume       message s_1",
            "  #3       +0.500 s  agent_started     seq 2  run r_1",
            "  #4       +0.625 s  agent_started     seq 2  run r_1   <- offending",
            "Expected: a resume replays exactly after_seq + 1 to the watershed, in order, and then "
            "resumed says so.",
        ],
    ),
    (
        "a resumed before the replay is over",
        lambda: judged(RESUME % 0, event(1), RESUMED % (1, 3, 3), last_seq=3),
        [
            "Ana asked to resume after seq 0; resumed came with 2 events still due, from seq 2 on.",
            "  #1       +0.250 s  sent resume       message s_1",
            "  #2       +0.375 s  agent_started     seq 1  run r_1",
            "  #3       +0.500 s  resumed           message s_1   <- offending",
            "Expected: a resume replays exactly after_seq + 1 to the watershed, in order, and then "
            "resumed says so.",
        ],
    ),
    (
        "a resumed without a replay",
        lambda: judged(RESUME % 1, RESUMED % (2, 2, 1)),
        [
            "Ana asked to resume after seq 1; resumed came with 1 event still due, from seq 2 on.",
            "  #1       +0.250 s  sent resume       message s_1",
            "  #2       +0.375 s  resumed           message s_1   <- offending",
            "Expected: a resume replays exactly after_seq + 1 to the watershed, in order, and then "
            "resumed says so.",
        ],
    ),
    (
        "a resumed with a wrong count",
        lambda: judged(RESUME % 1, event(2), RESUMED % (2, 2, 2)),
        [
            "Ana was told count 2 by resumed; it is 1.",
            "  #1       +0.250 s  sent resume       message s_1",
            "  #2       +0.375 s  agent_started     seq 2  run r_1",
            "  #3       +0.500 s  resumed           message s_1   <- offending",
            "Expected: a resume replays exactly after_seq + 1 to the watershed, in order, and then "
            "resumed says so.",
        ],
    ),
    (
        "a resumed with a wrong beginning",
        lambda: judged(RESUME % 1, event(2), RESUMED % (1, 2, 1)),
        [
            "Ana was told from_seq 1 by resumed; it is 2.",
            "  #1       +0.250 s  sent resume       message s_1",
            "  #2       +0.375 s  agent_started     seq 2  run r_1",
            "  #3       +0.500 s  resumed           message s_1   <- offending",
            "Expected: a resume replays exactly after_seq + 1 to the watershed, in order, and then "
            "resumed says so.",
        ],
    ),
    (
        "a resumed with a wrong end",
        lambda: judged(RESUME % 1, event(2), RESUMED % (2, 3, 1)),
        [
            "Ana was told to_seq 3 by resumed; it is 2.",
            "  #1       +0.250 s  sent resume       message s_1",
            "  #2       +0.375 s  agent_started     seq 2  run r_1",
            "  #3       +0.500 s  resumed           message s_1   <- offending",
            "Expected: a resume replays exactly after_seq + 1 to the watershed, in order, and then "
            "resumed says so.",
        ],
    ),
    (
        "a resumed that nobody asked for",
        lambda: judged(event(3), RESUMED % (1, 2, 2)),
        [
            "Ana received resumed without having sent a resume that was open.",
            "  #1       +0.250 s  agent_started     seq 3  run r_1",
            "  #2       +0.375 s  resumed           message s_1   <- offending",
            "Expected: a resume replays exactly after_seq + 1 to the watershed, in order, and then "
            "resumed says so.",
        ],
    ),
    (
        "a live event after an error that was about something else",
        lambda: judged(RESUME % 0, event(1), "< error message_id=q_1", event(3)),
        [
            "Ana received the live agent_started with seq 3 in the middle of a replay, before resumed.",
            "  #2       +0.375 s  agent_started     seq 1  run r_1",
            "  #4       +0.625 s  agent_started     seq 3  run r_1   <- offending",
            "Expected: between resume and resumed no other durable frame is sent.",
        ],
    ),
    (
        "a live event after a pong under the id of the resume",
        lambda: judged(RESUME % 0, event(1), "< pong message_id=s_1", event(3)),
        [
            "Ana received the live agent_started with seq 3 in the middle of a replay, before resumed.",
            "  #2       +0.375 s  agent_started     seq 1  run r_1",
            "  #4       +0.625 s  agent_started     seq 3  run r_1   <- offending",
            "Expected: between resume and resumed no other durable frame is sent.",
        ],
    ),
    (
        "a first frame that is no greeting",
        lambda: sequence.established_first(scripted("< ack", greeted())),
        [
            "Ana was greeted with ack instead of connection_established.",
            "  #0       +0.125 s  ack   <- offending",
            "  #1       +0.250 s  connection_established",
            "Expected: connection_established is the first message of a connection, and comes once.",
        ],
    ),
    (
        "three greetings",
        lambda: sequence.established_first(scripted(greeted(), "< ack", greeted(), greeted())),
        [
            "Ana received connection_established 3 times.",
            "  #0       +0.125 s  connection_established",
            "  #2       +0.375 s  connection_established   <- offending",
            "  #3       +0.500 s  connection_established   <- offending",
            "Expected: connection_established is the first message of a connection, and comes once.",
        ],
    ),
    (
        "time that runs backwards",
        lambda: sequence.timestamps_never_fall(
            scripted(
                greeted(),
                "< agent_started seq=1 timestamp=10.5",
                "< agent_thinking seq=2 timestamp=10.25",
                "< agent_thinking seq=3 timestamp=1",
            )
        ),
        [
            "Time ran backwards for Ana: seq 2 is stamped 0.250 s before seq 1.",
            "  #1       +0.250 s  agent_started     seq 1",
            "  #2       +0.375 s  agent_thinking    seq 2   <- offending",
            "Expected: timestamps never fall with rising seq.",
        ],
    ),
    (
        "time that runs back to nought",
        lambda: sequence.timestamps_never_fall(
            scripted(greeted(), "< agent_started seq=1 timestamp=0.5", "< agent_thinking seq=2 timestamp=0")
        ),
        [
            "Time ran backwards for Ana: seq 2 is stamped 0.500 s before seq 1.",
            "  #1       +0.250 s  agent_started     seq 1",
            "  #2       +0.375 s  agent_thinking    seq 2   <- offending",
            "Expected: timestamps never fall with rising seq.",
        ],
    ),
    (
        "time that runs backwards in what comes in another order, and again",
        lambda: sequence.timestamps_never_fall(
            scripted(
                greeted(),
                "< agent_started seq=2 timestamp=0",
                "< agent_thinking seq=1 timestamp=0.5",
                "< agent_started seq=2 timestamp=7",
            )
        ),
        [
            "Time ran backwards for Ana: seq 2 is stamped 0.500 s before seq 1.",
            "  #1       +0.250 s  agent_started     seq 2   <- offending",
            "  #2       +0.375 s  agent_thinking    seq 1",
            "Expected: timestamps never fall with rising seq.",
        ],
    ),
    (
        "a replay that fits neither of two resumes",
        lambda: judged(RESUME % 0, "> resume after_seq=1 message_id=s_2", event(3), last_seq=3),
        [
            "Ana asked to resume after seq 0 and was sent seq 3 where seq 1 was due.",
            "  #1       +0.250 s  sent resume       message s_1",
            "  #3       +0.500 s  agent_started     seq 3  run r_1   <- offending",
            "Expected: a resume replays exactly after_seq + 1 to the watershed, in order, and then "
            "resumed says so.",
        ],
    ),
    (
        "a replay whose last event is still due",
        lambda: judged(RESUME % 0, event(1), event(1)),
        [
            "Ana asked to resume after seq 0 and was sent seq 1 where seq 2 was due.",
            "  #1       +0.250 s  sent resume       message s_1",
            "  #2       +0.375 s  agent_started     seq 1  run r_1",
            "  #3       +0.500 s  agent_started     seq 1  run r_1   <- offending",
            "Expected: a resume replays exactly after_seq + 1 to the watershed, in order, and then "
            "resumed says so.",
        ],
    ),
)
def test_what_is_broken_is_told_with_its_frames(judge, lines):
    told(judge(), *lines)


def test_what_is_undecided_says_why():
    undecided(
        sequence.seq_rises_by_one(scripted("< connection_established last_seq=null")),
        "Ana was never told a last_seq, so there is no watershed to judge from.",
    )
    undecided(sequence.established_first(scripted("<ping")), "Ana received no message at all.")


@pytest.mark.parametrize(
    "lines",
    [
        ("< token_refreshed expires_at=5", "< token_expiring expires_at=5", event(3)),
        ("> resume after_seq=0", "< error code=invalid_json", event(1), event(2), RESUMED % (1, 2, 2)),
        (
            "> resume after_seq=0 message_id=s_1",
            "> resume after_seq=1 message_id=s_2",
            "< error message_id=s_1",
            event(2),
            "< resumed message_id=s_2 from_seq=2 to_seq=2 count=1",
        ),
        (
            "> resume after_seq=0 message_id=s_2",
            "> resume after_seq=1 message_id=s_1",
            "< error message_id=s_1",
            event(1),
            event(2),
            "< resumed message_id=s_2 from_seq=1 to_seq=2 count=2",
        ),
        ("> resume after_seq=0 message_id=s_1", event(1), "< error message_id=s_1", event(3), event(4)),
        (
            "> resume after_seq=1 message_id=s_1",
            "> resume after_seq=2 message_id=s_2",
            "< resumed message_id=s_2 from_seq=3 to_seq=2 count=0",
        ),
        (
            "> resume after_seq=2 message_id=s_1",
            "> resume after_seq=1 message_id=s_2",
            "< resumed message_id=s_1 from_seq=3 to_seq=2 count=0",
            event(2),
            "< resumed message_id=s_2 from_seq=2 to_seq=2 count=1",
        ),
        ("> resume after_seq=1", "> resume after_seq=2", "< resumed from_seq=3 to_seq=2 count=0"),
    ],
    ids=[
        "frames without a seq",
        "an error that names no resume",
        "the first of two resumes refused",
        "the second of two resumes refused",
        "a resume that is refused in the middle of its replay",
        "the second of two resumes answered alone, by its id",
        "two resumes answered in turn",
        "the second of two resumes answered alone, by where it begins",
    ],
)
def test_delivery_as_it_should_be_holds(lines):
    assert judged(*lines), judged(*lines).text()
