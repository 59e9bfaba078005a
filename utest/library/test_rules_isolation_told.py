"""What the rules say of what is broken, whole: the sentence, the frames that show it, and the expectation."""

import pytest
from AgentChatLibrary.rules import isolation
from AgentChatLibrary.rules.canary import first_senders
from AgentChatLibrary.transcript import Owner
from scripted import greeted, scripted, stories, told, undecided

STRANGER = "canary-organisation-o_2-0badcafe"


@stories(
    (
        "frames of some of five runs of others",
        lambda: isolation.no_events_of(
            scripted(greeted(), "< ack run_id=r_1", "< agent_started run_id=r_2", "< pong run_id=r_3"),
            ["r_5", "r_4", "r_3", "r_2", "r_1"],
        ),
        [
            "Ana received 2 frames of run r_1, r_2, r_3 and 2 more.",
            "  #1       +0.250 s  ack               run r_1   <- offending",
            "  #2       +0.375 s  agent_started     run r_2   <- offending",
            "Expected: nothing of run r_1, r_2, r_3 and 2 more.",
        ],
    ),
    (
        "two events of others",
        lambda: isolation.no_foreign_events(
            scripted(
                greeted(), "< agent_started user_id=u_2 run_id=r_1", "< agent_thinking user_id=5 run_id=r_1"
            )
        ),
        [
            "Ana (u_1) received 2 events of u_2.",
            "  #1       +0.250 s  agent_started     run r_1   <- offending",
            "  #2       +0.375 s  agent_thinking    run r_1   <- offending",
            "Expected: every run event received is the person's own.",
        ],
    ),
    (
        "an event with a number for a user_id",
        lambda: isolation.no_foreign_events(scripted(greeted(), "< agent_started user_id=5 run_id=r_1")),
        [
            "Ana (u_1) received 1 event of 5.",
            "  #1       +0.250 s  agent_started     run r_1   <- offending",
            "Expected: every run event received is the person's own.",
        ],
    ),
    (
        "frames where nothing may come",
        lambda: isolation.nothing_received_between(
            scripted(greeted(), "> ping", "< error", "< pong", "<pong", "<close:1000"), 1, 4
        ),
        [
            "Ana received 2 frames from +0.250 s (#1) until +0.500 s (#3): error and pong.",
            "  #2       +0.375 s  error   <- offending",
            "  #3       +0.500 s  pong   <- offending",
            "Expected: nothing from +0.250 s (#1) until +0.500 s (#3).",
        ],
    ),
    (
        "a first frame where nothing may come, from before the first on",
        lambda: isolation.nothing_received_between(scripted(greeted(), "> ping"), -1, 1),
        [
            "Ana received 1 frame from +0.125 s (#0) until +0.125 s (#0): connection_established.",
            "  #0       +0.125 s  connection_established   <- offending",
            "Expected: nothing from +0.125 s (#0) until +0.125 s (#0).",
        ],
    ),
    (
        "frames where only others may come",
        lambda: isolation.nothing_received_between(
            scripted(greeted(), "> ping", "< error", "< pong"), 1, 4, ["pong", "ack"]
        ),
        [
            "Ana received 1 frame from +0.250 s (#1) until +0.500 s (#3): error.",
            "  #2       +0.375 s  error   <- offending",
            "Expected: nothing but ack and pong from +0.250 s (#1) until +0.500 s (#3).",
        ],
    ),
    (
        "two frames with a canary of another organisation, one of them twice",
        lambda: isolation.no_foreign_canary(
            scripted(
                greeted(),
                f"< agent_started message={STRANGER}",
                f"< agent_thinking reasoning={STRANGER},{STRANGER}",
            )
        ),
        [
            "Ana received agent_started with a canary that is only for people of organisation o_2.",
            "  #1       +0.250 s  agent_started   <- offending",
            "  #2       +0.375 s  agent_thinking   <- offending",
            "Expected: nothing of another's reaches Ana.",
        ],
    ),
)
def test_what_is_broken_is_told_with_its_frames(judge, lines):
    told(judge(), *lines)


