"""The caller's wall time: when the call began is all that is known of it; no clock is read."""

from __future__ import annotations

import datetime

from engine.events import Millis
from engine.flow.spoken import WEEKDAYS

_MINUTE = 60_000_000
"""Microseconds."""


class WallClock:
    """What time it is for the caller at an instant of a call.

    Args:
        started_at: when it began, without zone.
    """

    __slots__ = ("_minute", "_seconds", "_told", "started_at")

    def __init__(self, started_at: datetime.datetime) -> None:
        self.started_at = started_at
        self._seconds = started_at.second * 1_000_000 + started_at.microsecond
        """Microseconds of the minute in which it began that were over then."""
        self._minute = -1
        """The minute of the call for which a text was written last, and this text."""
        self._told = ""

    def now(self, at: Millis) -> datetime.datetime:
        """Return the wall time at this instant, without zone."""
        return self.started_at + datetime.timedelta(milliseconds=at)

    def told(self, at: Millis) -> str:
        """Return the time as a model is told it.

        Written once a minute, by whole numbers: a turn rarely needs a date for anything else. The
        days have the names a model knows, whatever the language of the machine is.
        """
        minute = (self._seconds + at * 1000) // _MINUTE
        if minute != self._minute:
            now = self.now(at)
            written = now.isoformat(" ", "minutes")
            self._told = f"It is {WEEKDAYS[now.weekday()]}, {written[:10]}, {written[11:]}."
            self._minute = minute
        return self._told
