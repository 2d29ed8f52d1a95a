"""When a call says what: the instants of turn-taking, as a table.

Every scenario is played twice, on the bare core and through the real session with scripted
providers on virtual time; both must agree on every step. The world they are played in stands in
`tests.shell.timing_kit`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.shell.timing_kit import (
    ANSWER,
    CANNOT_HOLD,
    LONG,
    LOOKING_UP,
    NOTICE,
    OTHER,
    QUESTION,
    SORRY,
    chat,
    coughs,
    leaves,
    play,
    says,
    tells,
)

TOLERANCE = 0.05

# --- the table -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scenario:
    """What is played, and what must happen when. `ms` long lines; the last one stays."""

    flow: str
    script: Sequence[Mapping[str, Any]]
    expect: Sequence[tuple[str, float]]
    """What happens, and the instant of it in seconds."""
    heard: Sequence[str] | None = None
    """All the caller heard, line by line; None: not looked at."""
    never: Sequence[str] = ()
    """What does not happen."""
    lines: Mapping[str, Any] = field(default_factory=dict)
    """How long lines last, in milliseconds."""
    world: Mapping[str, Any] = field(default_factory=dict)


SCENARIOS = {
    "a question and its answer": Scenario(
        chat(),
        [says(0.5, "tell me", 2.0), tells(ANSWER), leaves(8)],
        [("THINKING", 3.00), (f"audible {ANSWER}", 3.20), (f"finished {ANSWER}", 5.20)],
        lines={ANSWER: {"lasts": 2000}},
    ),
    "... without thinking ahead": Scenario(
        chat("listen: {preempt: none}"),
        [says(0.5, "tell me", 2.0), tells(ANSWER), leaves(8)],
        [("THINKING", 3.00), (f"audible {ANSWER}", 3.50), (f"finished {ANSWER}", 5.50)],
        lines={ANSWER: {"lasts": 2000}},
    ),
    "what a model understands is known with the end of the turn": Scenario(
        QUESTION,
        [says(0.5, "the bigger one", 2.0)],
        [("THINKING", 3.00), (f"audible {ANSWER}", 3.20)],
        world={"model": [{"reports": {"slots": {"size": "large"}}, "after": 300}]},
    ),
    "barge-in, where the audio can be held": Scenario(
        chat(),
        [says(0.5, "tell me", 2.0), tells(LONG), says(5.0, "no wait"), tells(OTHER), leaves(9)],
        [
            (f"audible {LONG}", 3.20),
            ("paused", 5.50),
            (f"cut {LONG}", 6.20),
            ("THINKING", 6.50),
            (f"audible {OTHER}", 6.70),
        ],
        heard=["Hello.", "Once", OTHER],
        lines={LONG: {"lasts": 8000}},
    ),
    "barge-in, where it cannot": Scenario(
        chat(CANNOT_HOLD),
        [says(0.5, "tell me", 2.0), tells(LONG), says(5.0, "no wait"), tells(OTHER), leaves(9)],
        [(f"audible {LONG}", 3.20), (f"cut {LONG}", 5.50), (f"audible {OTHER}", 6.70)],
        heard=["Hello.", "Once", OTHER],
        lines={LONG: {"lasts": 8000}},
    ),
    "a cough holds the line, which goes on at the same sample": Scenario(
        chat(),
        [says(0.5, "tell me", 2.0), tells(LONG), coughs(5.0), leaves(16)],
        [("paused", 5.50), ("resumed", 8.50), (f"finished {LONG}", 14.20)],
        heard=["Hello.", LONG],
        never=["interrupted"],
        lines={LONG: {"lasts": 8000}},
    ),
    "a sound of agreement is no turn": Scenario(
        chat(),
        [says(0.5, "tell me", 2.0), tells(LONG), says(5.0, "uh", 0.3), leaves(13)],
        [("backchannel", 5.50), (f"finished {LONG}", 11.20)],
        heard=["Hello.", LONG],
        never=["interrupted"],
        lines={LONG: {"lasts": 8000}},
    ),
    "words over a protected line are answered right after it": Scenario(
        NOTICE,
        [says(1.2, "a large one")],
        [
            ("audible This call is recorded.", 0.20),
            ("finished This call is recorded.", 4.20),
            ("THINKING", 4.20),
            (f"audible {ANSWER}", 4.40),
        ],
        heard=["This call is recorded.", ANSWER],
        never=["paused"],
        lines={"This call is recorded.": {"lasts": 4000}},
    ),
    "a slow tool leaves the caller nobody's silence": Scenario(
        LOOKING_UP,
        [
            says(0.5, "look it up", 1.5),
            {**tells("I will look now."), "calls": {"look": {}}},
            says(5.0, "are you there"),
            tells("Yes, still with you."),
            tells("Her name is Ann."),
            leaves(27),
        ],
        [
            ("audible I will look now.", 2.70),
            ("audible Yes, still with you.", 6.70),
            ("audible Her name is Ann.", 23.00),
        ],
        heard=["Hello.", "I will look now.", "Yes, still with you.", "Her name is Ann."],
        lines={"I will look now.": {"lasts": 1000}},
        world={"tools": {"look": [{"returns": {"name": "Ann"}, "after": 20_000}]}},
    ),
    "what a tool found is told when the floor is free": Scenario(
        LOOKING_UP,
        [
            says(0.5, "look it up", 1.5),
            {**tells("I will look now."), "calls": {"look": {}}},
            says(22.0, "take your time", 2.0),  # the tool answers at 22.5
            tells("I can wait here."),
            tells("This one is dropped."),  # thought ahead, without the result
            tells("Her name is Ann."),
            leaves(29),
        ],
        [
            ("audible I will look now.", 2.70),
            ("audible I can wait here.", 24.70),
            ("audible Her name is Ann.", 26.30),
        ],
        heard=["Hello.", "I will look now.", "I can wait here.", "Her name is Ann."],
        lines={"I will look now.": {"lasts": 1000}},
        world={"tools": {"look": [{"returns": {"name": "Ann"}, "after": 20_000}]}},
    ),
    "a cough during the end-of-turn wait": Scenario(
        chat(),
        [
            {**says(0.5, "tell me", 2.0), "done": 0.0},  # so the turn would be over at 3.3
            coughs(3.05, 0.3),
            tells(ANSWER),
            leaves(9),
        ],
        [("THINKING", 4.15), (f"audible {ANSWER}", 4.35)],  # 0.8 s after the cough
        heard=["Hello.", ANSWER],
    ),
    "... where the wait is long": Scenario(
        chat("listen: {end_of_turn: {min: 1s, max: 1s}}"),
        [says(0.5, "tell me", 2.0), coughs(3.05, 0.3), tells(ANSWER), leaves(9)],
        [("THINKING", 4.35), (f"audible {ANSWER}", 4.55)],
        heard=["Hello.", ANSWER],
    ),
    "a cough before the words are there": Scenario(
        chat(),
        [{**says(0.5, "tell me", 2.0), "words_after": 1200}, coughs(3.1), tells(ANSWER), leaves(9)],
        [("THINKING", 4.60), (f"audible {ANSWER}", 4.80)],
        heard=["Hello.", ANSWER],
    ),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_it_happens_when_the_table_says(scenario):
    outcome = play(scenario.flow, scenario.script, lines=scenario.lines, **scenario.world)

    for what, at in scenario.expect:
        found = outcome.instants(what)
        assert any(abs(instant - at) <= TOLERANCE for instant in found), f"{what}: {at} in {found}"
    for what in scenario.never:
        assert not outcome.instants(what), what
    assert scenario.heard is None or outcome.heard() == list(scenario.heard)
    assert not outcome.idle_thinking()


FAILURES: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any], tuple[str, str]]] = {
    "the model raises": (
        {"reply": "", "error": "down", "first_token": 100},
        {},
        ("error.llm", "down"),
    ),
    "the model never says anything": (
        {"reply": "", "hangs": True},
        {},
        ("error.llm", "did not begin to answer in time"),
    ),
    "the model stops in the middle": (
        {"reply": "I will", "hangs": True, "first_token": 100},
        {},
        ("error.llm", "stopped in the middle"),
    ),
    "the voice raises": (tells(ANSWER), {ANSWER: {"error": "down"}}, ("error.tts", "down")),
    "the voice gives no audio": (
        tells(ANSWER),
        {ANSWER: {"lasts": 0}},
        ("error.tts", "made no audio"),
    ),
    "the voice hangs": (
        tells(ANSWER),
        {ANSWER: {"never": True}},
        ("error.tts", "no audio came in time"),
    ),
}


@pytest.mark.parametrize(("reply", "lines", "error"), FAILURES.values(), ids=FAILURES)
def test_a_failure_is_named_and_the_caller_hears_a_line_in_bounded_time(reply, lines, error):
    outcome = play(chat(), [says(0.5, "tell me", 2.0), reply, reply, leaves(30)], lines=lines)

    name, cause = error
    apology = outcome.instants(f"audible {SORRY}")
    assert any(found == name and cause in message for found, message in outcome.errors())
    assert len(apology) == 1
    assert apology[0] <= 3.0 + 10.0 + 1.0, "ten seconds is what a voice has for its first sample"
    assert not outcome.idle_thinking()


@pytest.mark.parametrize("answer", [{"never": True}, {"error": "down"}], ids=["hangs", "raises"])
def test_a_model_that_does_not_understand_in_time_costs_a_question_at_most(answer):
    outcome = play(QUESTION, [says(0.5, "the bigger one", 2.0), leaves(9)], model=[answer])

    assert outcome.instants("error.llm")
    assert outcome.instants("audible Pardon?")[0] <= 3.0 + 1.5 + 0.25
    assert not outcome.idle_thinking()
