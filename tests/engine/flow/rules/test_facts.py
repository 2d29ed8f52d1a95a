"""What is surely filled, on every way and in spite of conditions."""

from __future__ import annotations

import pytest

from engine.flow.rules.implied import implied
from tests.engine.flow.rules.conftest import Codes, Findings

ASK = "ask: {collect: [size], then: tell}\n"


@pytest.mark.parametrize(
    ("guard", "holds", "facts"),
    [
        ("slots.a != null", True, {"slots.a"}),
        ("null == slots.a", False, {"slots.a"}),
        ("slots.a == null", True, set()),
        ("slots.a > 3 and vars.b == 1", True, {"slots.a", "vars.b"}),
        ("slots.a > 3 and vars.b == 1", False, set()),
        ("slots.a == null or vars.b == null", False, {"slots.a", "vars.b"}),
        ("slots.a > 3 or slots.a < 1", True, {"slots.a"}),
        ("slots.a != 3", True, set()),
        ("slots.a > 3", False, set()),
        ("null == null", True, set()),
        ('filled("a", "b")', True, {"slots.a", "slots.b"}),
        ("not filled(slots.a)", False, {"slots.a"}),
        ('filled("a")', False, set()),
        ('changed("a")', True, set()),
        ("answer", True, {"consent"}),
        ("answer == true", True, {"consent"}),
        ("answer != false", True, {"consent"}),
        ("answer == false", False, {"consent"}),
        ("not answer", True, set()),
        ("not answer", False, {"consent"}),
        ("slots.flag", True, {"slots.flag"}),
        ('results.find.status == "free"', True, {"results.find"}),
        ("visits", True, set()),
        ("1 +", True, {"consent"}),  # it has a finding of its own, and none besides
    ],
)
def test_a_condition_tells(guard: str, holds: bool, facts: set[str]) -> None:
    assert implied(guard, holds) == facts


@pytest.mark.parametrize(
    "states",
    [
        ASK + 'tell: {say: "{{ slots.size }}", then: bye}',
        # what was not so is known in the entries behind it
        "ask: {collect: [size], then: [{when: slots.name == null, to: bye}, {to: tell}]}\n"
        'tell: {say: "{{ slots.name }}", then: bye}',
        # `set` fills, and so does an entry action
        "ask: {collect: [size], then: [{set: {note: slots.size}, to: tell}]}\n"
        'tell: {say: "{{ vars.note }}", then: bye}',
        "ask: {collect: [size], then: tell}\n"
        'tell: {enter: [{set: {vars.note: \'"x"\'}}], confirm: "{{ vars.note }}?", then: last}\n'
        'last: {say: "{{ vars.note }}", then: bye}',
        # speech that looks itself
        "ask: {confirm: \"Is it {{ slots.name | default('you') }}?\", then: bye}",
        'ask: {confirm: "Go{% if slots.name %}, {{ slots.name }}{% endif %}?", then: bye}',
        # a result proves that the form before it was complete
        "ask: {collect: [size], then: find, handle: {corrected: [{when: results.find != null,"
        ' say: "{{ slots.size }}", to: STAY}, {to: STAY}]}}\n'
        "find: {run: find, args: {size: slots.size}, then: more}\n"
        'more: {confirm: "More?", then: ask}',
    ],
)
def test_what_is_filled_on_every_way_may_be_spoken(codes: Codes, states: str) -> None:
    assert not {"TW210", "TW211"} & {*codes(states)}


@pytest.mark.parametrize(
    ("states", "code", "path"),
    [
        ('ask: {confirm: "{{ slots.name }}?", then: bye}', "TW211", ("ask",)),
        (
            'ask: {collect: [size, wish], then: tell}\ntell: {say: "{{ slots.wish }}", then: bye}',
            "TW211",
            ("ask", "tell"),
        ),
        (
            "ask: {collect: [size], then: [{clear: [size], to: tell}]}\n"
            'tell: {say: "{{ slots.size }}", then: bye}',
            "TW211",
            ("ask", "tell"),
        ),
        (
            "ask: {collect: [size], then: [{set: {size: null}, to: tell}]}\n"
            'tell: {say: "{{ slots.size }}", then: bye}',
            "TW211",
            ("ask", "tell"),
        ),
        # emptied by a handler that stays
        (
            "ask: {collect: [size], then: more}\n"
            'more: {confirm: "More?", handle: {dtmf.1: {clear: [size], to: STAY}}, then: tell}\n'
            'tell: {say: "{{ slots.size }}", then: bye}',
            "TW211",
            ("ask", "more", "more", "tell"),
        ),
        (
            'ask: {confirm: "Look?", then: [{when: answer, to: find}, {to: tell}]}\n'
            "find: {run: find, args: {size: 3}, then: tell}\n"
            'tell: {say: "{{ results.find.status }}", then: bye}',
            "TW210",
            ("ask", "tell"),
        ),
        (
            'ask: {confirm: "Book?", then: book}\nbook: {run: book, then: bye}',
            "TW512",
            ("ask", "book"),
        ),
        (
            "ask: {collect: [size], then: [{set: {count: slots.size + vars.count}, to: sum}]}\n"
            'sum: {then: [{set: {note: vars.note + "x"}, to: bye}]}',
            "TW411",
            ("ask", "sum"),
        ),
    ],
)
def test_the_way_without_is_shown(
    findings: Findings, states: str, code: str, path: tuple[str, ...]
) -> None:
    assert [(found.code, found.path) for found in findings(states)] == [(code, path)]


def test_while_a_target_is_not_clear_nothing_is_concluded(codes: Codes) -> None:
    states = 'ask: {confirm: "{{ slots.name }}?", then: zzzzzzzz}'
    assert codes(states) == ["TW201"]
