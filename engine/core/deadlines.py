"""Named deadlines with a total order. Time is data: nothing here waits.

A deadline is named `kind` or `kind:subject`. Setting a name again moves it. Of deadlines due at the
same instant the one whose kind stands first in `ORDER` fires first, then the one with the smaller
name: so two runs of the same call agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.core.step import Deadline
from engine.events import Millis
from engine.records import maker

ORDER = (
    "interrupt",  # a barge-in becomes real
    "false_alarm",  # ... or turns out to be none
    "transcript",  # the recogniser is late
    "end_of_turn",  # the user is done
    "long_turn",  # the user is never done
    "keys",  # the user presses no further key
    "understand",  # the model is late
    "first_token",  # a reply does not begin
    "token_gap",  # ... or does not go on
    "reply",  # ... or does not end
    "tool",  # a tool is late
    "retry",  # try the tool again
    "filler",  # say that we are still working
    "first_audio",  # the voice is late
    "playout",  # the audio path is late
    "transfer",  # nobody takes the call
    "timer",  # the author's own
    "silence",  # nobody speaks
    "gone",  # the caller does not come back
    "summary",  # the older part of the call is not summed up
    "limit",  # the call is too long
    "close",  # the room does not let go
)
"""Every kind in use, the most urgent first."""

_deadline = maker(Deadline)

_RANK = {kind: rank for rank, kind in enumerate(ORDER)}


class Deadlines:
    """The alarm clock of one conversation."""

    __slots__ = ("_at", "earliest")

    def __init__(self) -> None:
        self._at: dict[str, Millis] = {}
        self.earliest: Millis | None = None
        """When the deadline that fires first is due, or None. Asked more often than it changes."""

    def set(self, name: str, at: Millis) -> None:
        """Set or move a deadline. Raises `KeyError` for a kind that is not in `ORDER`."""
        before = self._at.get(name)
        if before == at:
            return
        if before is None and name.partition(":")[0] not in _RANK:
            raise KeyError(name)
        self._at[name] = at
        if self.earliest is None or at < self.earliest:
            self.earliest = at
        elif before == self.earliest:
            self._look()

    def set_once(self, name: str, at: Millis) -> None:
        """Set a deadline unless it is set. Raises `KeyError` like `set`."""
        if name not in self._at:
            self.set(name, at)

    def cancel(self, name: str) -> None:
        """Forget a deadline, if it is set."""
        if name in self._at and self._at.pop(name) == self.earliest:
            self._look()

    def cancel_all(self, prefix: str) -> None:
        """Forget every deadline of this kind (`tool`) or with this prefix (`timer:`)."""
        for name in [n for n in self._at if n.startswith(prefix)]:
            del self._at[name]
        self._look()

    def get(self, name: str) -> Millis | None:
        """Return when this deadline is due, or None."""
        return self._at.get(name)

    def _look(self) -> None:
        self.earliest = min(self._at.values(), default=None)

    def next(self) -> Deadline | None:
        """Return the deadline that fires first, or None."""
        at = self.earliest
        if at is None:
            return None
        names = [name for name, due in self._at.items() if due == at]
        first = names[0] if len(names) == 1 else min(names, key=_urgency)
        return _deadline(name=first, at=at)

    def pop_due(self, now: Millis) -> Deadline | None:
        """Remove and return the first deadline that is due at `now`, or None."""
        if self.earliest is None or self.earliest > now:
            return None
        first = self.next()
        if first is not None:
            self.cancel(first.name)
        return first

    def as_dict(self) -> dict[str, Millis]:
        """Return all deadlines, sorted by name (for snapshots)."""
        return dict(sorted(self._at.items()))

    def restore(self, deadlines: dict[str, Millis]) -> None:
        """Replace all deadlines (from a snapshot)."""
        self._at = dict(deadlines)
        self._look()


def lost(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Return what these deadlines watched as (error, subject): its process is gone."""
    watched = {"tool": "error.tool", "understand": "error.llm"}
    watched |= dict.fromkeys(("first_token", "token_gap", "reply"), "error.llm")
    found = ((watched.get(_kind(name)), name.partition(":")[2]) for name in names)
    yield from dict.fromkeys((error, subject) for error, subject in found if error is not None)


def _urgency(name: str) -> tuple[int, str]:
    return _RANK[_kind(name)], name


def _kind(name: str) -> str:
    return name.split(":", 1)[0]
