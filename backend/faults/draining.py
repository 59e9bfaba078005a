"""Faults in how the service goes down."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from backend.drain import GOING_AWAY, Drain, DrainState
from backend.faults import fault
from backend.web.answers import Refusal
from backend.ws.handshake import Handshake

if TYPE_CHECKING:
    from backend.components import Components
    from backend.compose import FrameError

RESTART = 1012
"""Close code of a service that restarts (IANA's registry), which was not agreed."""


class _AcceptsToTheEnd(DrainState):
    def refusal(self) -> FrameError | None:
        return None


@fault("chat-after-drain-accepted", group="resilience")
def chat_after_drain_accepted(components: Components) -> Components:
    """Questions are accepted by a service that goes down, and die with it."""
    return replace(components, drain_state=_AcceptsToTheEnd)


class _LetsInToTheEnd(Handshake):
    async def available(self) -> None:
        try:
            await super().available()
        except Refusal as refusal:
            if refusal.why != "draining":
                raise


@fault("upgrade-while-draining-accepted", group="resilience")
def upgrade_while_draining_accepted(components: Components) -> Components:
    """Whoever is sent away by a service that goes down comes back to the same service."""
    return replace(components, handshake=_LetsInToTheEnd)


class _LeavesRunsOpen(Drain):
    async def interrupt_runs(self) -> None:
        return


@fault("drain-leaves-runs-open", group="resilience")
def drain_leaves_runs_open(components: Components) -> Components:
    """Whoever waits for an answer when the service goes down is never told that none will come."""
    return replace(components, drain=_LeavesRunsOpen)


class _ForgetsTheQueue(Drain):
    async def interrupt_runs(self) -> None:
        connections = self._managers.connections()
        for connection in connections:
            connection.closing = True  # takes no more wakes
        await super().interrupt_runs()
        for connection in connections:
            connection.closing = False

    async def close_connections(self) -> None:
        for connection in self._managers.connections():
            connection.wire.force_close(GOING_AWAY, "draining")
        await self._managers.empty()


@fault("drain-drops-events", group="resilience")
def drain_drops_events(components: Components) -> Components:
    """What is queued when the service goes down is thrown away, the ends of runs above all."""
    return replace(components, drain=_ForgetsTheQueue)


class _EndsAtOnce(Drain):
    async def let_runs_end(self, seconds: float) -> None:
        del seconds


@fault("drain-does-not-wait", group="resilience")
def drain_does_not_wait(components: Components) -> Components:
    """Answers that were nearly done are thrown away though there was time to finish them."""
    return replace(components, drain=_EndsAtOnce)


class _SaysRestart(Drain):
    async def close_connections(self) -> None:
        for connection in self._managers.connections():
            connection.close(RESTART, "")
        await super().close_connections()


@fault("drain-closes-with-another-code", group="resilience")
def drain_closes_with_another_code(components: Components) -> Components:
    """Clients do not recognize that the service goes down, and show an error instead of coming back."""
    return replace(components, drain=_SaysRestart)
