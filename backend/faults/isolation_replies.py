"""Faults in whom a reply goes to: every device of a person, and not the one that it answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from backend.faults import fault
from backend.ws.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.components import Components
    from backend.compose import FrameError


class _RepliesToEveryDevice(Connection):
    def reply(self, kind: str, fields: Mapping[str, object], message_id: str | None = None) -> None:
        for device in self.manager.connections:
            Connection.reply(device, kind, fields, message_id)


@fault("replies-go-to-every-device", group="isolation")
def replies_go_to_every_device(components: Components) -> Components:
    """The phone takes what the laptop is told for an answer to itself, and gets out of step."""
    return replace(components, connection=_RepliesToEveryDevice)


class _RefusesEveryDevice(Connection):
    def refuse(self, error: FrameError) -> None:
        for device in self.manager.connections:
            Connection.refuse(device, error)


@fault("errors-go-to-every-device", group="isolation")
def errors_go_to_every_device(components: Components) -> Components:
    """The phone complains of mistakes that were made on the laptop."""
    return replace(components, connection=_RefusesEveryDevice)
