import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.agent.plan import Plan
from backend.agent.planner import Planner
from backend.store.records import DIMENSIONS, Vocabulary
from backend.tiers import Tiers

TIERS = Tiers.load()
FREE, PRO, ENTERPRISE = (TIERS.policy(name) for name in ("free", "pro", "enterprise"))
VOCABULARY = Vocabulary(
    services=("compute", "database", "database-replicas", "search"),
    teams=("Platform", "search", "team search"),
    providers=("aws", "gcp"),
    regions=("eu-west", "eu-west-1", "eu-west-2"),
    months=("2026-07", "2026-08"),
)


def planned(question, previous=None, policy=ENTERPRISE, vocabulary=VOCABULARY):
    return Planner().plan(question, previous, vocabulary, policy)


def tools(plan):
    return [call.tool for call in plan.calls]


@pytest.mark.parametrize(
    ("question", "intent"),
    [
        ("Where can we cut our cloud bill?", "savings"),
        ("help me cut our cloud costs", "savings"),
        ("HELP ME understand the BILL", "savings"),
        ("How do we optimize?", "savings"),
        ("What would be cheaper?", "savings"),
        ("Where is the waste?", "savings"),
        ("Any savings?", "savings"),
        ("Which resources are idle?", "idle"),
        ("What have we forgotten?", "idle"),
        ("Which LLM do we use most?", "models"),
        ("How many tokens did we burn?", "models"),
        ("What is oversized?", "rightsizing"),
        ("Can we rightsize anything?", "rightsizing"),
        ("Forecast our spend", "forecast"),
        ("What will we spend next quarter?", "forecast"),
        ("Review every service one by one", "review"),
        ("Please review every service one by one and say where to save", "review"),
        ("How much do we spend?", "spend"),
        ("Hello", "spend"),
        ("Execute the wasteland of unsaved costcutters", "spend"),
    ],
)
def test_the_words_of_a_question_give_its_intent(question, intent):
    assert planned(question).intent == intent


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "How do we save?",
            ["query_spend", "find_idle_resources", "rightsize_resources", "compare_models"],
        ),
        ("What is idle?", ["query_spend", "find_idle_resources"]),
        ("Which models?", ["query_spend", "compare_models"]),
        ("What is oversized?", ["query_spend", "rightsize_resources"]),
        ("Forecast!", ["query_spend", "forecast_spend"]),
        ("What did we spend?", ["query_spend"]),
        ("Review every service one by one", ["query_spend", "find_idle_resources"] * 4),
    ],
)
def test_an_intent_uses_its_tools_in_order(question, expected):
    assert tools(planned(question)) == expected


def test_a_tier_gets_its_tools_and_is_told_of_the_rest():
    question = "Help me cut our cloud costs"
    assert planned(question, policy=FREE).withheld == ("rightsize_resources", "compare_models")
    assert planned(question, policy=PRO).withheld == ()
    assert planned("Forecast our spend", policy=PRO).withheld == ("forecast_spend",)
    assert tools(planned("Forecast our spend", policy=PRO)) == ["query_spend"]


def test_the_usual_arguments_are_those_agreed():
    by_tool = {call.tool: call.arguments for call in planned("Help us save").calls}
    assert by_tool == {
        "query_spend": {"group_by": "service"},
        "find_idle_resources": {"max_utilisation_percent": 5},
        "rightsize_resources": {"min_utilisation_percent": 6, "max_utilisation_percent": 35},
        "compare_models": {},
    }
    assert planned("Forecast our spend").calls[0].arguments == {"group_by": "month"}
    assert planned("Forecast our spend").calls[1].arguments == {"months": 3}


@pytest.mark.parametrize(
    ("question", "months"),
    [("next month", 1), ("next quarter", 3), ("next year", 12), ("next 5 months", 5), ("next 99 years", 24)],
)
def test_a_horizon_that_is_named_is_the_forecasts(question, months):
    assert planned(f"What will we spend {question}?").calls[1].arguments["months"] == months


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_by_a_dimension_groups_the_spend(dimension):
    assert planned(f"How much do we spend BY {dimension.upper()}?").group_by == dimension


@pytest.mark.parametrize(
    ("question", "filters"),
    [
        ("How much is COMPUTE?", {"service": "compute"}),
        (
            "Spend of platform on database in 2026-08?",
            {"team": "Platform", "service": "database", "month": "2026-08"},
        ),
        ("Spend of database-replicas", {"service": "database-replicas"}),
        ("Spend in eu-west-1", {"region": "eu-west-1"}),
        ("Spend in eu-west", {"region": "eu-west"}),
        ("Spend in eu-west-10", {}),
        ("How precompute computed research 2026-080", {}),
        ("Spend of search", {"service": "search"}),
        ("Spend of the search team", {"team": "search"}),
        ("Spend (aws), please", {"provider": "aws"}),
    ],
)
def test_names_of_the_organisation_become_filters(question, filters):
    assert planned(question).filters == filters


