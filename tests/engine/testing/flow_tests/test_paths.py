"""The stubs of missing conversations: where they lead, and that they can be played."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from engine.flow.loader import check_text
from engine.flow.model import FlowTest
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_loaded
from engine.testing.flow_tests.call import TextCall
from engine.testing.flow_tests.collect import collect
from engine.testing.flow_tests.coverage import Coverage
from engine.testing.flow_tests.paths import NOW, stubs
from engine.testing.flow_tests.replies import Replies
from engine.testing.flow_tests.runner import run_case
from engine.testing.flow_tests.staged import StagedDialog
from engine.testing.flow_tests.talk import Reader, Talk
from engine.testing.flow_tests.world import Mocks

ROOT = Path(__file__).parents[4]


def missing(flow: CompiledFlow, *reached: str) -> dict[str, dict]:
    coverage = Coverage()
    coverage.add_flow(flow)
    for name in reached:
        coverage.fired(flow.id, name)
    text = stubs(flow, coverage)
    return YAML(typ="safe").load(f"tests:\n{text}")["tests"] or {} if text else {}


@pytest.fixture(scope="module")
def book_table() -> CompiledFlow:
    return collect([ROOT / "flows" / "book_table.yaml"]).subjects[0].flow


def test_nothing_is_missing_when_everything_is_reached(book_table) -> None:
    coverage = Coverage()
    coverage.add_flow(book_table)
    coverage.reached = set(coverage.items)

    assert stubs(book_table, coverage) == ""


def test_a_plain_guard_on_a_result_is_met_by_the_mock(book_table) -> None:
    stub = missing(book_table)["reaches_booked_then_0"]

    assert stub["mock"]["find_table"]["status"] == "free"


def test_an_error_of_a_tool_is_a_mock_that_fails(book_table) -> None:
    stub = missing(book_table)["reaches_check_handle_error_timeout_0"]

    assert stub["mock"] == {"find_table": {"error": "timeout"}}


def test_what_lies_on_the_way_needs_no_conversation_of_its_own(book_table) -> None:
    names = missing(book_table)

    assert "reaches_booked_then_0" in names
    assert "reaches_book_then_0" not in names


def test_stubs_reach_what_they_are_for(book_table, tmp_path: Path) -> None:
    """All but those that need a guard a person has to meet."""
    coverage = Coverage()
    coverage.add_flow(book_table)
    path = tmp_path / "all.tests.yaml"
    flow = ROOT / "flows" / "book_table.yaml"
    path.write_text(f"turnwise: 1\nflow: {flow}\ntests:\n{stubs(book_table, coverage)}")
    found = collect([path])
    assert [str(problem) for problem in found.problems] == []

    for case in found.cases:
        run_case(case, coverage)

    reached, total = coverage.counts("transitions")
    assert reached / total > 0.8
    reached, total = coverage.counts("handlers")
    assert reached / total > 0.8


def test_silence_keys_events_and_values_out_of_bounds_are_written() -> None:
    flow = compile_loaded(
        check_text(
            """\
turnwise: 1
flow: tiny
start: ask
slots: {size: {type: integer, max: 8, ask: "How many?", invalid: Too many.}}
listen: {silence: 3s, no_input: [Hello?], no_match: [Pardon?]}
handle:
  no_input: {to: bye}
  no_match: {to: bye}
  dtmf.9: {to: bye}
  app.paid: {to: bye}
  invalid.size: {to: bye}
states:
  ask: {collect: [size], then: bye}
  bye: {say: Goodbye., end: hangup}
"""
        )
    )

    talks = {name: stub["talk"] for name, stub in missing(flow).items()}

    assert talks["reaches_flow_handle_no_input_0"][:2] == [{"silence": "3s"}, {"silence": "3s"}]
    assert talks["reaches_flow_handle_dtmf_9_0"][0] == {"dtmf": "9"}
    assert talks["reaches_flow_handle_app_paid_0"][0] == {"emit": "app.paid"}
    assert talks["reaches_flow_handle_invalid_size_0"][0]["heard"] == {"slots": {"size": 9}}


GUARDED = """\
turnwise: 1
flow: guarded
start: ask
slots:
  size: {type: integer, min: 1, max: 12, ask: How many?}
  kind: {type: [plain, fancy], ask: "Plain, or fancy?"}
