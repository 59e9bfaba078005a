"""The tests' own arithmetic about costs, and what it makes of a run's questions."""

import copy
import re
from fractions import Fraction
from itertools import pairwise, product

import pytest
from CostRecordsLibrary import CostRecordsLibrary, NotTrue, awkward, futures, questions, truth
from hypothesis import given
from hypothesis import strategies as st

cents = st.integers(0, 5_000)
histories = st.lists(cents, max_size=4)


def every_future(amounts, months):
    changes = [after - before for before, after in pairwise(amounts)] or [0]
    for path in product(changes, repeat=months):
        level, total = (amounts[-1] if amounts else 0), 0
        for change in path:
            level = max(0, level + change)
            total += level
        yield total


@given(histories, st.integers(1, 4))
def test_the_range_is_that_of_all_futures(amounts, months):
    all_futures = sorted(every_future(amounts, months))
    sums = futures.totals(amounts, months)
    assert sum(sums.values()) == 1
    assert {cents: all_futures.count(cents) for cents in all_futures} == {
        cents: likely * len(all_futures) for cents, likely in sums.items()
    }
    for place in futures.PLACES.values():
        below = sum(1 for one in all_futures if one < futures.at(sums, place))
        assert Fraction(below, len(all_futures)) < place


@given(histories, st.integers(1, 4))
def test_what_the_range_allows_is_true_and_what_is_beyond_it_is_not(amounts, months):
    sums = futures.totals(amounts, months)
    said = {name: futures.at(sums, place) for name, place in futures.PLACES.items()}
    assert futures.differences(amounts, months, said) == []
    assert futures.differences(amounts, months, {**said, "high_cents": max(sums) + 1})
    assert futures.differences(amounts, months, {**said, "low_cents": min(sums) - 1})
    assert futures.differences(amounts, months, {**said, "expected_cents": said["high_cents"] + 1})


def test_the_ends_of_a_range_and_a_range_that_is_too_wide():
    sums = {1: Fraction(1, 2), 5: Fraction(1, 2)}
    assert (futures.at(sums, Fraction(1, 2)), futures.at(sums, Fraction(51, 100))) == (1, 5)
    assert futures.at(sums, Fraction(2)) == 5
    many = [7**place % 1_000_003 for place in range(12)]
    assert futures.totals(many, 12) is None
    assert futures.differences(many, 12, {"low_cents": 1, "expected_cents": 2, "high_cents": 3}) == []
    assert futures.differences(many, 12, {"low_cents": 2, "expected_cents": 1, "high_cents": 3})


TOOLS = [
    ("query_spend", {"group_by": "team"}),
    ("query_spend", {"group_by": "month", "service": "compute"}),
    ("find_idle_resources", {"max_utilisation_percent": 5}),
    ("rightsize_resources", {"min_utilisation_percent": 6, "max_utilisation_percent": 35}),
    ("compare_models", {}),
]


def truth_of(books, tool, arguments):
    return copy.deepcopy(truth._TRUTHS[tool](books, arguments))


@pytest.mark.parametrize("kind", awkward.KINDS)
@pytest.mark.parametrize(("tool", "arguments"), TOOLS)
def test_the_truth_is_told_to_be_true_and_any_other_figure_is_not(kind, tool, arguments):
    books = awkward.books(kind)
    said = truth_of(books, tool, arguments)
    assert truth.differences(books, tool, arguments, said) == []
    for name, value in said.items():
        for wrong in _changed(value):
            assert truth.differences(books, tool, arguments, {**said, name: wrong})


def _changed(value):
    """Everything that differs from a value in one place."""
    if isinstance(value, int):
        return [value + 1]
    if isinstance(value, str):
        return [f"{value}?"]
    if isinstance(value, dict):
        return [{**value, name: wrong} for name, inner in value.items() for wrong in _changed(inner)]
    shorter = [value[:-1]] if value else [[{}]]
    turned = [value[::-1]] if value != value[::-1] else []
    inside = [
        [*value[:n], wrong, *value[n + 1 :]] for n, inner in enumerate(value) for wrong in _changed(inner)
    ]
    return [*shorter, *turned, *inside]


def test_models_are_compared_by_the_cost_of_a_call():
    books = awkward.books("equal")
    tasks = truth.models(books, {})["tasks"]
    assert [task["task"] for task in tasks] == ["summaries", "translation"]
    assert {task["cheapest_model"] for task in tasks} == {"a-1"}
    assert [other["model"] for other in tasks[0]["alternatives"]] == ["c-3", "b-2"]
    assert tasks[0]["saving_cents"] == 150
    assert truth.savings(books, "compare_models", {}) == [("summaries", 150), ("translation", 150)]


def test_a_tool_that_nobody_knows_is_not_true():
    assert truth.differences({}, "guess", {}, {}) == ["guess is no tool whose truth is known"]
    assert truth.savings({}, "query_spend", {}) == []


def test_books_of_no_kind():
    with pytest.raises(
        ValueError, match="no books of the kind 'odds'; there are: nothing, one of each, equal"
    ):
        awkward.books("odds")


names = st.text("abcdefgh_", min_size=1, max_size=8)


@given(names, st.dictionaries(names, st.integers(0, 99) | names, max_size=3))
def test_a_call_is_read_as_it_is_shown(tool, arguments):
    call = (tool, arguments)
    assert questions.parsed(questions.shown([call])) == call


def test_a_call_that_cannot_be_read():
    with pytest.raises(ValueError, match="'team' in 'query_spend team' is no argument: write name=value"):
        questions.parsed("query_spend team")


