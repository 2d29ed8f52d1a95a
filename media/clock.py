"""Time for shells: one small protocol, and the loop's own time behind it.

Everything that paces, waits or stamps takes a `Clock`. `LoopClock` reads `loop.time()`, which is
monotonic in production and virtual under the test kit's event loop, so media code needs no second
version for tests.
"""

from __future__ import annotations

import asyncio
import datetime
from typing import Protocol


class Clock(Protocol):
    """Where time comes from."""

    def monotonic(self) -> float:
        """Seconds on a clock that never steps back."""
        ...

    def wall(self) -> datetime.datetime:
        """Wall time with its offset, for the start of a session and for file names."""
        ...


class LoopClock:
    """The running event loop's clock."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self.monotonic = (loop or asyncio.get_running_loop()).time
        """Seconds, as the loop counts them; asked for at everything that happens."""

    def wall(self) -> datetime.datetime:
        """Local wall time with offset."""
        return datetime.datetime.now().astimezone()  # noqa: TID251  (the one reader of wall time)
