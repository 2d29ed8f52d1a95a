"""Makes the copies on which a turn is rehearsed (`ahead`): whole conversations that know no copies.

A copy has everything of its own but the count of requests: what it asks for must never be named
like anything the conversation asks for later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from engine.core.ahead import Answer
from engine.core.step import Step
from engine.effects import Effect
from engine.events import Event


class Copied(Protocol):
    """What can be copied: a `Conversation`."""

    def receive(self, event: Event) -> list[Step]:
        """Take an event."""
        ...

    def end_turn(self, text: str) -> list[Step]:
        """Take the open turn for over."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-like data."""
        ...

    def from_dict(self, data: Mapping[str, Any]) -> None:
        """Restore what `to_dict` gave."""
        ...

    def dismantle(self) -> None:
        """Take it apart."""
        ...


class Copy:
    """A copy of a conversation that was told the turn is over."""

    def __init__(self, conversation: Copied) -> None:
        self._conversation = conversation

    def told(self, answer: Answer) -> Sequence[Effect]:
        """Take an answer of the model; return what is ordered then."""
        return _effects(self._conversation.receive(answer))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-like data."""
        return self._conversation.to_dict()

    def dismantle(self) -> None:
        """Leave nothing of the copy to a collection of garbage; it takes no answer any more."""
        self._conversation.dismantle()


class Rehearsing:
    """Makes copies of one conversation.

    Args:
        original: the conversation.
        make: builds an empty one on the same flow that does not think ahead itself.
    """

    def __init__(self, original: Copied, make: Callable[[], Copied]) -> None:
        self._original = original
        self._make = make

    def rehearse(self, text: str) -> tuple[Copy, Sequence[Effect]]:
        """Copy the conversation, end its open turn with this text; return what is ordered then."""
        copy = self._copy(self._original.to_dict())
        return Copy(copy), _effects(copy.end_turn(text))

    def revive(self, data: Mapping[str, Any]) -> Copy:
        """Build what `Copy.to_dict` gave."""
        return Copy(self._copy(data))

    def _copy(self, data: Mapping[str, Any]) -> Copied:
        copy = self._make()
        copy.from_dict(data)
        return copy


def _effects(steps: Sequence[Step]) -> list[Effect]:
    return [effect for step in steps for effect in step.effects]
