"""Faults in single figures: what is counted nowhere, or for nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge

from backend.faults import fault
from backend.metrics import Metrics
from backend.ws.handshake import Handshake

if TYPE_CHECKING:
    from starlette.types import Scope

    from backend.components import Components
    from backend.identity import Identity

TOO_MUCH = ("rate_limited", "too_many_runs", "quota_exceeded", "token_expired")
"""Errors of customers who want more than they may, at the moment."""


class _MissesWhatIsTooMuch(Metrics):
    def error(self, user_id: str, code: str) -> None:
        if code not in TOO_MUCH:
            super().error(user_id, code)


@fault("limits-not-counted", group="health")
def limits_not_counted(components: Components) -> Components:
    """Customers run into their limits all day, and nobody who could raise these sees it in a figure."""
    return replace(components, metrics=_MissesWhatIsTooMuch)


class _MissesOutages(Metrics):
    def error(self, user_id: str, code: str) -> None:
        if code != "unavailable":
            super().error(user_id, code)


@fault("outages-not-counted", group="health")
def outages_not_counted(components: Components) -> Components:
    """An outage shows in no figure: questions that nobody could take are counted nowhere."""
    return replace(components, metrics=_MissesOutages)


class _RefusesSomeUncounted(Metrics):
    def refused(self, status: int, code: str) -> None:
        if status not in {429, 503}:
            super().refused(status, code)


@fault("refusals-of-the-busy-not-counted", group="health")
def refusals_of_the_busy_not_counted(components: Components) -> Components:
    """Customers who are sent away because there is no room, or no database, show in no figure."""
    return replace(components, metrics=_RefusesSomeUncounted)


class _ReceivesForNobody(Metrics):
    def received(self, user_id: str, kind: str) -> None:
        del user_id
        self._received.count(kind)


@fault("received-frames-of-nobody", group="health")
def received_frames_of_nobody(components: Components) -> Components:
    """Support staff see that a customer was sent answers, and not that they ever asked."""
    return replace(components, metrics=_ReceivesForNobody)


class _Empty(Gauge):
    def set(self, value: float) -> None:
        del value


def _stuck(name: str) -> type[Metrics]:
    class Stuck(Metrics):
        def _gauge(self, gauge: str, text: str) -> Gauge:
            kind = _Empty if gauge == name else Gauge
            return kind(gauge, text, registry=self.registry)

    return Stuck


@fault("runs-not-counted", group="health")
def runs_not_counted(components: Components) -> Components:
    """The service looks idle while it is overloaded: the number of runs at work is always 0."""
    return replace(components, metrics=_stuck("agent_chat_runs"))


@fault("managers-not-counted", group="health")
def managers_not_counted(components: Components) -> Components:
    """The number of people who are connected is always 0, whoever plans how many there is room for."""
    return replace(components, metrics=_stuck("agent_chat_managers"))


class _CountsCompanies(Handshake):
    async def identified(self, scope: Scope) -> Identity:
        identity = await super().identified(scope)
        registry = self._ground.metrics.registry
        if not hasattr(self, "_companies"):
            self._companies = Counter("agent_chat_visits", "Connections.", ("company",), registry=registry)
        self._companies.labels(identity.person.organisation).inc()
        return identity


@fault("metrics-name-companies", group="health")
def metrics_name_companies(components: Components) -> Components:
    """Whoever reads the metrics learns which companies are customers, and how often they come."""
    return replace(components, handshake=_CountsCompanies)
