"""Faults of the durations that events tell."""

from collections.abc import Mapping
from dataclasses import replace

from backend.agent.run import RunLoop
from backend.components import Components
from backend.faults import fault
from backend.store.events import Also, Appended

MILLISECONDS = 1_000


class _TellsSeconds(RunLoop):
    async def emit(
        self, event: str, fields: Mapping[str, object], *, closing: bool = False, also: Also | None = None
    ) -> Appended:
        duration = fields.get("duration_ms")
        if isinstance(duration, float):
            fields = {**fields, "duration_ms": duration / MILLISECONDS}
        return await super().emit(event, fields, closing=closing, also=also)


@fault("durations-in-seconds", group="events")
def durations_in_seconds(components: Components) -> Components:
    """Customers are told that whatever they ask for takes no time at all: durations are in seconds."""
    return replace(components, run_loop=_TellsSeconds)
