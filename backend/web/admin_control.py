"""Administration of what runs: holds, revocation, draining."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from backend.ground import Ground, Stores
from backend.store.holds import Hold
from backend.store.notify import RELEASED, REVOKED, Notice
from backend.web import bodies
from backend.web.admin_people import known_person
from backend.web.answers import answer
from backend.web.guard import Guard

DURABLE = (
    "agent_started",
    "agent_thinking",
    "tool_executing",
    "tool_completed",
    "agent_completed",
    "agent_failed",
)
"""The events that a hold can stop a run before."""

MAX_NTH = 10_000
"""Far beyond the events of any run."""


class AdminControl:
    """``/admin/people/{id}/hold``, ``release``, ``revoke``, and ``/admin/drain``."""

    def __init__(
        self, ground: Ground, stores: Stores, guard: Guard, begin_draining: Callable[[], None]
    ) -> None:
        self._ground = ground
        self._stores = stores
        self._guard = guard
        self._begin_draining = begin_draining

    def routes(self) -> list[BaseRoute]:
        """Returns the routes."""
        return [
            self._guard.admin_route("/admin/people/{id:id}/hold", self.hold, "POST"),
            self._guard.admin_route("/admin/people/{id:id}/release", self.release, "POST"),
            self._guard.admin_route("/admin/people/{id:id}/revoke", self.revoke, "POST"),
            self._guard.admin_route("/admin/drain", self.drain, "POST"),
        ]

    async def hold(self, request: Request) -> Response:
        """Stops every run of a person just before a step."""
        user_id = request.path_params["id"]
        hold = _hold(await bodies.body(request), "")

        def store(connection: Connection) -> None:
            known_person(self._stores, connection, user_id)
            self._stores.holds.set(connection, user_id, hold)

        await self._ground.database.write(store)
        return answer({"before": hold.before, "nth": hold.nth})

    async def release(self, request: Request) -> Response:
        """Lets a person's held runs go on, to the next hold if one is given."""
        user_id = request.path_params["id"]
        fields = await bodies.body(request)
        given = fields.get("hold")
        if given is not None and not isinstance(given, dict):
            raise bodies.invalid("hold", "The field hold must be an object.")
        then = None if given is None else _hold(given, "hold.")

        def store(connection: Connection) -> int:
            known_person(self._stores, connection, user_id)
            return self._stores.holds.release(connection, user_id, then)

        released = await self._ground.database.write(store)
        self._ground.bus.publish(Notice(RELEASED, user_id))
        return answer({"released": released})

    async def revoke(self, request: Request) -> Response:
        """Ends one login of a person, or all of them."""
        user_id = request.path_params["id"]
        fields = await bodies.body(request)
        sid = bodies.text(fields, "sid") if fields.get("sid") is not None else None

        def store(connection: Connection) -> None:
            known_person(self._stores, connection, user_id)
            now = self._ground.clock.now()
            if sid is not None:
                self._stores.logins.revoke(connection, "sid", sid, now)
                return
            known = {
                *self._stores.logins.of_person(connection, user_id),
                *self._stores.presence.logins(connection, user_id),
            }
            for one in known:
                self._stores.logins.revoke(connection, "sid", one, now)
            # Tokens of logins that nobody noted: those issued in an earlier second than this one.
            self._stores.people.change(connection, user_id, {"revoked_before": float(int(now))})

        await self._ground.database.write(store)
        self._ground.bus.publish(Notice(REVOKED, user_id, subject=sid or ""))
        return answer(None, 204)

    async def drain(self, request: Request) -> Response:
        """Begins to take the service down."""
        del request
        self._begin_draining()
        return answer({"status": "draining"}, 202)


def _hold(fields: dict[str, Any], prefix: str) -> Hold:
    before, nth = fields.get("before"), fields.get("nth", 1)
    if before not in DURABLE:
        raise bodies.invalid(
            f"{prefix}before", f"The field {prefix}before must be one of {', '.join(DURABLE)}."
        )
    if not isinstance(nth, int) or isinstance(nth, bool) or not 1 <= nth <= MAX_NTH:
        raise bodies.invalid(f"{prefix}nth", f"The field {prefix}nth must be an integer from 1 up.")
    return Hold(str(before), nth)
