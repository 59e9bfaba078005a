"""The runs of this process: starting them, telling them things, keeping their leases, ending lost ones."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator

from sqlalchemy import Connection

from backend.agent.context import UserExecutionContext
from backend.agent.control import RunControl
from backend.agent.run import MESSAGES, RunLoop
from backend.agent.stream import RunParts
from backend.bell import Bell
from backend.processes import known_dead
from backend.store.events import Appended
from backend.store.lane import DatabaseUnavailableError
from backend.store.notify import CANCEL, MISSED, RELEASED, WAKE, Notice
from backend.store.runs import Run

SWEEP_SECONDS = 1.0
"""How often runs are looked for that nobody works on; with a lease of 5 s they end within 10 s."""

RunLoopFactory = Callable[[RunParts, UserExecutionContext, RunControl], RunLoop]


class Supervisor:
    """Looks after runs. What one run meets never reaches another."""

    def __init__(self, parts: RunParts, run_loop: RunLoopFactory) -> None:
        self._parts = parts
        self._ground = parts.ground
        self._stores = parts.stores
        self._run_loop = run_loop
        self._running: dict[str, tuple[UserExecutionContext, RunControl, asyncio.Task[None]]] = {}
        self._abandoned: set[str] = set()
        self._expected = 0
        self._nobody_expected = asyncio.Event()
        self._nobody_expected.set()
        self._bell = Bell()
        parts.ground.bus.subscribe_to_all(self.notified)

    def start(self, context: UserExecutionContext) -> None:
        """Begins to work on an accepted question."""
        control = RunControl()
        loop = self._run_loop(self._parts, context, control)
        task = asyncio.create_task(self._work(loop), name=f"run {context.run_id}")
        self._running[context.run_id] = (context, control, task)
        self._ground.metrics.runs.set(len(self._running))

    def notified(self, notice: Notice) -> None:
        """Passes on what concerns a running run."""
        if notice.kind == CANCEL and notice.subject in self._running:
            self._running[notice.subject][1].stop("cancelled")
        elif notice.kind == RELEASED:
            for context, control, _ in self._running.values():
                if context.user_id == notice.user_id:
                    control.look_again()
        elif notice.kind == MISSED:
            self._bell.ring()
            for _, control, _ in self._running.values():
                control.look_again()

    @contextlib.contextmanager
    def expecting(self) -> Iterator[None]:
        """Says that a run may begin within the block: a question is just being accepted."""
        self._expected += 1
        self._nobody_expected.clear()
        try:
            yield
        finally:
            self._expected -= 1
            if not self._expected:
                self._nobody_expected.set()

    async def idle(self, seconds: float) -> None:
        """Waits until no run is open any more nor about to begin, at most ``seconds``."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._running or self._expected:
                    await self._nobody_expected.wait()
                    if tasks := [task for _, _, task in self._running.values()]:
                        await asyncio.wait(tasks)

    def interrupt(self) -> None:
        """Tells all runs to end ``interrupted``."""
        for _, control, _ in self._running.values():
            control.stop("interrupted")

    async def keep_leases(self) -> None:
        """Renews the leases of the running runs, for ever, and notices what no notice told."""
        while True:
            await self._bell.heard(self._ground.settings.lease_seconds / 3)
            if not self._running:
                continue
            try:
                await self.renew()
                await self.notice_cancelled()
            except DatabaseUnavailableError:
                self._ground.journal.warning("leases_not_renewed")
            except Exception as problem:  # noqa: BLE001 -- goes on, whatever one round met
                self._ground.journal.failure("lease_keeper_failed", problem)

    async def renew(self) -> None:
        """Prolongs the leases of this process."""
        await self._ground.database.write_first(self.prolong, list(self._running))

    def prolong(self, connection: Connection, run_ids: list[str]) -> None:
        """Prolongs leases as of the moment when it is done. Runs in a thread."""
        now, until = self._ground.clock.now(), self._ground.lease_until()
        self._stores.runs.renew(connection, self._ground.owner, run_ids, now, until)

    async def notice_cancelled(self) -> None:
        """Tells the runs that were asked to end, by another process whose notice was lost."""
        cancelled = self._stores.runs.cancelled_of
        for run_id in await self._ground.database.read_first(cancelled, self._ground.owner):
            if run_id in self._running:
                self._running[run_id][1].stop("cancelled")

    async def keep_sweeping(self) -> None:
        """Ends runs that nobody works on, for ever."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await self.sweep()
            except DatabaseUnavailableError:
                self._ground.journal.warning("runs_not_swept")
            except Exception as problem:  # noqa: BLE001 -- goes on, whatever one round met
                self._ground.journal.failure("sweeper_failed", problem)

    async def sweep(self) -> None:
        """Ends the runs that nobody works on, in this process or a dead one."""
        for run, owner_is_dead in await self._ground.database.read(self.lost_runs):
            ended = await self._ground.database.write(self.end_abandoned, run, owner_is_dead)
            self._abandoned.discard(run.id)
            self.announce(ended)

    def end_abandoned(self, connection: Connection, run: Run, owner_is_dead: bool) -> list[Appended]:
        """Ends a run that nobody works on, as of the moment when it is done. Runs in a thread."""
        now, told = self._ground.clock.now(), MESSAGES["interrupted"]
        return self._stores.log.end_abandoned(connection, run, now, told, owner_is_dead=owner_is_dead)

    def announce(self, events: list[Appended]) -> None:
        """Tells the connections of the user that the log has grown."""
        for event in events:
            self._ground.journal.warning(
                "run_interrupted", user_id=event.user_id, seq=event.seq, type=event.type
            )
            self._ground.bus.publish(
                Notice(WAKE, event.user_id, seq=event.seq, size=len(event.text.encode()))
            )

    def lost_runs(self, connection: Connection) -> list[tuple[Run, bool]]:
        """Returns the open runs that nobody works on, and whether their process is known to be gone."""
        dead = self.dead_owners(self._stores.runs.owners(connection))
        expired = self._stores.runs.expired(connection, self._ground.clock.now(), dead)
        found = [(run, run.owner in dead) for run in expired if run.id not in self._abandoned]
        for run_id in tuple(self._abandoned):
            run = self._stores.runs.find(connection, run_id)
            if run is not None:
                found.append((run, True))
        return found

    def dead_owners(self, owners: list[str]) -> list[str]:
        """Returns those of the processes that are known to be gone."""
        return [owner for owner in owners if owner != self._ground.owner and known_dead(owner)]

    async def _work(self, loop: RunLoop) -> None:
        run_id = loop.context.run_id
        try:
            if not await loop.work():
                self._abandoned.add(run_id)
        finally:
            del self._running[run_id]
            self._ground.metrics.runs.set(len(self._running))
