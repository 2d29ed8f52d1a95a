"""Policies merge key by key, inner keys first; the innermost is that of a single line."""

from __future__ import annotations

import pytest

from engine.flow.loader import check_text, load_text
from engine.machine.compiled import InterruptionPolicy, PlayAction, SayAction
from engine.machine.compiled_actions import PolicyChange
from engine.machine.compiler import compile_loaded
from engine.machine.policies import changed

STATE = InterruptionPolicy(min_words=3, fade=80, ignore=("okay",))
EARLY = InterruptionPolicy(
    min_words=3, fade=80, thinking=InterruptionPolicy(min_words=1, mode="stt")
)

FLOW = """
turnwise: 1
flow: one_line
start: ask
interruptions: {fade: 80ms}
slots: {day: {type: date, ask: "Which day?"}}
handle:
  no_input:
    - say: This call is recorded.
      interruptions: {allow: false, blocked: discard, thinking: {min_words: 4}}
      do: [{say: Go on.}, {play: jingle.wav, interruptions: {mode: stt}}]
      to: STAY
states:
  ask:
    enter: [{say: Hello., interruptions: {min_time: 60ms}}, {say: How are you?}]
    collect: [day]
    then: END
"""


def actions(flow):
    (transition,) = flow.states["ask"].scopes[-1].handlers[0].transitions
    return transition.actions


def test_a_line_without_a_policy_of_its_own_has_that_of_its_state():
    assert changed(STATE, None) is STATE


def test_a_line_changes_what_it_names_and_nothing_else():
    line = changed(STATE, PolicyChange(keys={"allow": False, "min_words": 1}))

    assert line == InterruptionPolicy(allow=False, min_words=1, fade=80, ignore=("okay",))


def test_what_a_line_says_holds_before_it_is_audible_too():
    """A state lets one word take a reply back; a protected line is not taken back."""
    line = changed(EARLY, PolicyChange(keys={"allow": False}))

    assert line.thinking == InterruptionPolicy(min_words=1, mode="stt", allow=False)
    assert not line.allow


def test_a_line_may_have_a_profile_of_its_own_for_that_time():
    line = changed(STATE, PolicyChange(keys={"allow": False}, thinking={"allow": True}))

    assert (line.allow, line.thinking.allow, line.thinking.min_words) == (False, True, 3)


def test_each_line_of_a_transition_has_its_own_policy():
    recorded, go_on, jingle = actions(compile_loaded(load_text(FLOW)))

    assert recorded.change == PolicyChange(
        keys={"allow": False, "blocked": "discard"}, thinking={"min_words": 4}
    )
    assert isinstance(go_on, SayAction)
    assert go_on.change is None
    assert isinstance(jingle, PlayAction)
    assert jingle.change == PolicyChange(keys={"mode": "stt"})


def test_the_policy_of_a_line_is_part_of_what_a_flow_means():
    one = compile_loaded(load_text(FLOW))
    other = compile_loaded(load_text(FLOW.replace("min_time: 60ms", "min_time: 90ms")))

    assert one.fingerprint != other.fingerprint


@pytest.mark.parametrize(
    "wrong",
    [
        "{set: {slots.day: null}, interruptions: {allow: false}}",
        "{interruptions: {allow: false}}",
        "{say: Hello., interruptions: {alow: false}}",
    ],
)
def test_a_policy_stands_beside_a_line(wrong):
    text = FLOW.replace("{say: Hello., interruptions: {min_time: 60ms}}", wrong)

    assert [found.code for found in check_text(text).diagnostics if found.is_error]
