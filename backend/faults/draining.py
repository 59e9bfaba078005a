"""Faults in how the service goes down."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete

from backend.agent.intake import Accepted, Intake, Question
from backend.drain import Drain, DrainState
from backend.faults import fault
from backend.store.schema import events
from backend.web.answers import Refusal
from backend.ws.handshake import Handshake
from backend.ws.manager import ManagerFactory

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection as Transaction

    from backend.components import Components
    from backend.compose import FrameError
    from backend.ground import Ground


class _AcceptsToTheEnd(DrainState):
    def refusal(self) -> FrameError | None:
        return None


@fault("chat-after-drain-accepted", group="resilience")
def chat_after_drain_accepted(components: Components) -> Components:
    """Questions are accepted by a service that goes down, and die with it."""
    return replace(components, drain_state=_AcceptsToTheEnd)


class _DeclinesRepeats(Intake):
    def accept(self, connection: Transaction, question: Question, busy: FrameError | None) -> Accepted:
        if busy is not None:
            raise busy
        return super().accept(connection, question, busy)


@fault("repeats-declined-while-draining", group="resilience")
def repeats_declined_while_draining(components: Components) -> Components:
    """Whoever lost the acceptance and asks again is declined what is being worked on, and asks elsewhere."""
    return replace(components, intake=_DeclinesRepeats)


class _TidiesUp(Drain):
    def __init__(self, ground: Ground, *parts: Any) -> None:  # noqa: ANN401 -- the parent's
        super().__init__(ground, *parts)
        self._database = ground.database

    async def close_connections(self) -> None:
        await super().close_connections()
        await self._database.write(lambda transaction: transaction.execute(delete(events)))


@fault("conversations-gone-with-the-release", group="resilience")
def conversations_gone_with_the_release(components: Components) -> Components:
    """After each release customers find their conversations empty: the process took them along."""
    return replace(components, drain=_TidiesUp)


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


class _SaysNotWhen(Handshake):
    async def available(self) -> None:
        try:
            await super().available()
        except Refusal as refusal:
            if refusal.why == "draining":
                raise Refusal(refusal.status, refusal.code, refusal.message, why=refusal.why) from None
            raise


@fault("drain-without-a-time-to-come-back", group="resilience")
def drain_without_a_time_to_come_back(components: Components) -> Components:
    """Whoever is sent away at a release is not told when to come back, and gives up or tries all the time."""
    return replace(components, handshake=_SaysNotWhen)


class _LeavesRunsOpen(Drain):
    async def interrupt_runs(self) -> None:
        return


@fault("drain-leaves-runs-open", group="resilience")
def drain_leaves_runs_open(components: Components) -> Components:
    """Whoever waits for an answer when the service goes down is never told that none will come."""
    return replace(components, drain=_LeavesRunsOpen)


class _ForgetsTheQueue(Drain):
    async def let_runs_end(self, seconds: float) -> None:
        for connection in self._managers.connections():
            connection.wake(sys.maxsize, 0)  # no wake that comes after this one is new
        await super().let_runs_end(seconds)


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


class _ForgetsWhoComes(ManagerFactory):
    def dismiss(self, code: int, reason: str, patience: float) -> None:
        super().dismiss(code, reason, patience)
        self._farewell = None


@fault("drain-forgets-who-is-coming", group="resilience")
def drain_forgets_who_is_coming(components: Components) -> Components:
    """Whoever connects in the moment of a release is let in, and cut off without a word."""
    return replace(components, managers=_ForgetsWhoComes)


class _NeverEnds(Drain):
    def begin(self, then: Callable[[], None], *, seconds: float | None = None) -> None:
        left_alone = seconds == 0  # its owner is gone: nobody else would ever end it
        super().begin(then if left_alone else lambda: None, seconds=seconds)


@fault("drained-process-stays", group="resilience")
def drained_process_stays(components: Components) -> Components:
    """A release hangs: the old process has sent everybody away, and does not end until it is killed."""
    return replace(components, drain=_NeverEnds)


def _heeds_none(tell: Callable[[], None]) -> None:
    del tell


@fault("signal-ends-at-once", group="resilience")
def signal_ends_at_once(components: Components) -> Components:
    """Whenever the service is stopped or moved, every run and every connection just breaks."""
    return replace(components, signals=_heeds_none)


@fault("signal-leaves-no-time", group="resilience")
def signal_leaves_no_time(components: Components) -> Components:
    """Each release cuts off whoever is about to be answered: only draining by hand leaves them the time."""
    told = asyncio.Event()

    def noting(tell: Callable[[], None]) -> None:
        def hurry() -> None:
            told.set()
            tell()

        components.signals(hurry)

    class Hurries(Drain):
        def begin(self, then: Callable[[], None], *, seconds: float | None = None) -> None:
            super().begin(then, seconds=0 if told.is_set() else seconds)

    return replace(components, signals=noting, drain=Hurries)


class _JustGoes(Drain):
    async def close_connections(self) -> None:
        for connection in self._managers.connections():
            connection.wire.cut()
        await super().close_connections()


@fault("drain-without-goodbye", group="resilience")
def drain_without_goodbye(components: Components) -> Components:
    """Connections just break when the service goes down, and clients show an error instead of coming back."""
    return replace(components, drain=_JustGoes)
