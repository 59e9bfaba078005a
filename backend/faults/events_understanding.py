"""Faults of what the agent makes of a question, and of books that are not as everybody's."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from backend.agent.narrator import Finding, Narrator, Outcome
from backend.agent.plan import Plan, ToolCall
from backend.agent.planner import Planner
from backend.agent.tools import FindingDraft, Toolbox, ToolResult
from backend.agent.words import Reading
from backend.components import Components
from backend.faults import fault
from backend.store.records import Records, Vocabulary
from backend.tiers import TierPolicy


class _SeesOneName(Planner):
    def with_history(self, reading: Reading, previous: Plan | None) -> Reading:
        first = dict(list(reading.filters.items())[:1])
        return super().with_history(replace(reading, filters=first), previous)


@fault("names-in-questions-overlooked", group="events")
def names_in_questions_overlooked(components: Components) -> Components:
    """Customers ask about one team's share of a service and get everybody's: of two names one is seen."""
    return replace(components, planner=_SeesOneName)


class _ReadsTheShorterName(Planner):
    def plan(self, question: str, previous: Plan | None, vocabulary: Vocabulary, policy: TierPolicy) -> Plan:
        known = vocabulary.services
        short = tuple(name for name in known if not any(other in name for other in known if other != name))
        return super().plan(question, previous, replace(vocabulary, services=short), policy)


@fault("part-of-a-name-taken-for-it", group="events")
def part_of_a_name_taken_for_it(components: Components) -> Components:
    """Customers ask about one service and read the figures of another whose name is a part of its name."""
    return replace(components, planner=_ReadsTheShorterName)


class _LooksThreeMonthsAhead(Planner):
    def calls(self, reading: Reading, vocabulary: Vocabulary, policy: TierPolicy) -> Iterator[ToolCall]:
        return super().calls(replace(reading, months=None), vocabulary, policy)


@fault("horizon-overlooked", group="events")
def horizon_overlooked(components: Components) -> Components:
    """Customers ask what next year costs and read what the next three months cost."""
    return replace(components, planner=_LooksThreeMonthsAhead)


class _LearnsNamesOnce(Records):
    def __init__(self) -> None:
        self._known: dict[str, Vocabulary] = {}

    def vocabulary(self, connection: Connection, organisation_id: str) -> Vocabulary:
        if organisation_id not in self._known:
            self._known[organisation_id] = super().vocabulary(connection, organisation_id)
        return self._known[organisation_id]


@fault("names-learnt-once", group="events")
def names_learnt_once(components: Components) -> Components:
    """Whoever asks about a new team is told what everybody spends: names are read at the first question."""
    return replace(components, records=_LearnsNamesOnce)


class _MissesWords(Planner):
    missed = re.compile("")

    def plan(self, question: str, previous: Plan | None, vocabulary: Vocabulary, policy: TierPolicy) -> Plan:
        understood = self.missed.sub("spend", question)
        return replace(super().plan(understood, previous, vocabulary, policy), question=question)


class _MissesSave(_MissesWords):
    missed = re.compile(r"\bsave\b", re.IGNORECASE)


@fault("save-not-understood", group="events")
def save_not_understood(components: Components) -> Components:
    """Whoever asks what they can save, and does not say "savings", reads what they spend."""
    return replace(components, planner=_MissesSave)


class _MissesRareWords(_MissesWords):
    missed = re.compile(
        r"\b(reduce|lower|optimi[sz]e|cheaper|forgotten|right-?size|under-?used|predict)\b", re.IGNORECASE
    )


@fault("rare-words-not-understood", group="events")
def rare_words_not_understood(components: Components) -> Components:
    """Customers find out by themselves which words help: of those that mean the same, some say nothing."""
    return replace(components, planner=_MissesRareWords)


class _NamesEveryTask(Toolbox):
    def call(self, connection: Connection, organisation_id: str, call: ToolCall) -> ToolResult:
        result = super().call(connection, organisation_id, call)
        if call.tool != "compare_models":
            return result
        nothing = [task for task in result.result["tasks"] if not task["saving_cents"]]
        drafts = [
            FindingDraft(f"Use {task['cheapest_model']} for all of {task['task']}", 0) for task in nothing
        ]
        return replace(result, findings=(*result.findings, *drafts))


@fault("finding-worth-nothing", group="events")
def finding_worth_nothing(components: Components) -> Components:
    """Customers are advised to change what they do already, and to save $0.00 by it."""
    return replace(components, toolbox=_NamesEveryTask)


class _FindsTheTwentyBest(Narrator):
    def findings(self, outcomes: Iterable[Outcome]) -> Iterable[Finding]:
        return islice(super().findings(outcomes), 20)


@fault("findings-beyond-twenty-dropped", group="events")
def findings_beyond_twenty_dropped(components: Components) -> Components:
    """Customers with many savings see the first twenty and never learn of the others."""
    return replace(components, narrator=_FindsTheTwentyBest)


class _OrdersByAmountAlone(Toolbox):
    def call(self, connection: Connection, organisation_id: str, call: ToolCall) -> ToolResult:
        result = super().call(connection, organisation_id, call)
        if call.tool != "query_spend":
            return result
        return replace(result, result={**result.result, "rows": _by_amount(result.result)})


def _by_amount(spend: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    last_first = list(reversed(spend["rows"]))
    return sorted(last_first, key=lambda row: -row["amount_cents"])


@fault("equals-in-any-order", group="events")
def equals_in_any_order(components: Components) -> Components:
    """Customers who compare two answers find rows exchanged: equal amounts have no order of their own."""
    return replace(components, toolbox=_OrdersByAmountAlone)
