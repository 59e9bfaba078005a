"""The books of a customer who stayed: what is missing, what came twice, and what is as it should be."""

from __future__ import annotations

import json

import pytest
from AgentChatLibrary.frames import Direction, Kind
from AgentChatLibrary.ledger import Ledger, audit
from AgentChatLibrary.transcript import Owner, Transcript

KINDS = ("agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed")


def log(runs=2, per_run=KINDS, **changes):
    """A connection on which runs have come, one after the other; ``changes`` replace a frame by its seq."""
    transcript = Transcript("Ana", Owner("Ana", "u_1", "o_1", "pro"), 1)
    seq = 0
    for run in range(runs):
        for kind in per_run:
            seq += 1
            frame = {"type": kind, "seq": seq, "run_id": f"r_{run}", "timestamp": float(seq)}
            frame |= changes.get(f"seq_{seq}", {})
            transcript.append(float(seq), Direction.RECEIVED, Kind.TEXT, json.dumps(frame))
    return list(transcript.durable)


def books_of(events, runs=2):
    books = Ledger(accepted={f"m{run}": f"r_{run}" for run in range(runs)})
    books.note(events, 0, set())
    return books


def test_what_came_once_and_whole_is_well():
    events = log()
    found = audit(books_of(events), events)
    assert (found.lost, found.repeated) == ((), ())
    assert (found.frames, found.runs, dict(found.endings)) == (10, 2, {"answered": 2})


@pytest.mark.parametrize("absent", [1, 5, 10])
def test_what_never_came_is_lost(absent):
    events = log()
    seen = [event for event in events if event.seq != absent]
    (told,) = audit(books_of(seen), events).lost
    assert told.startswith(f"seq {absent} never came")


def test_what_was_seen_and_is_gone_is_lost():
    events = log()
    told = audit(books_of(events), events[:-1]).lost
    assert told[0].startswith("seq 10 was seen, and is gone")
    assert told[1] == "the accepted run r_1 never began and never ended"


def test_a_gap_in_the_log_is_lost():
    events = [event for event in log() if event.seq != 4]
    (told,) = audit(books_of(events), events).lost
    assert told == "seq 4 is not in the log"


def test_an_accepted_question_without_a_run_is_lost():
    events = log(runs=1)
    (told,) = audit(books_of(events, runs=2), events).lost
    assert told == "the accepted run r_1 never began and never ended"


def test_what_comes_again_without_being_asked_for_is_repeated():
    events = log()
    books = books_of(events)
    books.note(events[3:4], 4, set())
    (told,) = audit(books, events).repeated
    assert told == "tool_completed with seq 4, asked to resume after 4"


def test_the_same_twice_on_one_connection_is_repeated():
    events, here = log(), set()
    books = Ledger(accepted={"m0": "r_0", "m1": "r_1"})
    books.note(events, 0, here)
    books.note(events[-1:], 0, here)
    assert len(audit(books, events).repeated) == 1


def test_what_is_replayed_after_the_last_gap_is_not_repeated():
    events = log()
    books = Ledger(accepted={"m0": "r_0", "m1": "r_1"})
    books.note([*events[:4], *events[6:8]], 0, set())  # the connection ended within the replay
    assert books.position == 4
    books.note(events[4:], 4, set())
    found = audit(books, events)
    assert (found.lost, found.repeated) == ((), ())


def test_another_text_under_the_same_seq_is_told():
    events, other = log(), log(seq_3={"tool_name": "another"})
    found = audit(books_of(events), other)
    assert found.repeated[0].startswith("seq 3 came as ")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"seq_10": {"run_id": "r_0"}}, "the run r_0 has 2 ends"),
        ({"seq_6": {"run_id": "r_0"}}, "the run r_0 began 2 times"),
        ({"seq_6": {"run_id": "r_9"}}, "the run r_9 was never asked for"),
    ],
)
def test_a_run_begins_once_ends_once_and_was_asked_for(change, told):
    events = log(**change)
    assert told in audit(books_of(events), events).repeated
