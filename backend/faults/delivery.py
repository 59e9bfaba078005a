"""Faults of delivery: frames that overtake each other within one connection."""

from collections.abc import Mapping
from dataclasses import replace

from backend.agent.intake import Accepted
from backend.components import Components
from backend.faults import fault
from backend.ws.connection import Connection
from backend.ws.handlers import Chat
from backend.ws.outbox import Item, Outbox, Reply


class _PongsFirst(Outbox):
    def enqueue(self, item: Item) -> None:
        if isinstance(item, Reply) and item.type == "pong":
            self._items.appendleft(item)
        else:
            super().enqueue(item)


@fault("pong-overtakes-the-queue", group="delivery")
def pong_overtakes_the_queue(components: Components) -> Components:
    """A pong tells clients that they are up to date while older frames still wait: it goes to the head."""
    return replace(components, outbox=_PongsFirst)


class _LateConnection(Connection):
    late: tuple[tuple[Mapping[str, object], str], ...] = ()

    def acknowledge_later(self, fields: Mapping[str, object], message_id: str) -> None:
        """Keeps an acknowledgement until the next event."""
        self.late = (*self.late, (fields, message_id))

    def wake(self, bound: int, size: int) -> None:
        before = self._woken
        super().wake(bound, size)
        if self._woken > before:
            late, self.late = self.late, ()
            for fields, message_id in late:
                self.reply("ack", fields, message_id)


class _AcknowledgesLate(Chat):
    def acknowledge(self, connection: Connection, accepted: Accepted) -> None:
        if accepted.context is None or not isinstance(connection, _LateConnection):
            super().acknowledge(connection, accepted)
            return
        fields = {"thread_id": accepted.thread_id, "run_id": accepted.run_id}
        connection.acknowledge_later(fields, accepted.message_id)


@fault("ack-after-first-event", group="delivery")
def ack_after_first_event(components: Components) -> Components:
    """Clients see an agent begin and do not know on which question: the acceptance comes after the event."""
    return replace(components, chat=_AcknowledgesLate, connection=_LateConnection)


class _AcknowledgesTwice(Chat):
    def acknowledge(self, connection: Connection, accepted: Accepted) -> None:
        super().acknowledge(connection, accepted)
        super().acknowledge(connection, accepted)


@fault("ack-sent-twice", group="delivery")
def ack_sent_twice(components: Components) -> Components:
    """Clients that count acceptances believe that a question was asked twice."""
    return replace(components, chat=_AcknowledgesTwice)
