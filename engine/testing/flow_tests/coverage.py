"""What tests reach of a flow: states, transitions, handlers, and lines of the ladders.

Transitions are the entries of `then`, handlers the entries under `handle`; each counts once where
it is written, however many states inherit it. Sub-flows count under their own id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from engine.core.step import Note, Step
from engine.machine.compiled import CompiledFlow, CompiledState, Transition

Kind: TypeAlias = Literal["states", "transitions", "handlers", "ladder lines"]
KINDS: tuple[Kind, ...] = ("states", "transitions", "handlers", "ladder lines")


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """One thing a test can reach."""

    flow: str
    """Id of its flow."""
    kind: Kind
    name: str
    """State id, transition id, or `no_input: LINE`."""


@dataclass(slots=True)
class Coverage:
    """What there is, and what was reached."""

    items: dict[Item, None] = field(default_factory=dict)
    """In document order."""
    reached: set[Item] = field(default_factory=set)

    def add_flow(self, flow: CompiledFlow) -> None:
        """Count what is in a flow and its sub-flows."""
        for one in flows_of(flow):
            self.items.update(dict.fromkeys(items_of(one)))

    def fired(self, flow: str, transition: str) -> None:
        """A transition fired."""
        self._reach(Item(flow, "transitions", transition))
        self._reach(Item(flow, "handlers", transition))

    def played(self, flow: CompiledFlow, steps: Iterable[Step]) -> None:
        """Take the steps of one call on this flow."""
        for step in steps:
            for move in step.moves:
                if move.machine == "dialog":
                    self._entered(flow, move.new)
            for note in step.notes:
                if note.kind in ("no_input", "no_match"):
                    self._climbed(flow, step, note)

    def missing(self, kind: Kind | None = None) -> list[Item]:
        """What was not reached, in document order."""
        return [
            item
            for item in self.items
            if item not in self.reached and (kind is None or item.kind == kind)
        ]

    def counts(self, kind: Kind) -> tuple[int, int]:
        """How many of a kind were reached, and how many there are."""
        total = [item for item in self.items if item.kind == kind]
        return sum(item in self.reached for item in total), len(total)

    @property
    def percent(self) -> float:
        """Of all items, 0 to 100; 100 when there is nothing."""
        if not self.items:
            return 100.0
        return 100.0 * len(self.reached & self.items.keys()) / len(self.items)

    def _entered(self, flow: CompiledFlow, qualified: str) -> None:
        inner, state = find_state(flow, qualified)
        if state is not None:
            self._reach(Item(inner.id, "states", state.id))

    def _climbed(self, flow: CompiledFlow, step: Step, note: Note) -> None:
        inner, _ = find_state(flow, step.states.dialog)
        state = inner.states.get(note.data["state"]) or flow.states.get(note.data["state"])
        if state is None:
            return
        ladder = state.listen.no_input if note.kind == "no_input" else state.listen.no_match
        count = note.data["count"]
        if 0 < count <= len(ladder):
            name = f"{note.kind}: {ladder[count - 1].source}"
            for one in flows_of(flow):
                self._reach(Item(one.id, "ladder lines", name))

    def _reach(self, item: Item) -> None:
        if item in self.items:
            self.reached.add(item)


def flows_of(flow: CompiledFlow) -> Iterator[CompiledFlow]:
    """The flow and every flow below it, each id once."""
    found: dict[str, CompiledFlow] = {}
    waiting = [flow]
    while waiting:
        one = waiting.pop(0)
        if one.id not in found:
            found[one.id] = one
            waiting += one.flows.values()
    yield from found.values()


def items_of(flow: CompiledFlow) -> Iterator[Item]:
    """Everything in one flow that a test can reach."""
    for state in flow.states.values():
        yield Item(flow.id, "states", state.id)
        for transition in state.then:
            yield Item(flow.id, "transitions", transition.id)
        for transition in handler_transitions(state):
            yield Item(flow.id, "handlers", transition.id)
        if state.grammar or not state.then:
            yield from _ladder_items(flow, state)


def handler_transitions(state: CompiledState) -> Iterator[Transition]:
    """Every transition of a handler that can fire in a state, innermost scope first.

    What a scope further in, or a flow that includes a fragment, always takes for itself never gets
    to the scopes behind it.
    """
    taken: set[str] = set()
    for scope in state.scopes:
        for handler in scope.handlers:
            if not any(f"{handler.event}.".startswith(f"{event}.") for event in taken):
                yield from handler.transitions
            if any(transition.when is None for transition in handler.transitions):
                taken.add(handler.event)


def _ladder_items(flow: CompiledFlow, state: CompiledState) -> Iterator[Item]:
    if not waits(state):
        return
    ladders: Mapping[str, tuple[object, ...]] = {
        "no_input": state.listen.no_input,
        "no_match": state.listen.no_match,
    }
    for event, lines in ladders.items():
        for line in lines:
            yield Item(flow.id, "ladder lines", f"{event}: {getattr(line, 'source', '')}")


def waits(state: CompiledState) -> bool:
    """Whether a state waits for the caller."""
    return type(state.verb).__name__ in ("Collect", "Confirm", "Rest", "Converse")


def find_state(flow: CompiledFlow, qualified: str) -> tuple[CompiledFlow, CompiledState | None]:
    """The flow and the state behind a qualified id like `hours/tell`."""
    *names, last = qualified.split("/")
    known = [flow]
    for name in names:
        # a digression of an inner flow may have been called by any flow below it
        called = next((one.flows[name] for one in reversed(known) if name in one.flows), None)
        if called is None:
            break
        known.append(called)
    return known[-1], known[-1].states.get(last)
