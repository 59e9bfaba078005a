"""The amounts that an answer's text leads with: what is saved in all, and what is forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import truth


def headlines(events: Sequence[Mapping[str, Any]], records: truth.Records) -> list[tuple[str, int]]:
    """What the text of a run's answer must name beside each finding and each row.

    Args:
        events: The run's events.
        records: The organisation's records.

    Returns:
        What each amount is, in words, and the amount in cents.
    """
    asked = {e["tool_call_id"]: e for e in events if e["type"] == "tool_executing"}
    saved = [
        cents
        for call in asked.values()
        for _, cents in truth.savings(records, call["tool_name"], call["arguments"])
    ]
    found = [("the sum of all savings", sum(saved))] if saved else []
    for event in events:
        if event["type"] == "tool_completed" and event["tool_name"] == "forecast_spend":
            arguments = asked[event["tool_call_id"]]["arguments"]
            result, months = event["result"], arguments["months"]
            found += [
                (f"the forecast for {months} months together", result["expected_cents"]),
                (f"the lower bound for {months} months together", result["low_cents"]),
                (f"the upper bound for {months} months together", result["high_cents"]),
                ("the mean of the months so far", truth.forecast(records, arguments)["average_cents"]),
            ]
    return found
