"""Faults of the contract: frames that are not as agreed."""

from collections.abc import Mapping
from dataclasses import replace

from backend.components import Components
from backend.compose import EventComposer, Frame, RunKey
from backend.faults import fault


class MillisecondEvents(EventComposer):
    """Tells the time in another unit than agreed."""

    def compose(
        self, event: str, run: RunKey, seq: int, timestamp: float, fields: Mapping[str, object]
    ) -> Frame:
        """Returns the event with its time in milliseconds."""
        return super().compose(event, run, seq, timestamp * 1000, fields)


@fault("timestamps-in-milliseconds", group="contract")
def timestamps_in_milliseconds(components: Components) -> Components:
    """Every client that shows the time of an event shows a year far away."""
    return replace(components, events=MillisecondEvents)
