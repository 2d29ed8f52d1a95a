"""Every move a flow's dialog can make, as a literal table: the chart of its states.

With it lies what else of a flow is worked out once and shared by its calls: who answers what.

The table has one row for each transition that leads to a state, for each state it stands in scope
of; its trigger is the transition's id. Transitions that do not leave their state (`STAY`, `RESUME`,
a digression) have no row; `REPEAT` is a row from a state to itself. `BACK` has none either: its
target is not the author's but the caller's history.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from engine.machine.chart import Chart, Row
from engine.machine.compiled import CompiledFlow, CompiledState, Transition
from engine.machine.selector import Answers

_Made = TypeVar("_Made")

_KEPT = 64
"""Flows whose moves are kept at once. A process serves few; those of a reloaded one must go."""


class Moves:
    """What the calls of one flow share: where its transitions lead, and who answers what.

    Attributes:
        flow: the flow.
        chart: its table of moves.
    """

    __slots__ = ("_answers", "_once", "chart", "flow")

    def __init__(self, flow: CompiledFlow) -> None:
        self.flow = flow
        self.chart = Chart(f"flow {flow.id}", tuple(flow.states), rows_of(flow))
        self._answers: dict[str, Answers] = {}
        self._once: dict[tuple[object, str], Any] = {}

    def once(
        self, make: Callable[[CompiledFlow, CompiledState], _Made], state: CompiledState
    ) -> _Made:
        """Return what a function makes of a state; it is asked when a call first comes there.

        Args:
            make: one of few, given the flow and the state, and nothing of a call.
            state: of this flow.
        """
        key = make, state.id
        try:
            made: _Made = self._once[key]
        except KeyError:
            made = self._once[key] = make(self.flow, state)
        return made

    def answers(self, state: CompiledState) -> Answers:
        """Return who answers what in a state."""
        known = self._answers.get(state.id)
        if known is None:
            known = self._answers[state.id] = Answers(state.scopes)
        return known


_moves: OrderedDict[int, Moves] = OrderedDict()
"""Each keeps its flow alive, so that the identity it is filed under is given to no other flow."""


def moves_of(flow: CompiledFlow) -> Moves:
    """Return the moves of a flow; built once, shared by all its calls."""
    known = _moves.get(id(flow))
    if known is None:
        known = _moves[id(flow)] = Moves(flow)
        if len(_moves) > _KEPT:
            _moves.popitem(last=False)
    return known


def build_charts(flow: CompiledFlow) -> None:
    """Have every chart ready before the call: a large one takes a tenth of a second to build."""
    moves_of(flow)
    for called in flow.flows.values():
        build_charts(called)


def rows_of(flow: CompiledFlow) -> list[Row]:
    """Return the table of a flow, in document order."""
    rows: dict[tuple[str, str], Row] = {}
    for state in flow.states.values():
        for transition in transitions_of(state):
            dest = _dest(state, transition)
            if dest is not None:
                rows.setdefault((state.id, transition.id), Row(transition.id, state.id, dest))
    return list(rows.values())


def transitions_of(state: CompiledState) -> Iterator[Transition]:
    """Yield every transition that can fire in a state: its `then`, then its scopes outward."""
    yield from state.then
    for scope in state.scopes:
        for handler in scope.handlers:
            yield from handler.transitions


def _dest(state: CompiledState, transition: Transition) -> str | None:
    if transition.target.kind == "state":
        return transition.target.state
    return state.id if transition.target.kind == "repeat" else None
