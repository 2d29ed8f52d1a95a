"""The model accepts the language as it is documented, and normalises its short forms."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from engine.flow.model import Flow, Slot, State, Timer, Tool, ValueType, parse_type


def flow(**keys: Any) -> dict[str, Any]:
    return {"turnwise": 1, "flow": "f", "start": "a", "states": {"a": {"end": "hangup"}}, **keys}


def test_the_smallest_flow_is_accepted() -> None:
    model = Flow.model_validate(flow())
    assert model.states["a"].verb == "end"
    assert model.version == "0.0.0"


def test_a_slot_may_be_written_as_its_type_alone() -> None:
    assert Slot.model_validate("text").type == ValueType(kind="text")
    assert Slot.model_validate(["small", "large"]).type.values == ("small", "large")


def test_then_is_always_a_list() -> None:
    for written in ("b", {"to": "b"}, [{"to": "b"}]):
        state = State.model_validate({"collect": ["x"], "then": written})
        assert [way.to for way in state.then or ()] == ["b"]


def test_a_handler_is_always_a_list() -> None:
    state = State.model_validate({"handle": {"no_input": "bye", "error": [{"call": "help"}]}})
    assert state.handle["no_input"][0].to == "bye"
    assert state.handle["error"][0].call == "help"


def test_durations_are_milliseconds() -> None:
    assert Timer.model_validate("8m").after == 480_000
    tool = Tool.model_validate({"use": "python:a.b", "retry": {"times": 1}})
    assert (tool.timeout, tool.retry and tool.retry.after) == (10_000, 0)


def test_expressions_are_text_however_yaml_reads_them() -> None:
    state = State.model_validate(
        {"run": "t", "args": {"a": 3, "b": True, "c": None, "d": 1.5, "e": "slots.x"}}
    )
    assert state.args == {"a": "3", "b": "true", "c": "null", "d": "1.5", "e": "slots.x"}


def test_actions_run_in_the_documented_order_and_do_comes_last() -> None:
    state = State.model_validate(
        {
            "then": {
                "to": "b",
                "log": "l",
                "say": "s",
                "clear": ["x"],
                "do": [{"say": "t"}, {"emit": "app.e", "say": "u"}],
            }
        }
    )
    (way,) = state.then or ()
    assert [pair for part in (way, *(way.do or ())) for pair in part.ordered()] == [
        ("say", "s"), ("clear", ["x"]), ("log", "l"), ("say", "t"), ("say", "u"), ("emit", "app.e"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "state",
    [
        {"collect": ["x"], "run": "t"},
        {"args": {"a": 1}},
        {"say": "x", "start": "a"},
        {"end": "hangup", "then": "a"},
        {"states": {"b": {"end": "hangup"}}, "say": "hello"},
        {"collect": []},
        {"say": "  "},
        {"say": None},
        {"say": 5},
        {"thne": "a"},
        {"then": []},
        {"then": [{"say": "x"}]},
        {"then": {"call": "hours"}},
        {"then": {"to": "a", "args": {"x": 1}}},
        {"enter": [{}]},
        {"handle": {"Intent.x": "a"}},
        {"timers": {"t": 6}},
        {"listen": {"silence": "6"}},
    ],
)
def test_a_wrong_state_is_refused(state: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        State.model_validate(state)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("integer", ValueType(kind="integer")),
        ("text?", ValueType(kind="text", optional=True)),
        ("list(time)", ValueType(kind="list", item=ValueType(kind="time"))),
        ("[a, b]?", ValueType(kind="enum", values=("a", "b"), optional=True)),
        (["a b", "c"], ValueType(kind="enum", values=("a b", "c"))),
    ],
)
def test_types_are_read(written: Any, read: ValueType) -> None:
    assert parse_type(written) == read


@pytest.mark.parametrize("written", ["int", "", "list(list(text))", "list()", [], [1], ["a", "a"]])
def test_other_types_are_refused(written: Any) -> None:
    with pytest.raises(ValueError, match="expected|enum"):
        parse_type(written)


def test_a_result_may_be_a_map_of_types() -> None:
    tool = Tool.model_validate(
        {"use": "python:a.b", "returns": {"status": ["free", "full"], "others": "list(time)"}}
    )
    assert str(tool.returns) == "{status: [free, full], others: list(time)}"