@pytest.mark.parametrize(
    ("judge", "story"),
    [
        (
            lambda: isolation.no_events_of(scripted(greeted()), ["r_2", "r_1"]),
            "Ana received nothing of run r_1 and r_2 until +0.125 s (#0).",
        ),
        (
            lambda: isolation.no_events_of(scripted(greeted()), ["r_3", "r_2", "r_1"]),
            "Ana received nothing of run r_1, r_2 and r_3 until +0.125 s (#0).",
        ),
        (
            lambda: isolation.no_events_of(scripted(greeted()), ["r_4", "r_3", "r_2", "r_1"]),
            "Ana received nothing of run r_1, r_2, r_3 and 1 more until +0.125 s (#0).",
        ),
        (
            lambda: isolation.nothing_received_between(
                scripted(greeted(), "> ping", "< error", "< pong"), 1, 3, ["error"]
            ),
            "Ana received nothing but error from +0.250 s (#1) until +0.375 s (#2).",
        ),
        (
            lambda: isolation.nothing_received_between(
                scripted(greeted(), "> ping", "< error", "< pong"), 1, 4, ["pong", "error"]
            ),
            "Ana received nothing but error and pong from +0.250 s (#1) until +0.500 s (#3).",
        ),
        (
            lambda: isolation.nothing_received_between(scripted(greeted(), "> ping", "<pong"), 2, 3),
            "Ana received nothing from +0.375 s (#2) until +0.375 s (#2).",
        ),
    ],
)
def test_what_did_not_come_is_denied_until_a_moment(judge, story):
    assert judge()
    assert judge().story == story


@pytest.mark.parametrize(
    ("judge", "story"),
    [
        (
            lambda: isolation.nothing_received_between(scripted(greeted(), "> ping"), -5, -1),
            "Ana was not watched: no frame lies from #-5 to #-1.",
        ),
        (
            lambda: isolation.nothing_received_between(scripted(greeted(), "> ping"), 1, -1),
            "Ana was not watched: no frame lies from #1 to #-1.",
        ),
        (
            lambda: isolation.no_foreign_canary(
                scripted(greeted(), f"< ack x={STRANGER}", owner=Owner("Ana", "u_1"))
            ),
            "Ana received a canary, but nobody knows the organisation it must be judged by.",
        ),
        (
            lambda: isolation.no_foreign_canary(
                scripted("< ack x=canary-person-u_2-0badcafe", owner=Owner("Ana", "", "o_1"))
            ),
            "Ana received a canary, but nobody knows the user_id it must be judged by.",
        ),
    ],
)
def test_what_is_undecided_says_why(judge, story):
    undecided(judge(), story)


def test_who_sends_a_canary_at_the_moment_it_comes_may_see_it():
    transcript = scripted(greeted(), f"> chat content={STRANGER}", f"< pong data={STRANGER}")
    transcript.frames[2].at = transcript.frames[1].at
    assert isolation.no_foreign_canary(transcript)
    transcript.frames[2].at = transcript.frames[1].at - 0.001
    assert isolation.no_foreign_canary(transcript).broken


@pytest.mark.parametrize("other", ["u_0", "u_9"])
def test_what_another_sent_first_may_not_be_seen_whoever_that_is(other):
    theirs = scripted(f"> chat content={STRANGER}", owner=Owner("Boris", other, "o_2"))
    ours = scripted(greeted(), f"< ack x={STRANGER}", first=9.0)
    assert isolation.no_foreign_canary(ours, first_senders([theirs, ours])).broken


def test_ones_own_canary_hides_no_other_in_the_same_frame():
    own = "canary-person-u_1-0badcafe"
    for both in (f"{own},{STRANGER}", f"{STRANGER},{own}"):
        assert isolation.no_foreign_canary(scripted(greeted(), f"< ack x={both}")).broken
