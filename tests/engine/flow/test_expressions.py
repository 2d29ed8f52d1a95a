"""Guards: what is accepted, what it means, and that nothing else gets through."""

from __future__ import annotations

import contextlib
import copy
import datetime as dt
import pickle
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.flow.expression_judge import ARITY, ROOTS
from engine.flow.expression_values import FUNCTIONS
from engine.flow.expressions import EvaluationError, Expression, parse_expression

NAMES = {
    "slots": {
        "party_size": 4,
        "date": dt.date(2026, 5, 2),
        "time": dt.time(19),
        "name": None,
        "code": "AB12",
        "class": "first",
    },
    "vars": {"count": 2, "share": 0.5, "late": True},
    "results": {"check": None, "find": {"status": "free", "others": [dt.time(19), dt.time(20)]}},
    "result": {"status": "free", "others": [dt.time(19), dt.time(20)]},
    "answer": True,
    "visits": 1,
    "call": {"from": "+49301234567", "elapsed": dt.timedelta(minutes=3)},
    "value": dt.date(2026, 6, 30),
    "now": dt.datetime(2026, 5, 1, 12),
    "changed": frozenset({"date"}),
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("value >= today() and value <= today() + days(60)", True),
        ('changed("party_size", "date") and results.check != null', False),
        ('result.status == "free"', True),
        ("visits < 3 and len(result.others) > 0", True),
        ("changed()", True),
        ('changed("name")', False),
        ("call.from", "+49301234567"),
        ('slots.class == "first"', True),
        ("now() + hours(2)", dt.datetime(2026, 5, 1, 14)),
        ("slots.time + minutes(90)", dt.time(20, 30)),
        ("slots.time - hours(1)", dt.time(18)),
        ("result.others[1] - result.others[0]", dt.timedelta(hours=1)),
        ("slots.date - today()", dt.timedelta(days=1)),
        ("call.elapsed > minutes(2)", True),
        ("hours(1) / minutes(30)", 2.0),
        ("2 * days(1)", dt.timedelta(days=2)),
        ("-days(1)", dt.timedelta(days=-1)),
        ("days(1) + today()", dt.date(2026, 5, 2)),
        ("minutes(1) + slots.time", dt.time(19, 1)),
        ('slots.code + "!"', "AB12!"),
        ("[1, 2] + [3]", [1, 2, 3]),
        ("result.others[-1]", dt.time(20)),
        ("result.others[7]", None),
        ('result["status"]', "free"),
        ("1 < slots.party_size < 6", True),
        ("1 < slots.party_size < 3", False),
        ('"free" in ["free", "full"]', True),
        ('result.status not in ("free", "full")', False),
        ('lower("ABC")', "abc"),
        ('contains(lower(slots.code), "b1")', True),
        ("contains(result.others, slots.time)", True),
        (r'matches(slots.code, "[A-Z]{2}\d+")', True),
        ('matches(slots.code, "AB")', False),
        ("filled(slots.name)", False),
        ('filled("party_size", "date")', True),
        ('filled("party_size", "name")', False),
        ("min(3, 1, 2)", 1),
        ("max([3, 1, 2])", 3),
        ("max([])", None),
        ("round(2.5)", 3),
        ("round(-2.5)", -3),
        ("round(2.345, 2)", 2.35),
        ("answer and not false", True),
        ("slots.name or 'nobody'", "nobody"),
        ("  visits\n  +\t1 ", 2),
        ("slots.missing", None),
        ("vars.share / 2", 0.25),
        ("7 / 2", 3.5),
        ("null == null", True),
    ],
)
def test_values(source, value):
    assert Expression(source).evaluate(NAMES) == value


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
def test_order_with_null_is_false_on_either_side(operator):
    assert Expression(f"slots.name {operator} 3").evaluate(NAMES) is False
    assert Expression(f"3 {operator} slots.name").evaluate(NAMES) is False


def test_equality_with_null_works():
    assert Expression("slots.name == null").evaluate(NAMES) is True
    assert Expression("slots.code != null").evaluate(NAMES) is True
    assert Expression("results.check.status == null").evaluate(NAMES) is True


@pytest.mark.parametrize("operator", ["+", "-", "*", "/"])
def test_arithmetic_with_null_is_null(operator):
    assert Expression(f"slots.name {operator} 3").evaluate(NAMES) is None
    assert Expression(f"days(1) {operator} slots.name").evaluate(NAMES) is None


@pytest.mark.parametrize(
    "source",
    [
        "-slots.name",
        "lower(slots.name)",
        "days(slots.name)",
        "round(slots.name)",
        "max(slots.name, 3)",
    ],
)
def test_functions_of_null_are_null(source):
    assert Expression(source).evaluate(NAMES) is None


