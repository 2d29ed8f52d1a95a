"""What was said in this call, and what of it was heard. One owner, one order: that of the floor.

A line of the agent takes its place when it becomes audible and its text when it is over: exactly
the words whose audio was played, once, flagged when cut. A line of which nothing was played never
was. The caller's words are the recogniser's (or the keyboard's), never a prompt or a document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    @property
    def message(self) -> Mapping[str, Any]:
        """It, as a model is told of it."""
        text = f"{self.speaker}: {self.text}" if self.speaker else self.text
        return {"role": self.role, "text": text}


class History:
    """Grows while the call lasts; the items of lines that are still audible are not in it yet.

    It is read at every turn, so what is over, and all before it, is kept apart from its end: there
    a line is audible, or words were said meanwhile.

    Attributes, to be looked at only:
        told: what is over, in order, but for turns without words.
        end: what follows, by its id; None for a line whose text is not measured yet.
    """

    def __init__(self) -> None:
        self._over: dict[str, HistoryItem] = {}
        self.told: list[HistoryItem] = []
        self.end: dict[str, HistoryItem | None] = {}

    def __contains__(self, name: str) -> bool:
        """Whether this turn or utterance has its place."""
        return name in self._over or name in self.end

    @property
    def items(self) -> tuple[HistoryItem, ...]:
        """Everything that was said and heard so far, in order."""
        latest = [item for item in self.end.values() if item is not None]
        return (*self._over.values(), *latest)

    def user(self, turn: str, text: str, speaker: str = "") -> None:
        """The caller said or typed this; `speaker`: which of several."""
        self._put(turn, HistoryItem(id=turn, role="user", text=text, speaker=speaker))

    def opened(self, utterance: str) -> None:
        """A line becomes audible: this is its place."""
        self._put(utterance, None)

    def closed(self, utterance: str, text: str, heard: str, *, complete: bool) -> None:
        """A line is over."""
        if not heard:
            self._reopen(utterance)
            self.end.pop(utterance, None)
            self._settle()
            return
        item = HistoryItem(
            id=utterance,
            role="assistant",
            text=heard,
            interrupted=not complete,
            ordered="" if complete else text,
        )
        self._put(utterance, item)

    def _put(self, name: str, item: HistoryItem | None) -> None:
        self._reopen(name)
        self.end[name] = item
        self._settle()

    def _reopen(self, name: str) -> None:
        """Something that was over is told anew: all of it is looked at again."""
        if name in self._over:
            self.end = {**self._over, **self.end}
            self._over, self.told = {}, []

    def _settle(self) -> None:
        """Put what is over, up to the first that is not, apart from the end."""
        for name, item in tuple(self.end.items()):
            if item is None:
                return
            self._over[name] = item
            if item.text:
                self.told.append(item)
            del self.end[name]

    def to_dict(self) -> list[dict[str, Any]]:
        """Return everything, places of audible lines included, as JSON-like data."""
        return [
            asdict(i) if i is not None else {"id": n} for n, i in {**self._over, **self.end}.items()
        ]

    def from_dict(self, data: Sequence[dict[str, Any]]) -> None:
        """Restore what `to_dict` gave."""
        self._over, self.told = {}, []
        self.end = {i["id"]: HistoryItem(**i) if "role" in i else None for i in data}
        self._settle()
