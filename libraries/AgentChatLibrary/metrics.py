"""A reading of ``/metrics`` (Prometheus text format)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .chat import Unexpected

PREFIX: Final = "agent_chat_"
"""What every metric of the contract begins with."""


class Metrics:
    """The samples of one reading.

    Args:
        text: What ``/metrics`` gave.
    """

    def __init__(self, text: str) -> None:
        # Only a few tests read metrics; loading the parser costs every worker some 50 ms of CPU.
        from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415

        self.samples = [
            (sample.name, sample.labels, sample.value)
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        ]

    def by_label(self, name: str, label: str) -> dict[str, float]:
        """The samples of a metric by the value of one label, summed over the others."""
        found: dict[str, float] = {}
        for sample, labels, value in self.samples:
            if sample in {name, PREFIX + name} and label in labels:
                found[labels[label]] = found.get(labels[label], 0.0) + value
        return found

    def sum(self, name: str, labels: Mapping[str, str]) -> float:
        """The sum of the samples of this name that have these labels.

        Raises:
            Unexpected: The backend exposes no metric of that name.
        """
        named = [s for s in self.samples if s[0] in {name, PREFIX + name}]
        if not named and not any(s[0].startswith(PREFIX) for s in self.samples):
            raise Unexpected("What /metrics gives holds no metric of agent chat.")
        return sum(value for _, has, value in named if all(has.get(k) == v for k, v in labels.items()))
