"""What was said in this call, and what of it was heard. One owner, one order: that of the floor.

A line of the agent takes its place when it becomes audible and its text when it is over: exactly
the words whose audio was played, once, flagged when cut. A line of which nothing was played never
was. The caller's words are the recogniser's (or the keyboard's), never a prompt or a document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

from engine.records import record


@record
class HistoryItem:
    """One thing that was said."""

    id: str
    """The user turn (`u3`) or the utterance (`a3.1`)."""
    role: Literal["user", "assistant"]
    text: str
    """What was heard of it; of the user: what was recognised or typed."""
    interrupted: bool = False
    """It was cut: `text` is the part that was played, `ordered` the whole line."""
    ordered: str = ""
    """The line as it was ordered, when it was cut."""
    speaker: str = ""
    """The participant who said it, where there have been several."""


class History:
    """Grows while the call lasts; the items of lines that are still audible are not in it yet."""

    def __init__(self) -> None:
        self._items: dict[str, HistoryItem | None] = {}

    @property
    def items(self) -> tuple[HistoryItem, ...]:
        """Everything that was said and heard so far, in order."""
        return tuple(item for item in self._items.values() if item is not None)

    @property
    def places(self) -> tuple[tuple[str, HistoryItem | None], ...]:
        """Everything in order; None where a line is audible and its text not measured yet."""
        return tuple(self._items.items())

    def user(self, turn: str, text: str, speaker: str = "") -> None:
        """The caller said or typed this; `speaker`: which of several."""
        self._items[turn] = HistoryItem(id=turn, role="user", text=text, speaker=speaker)

    def opened(self, utterance: str) -> None:
        """A line becomes audible: this is its place."""
        self._items[utterance] = None

    def closed(self, utterance: str, text: str, heard: str, *, complete: bool) -> None:
        """A line is over."""
        if not heard:
            self._items.pop(utterance, None)
            return
        self._items[utterance] = HistoryItem(
            id=utterance,
            role="assistant",
            text=heard,
            interrupted=not complete,
            ordered="" if complete else text,
        )

    def to_dict(self) -> list[dict[str, Any]]:
        """Return everything, places of audible lines included, as JSON-like data."""
        return [asdict(i) if i is not None else {"id": n} for n, i in self._items.items()]

    def from_dict(self, data: Sequence[dict[str, Any]]) -> None:
        """Restore what `to_dict` gave."""
        self._items = {i["id"]: HistoryItem(**i) if "role" in i else None for i in data}
