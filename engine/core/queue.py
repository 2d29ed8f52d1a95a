"""The lines of the agent that are on their way to the caller: which, how far, in what order.

Nothing here moves a line (`turns` does). The history as it will be is read off here as well: lines
that are over stand in it as they were heard, those to come as they were ordered.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.core.history import History, HistoryItem
from engine.core.outbox import Outbox
from engine.core.utterance import Utterance

_COMING = ("held", "ordered")


class Queue:
    """Utterances that are not over, in the order in which they were ordered."""

    def __init__(self, outbox: Outbox, history: History) -> None:
        self._outbox = outbox
        self._history = history
        self._queue: dict[str, Utterance] = {}
        self.speaking = False
        """True while any ordered utterance is not over."""
        self.head: Utterance | None = None
        """The line that is audible, or will be next."""

    def _changed(self) -> None:
        """Read off the head: after a line came, went or moved on, so that nobody need search it."""
        self.speaking, self.head = False, None
        for utterance in self._queue.values():
            if utterance.state != "ending":
                self.speaking = True
                if utterance.state != "held":
                    self.head = utterance
                    return

    @property
    def measured(self) -> bool:
        """True when no line was stopped whose end, with what was played of it, is still to come."""
        return all(u.state != "ending" for u in self._queue.values())

    @property
    def lines(self) -> bool:
        """True while a line was handed to the voice and is not over."""
        return self.head is not None

    @property
    def queued(self) -> tuple[str, ...]:
        """The ids of the lines that are not over, in order; stopped ones are not among them."""
        return tuple(u.id for u in self._queue.values() if u.state != "ending")

    def progress(self, utterance: str) -> str:
        """Return how far a line is (see `utterance`); empty: it is over, or was never ordered."""
        known = self._queue.get(utterance)
        return "" if known is None else known.state

    @property
    def history(self) -> tuple[HistoryItem, ...]:
        """What was said and heard; a line under way counts as heard unless it was stopped."""
        history = self._history
        if not (history.end or self._queue):  # as it is when the caller answers
            return tuple(history.told)
        latest = [
            item if item is not None else self._expected(self._queue[name])
            for name, item in history.end.items()
            if item is not None or name in self._queue
        ]
        latest += [
            self._expected(utterance)
            for utterance in self._queue.values()
            if utterance.remember and utterance.state in _COMING and utterance.id not in history
        ]
        return (*history.told, *[item for item in latest if item.text])

    def _expected(self, utterance: Utterance) -> HistoryItem:
        """What the caller will have heard of a line: measured when it is over, guessed before."""
        complete = utterance.state != "ending"
        text = utterance.heard(utterance.played_by(self._outbox.at), complete=complete)
        return HistoryItem(id=utterance.id, role="assistant", text=text, interrupted=not complete)

    def _where(self, test: Callable[[Utterance], bool]) -> list[Utterance]:
        return [u for u in self._queue.values() if test(u)]
