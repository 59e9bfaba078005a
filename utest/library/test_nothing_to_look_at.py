"""Keywords that judge: where there is nothing to look at they say so, and pass no test."""

from __future__ import annotations

import pytest
from AgentChatLibrary.chat import Unexpected
from AgentChatLibrary.keywords.bursts import Bursts
from AgentChatLibrary.keywords.content import Content
from AgentChatLibrary.keywords.counters import Counters
from AgentChatLibrary.keywords.crowds import Crowds
from AgentChatLibrary.keywords.judging import Judging
from AgentChatLibrary.keywords.large_crowds import LargeCrowds
from AgentChatLibrary.keywords.measuring import Measuring
from AgentChatLibrary.keywords.people import People
from AgentChatLibrary.keywords.processes import Processes
from AgentChatLibrary.keywords.promises import BrokenPromise
from AgentChatLibrary.keywords.returning import Returning
from AgentChatLibrary.keywords.sessions import Sessions
from AgentChatLibrary.keywords.several import Several
from AgentChatLibrary.keywords.side_by_side import SideBySide
from AgentChatLibrary.keywords.staying import Stay, Staying
from AgentChatLibrary.keywords.throttling import Throttling
from AgentChatLibrary.keywords.types import ErrorCode
from robot.api.types import Secret
from talking import chat_of, connect

BUSY = ErrorCode("too_many_runs")


def next_test(kit):
    kit.world.leave()
    kit.world.enter("the next test")


# -- what an earlier test has noted --------------------------------------------------------------------------


def test_times_of_an_earlier_test_are_not_judged(kit):
    measuring = Measuring(kit)
    kit.world.enter("a test")
    measuring.connect_repeatedly("Ana", 1)
    assert measuring.times.get("connect") is not None
    next_test(kit)
    assert measuring.times.get("connect") is None


def test_questions_of_an_earlier_test_are_not_judged(kit):
    together = SideBySide(kit)
    kit.world.enter("a test")
    chat = chat_of(kit)
    together.ask_at_once(2, "Ana")
    together.questions_at_once_should_be_accepted(2, BUSY)
    together.same_questions_should_be_one_each()
    chat.session.close()
    next_test(kit)
    for judge in (
        lambda: together.questions_at_once_should_be_accepted(0, BUSY),
        together.same_questions_should_be_one_each,
    ):
        with pytest.raises(BrokenPromise, match=r"Nothing was sent at once.*: there is nothing to look at"):
            judge()


def test_a_refusal_of_an_earlier_test_does_not_count(talker, kit):
    talker.scripts["resume"] = lambda line, sent: line.say(
        "error", message_id=sent["message_id"], code="rate_limited", retry_after=0.01
    )
    throttling = Throttling(kit)
    kit.world.enter("a test")
    chat = chat_of(kit)
    throttling.next_message_should_be_throttled("Ana")
    throttling.ping_until("Ana", 0.5)
    chat.session.close()
    next_test(kit)
    chat_of(kit).session.close()
    with pytest.raises(Unexpected, match="Ana was not throttled before"):
        throttling.ping_until("Ana", 0.5)


def test_who_was_not_dropped_has_nothing_to_compare(kit):
    chats = [chat_of(kit), chat_of(kit, "Boris")]
    with pytest.raises(Unexpected, match="Ana was not dropped before"):
        Returning(kit, Sessions(kit), None).devices_should_agree_after_coming_back("Ana", "Boris")
    for chat in chats:
        chat.session.close()


def test_counters_that_were_not_read_off_are_not_compared(kit):
    chat = chat_of(kit)
    with pytest.raises(Unexpected, match="Ana's counters have not been read off before"):
        Counters(kit).counters_should_have_risen_by_what_was_seen("Ana")
    chat.session.close()


def test_a_crowd_of_an_earlier_test_is_gone(kit):
    crowds = LargeCrowds(kit, People(kit))
    with pytest.raises(Unexpected, match=r"There is no crowd 'Visitors'\. There are: none yet"):
        crowds.crowd_should_get_whole_answers("Visitors")


