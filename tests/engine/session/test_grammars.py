"""A recogniser hears about the whole family of flows, under names that cannot clash."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.session.grammars import grammar_key, recognition_context, tool_uses
from engine.testing.golden import load_flow

FLOWS = Path(__file__).parents[3] / "flows"


def test_every_waiting_state_of_every_flow_has_its_grammar():
    flow = load_flow(FLOWS / "book_table.yaml")
    context = recognition_context(flow)

    for state in flow.states.values():
        if state.grammar:
            assert grammar_key(flow.id, state.grammar) in context.grammars
    assert "what time do you close" in context.keyterms


def test_two_flows_may_use_one_name():
    inner = load_flow(FLOWS / "opening_hours.yaml")
    one = replace(inner, id="one", fingerprint="1", grammars={"ask": "A"})
    other = replace(inner, id="other", fingerprint="2", grammars={"ask": "B"}, flows={"x": one})

    assert recognition_context(other).grammars == {"one/ask": "A", "other/ask": "B"}


@pytest.mark.parametrize(
    ("stt", "language"),
    [
        (None, "en-US"),
        ({"use": "embedded"}, "en-US"),
        ({"use": "far", "language": "de"}, "de"),
        ([{"use": "far"}, {"use": "near", "language": "fr-CA"}], "fr-CA"),
        ({"use": "far", "language": 3}, "en-US"),
    ],
)
def test_the_language_of_a_call_is_that_of_its_recogniser(stt, language):
    flow = load_flow(FLOWS / "opening_hours.yaml")
    flow = replace(flow, pipeline={} if stt is None else {"stt": stt})

    assert recognition_context(flow).language == language


def test_nothing_special_stays_nothing_special():
    assert grammar_key("book_table", "") == ""


def test_a_flow_that_calls_itself_is_visited_once():
    inner = load_flow(FLOWS / "opening_hours.yaml")
    flows = {}
    looped = replace(inner, flows=flows)
    flows["self"] = looped

    assert len(recognition_context(looped).grammars) == len(looped.grammars)


def test_every_tool_is_named_once():
    assert tool_uses(load_flow(FLOWS / "book_table.yaml")) == (
        "python:flows.bistro.find_table",
        "python:flows.bistro.book_table",
    )
