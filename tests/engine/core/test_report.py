"""A model's report is typed and in scope, or it is dropped."""

from __future__ import annotations

import datetime
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.findings import Findings, Scope
from engine.core.intents import Intents
from engine.core.report import arguments, judge_report, report_schema, tool_schema
from engine.core.values import ShapeError
from engine.machine.compiled import IntentSpec, SlotSpec, SlotType

NOW = datetime.datetime(2026, 5, 1, 12, 0)
KINDS = (
    *("integer", "number", "boolean", "date", "time", "datetime", "duration"),
    *("phone", "email", "digits", "text", "list", "map"),
)
SLOTS = (
    *(SlotSpec(name=f"a_{kind}", type=SlotType(kind=kind)) for kind in KINDS),
    SlotSpec(
        name="an_enum",
        type=SlotType(kind="enum", values=("inside", "outside")),
        words={"outside": ("on the terrace",)},
    ),
    SlotSpec(
        name="size", type=SlotType(kind="integer"), min=1, max=12, about="guests, with children"
    ),
)
SCOPE = Scope(
    slots=SLOTS,
    yes_no=True,
    intents=Intents([IntentSpec(name="asks_hours"), IntentSpec(name="gives_up")]),
    now=NOW,
)
EMPTY = Scope(now=NOW)

VALUES: list[tuple[str, Any, Any]] = [
    ("a_integer", 4, 4),
    ("a_integer", 4.0, 4),
    ("a_integer", 4.5, None),
    ("a_integer", "four", 4),
    ("a_integer", True, None),
    ("a_integer", [4], None),
    ("a_number", 4, 4.0),
    ("a_number", "two and a half", 2.5),
    ("a_number", float("nan"), None),
    ("a_boolean", True, True),
    ("a_boolean", 1, None),
    ("a_date", "2026-05-02", datetime.date(2026, 5, 2)),
    ("a_date", "tomorrow", datetime.date(2026, 5, 2)),
    ("a_date", "2026-02-31", None),
    ("a_date", "soon", None),
    ("a_date", 20260502, None),
    ("a_time", "19:00", datetime.time(19)),
    ("a_time", "19:00:30", datetime.time(19)),
    ("a_time", "half past seven", datetime.time(19, 30)),
    ("a_time", "at seven people", None),
    ("a_datetime", "2026-05-02T19:00", datetime.datetime(2026, 5, 2, 19)),
    ("a_datetime", "tomorrow at noon", datetime.datetime(2026, 5, 2, 12)),
    ("a_duration", "90 minutes", datetime.timedelta(minutes=90)),
    ("a_phone", "0301234567", "0301234567"),
    ("a_phone", "030", None),
    ("a_email", "ann@example.com", "ann@example.com"),
    ("a_digits", "0042", "0042"),
    ("a_text", " Ann ", "Ann"),
    ("a_text", "", None),
    ("a_text", 4, None),
    ("a_list", [1], [1]),
    ("a_map", {"a": 1}, {"a": 1}),
    ("an_enum", "inside", "inside"),
    ("an_enum", "on the terrace", "outside"),
    ("an_enum", "upstairs", None),
    ("size", 40, 40),  # bounds are the dialog's business
    ("not_in_scope", 4, None),
]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(("name", "reported", "value"), VALUES)
def test_values_are_typed_or_dropped(name: str, reported: Any, value: Any) -> None:
    findings = judge_report({"slots": {name: reported}}, SCOPE)

    assert findings.slots == ({} if value is None else {name: value})
    assert findings.settled is (value is not None)


def test_intents_and_answers_must_be_in_scope() -> None:
    report = {"intent": "asks_hours", "answer": False, "slots": None}

    assert judge_report(report, SCOPE) == Findings(intent="asks_hours", answer=False, settled=True)
    assert judge_report(report, EMPTY) == Findings()
    assert judge_report({"intent": "none", "answer": "yes"}, SCOPE) == Findings()


def test_the_schema_holds_only_what_is_in_scope() -> None:
    schema = report_schema(SCOPE)

    assert report_schema(EMPTY)["properties"] == {}
    assert schema["required"] == ["slots", "intent", "answer"]
    assert schema["properties"]["intent"] == {
        "type": "string",
        "enum": ["none", "asks_hours", "gives_up"],
    }
    assert schema["properties"]["slots"]["properties"]["size"] == {
        "type": ["integer", "null"],
        "minimum": 1,
        "maximum": 12,
        "description": "guests, with children",
    }
    assert schema["additionalProperties"] is False


def test_every_part_of_the_schema_is_as_strict_as_services_ask_for() -> None:
    """A type beside every enum, items in every array, all fields required, none added."""

    def walk(schema: Any) -> None:
        assert "type" in schema
        if "object" in schema["type"]:
            assert schema["required"] == list(schema["properties"])
            assert schema["additionalProperties"] is False
            for inner in schema["properties"].values():
                walk(inner)
        if "array" in schema["type"]:
            walk(schema["items"])

    walk(report_schema(SCOPE))


def test_the_arguments_of_a_tool_are_typed_or_refused_without_their_value() -> None:
    size, day = SlotType(kind="integer"), SlotType(kind="date", optional=True)
    types = {"size": size, "day": day}

    jsonschema.validate({"size": 4, "day": None}, tool_schema(types))

    assert arguments({"size": 4, "day": "2026-05-02"}, types)["day"] == datetime.date(2026, 5, 2)
    assert arguments({"size": 4}, types) == {"size": 4, "day": None}
    for given_, told in [({"size": "secret"}, "'size' must be integer"), ({"x": 1}, "'x'")]:
        with pytest.raises(ShapeError, match=told) as raised:
            arguments(given_, types)
        assert "secret" not in str(raised.value)


def test_a_report_that_meets_the_schema_is_understood() -> None:
    slots = dict.fromkeys((spec.name for spec in SLOTS), None) | {"size": 4, "an_enum": "inside"}
    report = {"slots": slots, "intent": "none", "answer": None}

    jsonschema.validate(report, report_schema(SCOPE))

    assert judge_report(report, SCOPE).slots == {"an_enum": "inside", "size": 4}


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "slots": st.dictionaries(st.sampled_from([s.name for s in SLOTS]), JSON) | JSON,
            "intent": JSON,
            "answer": JSON,
        },
    )
)
def test_any_report_is_judged(report: dict[str, Any]) -> None:
    findings = judge_report(report, SCOPE)

    assert findings.slots.keys() <= {spec.name for spec in SLOTS}
    assert findings.intent in (None, "asks_hours", "gives_up")
    assert findings.answer in (None, True, False)
