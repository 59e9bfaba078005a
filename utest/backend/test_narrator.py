import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from planted import OURS, any_text, open_database, plant, record_sets

from backend.agent.money import money
from backend.agent.narrator import QUOTED, Narrator, Outcome
from backend.agent.planner import Planner
from backend.agent.tools import Toolbox
from backend.agent.tools.base import ToolResult
from backend.seed import seeded_records
from backend.store.record_set import RecordSet
from backend.tiers import Tiers

ENGINE = open_database()
TIERS = Tiers.load()
QUESTIONS = [
    "Help me cut our cloud costs",
    "Which resources are idle?",
    "Which models do we use?",
    "What is oversized?",
    "How much do we spend by team?",
    "Review every service one by one",
]


def worked(question, ours, tier="enterprise"):
    """Plans a question and calls its tools, as a run does; returns plan, outcomes and reasonings."""
    narrator = Narrator()
    with ENGINE.begin() as connection:
        records = plant(connection, ours, RecordSet())
        vocabulary = records.vocabulary(connection, OURS)
        plan = Planner().plan(question, None, vocabulary, TIERS.policy(tier))
        outcomes, reasonings = [], []
        for step, call in enumerate(plan.calls, 1):
            reasonings.append(narrator.thinking(plan, step, outcomes, call))
            outcomes.append(Outcome(call, Toolbox(records).call(connection, OURS, call), f"c_{step}"))
        reasonings.append(narrator.thinking(plan, len(plan.calls) + 1, outcomes, None))
    return plan, outcomes, reasonings


@pytest.mark.parametrize(
    ("cents", "text"),
    [(0, "$0.00"), (5, "$0.05"), (123456, "$1,234.56"), (10**14, "$1,000,000,000,000.00")],
)
def test_money_is_written_as_agreed(cents, text):
    assert money(cents) == text


@given(st.sampled_from(QUESTIONS), record_sets, st.sampled_from(["free", "pro", "enterprise"]))
@example(QUESTIONS[0], seeded_records("Northwind"), "enterprise")
def test_every_findings_title_and_amount_is_in_the_text(question, ours, tier):
    plan, outcomes, _ = worked(question, ours, tier)
    answer = Narrator().answer(plan, outcomes, None)
    drafts = [draft for outcome in outcomes for draft in outcome.result.findings]
    assert [(f.title, f.monthly_saving_cents) for f in answer.findings] == [
        (draft.title, draft.monthly_saving_cents) for draft in drafts
    ]
    for finding in answer.findings:
        assert f"{finding.title}: {money(finding.monthly_saving_cents)}" in answer.response
    owners = {outcome.tool_call_id: outcome for outcome in outcomes}
    for finding in answer.findings:
        assert finding.title in {draft.title for draft in owners[finding.tool_call_id].result.findings}


@given(st.sampled_from(QUESTIONS), record_sets)
def test_the_total_spend_and_every_row_are_in_the_text(question, ours):
    plan, outcomes, _ = worked(question, ours)
    response = Narrator().answer(plan, outcomes, None).response
    if not plan.filters:
        assert money(sum(row.amount_cents for row in ours.spend)) in response
    for outcome in outcomes:
        if outcome.call.tool == "query_spend":
            for row in outcome.result.result["rows"]:
                assert f"- {row['key']}: {money(row['amount_cents'])}" in response


@given(st.sampled_from(QUESTIONS), any_text, record_sets)
def test_reasoning_is_about_the_question_and_never_the_same(question, more, ours):
    asked = f"{question} {more}"
    plan, outcomes, reasonings = worked(asked, ours)
    assert len(reasonings) == len(plan.calls) + 1
    assert len(set(reasonings)) == len(reasonings)
    assert asked[:QUOTED] in reasonings[0]
    for call, reasoning in zip(plan.calls, reasonings, strict=False):
        assert call.tool in reasoning
        assert all(str(value) in reasoning for value in call.arguments.values())
    for outcome, reasoning in zip(outcomes, reasonings[1:], strict=True):
        cents = outcome.result.result.get("total_cents", outcome.result.result.get("monthly_saving_cents"))
        assert money(cents) in reasoning
    _, _, others = worked(f"{asked}!", ours)
    assert not set(reasonings) & set(others)


def test_a_long_question_is_quoted_to_200_characters():
    question = "é" * 199 + "äb" + " " + "x" * 100
    plan, _, reasonings = worked(question, RecordSet())
    assert question[:200] in reasonings[0]
    assert question[:201] not in reasonings[0]
    assert question[:200] in Narrator().started(plan)


def test_a_forecast_is_told_with_its_range():
    plan, outcomes, reasonings = worked("Forecast our spend for next quarter", seeded_records("Northwind"))
    result = outcomes[1].result.result
    response = Narrator().answer(plan, outcomes, None).response
    for field in ("expected_cents", "low_cents", "high_cents", "average_cents"):
        assert money(result[field]) in response
    assert money(result["expected_cents"]) in reasonings[2]


def test_a_tool_that_the_tier_lacks_is_named():
    plan, outcomes, _ = worked("Forecast our spend", seeded_records("Northwind"), "pro")
    assert "forecast_spend" in Narrator().answer(plan, outcomes, None).response


def test_an_organisation_without_records_gets_an_answer():
    for question in [*QUESTIONS, "Forecast our spend"]:
        plan, outcomes, reasonings = worked(question, RecordSet())
        answer = Narrator().answer(plan, outcomes, None)
        assert "$0.00" in answer.response
        assert answer.findings == ()
        assert all(reasonings)


def test_an_answer_tells_what_it_was_given():
    # Proof that wrong figures would show: the text follows the results, not the records.
    plan, outcomes, _ = worked("How much do we spend?", seeded_records("Northwind"))
    wrong = {**outcomes[0].result.result, "total_cents": 123456789}
    changed = [Outcome(outcomes[0].call, ToolResult(wrong), "c_1")]
    assert "$1,234,567.89" in Narrator().answer(plan, changed, None).response
