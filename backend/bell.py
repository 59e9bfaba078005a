"""Waiting for a while, or until somebody rings."""

import asyncio


class Bell:
    """Lets what goes round now and then go round at once.

    Rung while nobody waits, it is heard the next time.
    """

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Ends the wait."""
        self._rung.set()

    async def heard(self, seconds: float) -> None:
        """Waits until it is rung, at most ``seconds``."""
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            return
        self._rung.clear()
