"""The narrator: what the agent says while it works, and its answer. Pure: plan and results in, text out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.agent.money import money
from backend.agent.offers import UpgradeOffer
from backend.agent.plan import Plan, ToolCall
from backend.agent.tools import ToolResult

AGENT_NAME = "Cost Optimiser"

QUOTED = 200
"""Characters of the question that a message or a reasoning quotes at the most."""

_ASKS_FOR: Mapping[str, str] = {
    "savings": "where money can be saved",
    "idle": "what is paid for and not used",
    "models": "what the language models cost",
    "rightsizing": "what is larger than it needs to be",
    "forecast": "what will be spent",
    "review": "how each service does, one by one",
    "spend": "what was spent",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A tool call that is done, under the id that its frames carried."""

    call: ToolCall
    result: ToolResult
    tool_call_id: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A saving of the answer, and the tool call that found it."""

    title: str
    monthly_saving_cents: int
    tool_call_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The response text, and the findings that it names."""

    response: str
    findings: tuple[Finding, ...]


class Narrator:
    """Puts a plan and its results into words."""

    agent_name = AGENT_NAME

    def started(self, plan: Plan) -> str:
        """Returns the message of ``agent_started``."""
        return f"I am looking into {_quoted(plan)}, with {_count(len(plan.calls), 'tool call')}."

    def thinking(self, plan: Plan, step: int, so_far: Sequence[Outcome], next_call: ToolCall | None) -> str:
        """Returns the reasoning of one ``agent_thinking``.

        Args:
            plan: The plan at work.
            step: 1 for the run's first reasoning, and so on.
            so_far: The calls that are done, in their order.
            next_call: The call that comes next, or None before the answer.
        """
        coming = f"Next: {_called(next_call)}." if next_call else "Now I write the answer."
        if not so_far:
            narrowed = f", narrowed to {_scope(plan.filters)}" if plan.filters else ""
            return f"{_quoted(plan)} asks {_ASKS_FOR[plan.intent]}{narrowed}. {coming}"
        last = so_far[-1]
        done = f"{len(so_far)} of {len(plan.calls)}"
        return f"Step {step} on {_quoted(plan)}: {_called(last.call)} ({done}) {_found(last)}. {coming}"

    def answer(self, plan: Plan, outcomes: Sequence[Outcome], offer: UpgradeOffer | None) -> Answer:
        """Returns the answer.

        Args:
            plan: The plan that has been worked.
            outcomes: All its calls, in their order.
            offer: The upgrade offer that goes with the answer, or None.
        """
        findings = tuple(self.findings(outcomes))
        parts = [self.total(plan, outcomes), self.savings(plan, findings)]
        parts += [part for outcome in outcomes for part in self.details(plan, outcome)]
        if plan.withheld:
            parts.append(f"Your tier does not include {' and '.join(plan.withheld)}.")
        if offer is not None:
            parts.append(offer.message)
        return Answer("\n\n".join(part for part in parts if part), findings)

    def findings(self, outcomes: Iterable[Outcome]) -> Iterable[Finding]:
        """Yields the findings of all calls, in the calls' order."""
        for outcome in outcomes:
            for draft in outcome.result.findings:
                yield Finding(draft.title, draft.monthly_saving_cents, outcome.tool_call_id)

    def total(self, plan: Plan, outcomes: Iterable[Outcome]) -> str:
        """Returns the sentence that names the total spend; a review's queries are parts of one total."""
        cents = sum(
            outcome.result.result["total_cents"] for outcome in outcomes if outcome.call.tool == "query_spend"
        )
        narrowed = f" for {_scope(plan.filters)}" if plan.filters else ""
        return f"Your total spend{narrowed} is {money(cents)}."

    def savings(self, plan: Plan, findings: Sequence[Finding]) -> str:
        """Returns the list of all findings with their amounts; says so where there is none."""
        if not any(call.tool not in {"query_spend", "forecast_spend"} for call in plan.calls):
            return ""
        if not findings:
            return "There is nothing to save in what I looked at."
        saving = sum(finding.monthly_saving_cents for finding in findings)
        lines = [f"- {finding.title}: {money(finding.monthly_saving_cents)}" for finding in findings]
        return "\n".join([f"You can save {money(saving)} a month:", *lines])

    def details(self, plan: Plan, outcome: Outcome) -> Iterable[str]:
        """Yields the figures of one call that the findings do not show."""
        result = outcome.result.result
        match outcome.call.tool:
            case "query_spend":
                yield _spend_table(result)
            case "compare_models" if plan.intent == "models":
                yield from (_task_line(task) for task in result["tasks"])
            case "forecast_spend":
                yield _forecast_text(result)


def _spend_table(result: Mapping[str, Any]) -> str:
    narrowed = f" for {_scope(result['filters'])}" if result["filters"] else ""
    rows = [f"- {row['key']}: {money(row['amount_cents'])}" for row in result["rows"]]
    return "\n".join([f"Spend by {result['group_by']}{narrowed}:", *(rows or ["- nothing was spent"])])


def _task_line(task: Mapping[str, Any]) -> str:
    price = money(task["cheapest_cost_cents_per_1000_calls"])
    return f"Cheapest for {task['task']}: {task['cheapest_model']}, at {price} for 1,000 calls."


def _forecast_text(result: Mapping[str, Any]) -> str:
    return (
        f"Over the next {_count(result['months'], 'month')} I expect {money(result['expected_cents'])}, "
        f"with nine chances in ten between {money(result['low_cents'])} and {money(result['high_cents'])} "
        f"({result['samples']:,} samples). A month so far cost {money(result['average_cents'])} on average."
    )


def _found(outcome: Outcome) -> str:
    result = outcome.result.result
    match outcome.call.tool:
        case "query_spend":
            rows = result["rows"]
            most = f", most of it on {rows[0]['key']} ({money(rows[0]['amount_cents'])})" if rows else ""
            return f"found {money(result['total_cents'])} of spend{most}"
        case "forecast_spend":
            return f"expects {money(result['expected_cents'])} in {_count(result['months'], 'month')}"
        case _:
            found = _count(len(outcome.result.findings), "saving")
            return f"found {found} worth {money(result['monthly_saving_cents'])} a month"


def _called(call: ToolCall) -> str:
    arguments = ", ".join(f"{name} {value}" for name, value in call.arguments.items())
    return f"{call.tool} with {arguments}" if arguments else call.tool


def _scope(filters: Mapping[str, str]) -> str:
    return ", ".join(f"{dimension} {name}" for dimension, name in filters.items())


def _quoted(plan: Plan) -> str:
    more = "…" if len(plan.question) > QUOTED else ""
    return f"“{plan.question[:QUOTED]}{more}”"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