def test_a_filter_goes_to_every_tool_that_takes_it():
    plan = planned("Where can Platform save on aws compute in 2026-08?")
    assert [dict(call.arguments) for call in plan.calls] == [
        {
            "group_by": "service",
            "service": "compute",
            "team": "Platform",
            "provider": "aws",
            "month": "2026-08",
        },
        {"max_utilisation_percent": 5, "service": "compute", "team": "Platform", "provider": "aws"},
        {
            "min_utilisation_percent": 6,
            "max_utilisation_percent": 35,
            "service": "compute",
            "team": "Platform",
            "provider": "aws",
        },
        {"team": "Platform"},
    ]


def test_a_name_is_not_taken_for_an_intent():
    vocabulary = Vocabulary(services=("idle",), teams=("team", "savings"))
    plan = planned("What did savings spend by team?", vocabulary=vocabulary)
    assert (plan.intent, plan.filters, plan.group_by) == ("spend", {"team": "savings"}, "team")


def test_the_longest_name_wins_over_those_inside_it():
    vocabulary = Vocabulary(services=("object storage", "storage", "storage of objects"), teams=("objects",))
    plan = planned("spend of object storage?", vocabulary=vocabulary)
    assert plan.filters == {"service": "object storage"}
    plan = planned("spend of storage of objects?", vocabulary=vocabulary)
    assert plan.filters == {"service": "storage of objects"}


def test_names_that_differ_in_case_are_told_apart_by_the_question():
    vocabulary = Vocabulary(services=("Search", "search"))
    assert planned("spend of search", vocabulary=vocabulary).filters == {"service": "search"}
    assert planned("spend of Search", vocabulary=vocabulary).filters == {"service": "Search"}


def test_a_review_goes_through_every_service_in_order():
    plan = planned("Review every service one by one on aws")
    assert [call.arguments["service"] for call in plan.calls[::2]] == list(VOCABULARY.services)
    assert all(call.arguments["group_by"] == "team" for call in plan.calls[::2])
    assert all(call.arguments["provider"] == "aws" for call in plan.calls)
    assert tools(planned("Review every service one by one", vocabulary=Vocabulary())) == [
        "query_spend",
        "find_idle_resources",
    ]


def test_a_follow_up_takes_over_what_it_does_not_name():
    first = planned("How can we cut the cost of compute?")
    by_team = planned("and by team?", first)
    assert (by_team.intent, by_team.filters, by_team.group_by) == ("savings", {"service": "compute"}, "team")
    other = planned("what about database on aws?", by_team)
    assert other.filters == {"service": "database", "provider": "aws"}
    assert (other.intent, other.group_by) == ("savings", "team")
    assert tools(other) == tools(first)


def test_a_follow_up_with_an_intent_of_its_own_keeps_the_filters():
    first = planned("How much did compute cost?")
    assert planned("And what is idle?", first).filters == {"service": "compute"}
    assert planned("And what is idle?", first).intent == "idle"


def test_a_new_question_in_a_thread_starts_afresh():
    first = planned("How can we cut the cost of compute?")
    again = planned("How much do we spend by team?", first)
    assert (again.intent, again.filters, again.group_by) == ("spend", {}, "team")


def test_a_follow_up_takes_over_the_horizon_and_the_tier_of_now():
    first = planned("Forecast compute for the next 6 months")
    assert planned("what about database?", first).calls[1].arguments == {"months": 6, "service": "database"}
    downgraded = planned("what about database?", first, policy=FREE)
    assert (tools(downgraded), downgraded.withheld) == (["query_spend"], ("forecast_spend",))


COMMON = """cut save idle models oversized forecast next quarter review every service by team and what
about help me cost compute database-replicas search aws eu-west-1 2026-08 計算 - ?"""
words = st.sampled_from(COMMON.split()) | st.text(max_size=8)
questions = st.lists(words, min_size=1, max_size=9).map(" ".join)
name_lists = st.lists(words.filter(bool), max_size=4, unique=True).map(sorted).map(tuple)
vocabularies = st.just(VOCABULARY) | st.builds(
    Vocabulary, services=name_lists, teams=name_lists, providers=name_lists, regions=name_lists
)
policies = st.sampled_from([FREE, PRO, ENTERPRISE])


@given(st.lists(st.tuples(questions, policies, vocabularies), min_size=1, max_size=3))
def test_every_plan_of_a_thread_queries_spend_within_its_tier(thread):
    previous = None
    for question, policy, vocabulary in thread:
        plan = planned(question, previous, policy, vocabulary)
        assert plan.question == question
        assert plan.calls[0].tool == "query_spend"
        assert all(policy.allows(call.tool) for call in plan.calls)
        assert not any(policy.allows(tool) for tool in plan.withheld)
        assert all(
            call.arguments["group_by"] in DIMENSIONS for call in plan.calls if call.tool == "query_spend"
        )
        inherited = previous.filters if previous else {}
        for dimension, name in plan.filters.items():
            assert name in vocabulary.of(dimension) or inherited.get(dimension) == name
        assert plan == planned(question, previous, policy, vocabulary)
        assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan
        previous = plan
