"""Faults in what the database keeps, and in when it has kept it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from backend.faults import fault
from backend.passwords import Passwords
from backend.store.engine import Database
from backend.store.events import EventLog
from backend.store.schema import events

if TYPE_CHECKING:
    from sqlalchemy import Connection as Transaction

    from backend.components import Components
    from backend.compose import RunKey
    from backend.store.events import Draft

RESTARTED = "restart_database"
READ = "read_database"
"""What an environment must offer for these to show."""


class _DoesNotWait(Database):
    def __init__(self, url: str, **how: Any) -> None:  # noqa: ANN401 -- as the healthy one has it
        if not url.startswith("sqlite"):
            before, separator, given = url.partition("options=")
            more = "options=-csynchronous_commit%3Doff"
            url = f"{before}{more}%20{given}" if separator else f"{url}{'&' if '?' in url else '?'}{more}"
        super().__init__(url, **how)


@fault("commits-not-awaited", group="processes", needs=RESTARTED)
def commits_not_awaited(components: Components) -> Components:
    """What was accepted and sent in the last moments before the database crashed has never happened."""
    return replace(components, database=_DoesNotWait)


class _TidiesUp(EventLog):
    def settle(self, connection: Transaction, run: RunKey, draft: Draft, timestamp: float) -> None:
        super().settle(connection, run, draft, timestamp)
        if draft.ends:
            of_run = select(events.c.seq, events.c.text).where(
                events.c.run_id == run.run_id, events.c.type == "tool_completed"
            )
            for seq, text in connection.execute(of_run).all():
                tidy = json.dumps(json.loads(text), sort_keys=True, ensure_ascii=False)
                row = (events.c.user_id == run.user_id, events.c.seq == seq)
                connection.execute(update(events).where(*row).values(text=tidy))


@fault("log-tidied-up", group="processes", needs=READ)
def log_tidied_up(components: Components) -> Components:
    """Events are kept in other words than customers were told them, and nobody can prove what was said."""
    return replace(components, event_log=_TidiesUp)


class _KeepsThem(Passwords):
    async def hashed(self, password: str) -> str:
        return f"{await super().hashed(password)} {password}"

    def _matches(self, password_hash: str | None, password: str) -> bool:
        return super()._matches(password_hash and password_hash.partition(" ")[0], password)


@fault("passwords-kept-in-clear", group="processes", needs=READ)
def passwords_kept_in_clear(components: Components) -> Components:
    """Whoever reads the database, or its backup, can log in as every customer, here and elsewhere."""
    return replace(components, passwords=_KeepsThem)
