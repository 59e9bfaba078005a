"""Links between processes that leave something out; shared by faults of several groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.components import Components
    from backend.log import Journal
    from backend.store.notify import Link, Notice


def silent_about(components: Components, kind: str) -> Callable[[str, str, Journal], Link]:
    """Returns a link between processes that takes all notices but those of one kind."""

    def link(url: str, name: str, journal: Journal) -> Link:
        made = components.link(url, name, journal)
        send = made.send

        def all_but_one(notice: Notice) -> None:
            if notice.kind != kind:
                send(notice)

        made.send = all_but_one  # type: ignore[method-assign]  # of this one link
        return made

    return link
