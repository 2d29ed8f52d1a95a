"""The one mailbox of a call: events in the order in which they came, and somebody who waits.

Whatever happens in a call comes through here, so this is where a text that no journal could take
is made one: what the conversation sees is what is written, and what a replay reads.
"""

from __future__ import annotations

import asyncio

from engine.events import Event
from engine.wording import writable_record


class Mailbox:
    """Takes events from anywhere on the loop; one task reads them."""

    __slots__ = ("_alarm", "_events", "_reader")

    def __init__(self) -> None:
        self._alarm: asyncio.TimerHandle | None = None
        """Of the latest wait. It is cancelled by the next one: whoever was woken has an event to
        answer first, and an alarm that rings meanwhile wakes nobody."""
        self._events: list[Event] = []
        self._reader: asyncio.Future[None] | None = None
        """Done when the reader has something to look at; None: it does not wait."""

    def __bool__(self) -> bool:
        return bool(self._events)

    def put(self, event: Event) -> None:
        """Add an event; never blocks. What is no character in its texts becomes `?`."""
        self._events.append(writable_record(event))
        self.wake()

    def take(self) -> Event:
        """Remove and return the oldest event; there must be one."""
        return self._events.pop(0)

    def wake(self) -> None:
        """Let the reader look around, without an event; nothing if it does not wait."""
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def wait(self, seconds: float | None) -> None:
        """Wait until something is put, somebody wakes the reader, or the time is over.

        Args:
            seconds: how long at most; None: without end.
        """
        self.quiet()
        loop = asyncio.get_running_loop()
        self._reader = loop.create_future()
        if seconds is not None:
            self._alarm = loop.call_later(seconds, self.wake)
        try:
            await self._reader
        finally:
            self._reader = None

    def quiet(self) -> None:
        """Cancel the alarm of the latest wait: nobody will wait again, or not so long."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
