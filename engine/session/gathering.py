"""The context of a call, gathered from where its pieces are kept.

What was said and heard is the conversation's history, in the order of the floor; what a model asked
for stands behind the turn it belongs to. A handoff is the last thing that happens in a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.core.context import (
    Context,
    FunctionCall,
    FunctionOutput,
    Handoff,
    Item,
    Message,
    Text,
)
from engine.core.history import HistoryItem
from engine.core.step import Step
from engine.effects import Transfer
from engine.events import TransferEnded


class Handoffs:
    """Follows the steps of a call and remembers to whom the caller was handed over."""

    def __init__(self, steps: Iterable[Step] = ()) -> None:
        self.found: list[Handoff] = []
        self._order: Transfer | None = None
        for step in steps:
            self.saw(step)

    def saw(self, step: Step) -> None:
        """Take the next step."""
        if isinstance(step.cause, TransferEnded) and self._order is not None:
            order, self._order = self._order, None
            if step.cause.error is None:
                number = len(self.found) + 1
                self.found.append(Handoff(id=f"h{number}", to=order.to, kind=order.kind))
        for effect in step.effects:
            if isinstance(effect, Transfer):
                self._order = effect


def gathered(
    said: Sequence[HistoryItem],
    calls: Iterable[Mapping[str, Any]],
    handoffs: Iterable[Handoff] = (),
) -> Context:
    """Return everything in order.

    Args:
        said: what was said and heard, oldest first.
        calls: what a model asked for, each with its turn; see `engine.core.consultations`.
        handoffs: to whom the caller was handed over.
    """
    by_turn: dict[str, list[Mapping[str, Any]]] = {}
    known = {item.id for item in said}
    for call in calls:
        turn = call["turn"] if call["turn"] in known else ""
        by_turn.setdefault(turn, []).append(call)

    def items() -> Iterator[Item]:
        yield from _items(by_turn.get("", ()))  # before anybody had said anything
        for item in said:
            yield _message(item)
            yield from _items(by_turn.get(item.id, ()))
        yield from handoffs

    return Context(items())


def _message(item: HistoryItem) -> Message:
    return Message(
        id=item.id,
        role=item.role,
        content=(Text(text=item.text),),
        interrupted=item.interrupted,
        ordered=item.ordered,
        speaker=item.speaker,
    )


def _items(calls: Iterable[Mapping[str, Any]]) -> Iterator[Item]:
    for call in calls:
        yield FunctionCall(id=call["id"], name=call["name"], args=call["args"])
        if call["output"] is not None:
            name = f"{call['id']}.output"
            yield FunctionOutput(id=name, call=call["id"], output=call["output"])
