"""Every move a flow's dialog can make, as a literal table: the chart of its states.

The table has one row for each transition that leads to a state, for each state it stands in scope
of; its trigger is the transition's id. Transitions that do not leave their state (`STAY`, `RESUME`,
a digression) have no row; `REPEAT` is a row from a state to itself. `BACK` has none either: its
target is not the author's but the caller's history.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from engine.machine.chart import Chart, Row
from engine.machine.compiled import CompiledFlow, CompiledState, Transition

_KEPT = 64
"""Charts kept at once. A process serves few flows; a reloaded flow's old chart must not stay."""

_charts: OrderedDict[int, tuple[CompiledFlow, Chart]] = OrderedDict()
"""Read-only once built, so calls may share them; each entry keeps its flow alive, so that the
identity it is filed under cannot be given to another flow."""


def chart_of(flow: CompiledFlow) -> Chart:
    """Return the chart of a flow; built once, shared by all its calls."""
    entry = _charts.get(id(flow))
    if entry is not None:
        return entry[1]
    chart = Chart(f"flow {flow.id}", tuple(flow.states), rows_of(flow))
    _charts[id(flow)] = (flow, chart)
    if len(_charts) > _KEPT:
        _charts.popitem(last=False)
    return chart


def build_charts(flow: CompiledFlow) -> None:
    """Have every chart ready before the call: a large one takes a tenth of a second to build."""
    chart_of(flow)
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
