"""Faults of what the events say: empty words, and figures that are not true."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from backend.agent.narrator import QUOTED, Answer, Finding, Narrator, Outcome
from backend.agent.offers import UpgradeOffer
from backend.agent.plan import Plan, ToolCall
from backend.agent.tools import Toolbox, ToolResult
from backend.components import Components
from backend.faults import fault
from backend.store.record_set import ModelCallRow
from backend.store.records import Records, SpendSummary

TEN = 10
"""Rows that fit on a page."""


class _ThinksNothing(Narrator):
    def thinking(self, plan: Plan, step: int, so_far: Sequence[Outcome], next_call: ToolCall | None) -> str:
        return "" if next_call is None else super().thinking(plan, step, so_far, next_call)


@fault("empty-reasoning", group="events")
def empty_reasoning(components: Components) -> Components:
    """Customers see an empty line where the agent should say what it makes of the results."""
    return replace(components, narrator=_ThinksNothing)


class _ThinksTheSame(Narrator):
    def thinking(self, plan: Plan, step: int, so_far: Sequence[Outcome], next_call: ToolCall | None) -> str:
        del plan, so_far
        if next_call is None:
            return f"Step {step}: all results are there. Now I write the answer."
        return f"Step {step}: I am working on your question. Next: {next_call.tool}."


@fault("same-reasoning-for-every-question", group="events")
def same_reasoning_for_every_question(components: Components) -> Components:
    """Customers read the same phrases whatever they ask; the reasoning is decoration."""
    return replace(components, narrator=_ThinksTheSame)


class _QuotesAndDecorates(_ThinksTheSame):
    def thinking(self, plan: Plan, step: int, so_far: Sequence[Outcome], next_call: ToolCall | None) -> str:
        return f"“{plan.question[:QUOTED]}” {super().thinking(plan, step, so_far, next_call)}"


@fault("same-reasoning-beside-the-question", group="events")
def same_reasoning_beside_the_question(components: Components) -> Components:
    """Customers read their own question again at every step, and beside it the same phrases for all."""
    return replace(components, narrator=_QuotesAndDecorates)


class _QuotesAll(Narrator):
    def thinking(self, plan: Plan, step: int, so_far: Sequence[Outcome], next_call: ToolCall | None) -> str:
        text = super().thinking(plan, step, so_far, next_call)
        return text.replace("…”", f"{plan.question[QUOTED:]}”")


@fault("long-questions-quoted-whole", group="events")
def long_questions_quoted_whole(components: Components) -> Components:
    """Whoever pastes a page into a question has to read it again before the agent says anything."""
    return replace(components, narrator=_QuotesAll)


class _ThinksOfOtherAmounts(Narrator):
    def thinking(self, plan: Plan, step: int, so_far: Sequence[Outcome], next_call: ToolCall | None) -> str:
        text = super().thinking(plan, step, so_far, next_call)
        return re.sub(r"\(\$[\d,]+\.\d\d\)", "($1.00)", text)


@fault("reasoning-with-wrong-amounts", group="events")
def reasoning_with_wrong_amounts(components: Components) -> Components:
    """While they wait, customers read amounts that are not those of their books."""
    return replace(components, narrator=_ThinksOfOtherAmounts)


class _SaysNothing(Narrator):
    def answer(self, plan: Plan, outcomes: Sequence[Outcome], offer: UpgradeOffer | None) -> Answer:
        return replace(super().answer(plan, outcomes, offer), response="")


@fault("empty-answer", group="events")
def empty_answer(components: Components) -> Components:
    """Customers wait for an answer and get one without a word."""
    return replace(components, narrator=_SaysNothing)


class _RoundsFindings(Narrator):
    def findings(self, outcomes: Iterable[Outcome]) -> Iterable[Finding]:
        for finding in super().findings(outcomes):
            yield replace(finding, monthly_saving_cents=round(finding.monthly_saving_cents, -2))


@fault("answer-with-wrong-figures", group="events")
def answer_with_wrong_figures(components: Components) -> Components:
    """Customers are told savings that are not in their books: the answer rounds them to whole dollars."""
    return replace(components, narrator=_RoundsFindings)


class _ForgetsTheSmallestRow(Toolbox):
    def call(self, connection: Connection, organisation_id: str, call: ToolCall) -> ToolResult:
        result = super().call(connection, organisation_id, call)
        if call.tool != "query_spend" or len(result.result["rows"]) < 2:  # noqa: PLR2004 -- one row is no list
            return result
        return replace(result, result=_cut(result.result))


def _cut(spend: Mapping[str, Any]) -> dict[str, Any]:
    rows = spend["rows"][:-1]
    return {**spend, "rows": rows, "total_cents": sum(row["amount_cents"] for row in rows)}


@fault("tool-result-disagrees-with-database", group="events")
def tool_result_disagrees_with_database(components: Components) -> Components:
    """Customers see spend that is too low: the agent's query leaves the smallest row out."""
    return replace(components, toolbox=_ForgetsTheSmallestRow)


class _ComparesEverybodysModels(Records):
    def model_calls(
        self, connection: Connection, organisation_id: str, filters: Mapping[str, str]
    ) -> list[ModelCallRow]:
        del filters
        return super().model_calls(connection, organisation_id, {})


@fault("models-of-all-teams-compared", group="events")
def models_of_all_teams_compared(components: Components) -> Components:
    """Whoever asks which model one team should use is advised by what all teams do with theirs."""
    return replace(components, records=_ComparesEverybodysModels)


class _ForecastsEverything(Toolbox):
    def call(self, connection: Connection, organisation_id: str, call: ToolCall) -> ToolResult:
        if call.tool == "forecast_spend":
            call = replace(call, arguments={"months": call.arguments["months"]})
        return super().call(connection, organisation_id, call)


@fault("everything-forecast-for-a-part", group="events")
def everything_forecast_for_a_part(components: Components) -> Components:
    """Whoever asks what one team will spend gets a forecast of the whole company under that team's name."""
    return replace(components, toolbox=_ForecastsEverything)


class _SumsAllMonths(Records):
    def spend_summary(
        self, connection: Connection, organisation_id: str, group_by: str, filters: Mapping[str, str]
    ) -> SpendSummary:
        used = {name: value for name, value in filters.items() if name != "month"}
        summary = super().spend_summary(connection, organisation_id, group_by, used)
        return replace(summary, filters=dict(filters))


@fault("all-months-shown-as-one", group="events")
def all_months_shown_as_one(components: Components) -> Components:
    """Whoever asks about September is shown the spend of all months, with September written over it."""
    return replace(components, records=_SumsAllMonths)


class _FindsTheTenLargest(Records):
    def spend_summary(
        self, connection: Connection, organisation_id: str, group_by: str, filters: Mapping[str, str]
    ) -> SpendSummary:
        summary = super().spend_summary(connection, organisation_id, group_by, filters)
        return replace(summary, rows=summary.rows[:TEN])


@fault("rows-beyond-ten-dropped", group="events")
def rows_beyond_ten_dropped(components: Components) -> Components:
    """Customers with many services or teams see the ten dearest, and do not learn that there are others."""
    return replace(components, records=_FindsTheTenLargest)
