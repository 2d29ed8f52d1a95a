"""What the step in progress has produced so far: the one way out for every part of the core."""

from __future__ import annotations

from typing import Any, Literal

from engine.core.step import Move, Note
from engine.effects import Effect
from engine.events import Millis
from engine.records import maker

_move, _note = maker(Move), maker(Note)


class Outbox:
    """Collects effects, moves and notes of one step, in order.

    The parts of a conversation share one outbox and write to it; only `Conversation` opens a step
    (`begin`) and takes what was collected.
    """

    __slots__ = ("at", "effects", "moves", "notes")

    def __init__(self) -> None:
        self.begin(0)

    def begin(self, at: Millis) -> None:
        """Open a new step at this instant."""
        self.at = at
        self.effects: list[Effect] = []
        self.moves: list[Move] = []
        self.notes: list[Note] = []

    def emit(self, effect: Effect) -> None:
        """Order something."""
        self.effects.append(effect)

    def note(self, kind: str, /, **data: Any) -> None:
        """Leave a line in the timeline."""
        self.notes.append(_note(kind=kind, data=data))

    def note_values(self, kind: str, values: dict[str, Any]) -> None:
        """Leave a line in the timeline with just these values; they are not copied."""
        self.notes.append(_note(kind=kind, data=values))

    def moved(
        self,
        machine: Literal["user", "agent", "dialog"],
        old: str,
        new: str,
        because: str,
        at: Millis | None = None,
    ) -> None:
        """Record a state change; `at` where the fact is older than the step."""
        instant = self.at if at is None else at
        self.moves.append(_move(machine=machine, old=old, new=new, because=because, at=instant))
