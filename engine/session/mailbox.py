"""The one mailbox of a call: events in the order in which they came, and somebody who waits."""

from __future__ import annotations

import asyncio
from collections import deque

from engine.events import Event


class Mailbox:
    """Takes events from anywhere on the loop; one task reads them."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque()
        self._woken = asyncio.Event()

    def __bool__(self) -> bool:
        return bool(self._events)

    def put(self, event: Event) -> None:
        """Add an event; never blocks."""
        self._events.append(event)
        self._woken.set()

    def take(self) -> Event:
        """Remove and return the oldest event; there must be one."""
        return self._events.popleft()

    def wake(self) -> None:
        """Let the reader look around, without an event."""
        self._woken.set()

    async def wait(self, seconds: float | None) -> None:
        """Wait until something is put, somebody wakes the reader, or the time is over.

        Args:
            seconds: how long at most; None: without end.
        """
        self._woken.clear()
        alarm: asyncio.TimerHandle | None = None
        if seconds is not None:
            alarm = asyncio.get_running_loop().call_later(seconds, self._woken.set)
        try:
            await self._woken.wait()
        finally:
            if alarm is not None:
                alarm.cancel()