tools:
  find:
    use: "python:x.find"
    args: {size: integer}
    returns: {count: integer, late: boolean, names: list(text), day: date}
handle: {no_input: {to: bye}, no_match: {to: bye}, error: {to: bye}, app.never: {to: lost}}
states:
  ask:
    collect: [size, kind]
    then:
      - {when: slots.size > 8 and slots.kind == "fancy", to: large}
      - {when: slots.size * 2 == 6 or slots.kind != "plain", to: check}
      - {to: bye}
  large: {confirm: Really?, then: [{when: not answer, to: bye}, {to: check}]}
  check:
    run: find
    args: {size: slots.size}
    then:
      - {when: result.count >= 5 and not result.late, to: bye}
      - {when: len(result.names) > 0 and result.count < 2, to: large}
      - {when: visits > 3, to: bye}
      - {to: bye}
  lost: {then: bye}
  island: {confirm: Alone?, then: [{when: answer, to: bye}, {to: bye}]}
  bye: {say: Goodbye., end: hangup}
"""


def reaches(flow: CompiledFlow, test: FlowTest) -> set[str]:
    """The transitions that fire when a test is played as it was written."""
    fired: set[str] = set()
    reader, replies = Reader(), Replies(None, lambda: "")
    dialog = partial(StagedDialog, read=reader, fired=lambda _, name: fired.add(name))
    mocks = Mocks(flow, test.mock)
    call = TextCall(flow, mocks, now=test.now or NOW, make_dialog=dialog, model=replies)
    talk = Talk(call, reader, replies)
    call.start()
    for step in test.talk:
        talk.play(step)
    return fired


def test_guards_are_met_by_values_that_are_found_for_them() -> None:
    flow = compile_loaded(check_text(GUARDED))
    written = missing(flow)
    fired = {name: reaches(flow, FlowTest.model_validate(test)) for name, test in written.items()}

    every = {name for names in fired.values() for name in names}
    then = {t.id for state in flow.states.values() for t in state.then}
    assert then - every == {"check.then[2]", "island.then[0]", "island.then[1]"}


def test_what_nothing_leads_to_and_what_cannot_be_told_is_said() -> None:
    flow = compile_loaded(check_text(GUARDED))
    coverage = Coverage()
    coverage.add_flow(flow)
    text = stubs(flow, coverage)

    assert "# not written: island.then[0]: nothing leads to island" in text
    assert "# TODO: make this true in check: visits > 3 (it depends on visits)" in text


EARLIER = """\
turnwise: 1
flow: shop
start: ask
slots: {size: {type: integer, min: 1, max: 9, ask: "How many?"}}
tools:
  look: {use: "python:x.a", args: {size: integer}, returns: {left: integer, kind: [tea, coffee]}}
  price: {use: "python:x.b", args: {size: integer}, returns: {euros: number}}
listen: {no_input: ["Hello?"], no_match: ["Pardon?"]}
handle: {no_input: bye, no_match: bye, error: bye}
states:
  ask: {collect: [size], then: look}
  look:
    run: look
    args: {size: slots.size}
    then: [{when: result.kind == "coffee", to: price}, {to: bye}]
  price:
    run: price
    args: {size: slots.size}
    then:
      - {when: results.look.kind == "tea", to: never}
      - {when: results.look.left > 7 and result.euros < 3, to: many}
      - {when: results.look.left < 2, to: few}
      - {to: bye}
  never: {say: Never., then: bye}
  many: {say: Many., then: bye}
  few: {say: Few., then: bye}
  bye: {end: hangup}
"""


def test_what_a_tool_answered_before_is_chosen_for_the_guards_that_read_it_later() -> None:
    """What is settled there stays settled: tea is not offered where coffee was needed."""
    flow = compile_loaded(check_text(EARLIER))
    written = missing(flow)
    fired = {name: reaches(flow, FlowTest.model_validate(test)) for name, test in written.items()}

    assert written["reaches_many_then_0"]["mock"]["look"] == {"left": 8, "kind": "coffee"}
    every = {name for names in fired.values() for name in names}
    then = {t.id for state in flow.states.values() for t in state.then}
    assert then - every == {"price.then[0]", "never.then[0]"}
