"""Sub-flows that a test mocks: they return at once, with the outputs it gives."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, cast

from engine.flow.expressions import Expression
from engine.machine.compiled import (
    CompiledFlow,
    CompiledState,
    End,
    InterruptionPolicy,
    ListenPolicy,
)

_MOCKED = "mocked"


class _Given:
    """An output of a mocked sub-flow: the n-th return gives the n-th value, the last one stays."""

    def __init__(self, values: list[Any]) -> None:
        self._values = values
        self._count = 0

    def evaluate(self, _: Mapping[str, Any]) -> Any:
        value = self._values[min(self._count, len(self._values) - 1)]
        self._count += 1
        return value


def with_mocked_flows(flow: CompiledFlow, mocks: Mapping[str, Any]) -> CompiledFlow:
    """Return the flow with every mocked sub-flow replaced by one that returns at once."""
    mocked = {
        name: _stub(inner, mocks[name]) if name in mocks else with_mocked_flows(inner, mocks)
        for name, inner in flow.flows.items()
    }
    if all(mocked[name] is inner for name, inner in flow.flows.items()):
        return flow
    return dataclasses.replace(flow, flows=mocked)


def _stub(flow: CompiledFlow, mock: Any) -> CompiledFlow:
    answers = mock if isinstance(mock, list) else [mock]
    outputs = {
        name: cast(
            Expression, _Given([a.get(name) if isinstance(a, Mapping) else None for a in answers])
        )
        for name in flow.outputs
    }
    state = CompiledState(
        id=_MOCKED,
        groups=(),
        say=None,
        verb=End(kind="return"),
        then=(),
        scopes=(),
        interruptions=InterruptionPolicy(),
        listen=ListenPolicy(),
    )
    return dataclasses.replace(
        flow, start=_MOCKED, states={_MOCKED: state}, groups={}, timers=(), outputs=outputs
    )
