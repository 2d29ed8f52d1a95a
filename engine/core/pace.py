"""How long a caller pauses while still speaking: an average that follows the newest pauses.

A pause counts when words came after it: within a turn, or after a turn that was taken for over
although the caller went on before the agent could be heard. So a caller who is cut off is waited
for longer the next time. The average never falls below the `min` of the state it is learned in, so
that many short pauses do not hide a long one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.core.hearing import UserTurn
from engine.core.outbox import Outbox
from engine.events import Millis
from engine.machine.compiled import ListenPolicy

LONGEST: Millis = 3_000
"""Who was silent for longer has begun anew: no pause within a sentence is that long."""

WEIGHT = 4
"""The newest pause counts for one in so many: a call has some ten of them, so few must do."""


class Pace:
    """The pace of the caller of one conversation."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._ended: Millis | None = None
        """When the caller had last spoken in the turn that was committed last."""
        self.pauses: list[Millis] = []
        """Those that happened in this step."""
        self.average: Millis | None = None
        """None: there was no pause yet."""

    def began(self, turn: UserTurn, *, unheard: bool) -> None:
        """Voice: perhaps the rest of a turn that was taken for over too early."""
        fresh = turn.pause is None and not turn.texts and turn.began is not None
        if fresh and unheard and self._ended is not None and turn.began is not None:
            turn.pause, turn.resumed = turn.began - self._ended, True

    def went_on(self, turn: UserTurn) -> None:
        """Words came: the silence before them was a pause, unless it was the agent's time."""
        pause, turn.pause = turn.pause, None
        own = turn.resumed or not turn.overlap
        if pause is not None and own and 0 < pause <= LONGEST:
            self.pauses.append(pause)

    def closed(self, turn: UserTurn) -> None:
        """A turn is over, as far as anybody can tell."""
        if turn.texts:
            self._ended = turn.last_speech

    def learn(self, policy: ListenPolicy) -> None:
        """Take the pauses of this step into the average."""
        for pause in self.pauses:
            before = policy.min_wait if self.average is None else self.average
            moved = before + (pause - before) // WEIGHT
            self.average = max(policy.min_wait, moved)
            if policy.end_of_turn == "dynamic":
                self._outbox.note("pace", pause=pause, average=self.average)
        self.pauses.clear()

    def to_dict(self) -> dict[str, Any]:
        """Return what must survive; between two steps nothing waits to be learned."""
        return {"ended": self._ended, "average": self.average}

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave."""
        self._ended, self.average = data.get("ended"), data.get("average")
