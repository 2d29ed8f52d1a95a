"""Speech: what is printed, what means what it means in guards, and what is refused."""

from __future__ import annotations

import contextlib
import copy
import datetime as dt
import pickle
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.flow.expression_judge import ROOTS
from engine.flow.expressions import EvaluationError, Expression
from engine.flow.spoken import spell, spoken, summary
from engine.flow.template_running import MAX_ITEMS
from engine.flow.templates import MAX_OUTPUT, Template, parse_template

DATE, TIME = dt.date(2026, 5, 2), dt.time(19)
SLOTS = {"party_size": 4, "date": DATE, "time": TIME, "name": None, "items": ["tea", "cake"]}
NAMES = {
    "slots": SLOTS,
    "vars": {"share": 2.5},
    "inputs": {"restaurant": "Luigi's"},
    "result": {"status": "free", "others": [dt.time(19), dt.time(20, 30)], "rows": [{"a": 1}]},
    "results": {"check": None},
    "answer": True,
    "call": {"from": "123"},
    "corrections": {"party_size": 5},
    "now": dt.datetime(2026, 5, 1, 12),
    "changed": frozenset({"date"}),
}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Hello.", "Hello."),
        ("", ""),
        ("Hello, this is {{ inputs.restaurant }}.", "Hello, this is Luigi's."),
        ("{{ slots.party_size }} people", "4 people"),
        ("on {{ slots.date | spoken }}", f"on {spoken(DATE)}"),
        ("on {{ slots.date }} at {{ slots.time }}", f"on {spoken(DATE)} at {spoken(TIME)}"),
        ("{{ 'B17' | spell }}", spell("B17")),
        ("{{ slots | summary }}", summary(SLOTS)),
        ("{{ corrections | spoken }}", spoken({"party_size": 5})),
        ("{{ answer }}", "yes"),
        ("{{ slots.items }}", "tea and cake"),
        ("{{ call.from }}", "123"),
        ("name: {{ slots.name }}!", "name: !"),
        ("{{ slots.name | spoken }}{{ slots.name | upper }}", ""),
        ("{{ slots.name | default('nobody') }}", "nobody"),
        ("{{ slots.missing | default('nothing') }}", "nothing"),
        ("{{ inputs.restaurant | upper }} {{ 'AB' | lower }} {{ 'an orange' | title }}",
         "LUIGI'S ab An Orange"),
        ("{{ result.others | join(' or ') }}", f"{spoken(TIME)} or {spoken(dt.time(20, 30))}"),
        ("{{ slots.items | length }} {{ slots.name | length }}", "2 0"),
        ("{{ slots.items | first }} {{ slots.items | last }}", "tea cake"),
        ("{{ vars.share | round }}", "3"),
        ("{{ slots['items'][1] }} {{ result.rows[0].a }}", "cake 1"),
        ("{{ len(slots.items) }} {{ today() + days(1) }}", f"2 {spoken(DATE)}"),
        ("{{ 'a' ~ 1 ~ 'b' }}", "a1b"),
        ("{{ 1 + 1 }} {{ 5 - 2 }} {{ 6 / 4 }} {{ -1 }}", f"2 3 1.5 {spoken(-1)}"),
        ("{% if answer %}yes{% else %}no{% endif %}", "yes"),
        ("{% if slots.name < 3 or slots.name >= 3 %}a{% elif 1 < 2 <= 2 %}b{% endif %}", "b"),
        ("{% if slots.name == null %}empty{% endif %}", "empty"),
        ("{% if results.check.status == 'free' %}free{% else %}no{% endif %}", "no"),
        ("{% if result.nothing %}a{% endif %}{% if result.nothing == null %}b{% endif %}", "b"),
        ("{% if result.nothing != null %}a{% endif %}", ""),
        ("{% if not filled('name') and filled('date', 'time') %}ok{% endif %}", "ok"),
        ("{% if changed('date') and not changed('name') %}ok{% endif %}", "ok"),
        ("{% if 'tea' in slots.items %}tea{% endif %}", "tea"),
        ("{% if filled(slots.date) and slots.nothing not in [1] %}ok{% endif %}", "ok"),
        ("{{ 'a' if answer else 'b' }} {{ 'c' if slots.name }}", "a"),
        ("{% for x in slots.items %}{{ loop.index }}. {{ x }} {% endfor %}", "1. tea 2. cake"),
        ("{% for x in slots.items %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}",
         "tea, cake"),
        ("{% for x in slots.name %}x{% else %}none{% endfor %}", "none"),
        ("{% for x in slots.items if x != 'tea' %}{{ x }}{% endfor %}", "cake"),
        ("{% for x in result.rows %}{{ x.a }}{% endfor %}", "1"),
        ("a {# a remark #} b", "a b"),
        ("{%- if answer -%}  x  {%- endif -%}", "x"),
        ("{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
        ("one\n  two   three ", "one two three"),
    ],
)  # fmt: skip
def test_renders(source, text):
    template, problems = parse_template(source)

    assert problems == []
    assert template.render(NAMES) == text


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ slots.nothing }}", "there is no `nothing`"),
        ("{{ slots.nothing | spoken }}", "there is no `nothing`"),
        ("{{ slots.nothing.more }}", "there is no `nothing`"),
        ("{{ slots.nothing | upper }}", "there is no `nothing`"),
        ("{{ visits }}", "'visits' is undefined"),
        ("{{ result.others[9] }}", "there is no `9`"),
        ("{{ slots.date.year }}", "a date has no part `year`"),
        ("{{ inputs.restaurant.x }}", "a str has no part"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ 'a' + 1 }}", "cannot add"),
        ("{% if slots.date < 3 %}{% endif %}", "not supported"),
        ("{% for x in inputs.restaurant %}{% endfor %}", "a str is not a list"),
        ("{{ 3 | first }}", "a int is not a list"),
        ("{{ slots.date | round }}", "takes a number"),
        ("{{ matches('a', '(') }}", "without"),
        ("{{ slots.items | join(1, 2, 3) }}", "argument"),
    ],
)
def test_what_cannot_be_said_raises_and_says_so(source, message):
    with pytest.raises(EvaluationError, match=message):
        Template(source).render(NAMES)


