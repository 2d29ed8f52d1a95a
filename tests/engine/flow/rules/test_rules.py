"""Small flows and the findings they have, no more and no less."""

from __future__ import annotations

import pytest

from engine.flow.catalogue import Catalogue
from engine.flow.loader import check_text
from tests.engine.flow.rules.conftest import HEAD, Codes, Findings

CLEAN = [
    "ask: {collect: [size], then: bye}",
    # dotted paths, groups in groups, a group without `start` and one state
    "ask: {confirm: Go?, then: a.b.last}\n"
    "a: {start: b.last, states: {b: {states: {last: {say: Last., then: bye}}}}}",
    # a form whose slots are emptied on the way back
    "ask: {collect: [size], then: [{when: slots.size < 5, to: bye}, {to: sorry}]}\n"
    "sorry: {say: Sorry., then: [{clear: [size], to: ask}]}",
    "ask: {collect: [size], then: [{when: slots.size < 5, to: bye}, {clear: [size], to: STAY}]}",
    # circles that end
    "ask: {then: [{when: visits > 3, to: bye}, {to: two}]}\ntwo: {say: Two., then: ask}",
    "ask: {run: find, args: {size: 3}, then: "
    '[{when: result.status == "full" and visits < 3, to: REPEAT}, {to: bye}]}',
    # a state that rests until something happens
    "ask: {say: What can I do?, handle: {dtmf.1: bye}}",
    "ask: {confirm: Go?, then: bye, timers: {soon: 5s}, handle: {timer.soon: bye}}",
    # events of one's own, and those of a kind
    "ask: {confirm: Go?, then: [{emit: checkout, to: bye}], handle: {checkout: bye}}",
    "ask: {confirm: Go?, then: bye, handle: {app.paid: bye, error.timeout: bye}}\n"
    "run: {run: find, args: {size: 1}, then: bye}\nintent: {say: Hm., then: run}",
    # what entering the first state fills
    "ask: {enter: [{set: {note: '\"hi\"'}}], say: '{{ vars.note }}', then: bye}",
    # a sub-flow may leave things to its caller
    "ask: {confirm: Go?, then: done}\ndone: {end: return}\nhuman: {transfer: {to: $X}}",
]

BAD = [
    ("ask: {confirm: Go?, then: nowhere}", ["TW201"]),
    ("ask: {confirm: Go?, then: bye.ask}", ["TW201"]),
    ("ask: {confirm: Go?, then: g}\ng: {start: END, states: {x: {end: hangup}}}", ["TW201"]),
    ("ask: {confirm: Go?, then: g}\ng: {start: g, states: {x: {end: hangup}}}", ["TW201"]),
    ("ask: {collect: [sise], then: bye}", ["TW202"]),
    ("ask: {confirm: Go?, then: [{clear: [vars.size], to: bye}]}", ["TW203"]),
    ("ask: {confirm: Go?, then: [{clear: [nothing_like_it], to: bye}]}", ["TW202"]),
    ("ask: {confirm: Go?, then: [{emit: timer.x, to: bye}]}", ["TW206"]),
    ("ask: {confirm: Go?, then: bye, handle: {error.none: bye}}", ["TW206"]),
    ("ask: {confirm: Go?, then: bye, handle: {tool.fnd: bye}}", ["TW204"]),
    ("ask: {confirm: '{{ user.name }}', then: bye}", ["TW203"]),
    ("ask: {confirm: '{{ results.bye }}', then: bye}", ["TW203"]),
    ("ask: {confirm: '{{ inputs.plaec }}', then: bye}", ["TW203"]),
    ("ask: {confirm: Go?, then: bye}\nlost: {say: Lost., then: lost_too}\n"
     "lost_too: {say: Too., then: lost}", ["TW301", "TW304"]),
    ("ask: {say: Hello.}", ["TW302"]),
    ("ask: {run: find, args: {size: 3}}", ["TW302"]),
    ("ask: {collect: [size], then: ask}", ["TW317"]),
    ("ask: {collect: [size], then: REPEAT}", ["TW304"]),
    ("ask: {collect: [size], then: STAY}", ["TW304"]),
    ("ask: {collect: [size], then: b}\n"
     "b: {then: [{when: not filled('size'), to: ask}, {to: bye}]}", []),
    ("ask: {collect: [size], then: b}\n"
     "b: {then: [{when: not filled('name'), to: ask}, {to: bye}]}", ["TW304"]),
    ("ask: {run: find, args: {size: 3}, then: STAY}", ["TW304"]),
    ("ask: {say: Hi., then: ask}", ["TW317"]),
    ("ask: {confirm: Go?, then: [{to: bye}, {when: answer, to: bye}]}", ["TW307"]),
    ("ask: {confirm: Go?, then: [{when: answer = true, to: b}, {to: bye}]}\n"
     "b: {run: book, args: {}, then: bye}", ["TW409"]),
    ("ask: {confirm: Go?, then: [{when: answer == True, to: b}, {to: bye}]}\n"
     "b: {run: book, args: {}, then: bye}", ["TW203"]),
    ("ask: {run: find, args: {size: 3}, then: REPEAT}", ["TW305"]),
    ("ask: {run: find, args: {size: 3}, then: bye, handle: {error: REPEAT}}", ["TW305"]),
    ("ask: {confirm: Go?, then: [{when: 1 / 0 > 1, to: bye}, {to: bye}]}", ["TW308"]),
    ("ask: {collect: [size], then: [{when: -1 > slots.size, to: bye}, {to: bye}]}", ["TW405"]),
    ("ask: {collect: [size], then: [{when: slots.size >= 13, to: bye}, {to: bye}]}", ["TW405"]),
    ("ask: {collect: [seat], then: [{when: slots.seat > 3, to: bye}, {to: bye}]}", ["TW401"]),
    ("ask: {collect: [size], then: [{set: {seat: '\"midle\"'}, to: bye}]}", ["TW402"]),
    ("ask: {run: find, args: {size: '\"3\"'}, then: bye}", ["TW602"]),
    ("ask: {run: find, then: bye}", ["TW601"]),
    ("interruptions: {ignore: [big]}\n---\nask: {collect: [seat], then: bye}", []),
]  # fmt: skip


