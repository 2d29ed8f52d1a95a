"""Who of several participants is listened to. Pure: instants come in as session milliseconds.

`first_speaker`: whoever speaks first has the floor, until they have been silent for `RELEASE` or
have left. Who speaks meanwhile is not listened to; who still speaks when it becomes free has it.
`mix`: everybody is heard at once, as one voice (`mixing`), so there is nothing to decide here.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from engine.events import Millis

FloorPolicy: TypeAlias = Literal["first_speaker", "mix"]

RELEASE: Millis = 1_500
"""Silence that gives the floor away: longer than any end-of-turn wait, so a turn is whole."""


class Floor:
    """The floor of one call.

    Args:
        release: milliseconds of silence after which the floor is free.
    """

    def __init__(self, release: Millis = RELEASE) -> None:
        self._release = release
        self._holder = ""
        self._silent_since: Millis | None = None

    @property
    def holder(self) -> str:
        """Who spoke last with the floor; empty: nobody, or they have left."""
        return self._holder

    def take(self, participant: str, at: Millis) -> bool:
        """Somebody speaks. Returns whether they have the floor now."""
        if participant != self._holder and not self._free(at):
            return False
        self._holder, self._silent_since = participant, None
        return True

    def silent(self, participant: str, at: Millis) -> None:
        """Somebody's voice ended at this instant."""
        if participant == self._holder:
            self._silent_since = at

    def left(self, participant: str) -> None:
        """Somebody is gone."""
        if participant == self._holder:
            self._holder = ""

    def _free(self, at: Millis) -> bool:
        if not self._holder:
            return True
        return self._silent_since is not None and at - self._silent_since >= self._release
