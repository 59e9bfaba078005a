"""Rounds of use: each is judged, and ends with the answer to one's own question."""

from __future__ import annotations

from queue import Queue

import pytest
from AgentChatLibrary.chat import Unexpected
from AgentChatLibrary.keywords.measuring import Measuring
from AgentChatLibrary.keywords.promises import BrokenPromise
from talking import answer, kit_of, run_of

FOREIGN = "r_" + "f" * 32
QUESTION = "What did we spend in total?"


def test_people_who_get_their_own_answers_go_round(talker):
    Measuring(kit_of(talker)).churn(3, QUESTION, "Ana", "Boris")


def test_an_answer_of_somebody_else_is_seen(talker):
    def leaks(line, asked):
        answer(line, asked)
        if line.who == "Ana":
            line.end(FOREIGN, whose="Boris")
            line.connection.close()

    talker.scripts["chat"] = leaks
    with pytest.raises(BrokenPromise, match="Ana"):
        Measuring(kit_of(talker)).churn(1, QUESTION, "Ana", "Boris")


def test_the_end_of_somebody_elses_run_is_no_answer(talker):
    def never_answers(line, asked):
        line.say("ack", message_id=asked["message_id"], run_id=run_of(asked))
        line.end(FOREIGN)
        line.connection.close()

    talker.scripts["chat"] = never_answers
    with pytest.raises(Unexpected, match="Ana got no answer: nothing came in the time of an answer"):
        Measuring(kit_of(talker)).churn(1, QUESTION, "Ana")


def test_a_question_that_is_declined_is_told_with_its_code(talker):
    talker.scripts["chat"] = lambda line, asked: line.say(
        "error", message_id=asked["message_id"], code="too_many_runs"
    )
    with pytest.raises(Unexpected, match="Boris got no answer: too_many_runs"):
        Measuring(kit_of(talker)).churn(1, QUESTION, "Boris")


def test_everybody_has_left_also_when_a_round_fails(talker):
    gone: Queue[str] = Queue()

    def never_answers(line, _):
        for _message in line.connection:  # until the other side has closed
            pytest.fail("nothing more is said")
        gone.put(line.who)

    talker.scripts["chat"] = never_answers
    kit = kit_of(talker)
    kit.environment.timeouts["answer"] = 0.1
    with pytest.raises(Unexpected):
        Measuring(kit).churn(1, QUESTION, "Ana", "Boris")
    assert {gone.get(timeout=5), gone.get(timeout=5)} == {"Ana", "Boris"}


def test_connections_that_only_come_and_go_are_judged(talker):
    measuring = Measuring(kit_of(talker))
    measuring.connect_repeatedly("Ana", 3)
    measured = measuring.times.get("connect")
    assert measured is not None
    assert len(measured.values) == 3
    talker.before = lambda line: line.end(FOREIGN, whose="Boris")  # whoever is welcomed may go at once
    with pytest.raises(BrokenPromise, match="Ana"):
        measuring.connect_repeatedly("Ana", 3)