def test_null_is_empty_and_holds_nothing():
    assert Expression("len(slots.name)").evaluate(NAMES) == 0
    assert Expression('"a" in slots.name').evaluate(NAMES) is False
    assert Expression('"a" not in slots.name').evaluate(NAMES) is True
    assert Expression('contains(slots.name, "a")').evaluate(NAMES) is False
    assert Expression('matches(slots.name, "a")').evaluate(NAMES) is False


def test_and_or_do_not_look_further_than_needed():
    """A guard may protect itself: the second half is not evaluated."""
    assert Expression("slots.name != null and slots.name + 1 > 2").evaluate(NAMES) is False
    assert Expression("true or 1 / 0 > 1").evaluate(NAMES) is True


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1 / 0", "division by zero"),
        ('"a" * 3', "cannot multiply"),
        ('1 + "a"', "cannot add int and str"),
        ("true + 1", "true or false"),
        ('"a" < 1', "not supported"),
        ("slots.time + hours(6)", "midnight"),
        ("slots.time - hours(20)", "midnight"),
        ("slots.date.year", "date"),
        ("slots.code.x", "a text has no part `x`"),
        ("tries.no_input", "'tries' has no meaning here"),
        ("999999999999999 * 999999999999999", "too large"),
        ("9e300 * 9e300", "too large"),
        ("days(9e9)", "too large"),
        ('days("x")', "takes a number"),
        ("lower(3)", "takes a text"),
        ('matches(3, "a")', "takes a text"),
        ("round(3, 99)", "10 digits"),
        ("-slots.code", "cannot negate"),
        ("slots.code - 1", "cannot subtract"),
        ("slots.code / 1", "cannot divide"),
        ("3 in 4", "not iterable"),
        ("len(3)", "no len"),
    ],
)
def test_what_has_no_value_raises_and_says_so(source, message):
    with pytest.raises(EvaluationError, match=message):
        Expression(source).evaluate(NAMES)


def test_a_text_cannot_grow_without_bound():
    names = {"vars": {"a": "x" * 6_000, "b": [0] * 6_000}}
    for name in ("a", "b"):
        with pytest.raises(EvaluationError, match="too long"):
            Expression(f"vars.{name} + vars.{name}").evaluate(names)


def test_holds_is_true_or_false():
    assert Expression("answer").holds(NAMES) is True
    assert Expression("slots.name").holds(NAMES) is False


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "code", "marked", "said"),
    [
        ("slot.name", "TW203", "slot", "`slots`"),
        ("Slotz.name", "TW203", "Slotz", "`slots`"),
        ("visits > limit", "TW203", "limit", "names are"),
        ("lenn(slots.a)", "TW203", "lenn", "`len`"),
        ('open("x")', "TW203", "open", "functions are"),
        ("True", "TW203", "True", "`true`"),
        ("slots.a == None", "TW203", "None", "`null`"),
        ("today", "TW203", "today", "today(...)"),
        ("vip", "TW407", "vip", "quote it"),
        ("{{ slots.a }}", "TW407", "{{ slots.a }}", "`slots.a`"),
        ("{{ slots.a | spoken }} == 1", "TW407", "{{ slots.a | spoken }}", "`slots.a`"),
        ("slots.name.__class__", "TW409", "slots.name.__class__", "start with a letter"),
        ("lambda: 1", "TW409", "lambda: 1", ""),
        ("slots.a = 3", "TW409", "=", "`==`"),
        ("slots.a && slots.b", "TW409", "&&", "`and`"),
        ("slots.a || slots.b", "TW409", "||", "`or`"),
        ("!slots.a", "TW409", "!", "`not`"),
        ("slots.a === 1", "TW409", "===", "`==`"),
        ("$HOME", "TW409", "$", ""),
        ("slots.a is null", "TW409", "slots.a is null", "`==`"),
        ("slots.a is not null", "TW409", "slots.a is not null", "`!=`"),
        ("2 ** 9", "TW409", "2 ** 9", "operators are"),
        ("7 // 2", "TW409", "7 // 2", "operators are"),
        ("7 % 2", "TW409", "7 % 2", "operators are"),
        ("+1", "TW409", "+1", "operators are"),
        ("~1", "TW409", "~1", ""),
        ("1 if answer else 2", "TW409", "1 if answer else 2", "two entries"),
        ('f"{slots.a}"', "TW409", 'f"{slots.a}"', ""),
        ("[x for x in slots.a]", "TW409", "[x for x in slots.a]", "tool"),
        ("{1: 2}", "TW409", "{1: 2}", ""),
        ("slots.a[slots.b]", "TW409", "slots.b", "fixed"),
        ("slots.a[1:2]", "TW409", "1:2", "fixed"),
        ("slots.a[true]", "TW409", "true", "fixed"),
        ("slots.code.upper()", "TW409", "slots.code.upper()", "functions are"),
        ("today().year", "TW409", "today().year", ""),
        ('"abc"[0]', "TW409", '"abc"[0]', ""),
        ("days(n=3)", "TW409", "days(n=3)", ""),
        ("days()", "TW409", "days()", "1 argument,"),
        ("min()", "TW409", "min()", "1 to 20"),
        ("changed(slots.a)", "TW409", "slots.a", 'changed("name")'),
        ("matches(slots.a, slots.b)", "TW409", "slots.b", "fixed text"),
        ('matches(slots.a, "(a")', "TW409", '"(a"', "bad pattern"),
        ("visits > 1 # twice", "TW409", "# twice", "comment"),
        ('"""#', "TW409", '"', "not an expression"),
        ("'#' == 'a' 'b' c", "TW409", "c", "not an expression"),
        ("slots.a ==", "TW409", "=", "missing after"),
        ("(1", "TW409", "(", "never closed"),
        ("...", "TW409", "...", ""),
        ("b'x'", "TW409", "b'x'", "bytes"),
        ("1j", "TW409", "1j", "complex"),
        ("1_000_000_000_000_000_0", "TW410", "1_000_000_000_000_000_0", "large"),
        ("1e999", "TW410", "1e999", "large"),
        ("import os", "TW409", "import", ""),
        ("x: int", "TW409", ":", ""),
        ("", "TW409", "", "missing"),
        ("   ", "TW409", "   ", "missing"),
    ],
)
def test_refused(source, code, marked, said):
    expression, problems = parse_expression(source)

    assert expression is None
    first = problems[0]
    assert (first.code, source[first.start : first.end]) == (code, marked)
    assert said in f"{first.message} {first.help}"


