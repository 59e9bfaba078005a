"""The access log: which requests came and how they were answered. Never a query string, never a header."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.log import Journal

HEALTH = "/ws/health"


class AccessLog:
    """Notes every HTTP request after it was answered, but the health's when it is good."""

    def __init__(self, app: ASGIApp, journal: Journal) -> None:
        self._app = app
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on and notes its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            # Whoever shares requests out asks for the health all the time: that all is well is no news.
            if (scope["path"], status) != (HEALTH, 200):
                self._journal.info(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    milliseconds=round((time.monotonic() - began) * 1000, 3),
                )
