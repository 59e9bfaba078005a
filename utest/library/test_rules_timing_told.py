"""What the rules say of what is broken, whole: the sentence, the frames that show it, and the expectation."""

import pytest
from AgentChatLibrary.rules import timing
from scripted import ASKED, CALLED, RUN, STARTED, THOUGHT, greeted, scripted, stories, told, undecided

DONE = "< tool_completed run_id=r_1 seq=4 tool_call_id=c_1"


@stories(
    (
        "a tool that claims more than its frames took",
        lambda: timing.durations_are_true(
            scripted(
                greeted(), CALLED, f"{DONE} duration_ms=175.5", "< agent_completed run_id=r_1 duration_ms=7"
            )
        ),
        [
            "Ana's run r_1 claims 175.5 ms for call c_1, whose frames came 125 ms apart.",
            "  #1       +0.250 s  tool_executing    seq 3  query  call c_1  run r_1",
            "  #2       +0.375 s  tool_completed    seq 4  call c_1  run r_1   <- offending",
            "Expected: duration_ms is at most the time between the frames plus 50 ms.",
        ],
    ),
    (
        "a call that was cut off and tells seconds",
        lambda: timing.cut_off_calls_are_timed(
            scripted(
                greeted(),
                f"{CALLED} timestamp=1790000000.0",
                f"{DONE} status=cancelled duration_ms=2.0 timestamp=1790000002.0",
            ),
            "r_1",
        ),
        [
            "Ana's run r_1 claims 2.0 ms for call c_1, which was cut off 2000 ms after it began.",
            "  #1       +0.250 s  tool_executing    seq 3  query  call c_1  run r_1",
            "  #2       +0.375 s  tool_completed    seq 4  call c_1  run r_1   <- offending",
            "Expected: duration_ms is the time between the timestamps, give or take 50 ms.",
        ],
    ),
    (
        "a tool that claims nothing",
        lambda: timing.durations_are_true(scripted(greeted(), CALLED, DONE)),
        [
            "Ana's run r_1 gave nothing for the duration_ms of tool_completed.",
            "  #1       +0.250 s  tool_executing    seq 3  query  call c_1  run r_1",
            "  #2       +0.375 s  tool_completed    seq 4  call c_1  run r_1   <- offending",
            "Expected: duration_ms is at most the time between the frames plus 50 ms.",
        ],
    ),
    (
        "a tool that claims less than nothing",
        lambda: timing.durations_are_true(scripted(greeted(), CALLED, f"{DONE} duration_ms=-1")),
        [
            "Ana's run r_1 gave -1 for the duration_ms of tool_completed.",
            "  #1       +0.250 s  tool_executing    seq 3  query  call c_1  run r_1",
            "  #2       +0.375 s  tool_completed    seq 4  call c_1  run r_1   <- offending",
            "Expected: duration_ms is at most the time between the frames plus 50 ms.",
        ],
    ),
    (
        "a tool that claims null",
        lambda: timing.durations_are_true(scripted(greeted(), CALLED, f"{DONE} duration_ms=null")),
        [
            "Ana's run r_1 gave null for the duration_ms of tool_completed.",
            "  #1       +0.250 s  tool_executing    seq 3  query  call c_1  run r_1",
            "  #2       +0.375 s  tool_completed    seq 4  call c_1  run r_1   <- offending",
            "Expected: duration_ms is at most the time between the frames plus 50 ms.",
        ],
    ),
    (
        "an answer that claims more than its frames took",
        lambda: timing.durations_are_true(
            scripted(greeted(), *ASKED, "< agent_completed run_id=r_1 seq=1 duration_ms=301"), slack=0.05
        ),
        [
            "Ana's run r_1 claims 301 ms for its answer, whose frames came 250 ms apart.",
            "  #1       +0.250 s  sent chat         message q_1",
            "  #3       +0.500 s  agent_completed   seq 1  run r_1   <- offending",
            "Expected: duration_ms is at most the time between the frames plus 50 ms.",
        ],
    ),
    (
        "three transitions over their budgets, the worst first",
        lambda: timing.within(
            scripted(greeted(), *ASKED, *RUN),
            "r_1",
            {"asked_to_ack": 0.1, "whole": 0.5, "longest_gap": 0.124, "started_to_thinking": 0.125},
        ),
        [
            "Ana's run r_1 was too slow: 0.750 s from the question to agent_completed (budget 0.500 "
            "s), 0.125 s from the question to its ack (budget 0.100 s) and 0.125 s between two signs "
            "of life (budget 0.124 s).",
            "  #1       +0.250 s  sent chat         message q_1",
            "  #7       +1.000 s  agent_completed   seq 5  run r_1   <- offending",
            "Expected: every transition within its budget.",
        ],
    ),
    (
        "more transitions over their budgets than a story names",
        lambda: timing.within(
            scripted(greeted(), *ASKED, *RUN),
            "r_1",
            {
                "asked_to_ack": 0.1,
                "whole": 0.05,
                "longest_gap": 0.124,
                "started_to_thinking": 0.01,
                "thinking_to_executing": 0.02,
            },
        ),
        [
            "Ana's run r_1 was too slow: 0.750 s from the question to agent_completed (budget 0.050 "
            "s), 0.125 s from agent_started to the first agent_thinking (budget 0.010 s) and 0.125 s "
            "from agent_thinking to its tool_executing (budget 0.020 s).",
            "  #1       +0.250 s  sent chat         message q_1",
            "  #7       +1.000 s  agent_completed   seq 5  run r_1   <- offending",
            "Expected: every transition within its budget.",
        ],
    ),
    (
        "both percentiles over their budgets",
        lambda: timing.distribution_within("Connecting", [0.1, 0.2, 0.3], p50=0.15, p95=0.25),
        [
            "Connecting took too long: p50 200.0 ms, p95 300.0 ms, max 300.0 ms of 3.",
            "Expected: p50 at most 150.0 ms and p95 at most 250.0 ms.",
        ],
    ),
    (
        "one percentile over its budget",
        lambda: timing.distribution_within("Connecting", [0.1, 0.2, 0.3], p50=0.2, p95=0.25),
        [
            "Connecting took too long: p50 200.0 ms, p95 300.0 ms, max 300.0 ms of 3.",
            "Expected: p95 at most 250.0 ms.",
        ],
    ),
)
def test_what_is_broken_is_told_with_its_frames(judge, lines):
    told(judge(), *lines)