def test_offsets_count_characters_and_survive_folded_lines():
    source = '  "é" == slots.name and\n  slotz.x == "ü"'
    problem = parse_expression(source)[1][0]
    assert source[problem.start : problem.end] == "slotz"


def test_all_problems_are_found_in_the_order_of_the_text():
    _, problems = parse_expression("slot.a == 1 and foo(2) and slots.b ** 2 > 1")
    assert [problem.start for problem in problems] == [0, 16, 27]


@pytest.mark.parametrize(
    "source",
    [
        "1" + "+1" * 300,
        "(" * 30 + "1" + ")" * 30,
        "not " * 60 + "true",
        "-" * 400 + "1",
        "slots" + ".a" * 30,
        "[" * 400,
        "+".join("1" * 40),
    ],
)
def test_size_and_depth_are_bounded(source):
    assert parse_expression(source)[1][0].code == "TW410"


def test_a_hundred_thousand_brackets_are_refused_at_once():
    assert parse_expression("(" * 100_000)[1][0].code == "TW410"


@pytest.mark.parametrize(
    "source",
    [
        "__import__('os')",
        "().__class__.__bases__",
        "slots.__init__.__globals__",
        "slots['__class__'].__mro__",
        "today.__globals__",
        "(lambda: today)()",
        "''.join(['a'])",
        "'{0.__class__}'.format(1)",
        "getattr(slots, 'x')",
        "eval('1')",
        "[].append(1)",
        "(x := 1)",
        "*slots",
        "await slots",
        "(yield)",
        "slots.a.b()",
        "f'{__import__}'",
        "\uff53lots.__class__",
        "slots._private",
        "{**slots}",
        "changed(*slots.a)",
        "matches(slots.a, 'a' + 'b')",
    ],
)
def test_ways_out_of_the_sandbox_are_refused(source):
    assert parse_expression(source)[0] is None


def test_nul_and_surrogates_are_problems_not_exceptions():
    for source in ("slots.a\0", "'\udc80'", "\udc80"):
        assert parse_expression(source)[0] is None


# --- the value object ----------------------------------------------------------------------------


def test_names_are_whole_chains_with_their_places():
    source = 'changed("date") and results.find.others[0] > slots.time and filled("name")'
    found = [(use.chain, source[use.start : use.end]) for use in Expression(source).names]
    assert found == [
        (("slots", "date"), '"date"'),
        (("results", "find", "others"), "results.find.others"),
        (("slots", "time"), "slots.time"),
        (("slots", "name"), '"name"'),
    ]


def test_equal_sources_are_equal_expressions():
    assert Expression("visits > 1") == Expression("visits > 1")
    assert len({Expression("visits > 1"), Expression("visits > 1"), Expression("visits > 2")}) == 2


