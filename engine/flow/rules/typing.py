"""The types of the names that expressions read: slots, variables, inputs, results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.flow.expression_types import ANY, Types, infer
from engine.flow.expressions import parse_expression
from engine.flow.model import Flow, State, ValueType


def flow_types(flow: Flow, subflows: Mapping[str, Flow]) -> dict[str, ValueType]:
    """Root name to type, for the roots that mean the same everywhere in a flow."""
    results = {
        name: result_of(state, flow, subflows)
        for name, state in all_states(flow.states)
        if state.run is not None or state.call is not None
    }
    return {
        "slots": _map({name: slot.type for name, slot in flow.slots.items()}),
        "vars": _map({name: variable.type for name, variable in flow.vars.items()}),
        "inputs": _map({name: variable.type for name, variable in flow.inputs.items()}),
        "results": _map(results),
    }


def result_of(state: State, flow: Flow, subflows: Mapping[str, Flow]) -> ValueType:
    """What a state's tool or sub-flow gives; anything, where that is not declared."""
    if state.run is not None:
        tool = flow.tools.get(state.run)
        return ANY if tool is None or tool.returns is None else tool.returns
    called = None if state.call is None else subflows.get(state.call)
    return ANY if called is None else _outputs(called)


def _outputs(flow: Flow) -> ValueType:
    types: Types = flow_types(flow, {})
    fields: dict[str, ValueType] = {}
    for name, source in flow.outputs.items():
        expression, _ = parse_expression(source)
        fields[name] = ANY if expression is None else infer(expression, types)[0]
    return _map(fields)


def all_states(states: Mapping[str, State]) -> Iterator[tuple[str, State]]:
    """Every state and group, in the order of the file."""
    for name, state in states.items():
        yield name, state
        if state.states is not None:
            yield from all_states(state.states)


def _map(fields: Mapping[str, ValueType]) -> ValueType:
    return ValueType(kind="map", fields=fields)
