"""When nobody says anything.

The deadline `silence` runs while the dialog waits for the caller, nobody is heard, nothing is under
way and no turn is open: so it counts from the end of the agent's line, stands still while a tool
runs, and begins anew after any sign of life (voice without words, a key, a back-channel). What
silence leads to is the dialog's business.
"""

from __future__ import annotations

from engine.core.deadlines import Deadlines
from engine.core.outbox import Outbox
from engine.events import Millis

NAME = "silence"


class Silence:
    """Keeps the deadline `silence` true to the facts."""

    def __init__(self, outbox: Outbox, deadlines: Deadlines) -> None:
        self._outbox = outbox
        self._deadlines = deadlines

    def stop(self) -> None:
        """A sign of life, or it is not the caller's silence: count anew when it is."""
        self._deadlines.cancel(NAME)

    def count(self, limit: Millis) -> None:
        """The dialog waits, nobody is heard, and nothing is under way: count, or go on counting.

        Args:
            limit: how much silence is too much, in this state.
        """
        self._deadlines.set_once(NAME, self._outbox.at + limit)
