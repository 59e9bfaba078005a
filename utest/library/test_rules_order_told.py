"""What the rules say of what is broken, whole: the sentence, the frames that show it, and the expectation."""

import pytest
from AgentChatLibrary.rules import order
from scripted import (
    ANSWERED,
    ASKED,
    CALLED,
    ENDED,
    RUN,
    STARTED,
    THOUGHT,
    greeted,
    scripted,
    stories,
    told,
    undecided,
)

FAILED = "< agent_failed run_id=r_1 seq=6 code=internal"


@stories(
    (
        "nothing after the ack",
        lambda: order.complete_run(scripted(greeted(), *ASKED), "r_1"),
        [
            "Nothing of Ana's run r_1 came until +0.375 s (#2).",
            "  #2       +0.375 s  ack               run r_1  message q_1",
            "Expected: all five events, agent_started to agent_completed, of one run, one thread and "
            "one person.",
        ],
    ),
    (
        "nothing at all",
        lambda: order.complete_run(scripted(greeted()), "r_1"),
        [
            "Nothing of Ana's run r_1 came until +0.125 s (#0).",
            "Expected: all five events, agent_started to agent_completed, of one run, one thread and "
            "one person.",
        ],
    ),
    (
        "a run that stops",
        lambda: order.complete_run(scripted(greeted(), STARTED, THOUGHT), "r_1"),
        [
            "Ana's run r_1 had no tool_executing, tool_completed or agent_completed until +0.375 s "
            "(#2); last came agent_thinking.",
            "  #1       +0.250 s  agent_started     seq 1  run r_1",
            "  #2       +0.375 s  agent_thinking    seq 2  run r_1   <- offending",
            "Expected: all five events, agent_started to agent_completed, of one run, one thread and "
            "one person.",
        ],
    ),
    (
        "a run that stops, of which the beginning may be missing",
        lambda: order.complete_run(scripted(greeted(9), CALLED, ANSWERED), "r_1"),
        [
            "Ana's run r_1 had no agent_started, agent_thinking or agent_completed until +0.375 s "
            "(#2); last came tool_completed.",
            "  #1       +0.250 s  tool_executing    seq 3  query  call c_1  run r_1",
            "  #2       +0.375 s  tool_completed    seq 4  query  call c_1  run r_1   <- offending",
            "Expected: all five events, agent_started to agent_completed, of one run, one thread and "
            "one person.",
        ],
    ),
    (
        "a run that ends without a tool",
        lambda: order.complete_run(scripted(greeted(), STARTED, THOUGHT, ENDED), "r_1"),
        [
            "Ana's run r_1 ended without tool_executing or tool_completed.",
            "  #1       +0.250 s  agent_started     seq 1  run r_1",
            "  #3       +0.500 s  agent_completed   seq 5  run r_1   <- offending",
            "Expected: all five events, agent_started to agent_completed, of one run, one thread and "
            "one person.",
        ],
    ),
    (
        "a run that fails",
        lambda: order.complete_run(scripted(greeted(), STARTED, THOUGHT, FAILED), "r_1"),
        [
            'Ana\'s run r_1 ended with agent_failed "internal" instead of an answer.',
            "  #1       +0.250 s  agent_started     seq 1  run r_1",
            "  #3       +0.500 s  agent_failed      seq 6  run r_1  internal   <- offending",
            "Expected: all five events, agent_started to agent_completed, of one run, one thread and "
            "one person.",
        ],
    ),
    (
        "a run that fails twice",
        lambda: order.complete_run(
            scripted(greeted(), STARTED, THOUGHT, FAILED, "< agent_failed run_id=r_1 seq=7 code=cancelled"),
            "r_1",
        ),
        [
            "Ana's run r_1 ended 2 times: agent_failed and agent_failed.",
            "  #3       +0.500 s  agent_failed      seq 6  run r_1  internal",
            "  #4       +0.625 s  agent_failed      seq 7  run r_1  cancelled   <- offending",
            "Expected: every run ends once, with agent_completed or agent_failed.",
        ],
    ),
    (
        "a start that comes late",
        lambda: order.started_first(scripted(greeted(), THOUGHT, STARTED)),
        [
            "Ana's run r_1 broke the agreed order: agent_thinking came before agent_started.",
            "  #1       +0.250 s  agent_thinking    seq 2  run r_1   <- offending",
            "  #2       +0.375 s  agent_started     seq 1  run r_1",
            "Expected: agent_started is the first event of a run, and comes once.",
        ],
    ),
    (
        "no start",
        lambda: order.started_first(scripted(greeted(), THOUGHT)),
        [
            "Ana's run r_1 began with agent_thinking; no agent_started came.",
            "  #1       +0.250 s  agent_thinking    seq 2  run r_1   <- offending",
            "Expected: agent_started is the first event of a run, and comes once.",
        ],
    ),
    (
        "three starts",
        lambda: order.started_first(
            scripted(
                greeted(), STARTED, "< agent_started run_id=r_1 seq=2", "< agent_started run_id=r_1 seq=3"
            )
        ),
        [
            "Ana's run r_1 started 3 times.",
            "  #1       +0.250 s  agent_started     seq 1  run r_1",
            "  #2       +0.375 s  agent_started     seq 2  run r_1   <- offending",
            "  #3       +0.500 s  agent_started     seq 3  run r_1   <- offending",
            "Expected: agent_started is the first event of a run, and comes once.",
        ],
    ),
    (
        "a run that fails before it begins, by itself",
        lambda: order.started_first(scripted(greeted(), FAILED)),
        [
            "Ana's run r_1 began with agent_failed; no agent_started came.",
            "  #1       +0.250 s  agent_failed      seq 6  run r_1  internal   <- offending",
            "Expected: agent_started is the first event of a run, and comes once.",
        ],
    ),
    (
        "a tool before any thought",
        lambda: order.thinking_before_tools(scripted(greeted(), STARTED, CALLED)),
        [
            'Ana\'s run r_1 used "query" before any agent_thinking.',
            "  #1       +0.250 s  agent_started     seq 1  run r_1",
            "  #2       +0.375 s  tool_executing    seq 3  query  call c_1  run r_1   <- offending",
            "Expected: at least one agent_thinking before the first tool_executing.",
        ],
    ),
    (
        "a step that is left out",
        lambda: order.steps_rise_by_one(
            scripted(greeted(), STARTED, THOUGHT, "< agent_thinking run_id=r_1 seq=3 step=3")
        ),
        [
            "Ana's run r_1 lost count of its thinking: step 3 followed step 1.",
            "  #2       +0.375 s  agent_thinking    seq 2  run r_1",
            "  #3       +0.500 s  agent_thinking    seq 3  run r_1   <- offending",
            "Expected: agent_thinking counts its steps 1, 2, 3, ...",
        ],
    ),
    (
        "a first step that is not the first",
        lambda: order.steps_rise_by_one(
            scripted(greeted(), STARTED, "< agent_thinking run_id=r_1 seq=3 step=2")
        ),
        [
            "Ana's run r_1 lost count of its thinking: step 2 came first.",
            "  #2       +0.375 s  agent_thinking    seq 3  run r_1   <- offending",
            "Expected: agent_thinking counts its steps 1, 2, 3, ...",
        ],
    ),
    (
        "a thought without a step",
        lambda: order.steps_rise_by_one(
            scripted(greeted(), STARTED, THOUGHT, "< agent_thinking run_id=r_1 seq=3")
        ),
        [
            "Ana's run r_1 lost count of its thinking: no step followed step 1.",
            "  #2       +0.375 s  agent_thinking    seq 2  run r_1",
            "  #3       +0.500 s  agent_thinking    seq 3  run r_1   <- offending",
            "Expected: agent_thinking counts its steps 1, 2, 3, ...",
        ],
    ),
    (
        "a step that is left out, of a run of which the beginning may be missing",
        lambda: order.steps_rise_by_one(
            scripted(
                greeted(9),
                "< agent_thinking run_id=r_1 seq=13 step=5",
                "< agent_thinking run_id=r_1 seq=14 step=7",
            )
        ),
        [
            "Ana's run r_1 lost count of its thinking: step 7 followed step 5.",
            "  #1       +0.250 s  agent_thinking    seq 13  run r_1",
            "  #2       +0.375 s  agent_thinking    seq 14  run r_1   <- offending",
            "Expected: agent_thinking counts its steps 1, 2, 3, ...",
        ],
    ),
    (
        "an end while calls are open",
        lambda: order.calls_closed_before_the_end(
            scripted(
                greeted(),
                STARTED,
                THOUGHT,
                CALLED,
                "< tool_executing run_id=r_1 seq=4 tool_name=x",
                ENDED,
                "< tool_completed run_id=r_1 seq=6 tool_call_id=c_1",
                "< tool_completed run_id=r_1 seq=7 tool_call_id=c_7",
                "< agent_thinking run_id=r_1 seq=8 tool_call_id=c_1",
            )
        ),
        [
            "Ana's run r_1 broke the agreed order: agent_completed came while call c_1 and without an"
            " id was open.",
            "  #3       +0.500 s  tool_executing    seq 3  query  call c_1  run r_1",
            "  #4       +0.625 s  tool_executing    seq 4  x  run r_1",
            "  #5       +0.750 s  agent_completed   seq 5  run r_1   <- offending",
            "  #6       +0.875 s  tool_completed    seq 6  call c_1  run r_1",
            "Expected: every tool_completed comes before the end of its run.",
        ],
    ),
    (
        "three ends",
        lambda: order.one_end(scripted(greeted(), ENDED, FAILED, "< agent_completed run_id=r_1 seq=7")),
        [
            "Ana's run r_1 ended 3 times: agent_completed, agent_failed and agent_completed.",
            "  #1       +0.250 s  agent_completed   seq 5  run r_1",
            "  #2       +0.375 s  agent_failed      seq 6  run r_1  internal   <- offending",
            "  #3       +0.500 s  agent_completed   seq 7  run r_1   <- offending",
            "Expected: every run ends once, with agent_completed or agent_failed.",
        ],
    ),
    (
        "a run that goes on after its end",
        lambda: order.nothing_after_the_end(scripted(greeted(), ENDED, STARTED, THOUGHT, CALLED, ANSWERED)),
        [
            "Ana's run r_1 went on after its agent_completed: agent_started, agent_thinking and "
            "tool_executing came later.",
            "  #2       +0.375 s  agent_started     seq 1  run r_1   <- offending",
            "  #3       +0.500 s  agent_thinking    seq 2  run r_1   <- offending",
            "  #4       +0.625 s  tool_executing    seq 3  query  call c_1  run r_1   <- offending",
            "  #5       +0.750 s  tool_completed    seq 4  query  call c_1  run r_1   <- offending",
            "Expected: nothing of a run comes after its end.",
        ],
    ),
    (
        "events in another thread than that of the ack",
        lambda: order.complete_run(scripted(greeted(), *ASKED, *RUN), "r_1"),
        [
            "Ana's run r_1 has events of two thread_ids: t_1 and null.",
            "  #2       +0.375 s  ack               run r_1  message q_1",
            "  #3       +0.500 s  agent_started     seq 1  run r_1   <- offending",
            "Expected: all five events, agent_started to agent_completed, of one run, one thread and "
            "one person.",
        ],
    ),
    (
        "an answer to another person than the rest",
        lambda: order.complete_run(scripted(greeted(), *RUN[:-1], f"{ENDED} user_id=u_2"), "r_1"),
        [
            "Ana's run r_1 has events of two user_ids: null and u_2.",
            "  #1       +0.250 s  agent_started     seq 1  run r_1",
            "  #5       +0.750 s  agent_completed   seq 5  run r_1   <- offending",
            "Expected: all five events, agent_started to agent_completed, of one run, one thread and "
            "one person.",
        ],
    ),
    (
        "two starts that come late",
        lambda: order.started_first(
            scripted(greeted(), THOUGHT, STARTED, "< agent_started run_id=r_1 seq=3")
        ),
        [
            "Ana's run r_1 broke the agreed order: agent_thinking came before agent_started.",
            "  #1       +0.250 s  agent_thinking    seq 2  run r_1   <- offending",
            "  #2       +0.375 s  agent_started     seq 1  run r_1",
            "Expected: agent_started is the first event of a run, and comes once.",
        ],
    ),
    (
        "a tool before any thought, and thoughts later",
        lambda: order.thinking_before_tools(
            scripted(greeted(), STARTED, CALLED, THOUGHT, "< agent_thinking run_id=r_1 seq=4 step=2")
        ),
        [
            'Ana\'s run r_1 used "query" before any agent_thinking.',
            "  #1       +0.250 s  agent_started     seq 1  run r_1",
            "  #2       +0.375 s  tool_executing    seq 3  query  call c_1  run r_1   <- offending",
            "  #3       +0.500 s  agent_thinking    seq 2  run r_1",
            "Expected: at least one agent_thinking before the first tool_executing.",
        ],
    ),
)
def test_what_is_broken_is_told_with_its_frames(judge, lines):
    told(judge(), *lines)


