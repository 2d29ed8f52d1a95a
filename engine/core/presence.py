"""Who is there: the first who joins opens the call, the last who leaves ends it, or is waited for.

Somebody whose connection was lost may come back within the grace of that event. Until then nothing
is said or heard: lines under way are over, new ones are held, silence does not count, while tools
and timers go on. Whoever joins next is the caller, back again: the agent says so, and asks its
question once more. It is the same after the death of a process, where what was at work is lost too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from engine.core.deadlines import Deadlines
from engine.core.dialog import Dialog
from engine.core.exchange import Exchange
from engine.core.outbox import Outbox
from engine.events import (
    CloseRequested,
    FloorDenied,
    Millis,
    ParticipantJoined,
    ParticipantLeft,
    SessionResumed,
)

_GONE = "gone"

TO_COME_BACK: Millis = 60_000
"""Until a caller who was told the end of the flow is there again, after the death of a process."""


class Presence:
    """Opens the call, keeps it for somebody who comes back, and says when nobody is left."""

    def __init__(
        self,
        outbox: Outbox,
        deadlines: Deadlines,
        exchange: Exchange,
        dialog: Dialog,
        hang_up: Callable[[str], None],
    ) -> None:
        self._outbox = outbox
        self._deadlines = deadlines
        self._exchange = exchange
        self._dialog = dialog
        self._hang_up = hang_up
        self._killed = False
        self._reason = ""

    def waits(self) -> bool:
        """Say whether nobody is there who could hear us, but may come back."""
        return self._killed or self._exchange.away

    def resumed(self, event: SessionResumed) -> None:
        """Another process goes on with the call."""
        self._exchange.lose()
        self._dialog.lose()
        self._killed = self._exchange.opened
        if self._killed and self._dialog.ended is not None:  # else silence counts, as always
            self._deadlines.set(_GONE, self._outbox.at + TO_COME_BACK)

    def joined(self, event: ParticipantJoined) -> None:
        """Somebody can hear us."""
        exchange = self._exchange
        exchange.people.joined(event.participant)
        if self.waits():
            killed, self._killed, exchange.away = self._killed, False, False
            self._deadlines.cancel(_GONE)
            exchange.turns.new_turn()
            exchange.work(partial(self._dialog.resume, killed=killed))
        elif exchange.opened:
            self._dialog.raise_event("call.joined", {"participant": event.participant})
        else:
            exchange.opened = True
            exchange.settle()
            self._dialog.begin()

    def left(self, event: ParticipantLeft) -> None:
        """Somebody is gone."""
        self._exchange.people.left(event.participant)
        if not event.last:
            self._exchange.left(event.participant)
            self._dialog.raise_event("call.left", {"participant": event.participant})
            return
        self._outbox.note("left", participant=event.participant, reason=event.reason)
        self._reason = event.reason
        if event.grace and self._exchange.opened:
            self._exchange.wait_for_caller()
            self._deadlines.set(_GONE, self._outbox.at + event.grace)
        else:
            self.gone()

    def denied(self, event: FloorDenied) -> None:
        """Somebody speaks while another has the floor: nobody listens to them."""
        blocked = {"speaker": event.participant, "holder": event.holder, "action": "discard"}
        self._outbox.note("blocked", **blocked)

    def gone(self) -> None:
        """Nobody is left, and nobody comes back."""
        self.tell_the_end(self._reason)
        self._hang_up("caller_left")

    def close_requested(self, event: CloseRequested) -> None:
        """The outside wants the call to end now."""
        self.tell_the_end(event.reason)
        self._hang_up(event.reason)

    def tell_the_end(self, reason: str) -> None:
        """Let the flow note, set or send something; nobody hears what it still says."""
        if self._exchange.opened:
            self._dialog.raise_event("call.ended", {"reason": reason})

    def to_dict(self) -> dict[str, Any]:
        """Return what must survive."""
        return {
            "killed": self._killed,
            "away": self._exchange.away,
            "reason": self._reason,
            "people": self._exchange.people.to_dict(),
        }

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave."""
        self._killed, self._reason = data["killed"], data["reason"]
        self._exchange.away = data["away"]
        self._exchange.people.from_dict(data["people"])
