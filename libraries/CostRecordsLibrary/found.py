"""The amounts that a run has found: what its text and its reasoning may tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import questions
from .amounts import AMOUNT, money

Events = Sequence[Mapping[str, Any]]


def invented_in_the_text(events: Events) -> str | None:
    """Where an answer's text names an amount that the run has not found: one line, or None.

    Args:
        events: The run's events, with its answer.
    """
    answer = next(e for e in events if e["type"] == "agent_completed")
    text = answer["response"]
    if unknown := _first_unknown(text, by_tools(events) | by_the_answer(answer), events):
        return f"the answer's text names {unknown}, an amount that nothing in the run shows: {text!r}"
    return None


def invented_in_a_thought(events: Events) -> str | None:
    """Where the agent thinks of an amount that it has not found by then: one line, or None.

    Args:
        events: The run's events.
    """
    for number, event in enumerate(events):
        if event["type"] == "agent_thinking":
            thought = event["reasoning"]
            if unknown := _first_unknown(thought, by_tools(events[:number]), events):
                return f"the agent thinks of {unknown}, an amount that no result so far shows: {thought!r}"
    return None


def by_tools(events: Events) -> set[int]:
    """The amounts in cents of all tool results, and what these results come to together.

    Args:
        events: The run's events, or those so far.
    """
    results = [e.get("result") or {} for e in events if e["type"] == "tool_completed"]
    sums = (
        [result[name] for result in results if name in result]
        for name in ("total_cents", "monthly_saving_cents")
    )
    return {cents for result in results for cents in _inside(result)} | {sum(some) for some in sums if some}


def by_the_answer(answer: Mapping[str, Any]) -> set[int]:
    """The amounts in cents of an answer's findings, their sum, and what its offer is worth.

    Args:
        answer: The event ``agent_completed``.
    """
    savings = [finding["monthly_saving_cents"] for finding in answer["result"]["findings"]]
    offers = [answer["upgrade_offer"]["monthly_saving_cents"]] if answer.get("upgrade_offer") else []
    return {*savings, sum(savings), *offers}


def _inside(value: object) -> Iterator[int]:
    """All amounts of a result, however deep, and what the proposed sizes save."""
    if isinstance(value, Mapping):
        if "proposed_cost_cents" in value:
            yield value["monthly_cost_cents"] - value["proposed_cost_cents"]
        for name, inner in value.items():
            if "_cents" in name:
                yield inner
            else:
                yield from _inside(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _inside(inner)


def _first_unknown(text: str, known: set[int], events: Events) -> str | None:
    """The first amount of a text that is neither known, in cents, nor from the run's question."""
    allowed = {*map(money, known), *AMOUNT.findall(questions.quoted(events))}
    return next((amount for amount in AMOUNT.findall(text) if amount not in allowed), None)
