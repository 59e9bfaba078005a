"""What the rules say of what is broken, whole: the sentence, the frames that show it, and the expectation."""

import pytest
from AgentChatLibrary.rules import pairing
from scripted import ANSWERED, CALLED, ENDED, STARTED, greeted, scripted, stories, told, undecided

FOUND = '< agent_completed run_id=r_1 seq=5 result={"findings":[{"tool_call_id":"c_1"},{"tool_call_id":%s}]}'


@stories(
    (
        "a call without an id, and a result with a number for one",
        lambda: pairing.every_tool_call_is_answered(
            scripted(
                greeted(),
                STARTED,
                "< tool_executing run_id=r_1 seq=2",
                "< tool_completed run_id=r_1 seq=2 tool_call_id=7",
            )
        ),
        [
            "Ana's run r_1 has a tool_executing with no tool_call_id.",
            "  #2       +0.375 s  tool_executing    seq 2  run r_1   <- offending",
            "Expected: every tool_executing and tool_completed names its call.",
        ],
    ),
    (
        "a call that begins twice",
        lambda: pairing.every_tool_call_is_answered(scripted(greeted(), CALLED, CALLED)),
        [
            "Ana's run r_1 began call c_1 again: its id was already used.",
            "  #1       +0.250 s  tool_executing    seq 3  query  call c_1  run r_1",
            "  #2       +0.375 s  tool_executing    seq 3  query  call c_1  run r_1   <- offending",
            "Expected: the id of a tool call is used for one call only.",
        ],
    ),
    (
        "a call under the id of another run",
        lambda: pairing.every_tool_call_is_answered(
            scripted(greeted(), CALLED, "< tool_executing run_id=r_2 seq=2 tool_call_id=c_1")
        ),
        [
            "Ana's run r_2 began call c_1 again: its id was already used by run r_1.",
            "  #1       +0.250 s  tool_executing    seq 3  query  call c_1  run r_1",
            "  #2       +0.375 s  tool_executing    seq 2  call c_1  run r_2   <- offending",
            "Expected: the id of a tool call is used for one call only.",
        ],
    ),
    (
        "a call without a result",
        lambda: pairing.every_tool_call_is_answered(scripted(greeted(), CALLED, ENDED)),
        [
            "Ana's run r_1 ended without a tool_completed for call c_1 (query).",
            "  #1       +0.250 s  tool_executing    seq 3  query  call c_1  run r_1   <- offending",
            "  #2       +0.375 s  agent_completed   seq 5  run r_1",
            "Expected: every tool call is completed before its run ends.",
        ],
    ),
    (
        "a call whose result comes when its run has ended",
        lambda: pairing.every_tool_call_is_answered(
            scripted(greeted(), CALLED, ENDED, ANSWERED.replace("seq=4", "seq=6"))
        ),
        [
            "Ana's run r_1 ended without a tool_completed for call c_1 (query).",
            "  #1       +0.250 s  tool_executing    seq 3  query  call c_1  run r_1   <- offending",
            "  #2       +0.375 s  agent_completed   seq 5  run r_1",
            "  #3       +0.500 s  tool_completed    seq 6  query  call c_1  run r_1",
            "Expected: every tool call is completed before its run ends.",
        ],
    ),
    (
        "a call without a result, of a tool with a number for a name",
        lambda: pairing.every_tool_call_is_answered(
            scripted(greeted(), "< tool_executing run_id=r_1 tool_call_id=c_1 tool_name=5", ENDED)
        ),
        [
            "Ana's run r_1 ended without a tool_completed for call c_1 (5).",
            "  #1       +0.250 s  tool_executing    call c_1  run r_1   <- offending",
            "  #2       +0.375 s  agent_completed   seq 5  run r_1",
            "Expected: every tool call is completed before its run ends.",
        ],
    ),
    (
        "a call that is completed twice",
        lambda: pairing.every_tool_call_is_answered(scripted(greeted(), CALLED, ANSWERED, ANSWERED)),
        [
            "Ana's run r_1 completed call c_1 twice.",
            "  #2       +0.375 s  tool_completed    seq 4  query  call c_1  run r_1",
            "  #3       +0.500 s  tool_completed    seq 4  query  call c_1  run r_1   <- offending",
            "Expected: exactly one tool_completed for every tool_call_id.",
        ],
    ),
    (
        "a result before its call",
        lambda: pairing.every_tool_call_is_answered(scripted(greeted(), ANSWERED, CALLED)),
        [
            "Ana's run r_1 broke the agreed order: tool_completed came before its tool_executing.",
            "  #1       +0.250 s  tool_completed    seq 4  query  call c_1  run r_1   <- offending",
            "  #2       +0.375 s  tool_executing    seq 3  query  call c_1  run r_1",
            "Expected: tool_executing before tool_completed for every tool_call_id.",
        ],
    ),
    (
        "a result without a call, while another call is open",
        lambda: pairing.every_tool_call_is_answered(
            scripted(
                greeted(),
                CALLED,
                ANSWERED,
                "< tool_executing run_id=r_1 seq=9 tool_call_id=c_2",
                "< tool_completed run_id=r_1 seq=10 tool_call_id=c_3",
            )
        ),
        [
            "Ana's run r_1 completed call c_3, which it never began.",
            "  #3       +0.500 s  tool_executing    seq 9  call c_2  run r_1",
            "  #4       +0.625 s  tool_completed    seq 10  call c_3  run r_1   <- offending",
            "Expected: a tool_executing of the same run before every tool_completed.",
        ],
    ),
    (
        "a result of another tool than was called",
        lambda: pairing.every_tool_call_is_answered(
            scripted(greeted(), CALLED, "< tool_completed run_id=r_1 seq=4 tool_call_id=c_1 tool_name=other")
        ),
        [
            "Ana's run r_1 began call c_1 as query and completed it as other.",
            "  #1       +0.250 s  tool_executing    seq 3  query  call c_1  run r_1",
            "  #2       +0.375 s  tool_completed    seq 4  other  call c_1  run r_1   <- offending",
            "Expected: tool_completed has the tool_name of its tool_executing.",
        ],
    ),
    (
        "a finding by a call that never was",
        lambda: pairing.findings_come_from_calls(scripted(greeted(), STARTED, CALLED, FOUND % '"c_9"')),
        [
            "Ana's run r_1 found something by call c_9, which is no call of this run.",
            "  #2       +0.375 s  tool_executing    seq 3  query  call c_1  run r_1",
            "  #3       +0.500 s  agent_completed   seq 5  run r_1   <- offending",
            "Expected: every finding names the tool call of its own run whose result shows it.",
        ],
    ),
    (
        "a finding with a number for a call",
        lambda: pairing.findings_come_from_calls(scripted(greeted(), STARTED, CALLED, FOUND % 7)),
        [
            "Ana's run r_1 found something by call 7, which is no call of this run.",
            "  #2       +0.375 s  tool_executing    seq 3  query  call c_1  run r_1",
            "  #3       +0.500 s  agent_completed   seq 5  run r_1   <- offending",
            "Expected: every finding names the tool call of its own run whose result shows it.",
        ],
    ),
    (
        "a finding without a call, in a run that may have begun before",
        lambda: pairing.findings_come_from_calls(scripted(greeted(9), CALLED, FOUND % "null")),
        [
            "Ana's run r_1 found something by call null, which is no call of this run.",
            "  #1       +0.250 s  tool_executing    seq 3  query  call c_1  run r_1",
            "  #2       +0.375 s  agent_completed   seq 5  run r_1   <- offending",
            "Expected: every finding names the tool call of its own run whose result shows it.",
        ],
    ),
)
def test_what_is_broken_is_told_with_its_frames(judge, lines):
    told(judge(), *lines)


@pytest.mark.parametrize(
    ("judge", "story"),
    [
        (
            lambda: pairing.every_tool_call_is_answered(scripted(greeted(9), ANSWERED)),
            "Ana's run r_1 completed call c_1, which may have begun before this connection.",
        ),
        (
            lambda: pairing.findings_come_from_calls(scripted(greeted(9), CALLED, FOUND % '"c_9"')),
            "Ana's run r_1 names call c_9, which may have come before this connection.",
        ),
        (
            lambda: pairing.findings_come_from_calls(scripted(greeted(), STARTED, CALLED), "r_1"),
            "Nothing of Ana's run r_1 came until +0.375 s (#2).",
        ),
    ],
)
def test_what_is_undecided_says_why(judge, story):
    undecided(judge(), story)
