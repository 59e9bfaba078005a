"""A measurement ends early only when no more values could make it end well."""

from __future__ import annotations

from AgentChatLibrary.keywords.measuring import lost_cause, too_slow
from AgentChatLibrary.rules.timing import distribution_within
from hypothesis import given
from hypothesis import strategies as st

BUDGET = 1.0


@given(st.lists(st.sampled_from([0.5, 1.0, 1.5]), min_size=1, max_size=120), st.integers(0, 120))
def test_a_cause_is_lost_exactly_when_the_best_rest_could_not_save_it(values, more):
    planned = len(values) + more
    at_best = [*values, *[0.0] * more]
    lost = lost_cause(sum(value > BUDGET for value in values), planned)
    assert lost == distribution_within("It", at_best, p95=BUDGET).broken


def test_the_story_says_how_many_were_slow_and_how_many_may_be():
    story = too_slow("Connect", [0.1, 3.2, 0.1, 1.5], BUDGET, 20)
    assert story == (
        "Connect took too long: 2 of the first 4 times were over 1000 ms (up to 3200 ms); "
        "of 20 at most 1 may be."
    )
