"""The chart of a flow: one row for each transition in each state it can fire in."""

from __future__ import annotations

import pytest

from engine.machine.chart import IllegalMove
from engine.machine.compiled import CompiledFlow
from engine.machine.moves import moves_of, rows_of
from tests.engine.core.flow_kit import State, end, make_flow, to


def flow_of_three() -> CompiledFlow:
    return make_flow(
        {
            "a": State(then="b"),
            "b": State(handle={"intent.again": to("REPEAT"), "intent.hm": to("STAY")}),
            "bye": State(end()),
        },
        handle={"error": to("bye")},
    )


def test_every_transition_has_a_row_for_every_state_in_its_scope() -> None:
    rows = [tuple(row) for row in rows_of(flow_of_three())]

    assert rows == [
        ("a.then[0]", "a", "b"),
        ("flow.handle.error[0]", "a", "bye"),
        ("b.handle.intent.again[0]", "b", "b"),
        ("flow.handle.error[0]", "b", "bye"),
        ("flow.handle.error[0]", "bye", "bye"),
    ]


def test_a_chart_is_built_once_for_a_flow() -> None:
    flow = flow_of_three()

    assert moves_of(flow) is moves_of(flow)
    assert moves_of(flow) is not moves_of(flow_of_three())


def test_a_move_that_no_author_wrote_is_refused() -> None:
    with pytest.raises(IllegalMove):
        moves_of(flow_of_three()).chart.step("bye", "a.then[0]")
