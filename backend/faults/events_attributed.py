"""Faults of amounts that are told of the wrong thing, and of amounts that nobody has found."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from backend.agent.money import money
from backend.agent.narrator import Finding, Narrator, Outcome
from backend.agent.plan import Plan, ToolCall
from backend.components import Components
from backend.faults import fault

OTHERS_SAVE_CENTS = 7_777_777
"""What the advertisement says that others save, in cents a month."""


class _CountsTitlesFromOne(Narrator):
    def findings(self, outcomes: Iterable[Outcome]) -> Iterable[Finding]:
        for outcome in outcomes:
            found = list(super().findings([outcome]))
            for number, finding in enumerate(found, 1):
                yield replace(finding, title=found[number % len(found)].title)


@fault("findings-titled-by-their-neighbours", group="events")
def findings_titled_by_their_neighbours(components: Components) -> Components:
    """Customers delete the resource that a saving names, and the saving was that of another one."""
    return replace(components, narrator=_CountsTitlesFromOne)


class _ListsTheSavingAbove(Narrator):
    def savings(self, plan: Plan, findings: Sequence[Finding]) -> str:
        shown = [
            replace(finding, monthly_saving_cents=findings[number - 1].monthly_saving_cents)
            for number, finding in enumerate(findings)
        ]
        return super().savings(plan, shown)


@fault("savings-of-the-line-above", group="events")
def savings_of_the_line_above(components: Components) -> Components:
    """Customers read of each saving what another one brings; only programs see what belongs together."""
    return replace(components, narrator=_ListsTheSavingAbove)


class _ListsTheSpendBelow(Narrator):
    def details(self, plan: Plan, outcome: Outcome) -> Iterable[str]:
        spend = outcome.result.result
        if outcome.call.tool == "query_spend":
            below = [*spend["rows"][1:], *spend["rows"][:1]]
            rows = [{**below[place], "key": row["key"]} for place, row in enumerate(spend["rows"])]
            outcome = replace(outcome, result=replace(outcome.result, result={**spend, "rows": rows}))
        return super().details(plan, outcome)


@fault("spend-of-the-row-below", group="events")
def spend_of_the_row_below(components: Components) -> Components:
    """Customers read beside each team what another one spends, and call the wrong people to account."""
    return replace(components, narrator=_ListsTheSpendBelow)


class _Advertises(Narrator):
    def savings(self, plan: Plan, findings: Sequence[Finding]) -> str:
        text = super().savings(plan, findings)
        return f"{text}\nCompanies like yours save {money(OTHERS_SAVE_CENTS)} a month." if findings else text


@fault("answer-invents-an-amount", group="events")
def answer_invents_an_amount(components: Components) -> Components:
    """Customers are told of a saving that no tool has found in their books, and count on it."""
    return replace(components, narrator=_Advertises)


class _TakesCentsForDollars(Narrator):
    def thinking(self, plan: Plan, step: int, so_far: Sequence[Outcome], next_call: ToolCall | None) -> str:
        text = super().thinking(plan, step, so_far, next_call)
        return re.sub(r"(found|worth|expects) \$([\d,]+)\.(\d\d)", _hundredfold, text)


def _hundredfold(told: re.Match[str]) -> str:
    cents = int(told[2].replace(",", "") + told[3])
    return f"{told[1]} {money(cents * 100)}"


@fault("reasoning-a-hundredfold", group="events")
def reasoning_a_hundredfold(components: Components) -> Components:
    """While they wait, customers read of a hundred times what was spent: cents are taken for dollars."""
    return replace(components, narrator=_TakesCentsForDollars)
