"""The one way to a model: every request gets its name here, and one made ahead is found here again.

A reply is named `r3`, a question about a turn like the turn, `u3`. A question that was asked ahead
of the end of its turn is `u3.1`, `u3.2` ...: the same turn may be heard more than once before it is
over, and an answer must never be taken for that to other words.

Two requests are the same when a model would be given the same by both. Of the words of the caller
case, spacing and final punctuation do not count: a recogniser changes those up to the last moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from engine.core.outbox import Outbox
from engine.effects import StartReply, Understand

Request: TypeAlias = StartReply | Understand

_FINAL_MARKS = " .,;:!?\u2026"


@dataclass(slots=True)
class Numbers:
    """How many requests were named so far; copies of a conversation count on together."""

    replies: int = 0
    ahead: int = 0


class Asking:
    """Names requests and orders them, unless they are under way already."""

    def __init__(self, outbox: Outbox, *, has_model: bool) -> None:
        self._outbox = outbox
        self.has_model = has_model
        """Whether there is anybody to ask."""
        self._known: dict[str, Request] = {}
        self.numbers = Numbers()
        self.ahead = False
        """Whatever is ordered is ordered ahead of the end of its turn: it is a copy's."""
        self.foresees = has_model
        """Whether it is of any use to think ahead."""

    def following(self, other: Asking | None) -> Asking:
        """Be a copy's, if there is another: name nothing as that one does, now or later."""
        if other is not None:
            self.numbers, self.ahead, self.foresees = other.numbers, True, False
        return self

    def talk(self, order: Callable[..., StartReply]) -> str:
        """Let a model talk; the order is given its `reply`. Returns that, the name of the reply."""
        name = self._found(order(reply="")) if self._known else ""
        if not name:
            self.numbers.replies += 1
            name = f"r{self.numbers.replies}"
            self._outbox.emit(order(reply=name, ahead=self.ahead))
        return name

    def ask(self, turn: str, order: Callable[..., Understand]) -> str:
        """Ask a model what a turn means; the order is given its `turn`. Returns that, its name."""
        name = self._found(order(turn=turn)) if self._known else ""
        if not name:
            name = turn
            if self.ahead:
                self.numbers.ahead += 1
                name = f"{turn}.{self.numbers.ahead}"
            self._outbox.emit(order(turn=name, ahead=self.ahead))
        return name

    @property
    def open(self) -> frozenset[str]:
        """Names of what was offered and not taken yet."""
        return frozenset(self._known)

    def offer(self, known: Mapping[str, Request]) -> None:
        """From now on these requests, by name, are under way and may be taken."""
        self._known = dict(known)

    def left(self) -> tuple[str, ...]:
        """Withdraw what was offered and return the names of those nobody took."""
        names, self._known = tuple(self._known), {}
        return names

    def _found(self, order: Request) -> str:
        wanted = _key(order)
        for name, known in self._known.items():
            if _key(known) == wanted:
                del self._known[name]
                return name
        return ""

    def to_dict(self) -> dict[str, int]:
        """Return what must survive: no name is given twice."""
        return {"replies": self.numbers.replies, "ahead": self.numbers.ahead}

    def from_dict(self, data: Mapping[str, int]) -> None:
        """Restore what `to_dict` gave; a copy counts on with the one it follows."""
        if not self.ahead:
            self.numbers.replies, self.numbers.ahead = data["replies"], data["ahead"]


def plain(text: str) -> str:
    """Return the words of a turn without what a recogniser may still change of them."""
    return " ".join(text.casefold().split()).rstrip(_FINAL_MARKS)


def _key(order: Request) -> Request:
    """The request without its name, and with the caller's last words made plain."""
    if isinstance(order, Understand):
        turn = order.turn.partition(".")[0]
        return replace(order, turn=turn, text=plain(order.text), ahead=False)
    history = list(order.history)
    for place in range(len(history) - 1, -1, -1):
        if history[place].get("role") == "user" and "text" in history[place]:
            said: dict[str, Any] = {**history[place], "text": plain(str(history[place]["text"]))}
            history[place] = said
            break
    return replace(order, reply="", ahead=False, history=tuple(history))
