"""What the database holds, beside what customers have received."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from robot.api.deco import keyword

from ..deployment import SCHEMA, SERVER
from ..environment import EnvironmentProblem
from ..kit import Kit
from ..redaction import mask
from .promises import BrokenPromise

QUOTED: Final = 160
"""Characters of an event that a message about it shows."""


class Stored:
    """Keywords about rows of the database."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Operations",))
    def get_database_address(self) -> str:
        """How the database of the backend in use is reached, as libpq understands it; it holds no password.

        Raises:
            EnvironmentProblem: The environment does not say.

        Example, on a deployment of its own:
        | Ask                              | Ana | What did we spend in total? |
        | Wait For Answer                  | Ana |
        | Import Library                   | DatabaseLibrary |
        | ${address}                       | Get Database Address |
        | Connect To Database Using Custom Connection String | psycopg | ${address} |
        | ${person}                        | Get Person | Ana |
        | ${hers}                          | Set Variable | user_id = '${person.user_id}' ORDER BY seq |
        | ${rows}                          | Query | SELECT seq, type, text FROM events WHERE ${hers} |
        | Rows Should Be What Was Received | Ana | ${rows} |
        | Rows Should Hold No Secret       | ${rows} |
        """
        known = self.kit.service.deployment.database
        if not known.get(SERVER):
            raise EnvironmentProblem("The environment does not say where its database is.")
        return f"{known[SERVER]}&options=-csearch_path%3D{known[SCHEMA]}"

    @keyword(tags=("Judging",))
    def rows_should_be_what_was_received(self, session: str, rows: Sequence[Sequence[Any]]) -> None:
        """Checks that rows of the events' table are the events that a session has received, byte for byte.

        Args:
            session: Alias of the session.
            rows: ``seq``, ``type`` and ``text`` of each, in the order of the database.

        Raises:
            BrokenPromise: One is missing, too much, in another order or in another text.

        Example, on a deployment of its own:
        | Ask                              | Ana | What did we spend in total? |
        | Wait For Answer                  | Ana |
        | Import Library                   | DatabaseLibrary |
        | ${address}                       | Get Database Address |
        | Connect To Database Using Custom Connection String | psycopg | ${address} |
        | ${person}                        | Get Person | Ana |
        | ${hers}                          | Set Variable | user_id = '${person.user_id}' ORDER BY seq |
        | ${rows}                          | Query | SELECT seq, type, text FROM events WHERE ${hers} |
        | Rows Should Be What Was Received | Ana | ${rows} |
        | Rows Should Hold No Secret       | ${rows} |
        """
        transcript = self.kit.world.chat(session).transcript
        received = [(e.seq, e.type, str(e.frame.data)) for e in transcript.durable]
        if not received:
            raise BrokenPromise(f"{session} has received no event: there is nothing to compare.")
        kept = [(int(seq), str(kind), str(text)) for seq, kind, text in rows]
        for number, (came, row) in enumerate(zip(received, kept, strict=False), 1):
            if came != row:
                raise BrokenPromise(
                    f"Event {number} that {session} has received was {mask(came[2])[:QUOTED]}; "
                    f"row {number} holds {mask(row[2])[:QUOTED]}."
                )
        if len(kept) != len(received):
            raise BrokenPromise(f"{session} has received {len(received)} events; the log holds {len(kept)}.")

    @keyword(tags=("Judging", "Security"))
    def rows_should_hold_no_secret(self, rows: Sequence[Sequence[Any]]) -> None:
        """Checks that no column of these rows holds a token or password that was issued in this run.

        Args:
            rows: The rows, as `Query` returned them.

        Raises:
            BrokenPromise: One does, or there are no rows.

        Example, on a deployment of its own:
        | Ask                              | Ana | What did we spend in total? |
        | Wait For Answer                  | Ana |
        | Import Library                   | DatabaseLibrary |
        | ${address}                       | Get Database Address |
        | Connect To Database Using Custom Connection String | psycopg | ${address} |
        | ${person}                        | Get Person | Ana |
        | ${hers}                          | Set Variable | user_id = '${person.user_id}' ORDER BY seq |
        | ${rows}                          | Query | SELECT seq, type, text FROM events WHERE ${hers} |
        | Rows Should Be What Was Received | Ana | ${rows} |
        | Rows Should Hold No Secret       | ${rows} |
        """
        if not rows:
            raise BrokenPromise("There are no rows: there is nothing to look at.")
        text = json.dumps(rows, default=str)
        if mask(text) != text:
            raise BrokenPromise("A row of the database holds a token or a password.")