def test_customers_of_an_earlier_test_are_gone(kit):
    staying = Staying(kit, None, None)
    kit.world.enter("a test")
    staying._stays["stay"] = Stay([object()])
    with pytest.raises(Unexpected, match="was not compared with the log: there is nothing to look at"):
        staying.customers_should_have_noticed_only_goodbyes()
    next_test(kit)
    for judge in (
        staying.customers_should_have_lost_nothing,
        staying.customers_should_have_noticed_only_goodbyes,
        lambda: staying.wait_until_every_customer_has_answers(1),
    ):
        with pytest.raises(Unexpected, match="Nobody goes on asking: there is nothing to look at"):
            judge()


# -- what looks at nothing -----------------------------------------------------------------------------------


def test_a_run_without_a_call_has_no_arguments(kit):
    chat = chat_of(kit)
    chat.ask("What did payments spend?")
    chat.wait_for_end()
    with pytest.raises(BrokenPromise, match="the agent has called no tool: there is nothing to look at"):
        Content(kit).tool_arguments_should_include("Ana", "team", "payments")
    chat.session.close()


def test_whoever_has_asked_nothing_has_no_answers(kit):
    chat = chat_of(kit)
    bursts = Bursts(kit, Judging(kit), Content(kit))
    with pytest.raises(BrokenPromise, match="Ana has asked nothing: there is nothing to look at"):
        bursts.every_question_should_have_a_whole_answer("Ana")
    with pytest.raises(BrokenPromise, match="No question of Ana was accepted: there is nothing to look at"):
        bursts.questions_should_be_accepted_in_order("Ana")
    chat.session.close()


def test_nobody_gets_no_whole_answers(kit):
    for judge in (
        Crowds(kit, None).everybody_gets_a_whole_answer,
        Bursts(kit, Judging(kit), Content(kit)).everybody_has_seen_only_their_own_runs,
    ):
        with pytest.raises(BrokenPromise, match="No session was named: there is nothing to look at"):
            judge()


def test_no_process_refuses_nobody(kit):
    several = Several(kit, Sessions(kit))
    with pytest.raises(BrokenPromise, match="No single process has an address of its own: there is nothing"):
        several.no_process_should_let_in("Ana", "invalid_token", token=Secret("none"))
    for sessions in ((), ("Ana",)):
        with pytest.raises(BrokenPromise, match="Not even two sessions were named"):
            several.sessions_should_be_at_different_processes(*sessions)


def test_runs_are_asked_for_their_end_over_all_connections(talker, kit):
    chat, ends = chat_of(kit), Processes(kit, None, None).runs_should_have_one_end
    with pytest.raises(BrokenPromise, match="No run was seen: there is nothing to look at"):
        ends("Ana")
    chat.ask("What did we spend?")
    chat.wait_for_end()
    ends("Ana")
    talker.scripts["chat"] = lambda line, asked: line.say(
        "ack", message_id=asked["message_id"], run_id="r_" + "e" * 32
    )
    chat.ask("And by team?")
    chat.session.close()
    connect(kit, chat)
    chat.session.close()
    with pytest.raises(BrokenPromise, match="Ana's run r_eeeeeeee has no end"):
        ends("Ana")


def test_runs_of_another_device_are_given_the_time_to_end(talker, kit):
    chat, run = chat_of(kit), "r_" + "d" * 32

    def slowly(line, _):
        line.seq = 1
        line.say("agent_started", seq=1, run_id=run, user_id=chat.person.user_id)
        line.connection.ping().wait(5)  # the other side has the beginning before anything of the end
        line.end(run)

    talker.scripts["cancel"] = slowly
    chat.send("cancel", {"run_id": run})
    assert chat.session.wait(lambda t: t.received("agent_started") or None, 5)
    Processes(kit, None, None).runs_should_have_one_end("Ana")
    chat.session.close()
