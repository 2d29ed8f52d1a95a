"""What a flow remembers, and that a dialog can be stored and goes on as if nothing had been."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from engine.core.memory import MASK, Memory
from engine.core.values import ShapeError, from_json, pack, to_json, unpack
from tests.engine.core.flow_kit import (
    State,
    Talk,
    clear,
    collect,
    confirm,
    end,
    intent,
    make_flow,
    put,
    run,
    say,
    slot,
    to,
    tool,
    type_,
)

TYPED = [
    ("text", "Ann"),
    ("integer", 4),
    ("number", 2.5),
    ("boolean", True),
    ("date", datetime.date(2026, 5, 2)),
    ("time", datetime.time(19, 30)),
    ("datetime", datetime.datetime(2026, 5, 2, 19, 30)),
    ("duration", datetime.timedelta(seconds=90, milliseconds=500)),
    ("free|full", "free"),
    ("list(time)", [datetime.time(19), datetime.time(20, 15)]),
    ("phone", "0301234567"),
]


@pytest.mark.parametrize(("type_text", "value"), TYPED)
def test_typed_values_survive_the_border_and_the_snapshot(type_text: str, value: Any) -> None:
    assert from_json(json.loads(json.dumps(to_json(value))), type_(type_text)) == value
    assert unpack(json.loads(json.dumps(pack(value)))) == value
    assert from_json(value, type_(type_text)) == value


def test_json_is_written_as_a_person_would_write_it() -> None:
    values = {name: value for name, value in TYPED if name in ("date", "time", "duration")}

    assert to_json(values) == {"date": "2026-05-02", "time": "19:30", "duration": "PT90.5S"}


@pytest.mark.parametrize(
    ("type_text", "value"),
    [
        ("text", 3),
        ("integer", True),
        ("integer", 2.5),
        ("integer", float("nan")),
        ("integer", float("inf")),
        ("number", float("inf")),
        ("number", 10**400),
        ("duration", 1e30),
        ("number", "2"),
        ("number", True),
        ("boolean", 1),
        ("date", "tomorrow"),
        ("date", 3),
        ("time", "25:00"),
        ("datetime", "x"),
        ("duration", "90"),
        ("free|full", "gone"),
        ("free|full", ["free"]),
        ("list(time)", "19:00"),
        ("list(time)", ["19:00", 3]),
        ("integer", None),
    ],
)
def test_a_value_of_another_shape_is_refused(type_text: str, value: Any) -> None:
    with pytest.raises(ShapeError):
        from_json(value, type_(type_text))


def test_an_optional_value_may_be_missing() -> None:
    assert from_json(None, type_("integer?")) is None


def test_undeclared_insides_are_taken_as_they_are() -> None:
    assert from_json((1, "x"), type_("list")) == [1, "x"]
    assert from_json({"a": 1}, type_("map")) == {"a": 1}


def test_a_length_of_time_may_come_as_seconds() -> None:
    assert from_json(90, type_("duration")) == datetime.timedelta(seconds=90)


def test_the_message_says_where() -> None:
    with pytest.raises(ShapeError, match=r"others\[1\] is 'x', expected time"):
        from_json(["19:00", "x"], type_("list(time)"), "others")


def make_memory() -> Memory:
    return Memory(
        make_flow(
            {"a": State()},
            slots=[
                slot("a", "integer", resets=("b", "c")),
                slot("b", "integer"),
                slot("c", "integer"),
                slot("p", "phone", readback=True, sensitive=True),
            ],
            inputs=[slot("day", "date"), slot("title", "text", default="x")],
            variables={"v": "integer"},
        )
    )


def test_filling_a_readback_slot_asks_for_agreement_and_assigning_does_not() -> None:
    memory = make_memory()

    memory.fill("p", "030")
    assert memory.unverified("p")
    memory.read_back.add("p")
    assert not memory.unverified("p")
    memory.fill("p", "031")
    assert memory.unverified("p")
    memory.assign("p", "032")
    assert not memory.unverified("p")


def test_corrections_reset_what_was_not_said() -> None:
    memory = make_memory()
    for name in "abc":
        memory.fill(name, 1)

    reset = memory.correct({"a": 2}, keep=("a", "c"))

    assert reset == ("b",)
    assert memory.changed == {"a", "b"}
    assert memory.filled == {"a": 1, "c": 1}
    memory.new_turn()
    assert memory.changed == frozenset()


def test_sensitive_values_are_masked_and_emptiness_is_not() -> None:
    memory = make_memory()
    assert memory.shown(["a", "p"]) == {"a": None, "p": None}

    memory.fill("p", "030")
    assert memory.shown(["p"]) == {"p": MASK}


def test_inputs_are_typed_and_must_be_declared() -> None:
    memory = make_memory()
    memory.take_inputs({"day": "2026-05-02", "title": None})
    assert memory.inputs == {"day": datetime.date(2026, 5, 2), "title": "x"}

    with pytest.raises(ShapeError, match=r"inputs\.nope is not declared"):
        memory.take_inputs({"nope": 1})
    with pytest.raises(ShapeError, match=r"inputs\.day is 'soon'"):
        memory.take_inputs({"day": "soon"})


def test_set_and_clear_in_the_flow_are_noted() -> None:
    flow = make_flow(
        {
            "a": State(
                handle={
                    "app.set": to("STAY", put("n", "3", root="slots"), put("v", "slots.n + 1")),
                    "app.bad": to("STAY", put("v", "'x'")),
                    "app.clear": to("STAY", clear("v")),
                }
            )
        },
        slots=[slot("n", "integer")],
        variables={"v": "integer"},
        handle={"error.flow": to("STAY", say("{{ vars.v }}{% if vars.v %}.{% endif %}"))},
    )
    talk = Talk(flow)
    talk.event("app.set")

    assert talk.notes("slots") == [{"n": 3}]
    assert talk.notes("vars") == [{"v": 4}]
    assert talk.event("app.bad") == ["4."]
    talk.event("app.clear")
    assert talk.event("app.bad") == []


# --- snapshot -------------------------------------------------------------------------------------

SCRIPT = [
    ("user", "for four people"),
    ("user", "when do you open"),
    ("silence",),
    ("user", "three"),
    ("wait", 500),
    ("user", "on the tenth of may"),
    ("wait", 700),
    ("returned", "t1", {"at": "19:00"}),
    ("user", "make it five people"),
    ("user", "yes"),
]


def booking() -> Any:
    sub = make_flow(
        {"ask": State(collect("n"), then="done"), "done": State(end("return"))},
        slots=[slot("n", "integer", ask="Inner?")],
    )
    return make_flow(
        {
            "details": State(collect("size", "date"), then="check"),
            "check": State(run("find"), then="agree"),
            "agree": State(confirm("At {{ results.check.at | spoken }}?"), then="bye"),
            "bye": State(end(), text="Bye."),
        },
        slots=[slot("size", "integer"), slot("date", "date", default=None)],
        intents=[intent("asks_hours", "when do you open")],
        tools=[tool("find", {"at": "time"}, keep=True)],
        flows={"sub": sub},
        handle={"intent.asks_hours": to("call:sub")},
    )


def play(talk: Talk, step: tuple[Any, ...]) -> list[str]:
    name, *args = step
    return getattr(talk, name)(*args)


@pytest.mark.parametrize("cut", range(len(SCRIPT)))
def test_a_stored_dialog_goes_on_as_if_nothing_had_been(cut: int) -> None:
    straight, stored = Talk(booking()), Talk(booking())
    for step in SCRIPT[:cut]:
        play(straight, step)
        play(stored, step)

    data = json.loads(json.dumps(stored.dialog.to_dict()))
    restored = Talk(booking(), begin=False)
    restored.dialog.from_dict(data)
    restored.deadlines.restore(stored.deadlines.as_dict())
    restored.at, restored.turns = stored.at, stored.turns

    assert restored.dialog.to_dict() == data
    for step in SCRIPT[cut:]:
        assert play(restored, step) == play(straight, step)
        assert restored.state == straight.state
    assert restored.dialog.to_dict() == straight.dialog.to_dict()
    assert restored.dialog.ended == "hangup"