@pytest.mark.parametrize(
    ("judge", "story"),
    [
        (
            lambda: order.complete_run(scripted(greeted(9), THOUGHT, CALLED, ANSWERED, ENDED), "r_1"),
            "Ana's run r_1 may have begun before this connection did.",
        ),
        (
            lambda: order.started_first(scripted(greeted(9), THOUGHT)),
            "Ana's run r_1 may have begun before this connection did.",
        ),
        (
            lambda: order.thinking_before_tools(scripted(greeted(9), CALLED)),
            "Ana's run r_1 may have thought before this connection began.",
        ),
    ],
)
def test_what_is_undecided_says_why(judge, story):
    undecided(judge(), story)


def test_only_results_of_open_calls_are_shown_beside_an_end_that_came_too_early():
    late = (CALLED, "< tool_completed run_id=r_1 seq=7 tool_call_id=c_7", ANSWERED)
    verdict = order.calls_closed_before_the_end(scripted(greeted(), STARTED, CALLED, ENDED, *late))
    assert [frame.index for frame in verdict.context] == [2, 6]


@pytest.mark.parametrize("last_seq", [0, 9])
def test_a_whole_run_holds(last_seq):
    assert order.complete_run(scripted(greeted(last_seq), *RUN), "r_1")


def test_a_run_that_was_cancelled_before_it_began_holds():
    failed = "< agent_failed run_id=r_1 seq=1 code=cancelled"
    assert order.started_first(scripted(greeted(), failed))
    assert order.started_first(scripted(greeted(), failed, failed)).broken
    assert order.started_first(scripted(greeted(), f"{THOUGHT} code=cancelled")).broken


@pytest.mark.parametrize(
    "lines",
    [
        (STARTED, CALLED),
        ("> resume after_seq=0", CALLED, "< resumed from_seq=1 to_seq=9 count=9"),
        ("> chat message_id=q_1", "< ack message_id=q_1 run_id=r_1", CALLED),
    ],
    ids=["that saw it begin", "that replays from the first event on", "that asked"],
)
def test_a_run_is_whole_for_a_connection(lines):
    assert order.thinking_before_tools(scripted(greeted(9), *lines)).broken
