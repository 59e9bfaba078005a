"""What the rules say of what is broken, whole: the sentence, the frames that show it, and the expectation."""

from AgentChatLibrary.rules import devices
from AgentChatLibrary.transcript import Owner
from scripted import STARTED, THOUGHT, greeted, scripted, stories, told, undecided

ONE = ("< agent_started seq=1 message=Ready", "< agent_thinking seq=2 reasoning=abcdefghijklmnopqrstuvwxyz")
OTHER = ("< agent_started seq=1 message=Ready", "< agent_thinking seq=2 reasoning=abcdefghijklmnopqrstuvwxYz")


def event(seq):
    return f"< agent_started run_id=r_1 seq={seq}"


@stories(
    (
        "another text on another device",
        lambda: devices.same_seq_same_frame(
            [scripted(greeted(), *ONE), scripted(greeted(), *OTHER, session="Ana's phone", first=10.0)]
        ),
        [
            "Ana's phone received seq 2 with another text than Ana did: from character 75 on "
            'opqrstuvwxYz"} instead of opqrstuvwxyz"}.',
            "  #2       +0.375 s  agent_thinking    seq 2   <- offending",
            "  #2       +0.375 s  agent_thinking    seq 2   on Ana",
            "Expected: a seq is the same text, byte for byte, on every device, live or replayed.",
        ],
    ),
    (
        "another text on the same device",
        lambda: devices.same_seq_same_frame(
            [scripted(greeted(), "< agent_started seq=1", "< agent_started seq=1 x=1")]
        ),
        [
            'Ana received seq 1 with another text than before: from character 34 on , "seq": 1, "x": '
            '1} instead of , "seq": 1}.',
            "  #1       +0.250 s  agent_started     seq 1",
            "  #2       +0.375 s  agent_started     seq 1   <- offending",
            "Expected: a seq is the same text, byte for byte, on every device, live or replayed.",
        ],
    ),
    (
        "a text that is longer by a space",
        lambda: devices.same_seq_same_frame(
            [
                scripted(
                    greeted(),
                    ("<", '{"type": "agent_started", "seq": 1}'),
                    ("<", '{"type": "agent_started", "seq": 1} '),
                )
            ]
        ),
        [
            'Ana received seq 1 with another text than before: from character 35 on  "seq": 1}  '
            'instead of  "seq": 1}.',
            "  #1       +0.250 s  agent_started     seq 1",
            "  #2       +0.375 s  agent_started     seq 1   <- offending",
            "Expected: a seq is the same text, byte for byte, on every device, live or replayed.",
        ],
    ),
    (
        "a text that differs from its first character on",
        lambda: devices.same_seq_same_frame(
            [
                scripted(
                    greeted(),
                    ("<", '{"type": "agent_started", "seq": 1}'),
                    ("<", ' {"type": "agent_started", "seq": 1}'),
                )
            ]
        ),
        [
            'Ana received seq 1 with another text than before: from character 0 on  {"type": '
            '"agent_started", "seq": 1} instead of {"type": "agent_started", "seq": 1}.',
            "  #1       +0.250 s  agent_started     seq 1",
            "  #2       +0.375 s  agent_started     seq 1   <- offending",
            "Expected: a seq is the same text, byte for byte, on every device, live or replayed.",
        ],
    ),
    (
        "events that never came, on the last of two connections",
        lambda: devices.same_frames(
            [scripted(greeted(), STARTED), scripted(greeted(), THOUGHT, connection=2, first=5.0)],
            scripted(greeted(), *ONE),
            1,
            4,
        ),
        [
            "Ana (connection 2) never received seq 3 and 1 more event of seq 1 to 4.",
            "  #1       +0.250 s  agent_thinking    seq 2  run r_1",
            "Expected: seq 1 to 4, in order, each once.",
        ],
    ),
    (
        "an event that never came, on connections of which the last saw none",
        lambda: devices.same_frames(
            [scripted(greeted(), STARTED), scripted(greeted(), connection=2, first=5.0)],
            scripted(greeted(), *ONE),
            1,
            2,
        ),
        [
            "Ana (connection 2) never received seq 2 of seq 1 to 2.",
            "Expected: seq 1 to 2, in order, each once.",
        ],
    ),
    (
        "an event that never came where one stayed",
        lambda: devices.same_frames(
            scripted(greeted(), *ONE), [scripted(greeted(), STARTED, session="Ana's laptop")], 1, 2
        ),
        [
            "Ana's laptop never received seq 2 of seq 1 to 2.",
            "  #1       +0.250 s  agent_started     seq 1  run r_1",
            "Expected: seq 1 to 2, in order, each once.",
        ],
    ),
    (
        "an event that comes twice",
        lambda: devices.same_frames(
            scripted(greeted(), STARTED, THOUGHT, THOUGHT), scripted(greeted(), *ONE), 1, 2
        ),
        [
            "Ana received seq 2 twice.",
            "  #2       +0.375 s  agent_thinking    seq 2  run r_1",
            "  #3       +0.500 s  agent_thinking    seq 2  run r_1   <- offending",
            "Expected: seq 1 to 2, in order, each once.",
        ],
    ),
    (
        "an event that comes too late, on the next connection",
        lambda: devices.same_frames(
            [scripted(greeted(), THOUGHT), scripted(greeted(), STARTED, connection=2)],
            scripted(greeted(), *ONE),
            1,
            2,
        ),
        [
            "Ana (connection 2) received seq 1 too late: seq 2 had come already.",
            "  #1       +0.250 s  agent_started     seq 1  run r_1   <- offending",
            "Expected: seq 1 to 2, in order, each once.",
        ],
    ),
    (
        "seq 0 too late",
        lambda: devices.same_frames(scripted(event(1), event(0)), scripted(greeted(), *ONE), 0, 1),
        [
            "Ana received seq 0 too late: seq 1 had come already.",
            "  #0       +0.125 s  agent_started     seq 1  run r_1",
            "  #1       +0.250 s  agent_started     seq 0  run r_1   <- offending",
            "Expected: seq 0 to 1, in order, each once.",
        ],
    ),
    (
        "a text that differs from that of who stayed",
        lambda: devices.same_frames(
            scripted(greeted(), *OTHER, session="Ana's phone", first=10.0), scripted(greeted(), *ONE), 1, 2
        ),
        [
            "Ana's phone received seq 2 with another text than Ana did: from character 75 on "
            'opqrstuvwxYz"} instead of opqrstuvwxyz"}.',
            "  #2       +0.375 s  agent_thinking    seq 2   <- offending",
            "  #2       +0.375 s  agent_thinking    seq 2   on Ana",
            "Expected: replayed and live frames are the same text, byte for byte.",
        ],
    ),
)
def test_what_is_broken_is_told_with_its_frames(judge, lines):
    told(judge(), *lines)


def test_a_connection_that_nobody_knows_does_not_keep_the_others_from_being_compared():
    unknown, one = scripted(STARTED, owner=Owner("")), scripted(greeted(), *ONE)
    undecided(
        devices.same_seq_same_frame([unknown, one]),
        "Nobody knows whose connection Ana is, so its frames were compared with none.",
    )
    assert devices.same_seq_same_frame([unknown, one, scripted(greeted(), *OTHER)]).broken


def test_only_run_events_with_a_seq_are_compared():
    assert devices.same_seq_same_frame([scripted(greeted(), "< pong seq=1", "< pong seq=1 data=7")])
    assert devices.same_seq_same_frame(
        [scripted(greeted(), "< agent_started run_id=r_1", "< agent_started run_id=r_1 x=1")]
    )


def test_nothing_to_compare_holds():
    assert devices.same_frames([], [], 1, 0)
    here = scripted(greeted(), *ONE)
    assert devices.same_frames([here, scripted(greeted(2), connection=2)], here, 1, 2)
