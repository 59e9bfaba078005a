"""A reading of ``/metrics`` (Prometheus text format)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from .chat import Unexpected
from .nearest import choices, did_you_mean
from .world import UnknownName

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

        families = list(text_string_to_metric_families(text))
        self.samples = [
            (sample.name, sample.labels, sample.value) for family in families for sample in family.samples
        ]
        # A counter that nothing has counted yet has a family and no sample; its samples end in _total.
        self.names = {sample for sample, _, _ in self.samples} | {
            family.name + ("_total" if family.type == "counter" else "") for family in families
        }

    def by_label(self, name: str, label: str) -> dict[str, float]:
        """The samples of a metric by the value of one label, summed over the others."""
        found: dict[str, float] = {}
        for sample, labels, value in self.samples:
            if sample in {name, PREFIX + name} and label in labels:
                found[labels[label]] = found.get(labels[label], 0.0) + value
        return found

    def tell_of(self, name: str, words: Collection[str]) -> bool:
        """Whether the value of a label names somebody or something, by itself or among other words.

        Args:
            name: The name, in capitals or not.
            words: Values that labels rightly have, whoever may be called so.
        """
        known = {word.casefold() for word in words}
        named = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
        values = {value for _, labels, _ in self.samples for value in labels.values()}
        return any(named.search(value) and value.casefold() not in known for value in values)

    def sum(self, name: str, labels: Mapping[str, str]) -> float:
        """The sum of the samples of this name that have these labels.

        Raises:
            Unexpected: What the backend exposes is no metric of agent chat.
            UnknownName: The backend exposes no metric of that name.
        """
        named = [s for s in self.samples if s[0] in {name, PREFIX + name}]
        if not named and not any(s[0].startswith(PREFIX) for s in self.samples):
            raise Unexpected("What /metrics gives holds no metric of agent chat.")
        if not named and not {name, PREFIX + name} & self.names:
            known = [one.removeprefix(PREFIX) for one in self.names]
            raise UnknownName(
                f"There is no metric {name!r}.{did_you_mean(name, known)} There are: {choices(name, known)}."
            )
        return sum(value for _, has, value in named if all(has.get(k) == v for k, v in labels.items()))
