"""What metrics tell of customers: a name counts where it is more than a word that labels rightly have."""

from __future__ import annotations

import pytest
from AgentChatLibrary.contract import Contract
from AgentChatLibrary.metrics import Metrics
from hypothesis import given
from hypothesis import strategies as st

WORDS = Contract().words
NAMES = st.text("abcXYZ019 .*-&", min_size=1, max_size=12).map(str.strip).filter(bool)


def reading(*values):
    lines = [f'agent_chat_visits_total{{company="{value}"}} 1.0' for value in values]
    return Metrics("\n".join(["# TYPE agent_chat_visits counter", *lines, ""]))


@given(NAMES, st.sampled_from(["", "of ", "1/", "("]), st.sampled_from(["", " Ltd", ", ", ")"]))
def test_a_name_in_a_label_is_seen_in_any_letters(name, before, after):
    for said in (name, name.upper(), name.lower()):
        assert reading("pong", f"{before}{said}{after}").tell_of(name, ())


@given(NAMES)
def test_a_part_of_another_word_is_no_name(name):
    assert not reading(f"a{name}", f"{name}b", f"z{name}z").tell_of(name, ())


@pytest.mark.parametrize("word", sorted(WORDS))
def test_a_word_of_the_contract_is_nobodys_name(word):
    assert not reading(word).tell_of(word.upper(), WORDS)
    assert reading(f"{word} Ltd").tell_of(word, WORDS)


def test_the_contract_knows_types_tools_codes_and_tiers():
    assert {"pong", "agent_completed", "chat", "query_spend", "rate_limited", "cancelled", "free"} <= WORDS


def test_names_of_metrics_and_what_they_say_of_themselves_are_not_looked_at():
    assert not reading("pong").tell_of("visits", WORDS)
    assert not reading().tell_of("company", WORDS)
