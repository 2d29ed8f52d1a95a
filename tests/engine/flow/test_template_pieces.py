"""Templates of text and names: filled in without a program, and never differently."""

from __future__ import annotations

import datetime as dt

import pytest

from engine.flow.expressions import EvaluationError
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
]


@pytest.mark.parametrize("source", PLAIN)
def test_what_is_filled_in_is_what_the_program_prints(source: str) -> None:
    program = Program(source, MAX_OUTPUT)
    assert program._filled_in(NAMES) == program._by_jinja(NAMES)
    assert program.render(NAMES) == program._by_jinja(NAMES)


@pytest.mark.parametrize(
    "source",
    [
        "{{ slots.size | spoken }}",
        "{{ slots.size + 1 }}",
        "{{ vars['kind'] }}",
        "{% if answer %}yes{% endif %}",
        "{{ null }}",
        "{{ answer.part }}",
    ],
)
def test_anything_else_is_left_to_the_program(source: str) -> None:
    program = Program(source, MAX_OUTPUT)
    assert program._filled_in(NAMES) is None
    assert program.render(NAMES) == program._by_jinja(NAMES)


@pytest.mark.parametrize(
    "source",
    ["{{ slots.missing }}", "{{ inputs.a }}", "{{ slots.size.part }}", "{{ vars.long }} and more"],
)
def test_what_cannot_be_filled_in_is_told_by_the_program(source: str) -> None:
    program = Program(source, MAX_OUTPUT)
    assert program._filled_in(NAMES) is None
    with pytest.raises(EvaluationError) as told:
        program.render(NAMES)
    with pytest.raises(EvaluationError) as again:
        program._by_jinja(NAMES)
    assert str(told.value) == str(again.value)
