"""When a conversation may go on with another version of its flow, and when not."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.reload import ReloadRefusedError, UnderWayError, move
from engine.events import FlowReplaced
from engine.flow.loader import check_file, check_text
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_loaded
from engine.testing.flow_tests.call import TextCall
from engine.testing.flow_tests.world import Mocks

FLOW = """\
turnwise: 1
flow: desk
start: ask
slots:
  size: {type: [small, large], ask: Which size?}
  day: {type: date, ask: Which day?}
vars: {count: {type: integer, default: 1}}
timers: {tired: 10s}
listen: {silence: 60s, no_input: [Hello?]}
handle: {no_input: {to: bye}, no_match: {to: bye}, timer.tired: {say: I am tired., to: bye}}
states:
  ask: {collect: [size, day], then: bye}
  bye: {say: "Goodbye.", end: hangup}
"""


def compiled(text: str) -> CompiledFlow:
    loaded = check_text(text)
    assert loaded.flow is not None, loaded.diagnostics
    return compile_loaded(loaded)


@pytest.fixture
def call() -> TextCall:
    """Asked for the day; the size is known."""
    flow = compiled(FLOW)
    call = TextCall(flow, Mocks(flow, {}))
    call.start()
    call.rest()
    call.types("large")
    call.rest()
    return call


def go_on(call: TextCall, old: str, new: str) -> None:
    call.go_on_with(compiled(FLOW.replace(old, new)))


def test_slots_and_place_are_kept(call: TextCall) -> None:
    go_on(call, 'say: "Goodbye."', 'say: "Good day."')
    call.types("tomorrow")
    call.rest()

    assert call.slots()["size"] == "large"
    assert call.said[-1].text == "Good day."


def test_a_new_slot_begins_empty(call: TextCall) -> None:
    new = "  day: {type: date, ask: Which day?}\n  name: {type: text, ask: Who?, default: Ann}\n"
    go_on(call, "  day: {type: date, ask: Which day?}\n", new)

    assert call.slots() == {"size": "large", "day": None, "name": "Ann"}


def test_an_empty_slot_may_go(call: TextCall) -> None:
    text = FLOW.replace("  day: {type: date, ask: Which day?}\n", "").replace("size, day", "size")
    call.go_on_with(compiled(text))

    assert call.slots() == {"size": "large"}


def test_a_timer_that_is_gone_never_fires(call: TextCall) -> None:
    text = FLOW.replace("timers: {tired: 10s}\n", "").replace(
        ", timer.tired: {say: I am tired., to: bye}", ""
    )
    call.go_on_with(compiled(text))
    call.pass_time(20_000)

    assert call.over is None


def test_a_timer_that_stays_goes_on(call: TextCall) -> None:
    go_on(call, 'say: "Goodbye."', 'say: "Good day."')
    call.pass_time(20_000)

    assert "I am tired." in [line.text for line in call.said]


@pytest.mark.parametrize(
    ("old", "new", "because"),
    [
        ("flow: desk", "flow: shop", "the flow is now called shop"),
        ("ask:", "question:", "state `ask` is gone"),
        ("[small, large]", "[small, huge]", "slot `size` is 'large', expected one of small, huge"),
        ("type: [small, large]", "type: integer", "slot `size` is 'large', expected integer"),
        ("size", "extent", "slot `size` is filled, and gone"),
    ],
)
def test_what_cannot_go_on_is_refused(call: TextCall, old: str, new: str, because: str) -> None:
    text = FLOW.replace(old, new).replace(", question: Which", ", ask: Which")
    text = text.replace("start: ask", "start: question") if old == "ask:" else text

    with pytest.raises(ReloadRefusedError, match=because):
        move(call.snapshot()["conversation"], compiled(text))


OUTER = """\
turnwise: 1
flow: outer
start: ask
flows: {extra: ./extra.yaml}
slots: {name: {type: text, ask: Who?}}
handle: {dtmf.1: {call: extra}, no_input: {to: bye}, no_match: {to: bye}}
listen: {no_input: [Hello?]}
states:
  ask: {collect: [name], then: bye}
  bye: {say: Goodbye., end: hangup}
"""
INNER = """\
turnwise: 1
flow: extra
start: more
slots: {count: {type: integer, ask: How many more?}}
listen: {no_input: [Hello?]}
handle: {no_input: {to: done}, no_match: {to: done}}
states:
  more: {collect: [count], then: done}
  done: {say: Noted., end: return}
