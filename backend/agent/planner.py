"""The planner: from a question, what was asked before, and the tier, to a plan. Pure."""

from collections.abc import Iterator, Mapping

from backend.agent.plan import Plan, ToolCall
from backend.agent.tools import all_tools
from backend.agent.tools.forecast_spend import MAX_MONTHS
from backend.agent.words import SPEND, Reading, read
from backend.store.records import Vocabulary
from backend.tiers import TierPolicy

SAVINGS_TOOLS = ("find_idle_resources", "rightsize_resources", "compare_models")
"""What a question about savings uses beside ``query_spend``; an upgrade's worth is computed with them."""

_TOOLS: Mapping[str, tuple[str, ...]] = {
    "savings": SAVINGS_TOOLS,
    "idle": ("find_idle_resources",),
    "models": ("compare_models",),
    "rightsizing": ("rightsize_resources",),
    "forecast": ("forecast_spend",),
    "review": ("find_idle_resources",),
    SPEND: (),
}
_GROUP_BY: Mapping[str, str] = {"forecast": "month", "review": "team"}
_DEFAULTS: Mapping[str, Mapping[str, object]] = {
    # The bounds meet without overlapping: no resource is both idle and oversized, no saving counts twice.
    "find_idle_resources": {"max_utilisation_percent": 5},
    "rightsize_resources": {"min_utilisation_percent": 6, "max_utilisation_percent": 35},
    "forecast_spend": {"months": 3},
}
_FILTERS: Mapping[str, tuple[str, ...]] = {tool.name: tool.filters for tool in all_tools()}


def call_of(tool: str, filters: Mapping[str, str], **arguments: object) -> ToolCall:
    """Returns a call of ``tool`` with its usual arguments, narrowed by the filters that it takes.

    Args:
        tool: A tool of the contract.
        filters: Dimension to name; those that the tool does not take are left out.
        **arguments: Arguments beside the usual ones, or instead of them.
    """
    taken = {name: value for name, value in filters.items() if name in _FILTERS[tool]}
    return ToolCall(tool, {**_DEFAULTS.get(tool, {}), **arguments, **taken})


class Planner:
    """Plans by rules over the words of a question: the same question always gives the same plan."""

    def plan(self, question: str, previous: Plan | None, vocabulary: Vocabulary, policy: TierPolicy) -> Plan:
        """Plans the answer to one question.

        Args:
            question: What was asked.
            previous: The plan of the thread's run that ended last, or None.
            vocabulary: The names of the asker's organisation.
            policy: The asker's tier, as it is now.

        Returns:
            A plan whose first call is a ``query_spend`` and whose tools the tier has.
        """
        reading = self.with_history(read(question, vocabulary), previous)
        intent = reading.intent or SPEND
        wanted = _TOOLS[intent]
        return Plan(
            intent=intent,
            filters=dict(reading.filters),
            calls=tuple(self.calls(reading, vocabulary, policy)),
            withheld=tuple(tool for tool in wanted if not policy.allows(tool)),
            question=question,
        )

    def with_history(self, reading: Reading, previous: Plan | None) -> Reading:
        """Completes what a question leaves open with what was asked before in its thread.

        A question without an intent of its own takes over the intent, filters, grouping and horizon; one
        that goes on ("and what did we spend by team?") takes over the filters. Its own words win.
        """
        if previous is None or not (reading.intent is None or reading.goes_on):
            return reading
        filters = {**previous.filters, **reading.filters}
        if reading.intent is not None:
            return Reading(reading.intent, filters, reading.group_by, reading.months, reading.goes_on)
        return Reading(
            intent=previous.intent,
            filters=filters,
            group_by=reading.group_by or previous.group_by,
            months=reading.months or _months(previous),
            goes_on=True,
        )

    def calls(self, reading: Reading, vocabulary: Vocabulary, policy: TierPolicy) -> Iterator[ToolCall]:
        """Yields the calls that answer a reading, without the tools that the tier lacks."""
        intent = reading.intent or SPEND
        group_by = reading.group_by or _GROUP_BY.get(intent, "service")
        tools = [tool for tool in _TOOLS[intent] if policy.allows(tool)]
        for filters in self.scopes(intent, reading.filters, vocabulary):
            yield call_of("query_spend", filters, group_by=group_by)
            for tool in tools:
                if tool == "forecast_spend" and reading.months:
                    yield call_of(tool, filters, months=min(reading.months, MAX_MONTHS))
                else:
                    yield call_of(tool, filters)

    def scopes(
        self, intent: str, filters: Mapping[str, str], vocabulary: Vocabulary
    ) -> tuple[Mapping[str, str], ...]:
        """Returns the filters of each round of calls: a review has one round for each service."""
        if intent != "review" or "service" in filters:
            return (filters,)
        # A name of no character is nothing that one could ask about; an organisation without records
        # still gets its one query.
        return tuple({**filters, "service": name} for name in vocabulary.services if name) or (filters,)


def _months(previous: Plan) -> int | None:
    months = [call.arguments["months"] for call in previous.calls if "months" in call.arguments]
    return months[0] if months and isinstance(months[0], int) else None
