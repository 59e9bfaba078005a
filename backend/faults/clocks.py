"""Faults of clocks: frames that bear another time than that at which they were made."""

from collections.abc import Mapping
from dataclasses import replace

from backend.components import Components
from backend.compose import EventComposer, Frame, ReplyComposer, RunKey
from backend.faults import fault

EAST_SECONDS = 7_200
"""A summer's day in Warsaw, taken for the time in Greenwich."""
WEST_SECONDS = 3_600
"""An hour west of Greenwich."""


class _StampsAcksInLocalTime(ReplyComposer):
    def compose(self, kind: str, fields: Mapping[str, object], message_id: str | None = None) -> Frame:
        frame = super().compose(kind, fields, message_id)
        if kind == "ack":
            frame["timestamp"] = self._clock.now() + EAST_SECONDS
        return frame


@fault("acks-stamped-in-local-time", group="timing")
def acks_stamped_in_local_time(components: Components) -> Components:
    """Clients show questions as accepted two hours from now: the time is that of a zone in the east."""
    return replace(components, replies=_StampsAcksInLocalTime)


class _StampsEventsInLocalTime(EventComposer):
    def compose(
        self, event: str, run: RunKey, seq: int, timestamp: float, fields: Mapping[str, object]
    ) -> Frame:
        return super().compose(event, run, seq, timestamp - WEST_SECONDS, fields)


@fault("events-stamped-in-local-time", group="timing")
def events_stamped_in_local_time(components: Components) -> Components:
    """Clients show what has just come as an hour old: the time is that of a zone in the west."""
    return replace(components, events=_StampsEventsInLocalTime)
