"""Customers who go on asking: what they count as an answer."""

from __future__ import annotations

from collections import Counter

import pytest
from AgentChatLibrary.chat import Unexpected
from AgentChatLibrary.customers import Customer
from AgentChatLibrary.engine.session import Session
from AgentChatLibrary.keywords.promises import BrokenPromise
from AgentChatLibrary.keywords.staying import STAY, Stay, Staying
from AgentChatLibrary.ledger import Audit
from talking import run_of


def fail(line, asked):
    """Accepts a question, whose run then fails."""
    line.say("ack", message_id=asked["message_id"], run_id=run_of(asked))
    line.seq += 1
    line.say("agent_failed", seq=line.seq, run_id=run_of(asked), user_id="u_" + "a" * 32, code="internal")


def replay(line, asked):
    """Says that there is nothing to replay."""
    line.say("resumed", message_id=asked["message_id"], from_seq=1, to_seq=0, count=0)


@pytest.fixture
def customer(kit, talker):
    """Somebody who can be let to ask."""
    talker.scripts["resume"] = replay
    person = kit.world.person("Ana")

    def connect(session):
        session.open(kit.offer(person.service.deployment, [("header", kit.token(person))]), 5)

    asking = Customer(Session("Ana", person.owner), connect, 5, seed=1)
    yield asking
    if asking.session.transcripts:
        asking.leave()


@pytest.fixture
def staying(kit, customer):
    """The keywords, when this customer is the one who stays."""
    keywords = Staying(kit, None, None)
    keywords._stays[STAY] = Stay([customer])
    return keywords


def test_answers_are_waited_for(customer, staying):
    customer.begin()
    staying.wait_until_every_customer_has_answers(2)
    assert customer.answers >= 2


def test_a_run_that_failed_is_no_answer(kit, talker, customer, staying):
    talker.scripts["chat"] = fail
    kit.environment.timeouts["answer"] = 0.5
    customer.begin()
    with pytest.raises(Unexpected, match=r"Ana should have 1 more answer.*ended as internal: \d+\.$"):
        staying.wait_until_every_customer_has_answers(1)
    assert customer.answers == 0


@pytest.mark.parametrize("endings", [{"answered": 5}, {"answered": 5, "interrupted": 3}])
def test_a_question_may_be_cut_off_by_each_crash(staying, endings):
    staying._stay().audits = [Audit(9, 8, (), (), Counter(endings))]
    staying.customers_should_have_been_cut_off_at_most(3)


@pytest.mark.parametrize(
    "endings", [{"answered": 5, "interrupted": 4}, {"answered": 5, "internal": 1}, {"tool_failed": 1}]
)
def test_nothing_else_may_fail(staying, endings):
    staying._stay().audits = [Audit(9, 8, (), (), Counter(endings))]
    with pytest.raises(BrokenPromise, match="but for 3 at most that were interrupted"):
        staying.customers_should_have_been_cut_off_at_most(3)


def test_what_was_not_compared_cannot_be_judged(staying):
    with pytest.raises(Unexpected, match="was not compared with the log"):
        staying.customers_should_have_been_cut_off_at_most(3)
