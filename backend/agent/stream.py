"""The stream of one run's events: each is in the log before anybody sees it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from backend.agent.context import UserExecutionContext
from backend.agent.control import LeaseLostError, RunControl, StopRunError
from backend.agent.narrator import Narrator
from backend.agent.offers import Offers
from backend.agent.planner import Planner
from backend.agent.tools import Toolbox
from backend.agent.turns import FairThreads
from backend.ground import Ground, Stores
from backend.store.events import Also, Appended, Draft, NotAppended, Ownership
from backend.store.notify import WAKE, Notice

HOLD_POLL_SECONDS = 0.5
"""How often a held run asks whether it was released; a notice usually tells it sooner."""


@dataclass(frozen=True, slots=True)
class RunParts:
    """What a run loop works with. None of it belongs to one run."""

    ground: Ground
    stores: Stores
    tool_threads: FairThreads
    planner: Planner
    toolbox: Toolbox
    narrator: Narrator
    offers: Offers


class RunStream:
    """Appends the events of one run, stands at its holds, and stops when it is told to."""

    def __init__(self, parts: RunParts, context: UserExecutionContext, control: RunControl) -> None:
        self.parts = parts
        self.ground = parts.ground
        self.stores = parts.stores
        self.context = context
        self.control = control
        self.counts: Counter[str] = Counter()
        self.stood = False

    async def emit(
        self, event: str, fields: Mapping[str, object], *, closing: bool = False, also: Also | None = None
    ) -> Appended:
        """Appends an event to the log and wakes whoever reads it.

        Args:
            event: Its type.
            fields: The fields of its own.
            closing: Whether it belongs to the end of a run that was told to end.
            also: Stored in the same transaction.

        Raises:
            StopRunError: The run was told to end.
            LeaseLostError: It is not this process's any more.
            DatabaseUnavailableError: It could not be stored.
        """
        nth = self.counts[event] + 1
        while True:
            if self.control.reason is not None and not closing:
                raise StopRunError(self.control.reason)
            # Whoever cancels at a hold gets the call closed there; only the end itself can be held then.
            told_to_close = self.control.reason is not None and event == "tool_completed"
            free = self.control.interrupted or told_to_close
            draft = Draft(event, nth, fields, closing=closing, skips_hold=free, stood=self.stood, also=also)
            told = self.told()
            outcome = await self.ground.database.write(self.append, draft)
            if isinstance(outcome, Appended):
                self.counts[event] = nth
                self.announce(outcome)
                return outcome
            await self.not_appended(outcome, told)

    def append(self, connection: Connection, draft: Draft) -> Appended | NotAppended:
        """Appends in the log, as the owner that this process is. Runs in a thread."""
        now = self.ground.clock.now()
        ownership = Ownership(self.ground.owner, now, self.ground.lease_until())
        return self.stores.log.append(connection, self.context.key, draft, ownership)

    def announce(self, event: Appended) -> None:
        """Tells the connections of the user that the log has grown."""
        self.stores.log.recent.remember(event)
        self.ground.bus.publish(
            Notice(WAKE, self.context.user_id, seq=event.seq, size=len(event.text.encode()))
        )

    def told(self) -> tuple[str | None, bool]:
        """What the run has been told so far."""
        return self.control.reason, self.control.interrupted

    async def not_appended(self, outcome: NotAppended, told: tuple[str | None, bool]) -> None:
        """Waits at a hold; raises when the run must not go on.

        Args:
            outcome: Why nothing was appended.
            told: What the run had been told when that was asked. What it is told since ends the wait at the
                hold, also when that was while the answer was on its way.
        """
        match outcome:
            case NotAppended.HELD:
                self.stood = True
                await self.stand(told)
            case NotAppended.CANCELLED:
                raise StopRunError("cancelled")
            case NotAppended.LOST:
                raise LeaseLostError(self.context.run_id)

    async def stand(self, told: tuple[str | None, bool]) -> None:
        """Stands at a hold, without a thread, until it is released or the run is told something new."""
        while self.told() == told:
            if not await self.ground.database.read(self.stores.holds.is_standing, self.context.run_id):
                return
            await self.control.changed(HOLD_POLL_SECONDS)
