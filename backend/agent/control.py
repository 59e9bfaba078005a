"""How others speak to a running run, and how it is stopped."""

import asyncio


class StopRunError(Exception):
    """The run was told to end; the text is the code of its ``agent_failed``."""


class LeaseLostError(Exception):
    """The run is no longer this process's to work on."""


class RunControl:
    """How others speak to a running run: told to stop, or to look whether its hold is gone."""

    def __init__(self) -> None:
        self.stopped: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.interrupted = False
        """Whether the process is about to end, so that nothing may keep the run any longer."""
        self._changed = asyncio.Event()

    @property
    def reason(self) -> str | None:
        """The code that the run shall end with, once it was told to."""
        return self.stopped.result() if self.stopped.done() else None

    def stop(self, reason: str) -> None:
        """Tells the run to end; the first reason counts."""
        if not self.stopped.done():
            self.stopped.set_result(reason)
        self.interrupted = self.interrupted or reason == "interrupted"
        self._changed.set()

    def look_again(self) -> None:
        """Tells the run that its hold may be gone."""
        self._changed.set()

    async def changed(self, seconds: float) -> None:
        """Waits until something was said, at most ``seconds``."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()
