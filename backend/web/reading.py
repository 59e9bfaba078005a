"""What people read by HTTP: their threads, and their organisation's spend."""

from sqlalchemy import Connection
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from backend.ground import Ground, Stores
from backend.store.people import Person
from backend.store.records import DIMENSIONS
from backend.texts import is_text
from backend.web.answers import Refusal, answer
from backend.web.bodies import invalid
from backend.web.guard import Guard


class ThreadPages:
    """``/threads``."""

    def __init__(self, ground: Ground, stores: Stores, guard: Guard) -> None:
        self._database = ground.database
        self._threads = stores.threads
        self._guard = guard

    def routes(self) -> list[BaseRoute]:
        """Returns the routes."""
        return [
            Route("/threads", self.listed, methods=["GET"]),
            Route("/threads/{thread_id:id}/messages", self.messages, methods=["GET"]),
        ]

    async def listed(self, request: Request) -> Response:
        """Lists the threads that a person may read."""
        person = await self._guard.person(request, "GET /threads")
        threads = await self._database.read(self._threads.listed, person)
        return answer({"threads": [thread.as_dict() for thread in threads]})

    async def messages(self, request: Request) -> Response:
        """Gives the messages of one thread; a foreign one is as unknown as one that does not exist."""
        person = await self._guard.person(request, "GET /threads/{id}/messages")
        thread_id = request.path_params["thread_id"]
        messages = await self._database.read(self.of_thread, person, thread_id)
        if messages is None:
            raise Refusal(404, "not_found", "There is no such thread.")
        return answer({"thread_id": thread_id, "messages": messages})

    def of_thread(
        self, connection: Connection, person: Person, thread_id: str
    ) -> list[dict[str, object]] | None:
        """Returns a thread's messages if the person may read it."""
        if self._threads.find(connection, person, thread_id) is None:
            return None
        return self._threads.messages(connection, thread_id)


class Usage:
    """``/usage``."""

    def __init__(self, ground: Ground, stores: Stores, guard: Guard) -> None:
        self._database = ground.database
        self._records = stores.records
        self._guard = guard

    def routes(self) -> list[BaseRoute]:
        """Returns the routes."""
        return [Route("/usage/summary", self.summary, methods=["GET"])]

    async def summary(self, request: Request) -> Response:
        """Sums the organisation's spend, by the same function as the agent's ``query_spend``."""
        person = await self._guard.person(request, "GET /usage/summary")
        group_by, filters = self.wanted(request.query_params)
        summary = await self._database.read(
            self._records.spend_summary, person.organisation_id, group_by, filters
        )
        return answer({"organisation_id": person.organisation_id, "currency": "USD", **summary.as_dict()})

    def wanted(self, parameters: QueryParams) -> tuple[str, dict[str, str]]:
        """Returns what the spend is grouped by, and what it is filtered by.

        Raises:
            Refusal: 400 with the parameter that is unknown, wrong or there twice.
        """
        wanted: dict[str, str] = {}
        for name, value in parameters.multi_items():
            if name not in (*DIMENSIONS, "group_by") or name in wanted:
                raise invalid(name[:64], "There is no such parameter, or it comes twice.")
            if not is_text(value):
                raise invalid(name, f"The parameter {name} holds characters that are no text.")
            wanted[name] = value
        group_by = wanted.pop("group_by", "service")
        if group_by not in DIMENSIONS:
            raise invalid("group_by", f"group_by must be one of {', '.join(DIMENSIONS)}.")
        return group_by, wanted
