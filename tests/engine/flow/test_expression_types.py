"""Types of guards and values: every finding is a mistake, and what is unknown stays silent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.flow.expression_types import ANY, infer, judge_guard, judge_value
from engine.flow.expressions import Expression, parse_expression
from engine.flow.model.slots import ValueType, parse_result_type, parse_type

TYPES = {
    "slots": ValueType(
        kind="map",
        fields={
            "party_size": parse_type("integer"),
            "price": parse_type("number"),
            "name": parse_type("text"),
            "date": parse_type("date"),
            "time": parse_type("time"),
            "seat": parse_type(["window", "bar"]),
            "vip": parse_type("boolean"),
            "tags": parse_type("list(text)"),
            "class": parse_type("date"),
        },
    ),
    "result": parse_result_type({"status": ["free", "full"], "others": "list(time)"}),
    "value": parse_type("date"),
}


@pytest.mark.parametrize(
    "source",
    [
        "value >= today() and value <= today() + days(60)",
        "slots.name != null and visits < 3",
        'changed("date") and results.check != null',
        "results.check.anything == 3",
        "answer",
        "not answer",
        "slots.vip or slots.seat == 'bar'",
        "slots.vip == true",
        "slots.party_size < 2.5",
        "slots.seat in ['bar', 'window']",
        "slots.seat in slots.tags",
        "'a' in slots.name",
        "slots.time in result.others",
        "result.others[0] > slots.time",
        "slots.time + minutes(30) < slots.time",
        "slots.date - today() > days(1)",
        "minutes(1) + slots.time > slots.time",
        "days(2) / days(1) > 1 and 2 * days(1) > days(1) / 2",
        "-slots.party_size < 0 and -days(1) < days(1)",
        "max(1, slots.price) > min([1, 2])",
        "round(slots.price) > 2 and round(slots.price, 1) > 2",
        "len(slots.tags) > 0 and len(slots.name) > 0",
        "contains(slots.tags, 'a') and matches(slots.name, 'a+') and filled('date')",
        "lower(slots.name) == slots.name + '!'",
        "slots.tags + slots.tags == slots.tags",
        "call.elapsed > minutes(3) and call.from != '1' and tries.no_input > 2",
        "event.data.x > 3",
        "slots.undeclared > 3",
        "event[0] == event['a']",
        "slots.class > today()",
        "null == slots.date",
        "slots.seat != slots.name",
        "turn",
    ],
)
def test_a_sound_guard_is_silent(source):
    assert judge_guard(Expression(source), TYPES) == []


@pytest.mark.parametrize(
    ("source", "code", "marked", "said"),
    [
        ('slots.party_size == "four"', "TW401", '"four"', "an integer is compared with the text"),
        ('slots.party_size > "4"', "TW401", '"4"', "`4`"),
        ("slots.date > slots.time", "TW401", "slots.time", "a date is compared with a time"),
        ('slots.date == "2026-05-01"', "TW401", '"2026-05-01"', "a date"),
        ("slots.vip > true", "TW401", "slots.vip", "neither more nor less"),
        ("1 < slots.name < 3", "TW401", "slots.name", "an integer is compared with a text"),
        ("slots.name + 1 == 2", "TW401", "slots.name + 1", "does not join"),
        ("slots.date * 2 == slots.date", "TW401", "slots.date * 2", "does not join"),
        ("slots.date.year == 3", "TW401", "slots.date.year", "has no part `year`"),
        ("slots.name[0] == 'a'", "TW401", "slots.name[0]", "has no part `0`"),
        ("days(slots.name) > days(1)", "TW401", "slots.name", "`days` does not take a text"),
        ("result.others['a'] == 1", "TW401", "result.others['a']", "has no part `a`"),
        ("slots.name in slots.date", "TW401", "slots.date", "nothing can be `in` a date"),
        ("slots.date in result.others", "TW401", "slots.date", "is looked for in"),
        ("slots.date in ['x']", "TW401", "'x'", "is looked for among"),
        ("-slots.name == 'x'", "TW401", "-slots.name", "no opposite"),
        ('result.status == "fre"', "TW402", '"fre"', "`free`"),
        ('"fre" != result.status', "TW402", '"fre"', "`free`"),
        ("slots.seat in ['bar', 'windw']", "TW402", "'windw'", "`window`"),
        ("slots.seat == 'xyz'", "TW402", "'xyz'", "values are: window, bar"),
        ("slots.name", "TW403", "slots.name", "`slots.name != null`"),
        ("not slots.name", "TW403", "slots.name", "`slots.name != null`"),
        ("answer and slots.party_size + 1", "TW403", "slots.party_size + 1", "an integer"),
        ("'yes'", "TW403", "'yes'", "true or false"),
        ("today()", "TW403", "today()", "a date"),
    ],
)
def test_a_mistaken_guard_is_found_once(source, code, marked, said):
    found = judge_guard(Expression(source), TYPES)

    first = found[0]
    assert (first.code, source[first.start : first.end]) == (code, marked)
    assert said in f"{first.message} {first.help}"
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("source", "target", "code"),
    [
        ("3", "integer", None),
        ("3", "number", None),
        ("2.5", "integer", "TW406"),
        ("3", "date", "TW406"),
        ("slots.time", "date", "TW406"),
        ("null", "date", None),
        ("slots.seat", "text", None),
        ("slots.name", "phone", None),
        ("'bar'", ["window", "bar"], None),
        ("'bra'", ["window", "bar"], "TW402"),
        ("slots.seat", ["window", "garden"], "TW406"),
        ("['a']", "list(text)", None),
        ("[1]", "list(text)", "TW406"),
        ("slots.party_size > 3", "boolean", None),
        ("vars.anything", "date", None),
    ],
)
def test_values_must_fit_their_target(source, target, code):
    found = judge_value(Expression(source), parse_type(target), TYPES)
    assert [problem.code for problem in found] == ([code] if code else [])


def test_arguments_have_a_code_of_their_own():
    found = judge_value(Expression("slots.time"), parse_type("date"), TYPES, code="TW602")
    assert found[0].code == "TW602"


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("1 + 2", "integer"),
        ("1 / 2", "number"),
        ("1 + 2.5", "number"),
        ("slots.date + days(1)", "date"),
        ("now()", "datetime"),
        ("slots.seat", "enum"),
        ("slots.name or 'x'", "text"),
        ("slots.name or 3", "any"),
        ("[slots.date]", "list"),
        ("max(slots.date, today())", "date"),
        ("result", "map"),
        ('result["status"]', "enum"),
        ("vars.x", "any"),
        ("null", "null"),
    ],
)
def test_infers(source, kind):
    assert infer(Expression(source), TYPES)[0].kind == kind


_KINDS = st.sampled_from(["integer", "number", "text", "date", "time", "boolean", "duration"])
_PARTS = st.sampled_from(["slots.a", "slots.b", "1", "'x'", "today()", "days(1)", "null", "true"])
_SOURCES = st.recursive(
    _PARTS,
    lambda inner: st.builds(
        "({} {} {})".format, inner, st.sampled_from(["+", "-", "<", "==", "in", "and"]), inner
    ),
    max_leaves=5,
)


@given(_SOURCES, _KINDS, _KINDS)
def test_inference_never_fails_and_points_inside(source, a, b):
    types = {"slots": ValueType(kind="map", fields={"a": parse_type(a), "b": parse_type(b)})}
    expression, _ = parse_expression(source)
    for problem in judge_guard(expression, types):
        assert 0 <= problem.start < problem.end <= len(source)
    assert judge_guard(expression, {"slots": ANY}) is not None