def thought(text):
    return {"type": "agent_thinking", "reasoning": text}


def call(tool, **arguments):
    return {"type": "tool_executing", "tool_name": tool, "arguments": arguments}


RUN = [
    thought("“What is idle?” asks for what is unused. Next: query_spend with group_by service."),
    call("query_spend", group_by="service"),
    thought("Next: find_idle_resources."),
    call("find_idle_resources", max_utilisation_percent=5),
    thought("Now I write the answer."),
]


def test_reasoning_that_leads_to_each_call():
    assert questions.unreasoned(RUN) is None
    assert questions.quoted(RUN) == "“What is idle?”"
    assert questions.quoted([]) == "A run without reasoning"
    assert "thinks 3 times; it thought 2 times" in questions.unreasoned(RUN[:-1])
    assert "Thought 2 comes before find_idle_resources" in questions.unreasoned([*RUN[:2], RUN[0], *RUN[3:]])


def test_the_keywords_say_what_is_not_so():
    library = CostRecordsLibrary()
    library.calls_should_be(
        RUN, "query_spend group_by=service", "find_idle_resources max_utilisation_percent=5"
    )
    with pytest.raises(NotTrue, match=r"is idle\?” needs compare_models\. The agent called query_spend"):
        library.calls_should_be(RUN, "compare_models")
    library.reasoning_should_lead_to_each_call(RUN)
    with pytest.raises(NotTrue, match="it thought 2 times"):
        library.reasoning_should_lead_to_each_call(RUN[:-1])


def test_a_text_lists_the_spend_or_says_what_it_leaves_out():
    library = CostRecordsLibrary()
    spent = truth_of(awkward.books("equal"), "query_spend", {"group_by": "service"})
    told = {"type": "tool_completed", "tool_name": "query_spend", "result": spent}
    whole = "In all $11,200.16: alpha, bravo, charlie and delta $2,800.04 each."
    events = [*RUN, told, {"type": "agent_completed", "response": whole}]
    library.text_should_list_the_spend(events)
    for part in ("$11,200.16", "bravo", "$2,800.04"):
        events[-1] = {"type": "agent_completed", "response": whole.replace(part, "")}
        with pytest.raises(NotTrue, match="does not name"):
            library.text_should_list_the_spend(events)


def answered(books, response, *results):
    """A run that has asked what ``results`` tell, each a tool, its arguments and its result."""
    events = []
    for number, (tool, arguments, result) in enumerate(results):
        one = {"tool_call_id": f"c-{number}", "tool_name": tool}
        events.append({**one, "type": "tool_executing", "arguments": arguments})
        events.append({**one, "type": "tool_completed", "result": result or truth_of(books, tool, arguments)})
    return [*events, {"type": "agent_completed", "response": response}]


def test_a_text_names_the_sum_of_all_savings_equal_ones_too():
    library, books = CostRecordsLibrary(), awkward.books("equal")
    tools = [(tool, {}, None) for tool in ("find_idle_resources", "rightsize_resources", "compare_models")]
    library.text_should_name_savings_and_forecasts(answered(books, "In all $802.96.", *tools), books)
    once = answered(books, "In all $151.49.", *tools)
    with pytest.raises(NotTrue, match=r"the sum of all savings is \$802\.96, which .* does not name"):
        library.text_should_name_savings_and_forecasts(once, books)
    nothing = awkward.books("nothing")
    library.text_should_name_savings_and_forecasts(answered(nothing, "Nothing.", *tools), nothing)


def test_a_text_names_a_forecast_its_bounds_and_the_mean():
    library, books = CostRecordsLibrary(), awkward.books("rising")
    said = {"expected_cents": 500_000_000, "low_cents": 400_000_000, "high_cents": 600_000_000}
    asked = ("forecast_spend", {"months": 3}, said)
    whole = "$5,000,000.00, from $4,000,000.00 to $6,000,000.00; $11,625.72 so far"
    library.text_should_name_savings_and_forecasts(answered(books, whole, asked), books)
    for part in ("$5,000,000.00", "$4,000,000.00", "$6,000,000.00", "$11,625.72"):
        with pytest.raises(NotTrue, match=f"is {re.escape(part)}, which"):
            library.text_should_name_savings_and_forecasts(
                answered(books, whole.replace(part, ""), asked), books
            )


def test_long_books_hold_thirty_of_everything_and_rising_ones_have_a_range():
    books = awkward.books("long")
    for dimension in ("service", "team", "region", "month"):
        assert len(truth.spend(books, {"group_by": dimension})["rows"]) == 30
    history = [month["amount_cents"] for month in truth.forecast(awkward.books("rising"), {})["history"]]
    sums = futures.totals(history, 3)
    low, middle, high = (futures.at(sums, place) for place in futures.PLACES.values())
    assert sum(history) // 4 < low < middle < high


def test_spend_is_true_of_what_was_asked_for():
    library, books = CostRecordsLibrary(), awkward.books("long")
    asked = {"group_by": "month", "team": "team-07"}
    of_all = truth_of(books, "query_spend", {"group_by": "month"})
    library.spend_should_be_true(truth_of(books, "query_spend", asked), books, asked)
    library.spend_should_be_true(of_all, books)
    with pytest.raises(NotTrue, match=r"filters: the records say \{'team': 'team-07'\}"):
        library.spend_should_be_true(of_all, books, asked)
    nobodys = {"group_by": "month", "filters": {"team": ""}, "total_cents": 0, "rows": []}
    library.spend_should_be_true(nobodys, books, {"group_by": "month", "team": ""})