def test_output_is_capped():
    names = {"vars": {"long": "x" * (MAX_OUTPUT - 1)}}
    assert len(Template("{{ vars.long }}y").render(names)) == MAX_OUTPUT
    with pytest.raises(EvaluationError, match="longer than"):
        Template("{{ vars.long }}yz").render(names)


def test_a_list_in_a_loop_is_capped():
    names = {"vars": {"long": [None] * (MAX_ITEMS + 1)}}
    with pytest.raises(EvaluationError, match="too long for speech"):
        Template("{% for x in vars.long %}{% endfor %}").render(names)


def test_the_costliest_template_is_quick():
    source = "{% for a in vars.l %}{% for b in vars.l %}{% if a == b and a < 0 %}x{% endif %}"
    source += "{% endfor %}{% endfor %}"
    started = time.process_time()
    Template(source).render({"vars": {"l": list(range(MAX_ITEMS))}})
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("source", "code", "marked", "said"),
    [
        ("Hi {{ slot.name }}", "TW203", "slot", "`slots`"),
        ("{{ Slotz.name }}", "TW203", "Slotz", "`slots`"),
        ("{{ slots.name | spokn }}", "TW203", "spokn", "`spoken`"),
        ("{{ lenn(slots.name) }}", "TW203", "lenn", "`len`"),
        ("{{ x }}", "TW203", "x", "names are"),
        ("{{ loop.index }}", "TW203", "loop", "names are"),
        ("{{ self }}", "TW203", "self", ""),
        ("{{ slots.name | attr('x') }}", "TW203", "attr", "filters are"),
        ("{{ slots.__class__ }}", "TW409", "__class__", "start with a letter"),
        ("{{ slots['a'].__class__ }}", "TW409", "__class__", ""),
        ("{{ 2 * 3 }}", "TW409", "{{ 2 * 3 }}", "`*`"),
        ("{{ 2 ** 3 }}", "TW409", "{{ 2 ** 3 }}", "`**`"),
        ("{{ 'a' % 3 }}", "TW409", "{{ 'a' % 3 }}", "`%`"),
        ("{{ 7 // 2 }}", "TW409", "{{ 7 // 2 }}", "`//`"),
        ("{{ slots.a is none }}", "TW409", "{{ slots.a is none }}", "`is`"),
        ("{{ slots.a[1:2] }}", "TW409", "{{ slots.a[1:2] }}", "fixed"),
        ("{{ slots.a[slots.b] }}", "TW409", "{{ slots.a[slots.b] }}", "fixed"),
        ("{{ [1][0] }}", "TW409", "{{ [1][0] }}", "only names"),
        ("{{ slots.a[-slots.b] }}", "TW409", "{{ slots.a[-slots.b] }}", "fixed"),
        ("{{ {'a': 1} }}", "TW409", "{{ {'a': 1} }}", "a map"),
        ("{{ slots.items() }}", "TW409", "{{ slots.items() }}", "no functions to call"),
        ("{{ len(*slots.a) }}", "TW409", "{{ len(*slots.a) }}", "without names"),
        ("{{ days() }}", "TW409", "{{ days() }}", "1 argument,"),
        ("{% set x = 1 %}", "TW409", "{% set x = 1 %}", "`set`"),
        ("{% include 'x' %}", "TW409", "{% include 'x' %}", "`include`"),
        ("{% extends 'x' %}", "TW409", "{% extends 'x' %}", "`extends`"),
        ("{% import 'x' as slots %}", "TW409", "{% import 'x' as slots %}", "import"),
        ("{% macro slots() %}{% endmacro %}", "TW409", "{% macro slots() %}", "`macro`"),
        ("{% for slots in result.a %}{% endfor %}", "TW409", "slots", "taken"),
        ("{% for a, b in result.a %}{% endfor %}", "TW409",
         "{% for a, b in result.a %}", "one name"),
        ("{{ slots.name", "TW409", "{{ slots.name", "never closed"),
        ("{{ }}", "TW409", "{{ }}", "expression"),
        ("{% if %}", "TW409", "{% if %}", ""),
        ("a\n{% if answer %}b\nc", "TW409", "{% if answer %}b\nc", ""),
        ("{% nonsense %}", "TW409", "{% nonsense %}", "nonsense"),
        ("x" * (MAX_OUTPUT + 1), "TW410", "x" * (MAX_OUTPUT + 1), "allowed"),
        ("{{ slots.a }}" * 1_000, "TW410", "{{ slots.a }}" * 1_000, "allowed"),
    ],
)  # fmt: skip
def test_refused(source, code, marked, said):
    template, problems = parse_template(source)

    assert template is None
    found = [(p.code, source[p.start : p.end]) for p in problems]
    assert (code, marked) in found or (code in found[0] and marked.startswith(found[0][1]))
    assert any(said in f"{p.message} {p.help}" for p in problems)


