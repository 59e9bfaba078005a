"""What is counted, in all and for each person. A counter rises before its frame goes out."""

import asyncio
from collections import Counter as Tally
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

INVALID = "invalid"
"""Stands for the type of a received frame that has none that is known."""


class PersonCounters:
    """The counters of one person in this process."""

    def __init__(self) -> None:
        self.frames_sent: Tally[str] = Tally()
        self.frames_received: Tally[str] = Tally()
        self.errors: Tally[str] = Tally()

    def as_dict(self) -> dict[str, Mapping[str, int]]:
        """Returns the counters in the form of ``GET /admin/people/{id}``."""
        return {
            "frames_sent": dict(self.frames_sent),
            "frames_received": dict(self.frames_received),
            "errors": dict(self.errors),
        }


class Tallies(Collector):
    """A counter with labels that the event loop alone counts, so that nothing has to be locked for a frame.

    Args:
        registry: Where it is exposed.
        name: Without ``_total``.
        text: What it counts, for people.
        labels: Names of its labels.
    """

    def __init__(self, registry: CollectorRegistry, name: str, text: str, *labels: str) -> None:
        self._name, self._text, self._labels = name, text, labels
        self._counts: Tally[tuple[str, ...]] = Tally()
        registry.register(self)

    def count(self, *values: str) -> None:
        """Counts one, under these values of the labels."""
        self._counts[values] += 1

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Tells what has been counted."""
        family = CounterMetricFamily(self._name, self._text, labels=self._labels)
        for values, number in self._counts.items():
            family.add_metric(values, number)
        yield family


class Metrics:
    """The service's counters and gauges. None has a label that tells who."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._sent = self._counter("agent_chat_frames_sent", "Frames sent, by type.", "type")
        self._received = self._counter("agent_chat_frames_received", "Frames received, by type.", "type")
        self._errors = self._counter("agent_chat_errors", "Error frames sent, by code.", "code")
        self._refusals = self._counter("agent_chat_refusals", "Upgrades refused.", "status", "code")
        self.connections = self._gauge("agent_chat_connections", "Open WebSocket connections.")
        self.runs = self._gauge("agent_chat_runs", "Runs that this process works on.")
        self.managers = self._gauge("agent_chat_managers", "Connection managers: people with a connection.")
        self._tasks = self._gauge("agent_chat_tasks", "Tasks of the event loop, without the asking one.")
        ProcessCollector(registry=self.registry)
        self._people: dict[str, PersonCounters] = {}

    def sent(self, user_id: str, kind: str) -> None:
        """Counts a frame that is about to be sent."""
        self._sent.count(kind)
        self.of_person(user_id).frames_sent[kind] += 1

    def received(self, user_id: str, kind: str) -> None:
        """Counts a frame that was received; ``kind`` is a type of the contract or ``INVALID``."""
        self._received.count(kind)
        self.of_person(user_id).frames_received[kind] += 1

    def error(self, user_id: str, code: str) -> None:
        """Counts an error frame that is about to be sent."""
        self._errors.count(code)
        self.of_person(user_id).errors[code] += 1

    def refused(self, status: int, code: str) -> None:
        """Counts an upgrade that is about to be refused."""
        self._refusals.count(str(status), code)

    def of_person(self, user_id: str) -> PersonCounters:
        """Returns the counters of one person."""
        counters = self._people.get(user_id)
        if counters is None:
            counters = self._people.setdefault(user_id, PersonCounters())
        return counters

    def exposition(self) -> bytes:
        """Returns everything in Prometheus' text format."""
        current = asyncio.current_task()
        self._tasks.set(sum(1 for task in asyncio.all_tasks() if task is not current))
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Tallies:
        return Tallies(self.registry, name, text, *labels)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(name, text, registry=self.registry)