def test_expressions_can_be_copied_and_pickled():
    expression = Expression("visits > 0")
    for twin in (copy.deepcopy(expression), pickle.loads(pickle.dumps(expression))):
        assert twin == expression
        assert twin.holds(NAMES)


def test_a_bad_source_cannot_become_an_expression():
    with pytest.raises(ValueError, match="slotz"):
        Expression("slotz.a")


def test_every_function_has_an_arity():
    assert set(ARITY) == set(FUNCTIONS)


# --- properties ----------------------------------------------------------------------------------

_ATOMS = st.sampled_from(
    [
        *ROOTS,
        *(f"slots.{name}" for name in NAMES["slots"]),
        "slots.missing",
        "result.others[0]",
        "null",
        "true",
        "1",
        "2.5",
        "'a'",
        "[1, 'a', null]",
        "today()",
        "now()",
        "changed()",
        "[]",
    ]
)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(
        ["+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!=", "in", "not in", "and", "or"]
    )
    functions = st.sampled_from(["days", "hours", "len", "lower", "min", "max", "round", "filled"])
    return st.one_of(
        st.builds("({} {} {})".format, inner, operators, inner),
        st.builds("{}({})".format, functions, inner),
        st.builds("contains({}, {})".format, inner, inner),
        st.builds("(not {})".format, inner),
        st.builds("(-{})".format, inner),
        st.builds("({} < {} <= {})".format, inner, inner, inner),
    )


SOURCES = st.recursive(_ATOMS, _grown, max_leaves=8)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=20)
    | st.dates()
    | st.times()
    | st.datetimes()
    | st.timedeltas(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "state"]), inner)
    ),
    max_leaves=5,
)


@given(st.text(max_size=600) | st.text("slot.a()[]{}'\"+-*/<>=!# \n,1:", max_size=80))
def test_any_text_gives_an_expression_or_problems_inside_it(source):
    expression, problems = parse_expression(source)

    assert (expression is None) == bool(problems)
    assert all(0 <= p.start <= p.end <= len(source) for p in problems)


@given(SOURCES, st.dictionaries(st.sampled_from(ROOTS), VALUES))
def test_evaluation_ends_and_raises_nothing_but_its_own_error(source, values):
    expression, _ = parse_expression(source)
    if expression is None:
        return
    with contextlib.suppress(EvaluationError):
        expression.evaluate(NAMES | values)


_NUMBER_SOURCES = st.recursive(
    st.integers(0, 50).map(str) | st.sampled_from(["0.5", "2.25", "visits"]),
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner)
        | st.builds("(-{})".format, inner)
    ),
    max_leaves=6,
)


@given(_NUMBER_SOURCES, _NUMBER_SOURCES, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))
def test_numbers_mean_what_python_means(left, right, operator):
    source = f"{left} {operator} {right}"
    try:
        expected = eval(source, {}, {"visits": 3})
    except ZeroDivisionError:
        with pytest.raises(EvaluationError):
            Expression(source).evaluate({"visits": 3})
    else:
        assert Expression(source).evaluate({"visits": 3}) == expected


@given(st.lists(st.sampled_from(["true", "false", "not true", "1 < 2"]), min_size=1, max_size=6))
@settings(max_examples=30)
def test_logic_means_what_python_means(parts):
    for joined in (" and ".join(parts), " or ".join(parts)):
        expected = eval(joined, {}, {"true": True, "false": False})
        assert Expression(joined).evaluate({}) is expected


def test_a_hostile_pattern_is_quick():
    """`(a+)+b` sends Python's own matcher into hours."""
    names = {"slots": {"a": "a" * 400}}
    started = time.process_time()
    assert Expression('matches(slots.a, "(a+)+b")').evaluate(names) is False
    assert time.process_time() - started < 5


_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


@given(
    st.sampled_from(["vars.a", "vars['a']", "vars.missing", "result.a", "answer", "result.a.b"]),
    st.sampled_from(sorted(_MIRRORED)),
    st.sampled_from(["3", "2.5", "'b'", "''", "-1"]),
    VALUES,
)
def test_a_name_against_a_literal_means_what_the_literal_against_the_name_does(
    name, operator, literal, value
):
    """The one is lowered in one go, the other part by part."""
    names = {"vars": {"a": value}, "result": value, "answer": value}

    def outcome(source):
        try:
            return Expression(source).evaluate(names)
        except EvaluationError:
            return EvaluationError

    direct = outcome(f"{name} {operator} {literal}")
    assert direct == outcome(f"{literal} {_MIRRORED[operator]} {name}")
    assert direct in (True, False, EvaluationError)
