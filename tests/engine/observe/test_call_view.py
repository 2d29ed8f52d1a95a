"""What a drawing of a call shows."""

from pathlib import Path

import pytest

from engine.observe.call_view import view
from engine.testing.golden import load_flow
from engine.testing.script import Script, read_script
from engine.testing.simulator import Simulator

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "book_table"
FLOW = load_flow(ROOT / "flows" / "book_table.yaml")


def golden(name):
    return view(Simulator(FLOW, read_script(GOLDEN / f"{name}.conversation.yaml")).run())


def played(*script, **rest):
    script = Script.model_validate({"flow": "x", "script": list(script), **rest})
    return view(Simulator(FLOW, script).run())


@pytest.mark.parametrize("machine", ["user", "agent", "dialog"])
def test_a_lane_has_no_gap_and_no_overlap(machine):
    spans = golden("barge_in").lanes[machine]

    assert all(one.end == other.start for one, other in zip(spans, spans[1:], strict=False))
    assert all(span.start < span.end for span in spans)


def test_a_line_that_was_cut_is_split_into_heard_and_unheard():
    call = golden("barge_in")

    cut = next(line for line in call.lines if line.unheard and line.start is not None)
    assert cut.heard
    assert cut.start < cut.end
    assert "interrupted" in [mark.kind for mark in call.marks]


def test_a_cough_holds_the_agent_and_cuts_nothing():
    call = golden("cough_resumes")

    assert call.held
    assert not any(line.unheard for line in call.lines if line.start is not None)


def test_words_stand_where_they_were_spoken():
    call = played({"at": 7_000, "user": "four people", "lasts": 900}, {"at": 12_000, "key": "1"})

    voice, key = call.said
    assert (voice.start, voice.end, voice.text, voice.how) == (7_000, 7_900, "four people", "voice")
    assert (key.start, key.text, key.how) == (12_000, "1", "key")


def test_a_tool_lasts_from_its_call_to_its_answer():
    call = golden("tool_raises")

    assert "failed" in {work.outcome for work in call.work}
    assert all(work.kind == "tool" for work in call.work)


def test_a_tool_nobody_waits_for_is_dropped():
    call = golden("tool_timeout_with_filler")

    assert "dropped" in {work.outcome for work in call.work}


def test_a_line_nobody_heard_has_no_beginning():
    call = played({"at": 7_000, "types": "four people"}, {"at": 7_010, "leaves": "left"})

    (never,) = [line for line in call.lines if line.start is None]
    assert (never.heard, never.unheard) == ("", "For which day?")
    assert call.reason == "caller_left"


def test_sensitive_values_are_masked():
    call = golden("caller_vanishes_while_booking")

    booking, *_ = [work for work in call.work if work.name == "book_table"]
    assert "phone=***" in booking.detail


def test_a_call_without_steps_is_empty():
    call = view([])

    assert (call.duration, call.lines, call.reason) == (0, (), "")
