"""The signals that tell the process to end."""

import asyncio
import signal
import sys
from collections.abc import Callable

Signals = Callable[[Callable[[], None]], None]
"""Has what it is given called whenever the process is told to end."""


def on_signal(tell: Callable[[], None]) -> None:
    """Has SIGTERM and SIGINT call ``tell`` within the running loop, each time they come."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        if sys.platform == "win32":
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(tell))
        else:
            loop.add_signal_handler(number, tell)
