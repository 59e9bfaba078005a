"""Faults of what the events say: empty words, and figures that are not true."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from backend.agent.narrator import Answer, Finding, Narrator, Outcome
from backend.agent.offers import UpgradeOffer
from backend.agent.plan import Plan, ToolCall
from backend.agent.tools import Toolbox, ToolResult
from backend.components import Components
from backend.faults import fault


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
