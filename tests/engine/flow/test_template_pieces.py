"""Templates of text and names: filled in without a program, and never differently."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.flow.expressions import EvaluationError
from engine.flow.template_pieces import Filled, pieces_of
from engine.flow.template_running import Program
from engine.flow.templates import MAX_OUTPUT

NAMES = {
    "slots": {"size": 4, "day": dt.date(2026, 5, 2), "name": None, "tags": ["a_b", "c"]},
    "vars": {"open": True, "share": 2.5, "kind": "gluten_free", "long": "x" * MAX_OUTPUT},
    "turn": {"id": "u1", "text": "hello"},
    "answer": None,
}

PLAIN = [
    "{{ slots.size }}",
    "A table for {{ slots.size }} on {{ slots.day }},\n {{slots.name}} - is that right?",
    "{{ vars.open }} {{ vars.share }} {{ vars.kind }} {{ slots.tags }} {{ turn }} {{ answer }}",
    "{{ slots.day | spoken }}{{ vars.kind|spell }} } {",
    "{{ answer.part.of }}, {{ slots.name.first | spell }}",
    "{{\n  slots.size\n}}\r\n",
]


def filled(source: str) -> Filled:
    pieces = pieces_of(source)
    assert pieces is not None
    return Filled(source, pieces, MAX_OUTPUT)


@pytest.mark.parametrize("source", PLAIN)
def test_what_is_filled_in_is_what_the_program_prints(source: str) -> None:
    made, program = filled(source), Program(source, MAX_OUTPUT)

    assert made.render(NAMES).split() == program.render(NAMES).split()
    assert "program" not in vars(made)
    assert made.names == program.names
    assert made.problems == program.problems == ()


@pytest.mark.parametrize(
    "source",
    [
        "{{ slots.size + 1 }}",
        "{{ vars['kind'] }}",
        "{% if answer %}yes{% endif %}",
        "{{ null }}",
        "{{ nobody.knows }}",
        "{{ Slots.size }}",
        "{{ slots.tags | join(', ') }}",
        "{{ slots.size }} {# nothing #}",
        "{{ slots.size",
        "{{{ slots.size }}",
        "{{ slots.size }}}",
        "{{- slots.size }}",
        "{{ slots.size }} }}",
    ],
)
def test_anything_else_is_left_to_the_program(source: str) -> None:
    assert pieces_of(source) is None


@pytest.mark.parametrize(
    "source",
    ["{{ slots.missing }}", "{{ inputs.a }}", "{{ slots.size.part }}", "{{ vars.long }} and more"],
)
def test_what_cannot_be_filled_in_is_told_by_the_program(source: str) -> None:
    with pytest.raises(EvaluationError) as told:
        filled(source).render(NAMES)
    with pytest.raises(EvaluationError) as again:
        Program(source, MAX_OUTPUT).render(NAMES)
    assert str(told.value) == str(again.value)


_PARTS = st.sampled_from(
    ["{{ slots.size }}", "{{answer}}", "{{ turn.text | spell }}", "{", "}", "{{", "}}", "%}", "#}"]
    + ["{%", "{#", " ", "\n", "a", "|", "-", "slots", "{{ slots", ".day", " }}", " | spoken"]
)


@given(st.lists(_PARTS, max_size=8).map("".join))
def test_what_is_read_as_text_and_names_is_read_so_by_jinja(source: str) -> None:
    pieces = pieces_of(source)
    if pieces is None:
        return
    program = Program(source, MAX_OUTPUT)
    assert program.problems == ()
    assert program.names == filled(source).names
    assert filled(source).render(NAMES).split() == program.render(NAMES).split()


def test_no_jinja_is_loaded_for_text_and_names() -> None:
    program = (
        "import sys\n"
        "from engine.flow.templates import Template\n"
        "print(Template('for {{ slots.size | spoken }}').render({'slots': {'size': 4}}))\n"
        "assert 'jinja2' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("for 4\n", "")
