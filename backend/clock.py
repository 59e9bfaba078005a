"""Time, as a component: whoever needs it is handed a clock."""

import time


class Clock:
    """The wall clock for what people and tokens speak of, the monotonic one for durations."""

    def now(self) -> float:
        """Unix time in seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never falls."""
        return time.monotonic()