"""


@pytest.fixture
def nested(tmp_path: Path):
    """A call inside a sub-flow, and the way to load what the files say now."""

    def load(outer: str = OUTER, inner: str = INNER) -> CompiledFlow:
        (tmp_path / "outer.yaml").write_text(outer, encoding="utf-8")
        (tmp_path / "extra.yaml").write_text(inner, encoding="utf-8")
        return compile_loaded(check_file(tmp_path / "outer.yaml"))

    flow = load()
    call = TextCall(flow, Mocks(flow, {}))
    call.start()
    call.rest()
    call.presses("1")
    call.rest()
    assert call.state == "extra/more"
    return call, load


def test_a_called_flow_is_exchanged_too(nested) -> None:
    call, load = nested
    call.go_on_with(load(inner=INNER.replace("Noted.", "I note that.")))
    call.types("three")
    call.rest()

    assert [line.text for line in call.said][-2:] == ["I note that.", "Who?"]


def test_a_called_flow_that_is_gone_is_named(nested) -> None:
    call, load = nested
    outer = OUTER.replace("flows: {extra: ./extra.yaml}\n", "").replace(
        "dtmf.1: {call: extra}", "dtmf.1: {to: bye}"
    )

    with pytest.raises(ReloadRefusedError, match="sub-flow `extra` is gone"):
        move(call.snapshot()["conversation"], load(outer=outer))


def test_a_state_of_a_called_flow_that_is_gone_is_named(nested) -> None:
    call, load = nested
    inner = INNER.replace("more:", "again:").replace("start: more", "start: again")

    with pytest.raises(ReloadRefusedError, match="state `more` is gone"):
        move(call.snapshot()["conversation"], load(inner=inner))


def test_nothing_is_exchanged_while_a_tool_works() -> None:
    text = FLOW.replace("then: bye", "then: check").replace(
        "  bye:", "  check: {run: find, args: {}, then: bye}\n  bye:"
    )
    text = text.replace("states:", 'tools: {find: {use: "python:x.y"}}\nstates:', 1)
    text = text.replace("handle: {", "handle: {error: {to: bye}, ")
    flow = compiled(text)
    call = TextCall(flow, Mocks(flow, {"find": {"error": "timeout"}}))
    call.start()
    call.types("large")
    call.types("tomorrow")

    with pytest.raises(UnderWayError, match="tool `find` is at work"):
        move(call.snapshot()["conversation"], compiled(text.replace("Goodbye", "Bye")))


def test_what_ended_lets_the_same_move_succeed() -> None:
    text = FLOW.replace("then: bye", "then: check").replace(
        "  bye:", "  check: {run: find, args: {}, then: bye}\n  bye:"
    )
    text = text.replace("states:", 'tools: {find: {use: "python:x.y", timeout: 2s}}\nstates:', 1)
    text = text.replace("handle: {", "handle: {error: {to: rest}, ") + "  rest: {}\n"
    flow = compiled(text)
    call = TextCall(flow, Mocks(flow, {"find": {"error": "timeout"}}))
    call.start()
    call.types("large")
    call.types("tomorrow")
    call.pass_time(2_500)

    call.go_on_with(compiled(text.replace("Goodbye", "Bye")))

    assert call.state == "rest"


def test_the_journal_says_where_the_new_version_begins(call: TextCall) -> None:
    go_on(call, "start: ask\n", "start: ask\nversion: 2.0.0\n")
    step = call.steps[-1]

    assert isinstance(step.cause, FlowReplaced)
    assert (step.cause.version, step.cause.fingerprint) == ("2.0.0", call.flow.fingerprint)
    assert step.notes[0].kind == "flow"


def test_the_recogniser_is_told_anew_what_to_expect(call: TextCall) -> None:
    go_on(call, "Which day?", "What day?")

    assert [type(effect).__name__ for effect in call.steps[-1].effects] == ["Expect"]


def test_a_question_for_a_slot_that_is_gone_is_put_anew(call: TextCall) -> None:
    assert call.said[-1].text == "Which day?"
    text = FLOW.replace("day: {type: date, ask: Which day?}", "name: {type: text, ask: Who?}")
    call.go_on_with(compiled(text.replace("[size, day]", "[size, name]")))
    call.rest()

    assert call.said[-1].text == "Who?"


def test_a_called_flow_goes_on_by_rules_of_its_own(nested) -> None:
    call, load = nested
    rules = 'version: 2.0.0\nmigrate: [{from: "<2", rename: {states.more: states.again}}]\n'
    inner = INNER.replace("more:", "again:").replace("start: more\n", f"start: again\n{rules}")
    call.go_on_with(load(inner=inner.replace("Noted.", "I note that.")))

    assert call.state == "extra/again"
    call.types("three")
    call.rest()
    assert call.said[-2].text == "I note that."