@pytest.mark.parametrize("states", CLEAN)
def test_nothing_is_found_where_nothing_is_wrong(codes: Codes, states: str) -> None:
    assert [code for code in codes(states) if code not in ("TW301", "TW310")] == []


@pytest.mark.parametrize(("states", "expected"), BAD)
def test_one_cause_has_one_finding(codes: Codes, states: str, expected: list[str]) -> None:
    assert sorted(codes(states)) == expected


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        ("slots: {day: {type: date, ask: When?, min: '2026-02-30'}}", "`min` of `day`"),
        ("slots: {n: {type: number, ask: N?, max: many}}", "`max` of `n`"),
        ("vars: {times: {type: list(time), default: 3}}", "`default` of `times`"),
        ("vars: {times: {type: list(time), default: ['19:00', soon]}}", "`default` of `times`"),
        ("vars: {flag: {type: boolean, default: 1}}", "`default` of `flag`"),
        ("slots: {n: {type: integer, ask: N?, max: 3, default: 4}}", "default of slot `n`"),
        ("inputs: {wait: {type: duration, default: 3}}", "`default` of `wait`"),
    ],
)
def test_a_value_is_of_its_type(top: str, expected: str) -> None:
    text = f"turnwise: 1\nflow: f\nstart: bye\n{top}\nstates: {{bye: {{end: hangup}}}}\n"
    found = [f for f in check_text(text, "f.yaml", Catalogue()).diagnostics if f.code == "TW408"]
    assert len(found) == 1
    assert expected in found[0].message


def test_a_repair_is_offered_at_the_word_itself(findings: Findings) -> None:
    (found,) = findings("ask: {collect: [sise], then: bye}")
    assert found.fix is not None
    assert not found.fix.safe
    (edit,) = found.fix.edits
    assert (edit.text, edit.span) == ("size", found.span)


def test_what_many_states_lack_is_told_once() -> None:
    text = HEAD.replace('listen: {no_input: ["Are you there?"], no_match: ["Pardon?"]}\n', "")
    text += "  ask: {confirm: Go?, then: two}\n  two: {confirm: On?, then: three}\n"
    text += "  three: {confirm: More?, then: bye}\n"
    (found,) = [f for f in check_text(text, "f", Catalogue()).diagnostics if f.code == "TW502"]
    assert found.notes == ("the same in: `two` and `three`",)


def test_a_misspelt_name_counts_as_used() -> None:
    text = HEAD + '  ask: {confirm: "{{ inputs.plaec }}", then: bye}\n'
    told = {f.message for f in check_text(text, "f", Catalogue()).diagnostics if f.code == "TW209"}
    assert "input `place` is never used" not in told
    assert "slot `name` is never used" in told


def test_a_reference_from_a_python_path_or_the_environment_is_no_provider_name() -> None:
    text = (
        "turnwise: 1\nflow: f\nstart: bye\npipeline:\n"
        "  stt: {use: 'python:my.hearing'}\n  tts: {use: $VOICE}\n  vad: {use: other}\n"
        "states: {bye: {end: hangup}}\n"
    )
    catalogue = Catalogue(providers={"stt": ("a",), "tts": ("a",), "vad": ("a",), "strange": ()})
    found = check_text(text, "f", catalogue).diagnostics
    assert [f.message for f in found] == ["no provider `other` for `vad`"]
