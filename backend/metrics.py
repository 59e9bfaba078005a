"""What is counted, in all and for each person. A counter rises before its frame goes out."""

import asyncio
from collections import Counter as Tally
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.process_collector import ProcessCollector

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
        self._sent.labels(kind).inc()
        self.of_person(user_id).frames_sent[kind] += 1

    def received(self, user_id: str, kind: str) -> None:
        """Counts a frame that was received; ``kind`` is a type of the contract or ``INVALID``."""
        self._received.labels(kind).inc()
        self.of_person(user_id).frames_received[kind] += 1

    def error(self, user_id: str, code: str) -> None:
        """Counts an error frame that is about to be sent."""
        self._errors.labels(code).inc()
        self.of_person(user_id).errors[code] += 1

    def refused(self, status: int, code: str) -> None:
        """Counts an upgrade that is about to be refused."""
        self._refusals.labels(str(status), code).inc()

    def of_person(self, user_id: str) -> PersonCounters:
        """Returns the counters of one person."""
        return self._people.setdefault(user_id, PersonCounters())

    def exposition(self) -> bytes:
        """Returns everything in Prometheus' text format."""
        current = asyncio.current_task()
        self._tasks.set(sum(1 for task in asyncio.all_tasks() if task is not current))
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(name, text, registry=self.registry)