def test_three_loops_in_each_other_are_refused():
    source = "{% for x in vars.l %}" * 3 + "{% endfor %}" * 3
    assert "inside `for` once" in parse_template(source)[1][0].message


@pytest.mark.parametrize(
    "source",
    [
        "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
        "{{ " + "not " * 200 + "1 }}",
        "{{ " + "-" * 3_000 + "1 }}",
        "{{ " + "[" * 300 + "]" * 300 + " }}",
        "{% if 1 %}" * 400 + "{% endif %}" * 400,
        "{{ 1" + " + 1" * 300 + " }}",
        "{{ " + "9" * 9_000 + " }}",
    ],
)
def test_size_and_depth_are_bounded(source):
    assert parse_template(source)[1][0].code in ("TW409", "TW410")


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ slots.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os }}",
        "{{ lipsum.__globals__ }}",
        "{{ range(99999999) }}",
        "{{ joiner() }}",
        "{{ namespace() }}",
        "{{ dict(a=1) }}",
        "{{ ('%s' * 999999999) }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ slots | map('upper') }}",
        "{{ slots | tojson }}",
        "{{ 'x' | center(999999999) }}",
        "{{ 'x' | format }}",
        "{{ [1] | random }}",
        "{{ slots | pprint }}",
        "{{ slots['a']['__class__'].mro() }}",
        "{% block a %}{% endblock %}",
        "{% call slots() %}{% endcall %}",
        "{% filter upper %}x{% endfilter %}",
        "{% with %}{% endwith %}",
        "{% autoescape true %}{% endautoescape %}",
        "{% for x in slots.a recursive %}{{ loop(x) }}{% endfor %}",
        "{{ caller() }}",
        "{{ varargs }}",
        "{{ slots | _items }}",
        "{{ 1 | _lt(2) }}",
    ],
)
def test_ways_out_of_the_sandbox_are_refused(source):
    assert parse_template(source)[0] is None