@pytest.mark.parametrize(
    ("judge", "story"),
    [
        (
            lambda: timing.durations_are_true(scripted(greeted(), CALLED), "r_1"),
            "Ana's run r_1 has no duration_ms whose frames both came live.",
        ),
        (
            lambda: timing.within(
                scripted(greeted(), *ASKED, STARTED, THOUGHT),
                "r_1",
                {"asked_to_ack": 1, "whole": 0.5, "thinking_to_executing": 0.1},
            ),
            "Ana's run r_1 has no time from the question to agent_completed and "
            "from agent_thinking to its tool_executing that this connection could measure.",
        ),
        (
            lambda: timing.distribution_within("Connecting", []),
            "Connecting: 0 measured, 1 needed to judge.",
        ),
        (
            lambda: timing.distribution_within("Connecting", [1], at_least=3),
            "Connecting: 1 measured, 3 needed to judge.",
        ),
    ],
)
def test_what_is_undecided_says_why(judge, story):
    undecided(judge(), story)


@pytest.mark.parametrize(
    "judge",
    [
        lambda: timing.durations_are_true(scripted(greeted(), CALLED, f"{DONE} duration_ms=175"), "r_1"),
        lambda: timing.durations_are_true(scripted(greeted(), CALLED, f"{DONE} duration_ms=0"), "r_1"),
        lambda: timing.durations_are_true(scripted(greeted(), CALLED)),
        lambda: timing.within(scripted(greeted(), *ASKED, *RUN), "r_1", {"whole": 0.75}),
        lambda: timing.distribution_within("Connecting", [0.1, 0.2], p50=0.1, p95=0.2, at_least=2),
    ],
    ids=[
        "a duration at the edge of its slack",
        "a duration of nothing",
        "a call without a result",
        "a transition that takes its whole budget",
        "percentiles at their budgets",
    ],
)
def test_what_is_in_time_holds(judge):
    assert judge(), judge().text()


def test_a_run_that_was_replayed_does_not_keep_the_next_from_being_judged():
    replayed = ("> resume after_seq=0", *RUN, "< resumed from_seq=1 to_seq=5 count=5")
    late = (
        "< tool_executing run_id=r_2 seq=6 tool_call_id=c_2",
        "< tool_completed run_id=r_2 seq=7 tool_call_id=c_2 duration_ms=999",
    )
    verdict = timing.durations_are_true(scripted(greeted(5), *replayed, *late))
    assert [frame.index for frame in verdict.offending] == [9]


def test_a_run_has_one_longest_gap():
    transcript = scripted(greeted(), *ASKED, *RUN)
    transcript.frames[4].at += 0.0625
    assert timing.times(transcript, "r_1").seconds("longest_gap") == (0.1875,)


def test_the_slack_is_told_in_milliseconds():
    done = "< agent_completed run_id=r_1 duration_ms=1752"
    verdict = timing.durations_are_true(scripted(greeted(), *ASKED, done), slack=1.5)
    assert verdict.expected == "duration_ms is at most the time between the frames plus 1500 ms."


def test_the_worst_is_what_is_most_over_its_budget_not_what_is_so_many_times():
    budgets = {"asked_to_ack": 0.001, "whole": 0.5}
    verdict = timing.within(scripted(greeted(), *ASKED, *RUN), "r_1", budgets)
    assert verdict.story.startswith(
        "Ana's run r_1 was too slow: 0.750 s from the question to agent_completed"
    )
