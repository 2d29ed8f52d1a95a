"""The three states of a call, as a step records them: written anew only when one has changed."""

from __future__ import annotations

from engine.core.dialog import Dialog
from engine.core.exchange import Exchange
from engine.core.step import States
from engine.records import maker

_states = maker(States)


class Standing:
    """Reads the states off where each of them is kept."""

    __slots__ = ("_dialog", "_exchange", "_states")

    def __init__(self, exchange: Exchange, dialog: Dialog) -> None:
        self._exchange = exchange
        self._dialog = dialog
        self._states = States(user="", agent="", dialog="")

    def now(self) -> States:
        """Return the three states, and what stands beside them."""
        exchange, old = self._exchange, self._states
        floor, paused = exchange.floor, exchange.turns.paused_at is not None
        user, agent, dialog = floor.user, floor.agent, self._dialog.state if exchange.opened else ""
        if old.agent != agent or old.user != user or old.dialog != dialog or old.paused != paused:
            self._states = _states(user=user, agent=agent, dialog=dialog, paused=paused)
        return self._states