def test_a_slot_may_be_called_like_a_method():
    """Only entries of maps are read: `slots.items` is the slot, never the method of a dict."""
    names = {"slots": {"items": "two pizzas", "keys": "three", "get": "four"}}
    text = Template("{{ slots.items }}, {{ slots.keys }}, {{ slots.get }}").render(names)
    assert text == "two pizzas, three, four"
    with pytest.raises(EvaluationError):
        Template("{{ slots.values }}").render(names)


def test_what_a_caller_says_is_never_a_template():
    names = {"slots": {"name": "{{ 7 + 7 }} <b>"}}
    assert Template("Hello {{ slots.name }}").render(names) == "Hello {{ 7 + 7 }} <b>"


def test_names_are_whole_chains_with_their_places():
    source = (
        "{% for o in result.others -%}\n {{ o }} {{ loop.index }}{%- endfor %} "
        "{{ slots['a'].b if changed('date') }} {{ results.find.status | upper }}"
    )
    found = [(use.chain, source[use.start : use.end]) for use in Template(source).names]
    assert found == [
        (("result", "others"), "result.others"),
        (("slots",), "slots"),
        (("slots", "date"), "'date'"),
        (("results", "find", "status"), "results.find.status"),
    ]


def test_constant_says_whether_names_matter():
    assert Template("Hello.").constant
    assert not Template("{{ answer }}").constant


def test_equal_sources_are_equal_templates():
    template = Template("Hello {{ inputs.restaurant }}")
    for twin in (copy.deepcopy(template), pickle.loads(pickle.dumps(template))):
        assert twin == template
        assert hash(twin) == hash(template)
        assert twin.render(NAMES) == "Hello Luigi's"


def test_a_bad_source_cannot_become_a_template():
    with pytest.raises(ValueError, match="slotz"):
        Template("{{ slotz.a }}")


@given(st.text(max_size=300) | st.text("{%}# -|slot.a()[]'\"ifnored\n", max_size=80))
def test_any_text_gives_a_template_or_problems_inside_it(source):
    template, problems = parse_template(source)

    assert (template is None) == bool(problems)
    assert all(0 <= p.start <= p.end <= len(source) for p in problems)
    if template is not None:
        with contextlib.suppress(EvaluationError):
            template.render(NAMES)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("a"), inner),
    max_leaves=5,
)
_PIECES = st.sampled_from(
    [
        *(f"{{{{ {root} }}}}" for root in ROOTS),
        "{{ slots.a | spoken }}",
        "{{ slots.a | spell }}",
        "{{ slots | summary }}",
        "{{ vars.a | join(', ') }}",
        "{{ vars.a | title }}",
        "{{ vars.a | round(1) }}",
        "{{ vars.a | first | last }}",
        "{% for x in vars.a %}{{ x }}{% endfor %}",
        "{% if slots.a < vars.a %}x{% endif %}",
        "{% if slots.a in vars.a %}x{% endif %}",
        "{{ slots.a + vars.a }}",
    ]
)


@given(
    st.lists(_PIECES, max_size=4).map(" ".join), st.dictionaries(st.sampled_from(ROOTS), _VALUES)
)
def test_rendering_ends_and_raises_nothing_but_its_own_error(source, values):
    with contextlib.suppress(EvaluationError):
        assert len(Template(source).render(NAMES | values)) <= MAX_OUTPUT


@given(_VALUES, _VALUES, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))
def test_conditions_mean_what_they_mean_in_guards(left, right, operator):
    source = f"vars.a {operator} vars.b"
    names = {"vars": {"a": left, "b": right}}
    try:
        expected = Expression(source).holds(names)
    except EvaluationError:
        with pytest.raises(EvaluationError):
            Template(f"{{% if {source} %}}yes{{% endif %}}").render(names)
    else:
        assert (Template(f"{{% if {source} %}}yes{{% endif %}}").render(names) == "yes") is expected
