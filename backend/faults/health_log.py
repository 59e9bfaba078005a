"""Faults in what the log tells operators."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from backend.faults import fault
from backend.log import Journal

if TYPE_CHECKING:
    from backend.components import Components


class _PassesOverRefusals(Journal):
    def warning(self, event: str, **fields: object) -> None:
        if event != "upgrade_refused":
            super().warning(event, **fields)


@fault("refusals-leave-no-trace", group="health")
def refusals_leave_no_trace(components: Components) -> Components:
    """A customer who cannot connect calls, and nobody can find out that they tried."""
    return replace(components, journal=_PassesOverRefusals)


class _TellsNoReasons(Journal):
    def warning(self, event: str, **fields: object) -> None:
        if event == "upgrade_refused":
            fields.pop("why", None)
        super().warning(event, **fields)


@fault("refusals-logged-without-reason", group="health")
def refusals_logged_without_reason(components: Components) -> Components:
    """A customer who cannot connect calls, and nobody can find out what is wrong with their token."""
    return replace(components, journal=_TellsNoReasons)
