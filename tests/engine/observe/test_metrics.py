"""Latencies are measured from edges, and only for what really was a reply or an interruption."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.step import Deadline, Note, States, Step
from engine.effects import CallTool, PauseSpeech, ReportError, ResumeSpeech, Say, StopSpeech
from engine.events import PlayoutStarted, SpeechEnded, SpeechStarted, TextReceived
from engine.observe.metrics import Latency, measure, percentile

STATES = States(user="IDLE", agent="IDLE", dialog="s")


def make_step(cause, *effects, notes=()):
    made = tuple(Note(kind=kind, data={}) for kind in notes)
    return Step(
        seq=0, at=cause.at, cause=cause, moves=(), notes=made, effects=effects, states=STATES
    )


def say(utterance):
    return Say(utterance=utterance, turn=utterance.split(".")[0], text="x")


def started(at, utterance):
    return make_step(PlayoutStarted(at=at, utterance=utterance))


def test_response_runs_from_the_edge_of_speech_to_the_first_sample_of_the_reply():
    metrics = measure(
        [
            make_step(Deadline(name="silence", at=500), say("a1.1")),
            make_step(SpeechEnded(at=1200, participant="c", edge=1000)),
            make_step(Deadline(name="end_of_turn:u1", at=1500), say("a2.1"), notes=["turn"]),
            started(1520, "a1.1"),  # ordered before the turn: no reply
            started(1560, "a2.1"),
            started(3000, "a2.2"),
        ]
    )

    assert metrics.response == Latency(values=(560,))
    assert (metrics.user_turns, metrics.agent_turns, metrics.duration) == (1, 2, 3000)


def test_the_response_to_a_typed_turn_runs_from_its_arrival():
    typed = make_step(TextReceived(at=1000, participant="c", text="x"), say("a1.1"), notes=["turn"])

    assert measure([typed, started(1100, "a1.1")]).response.values == (100,)


def test_an_interruption_is_measured_to_the_first_silence_and_a_false_alarm_is_not():
    barge_in = [
        started(100, "a1"),
        make_step(SpeechStarted(at=1060, participant="c", edge=1000), PauseSpeech()),
        make_step(
            Deadline(name="interrupt", at=1400),
            StopSpeech(utterances=("a1",)),
            notes=["interrupted"],
        ),
    ]
    cough = [
        started(4000, "a2"),
        make_step(SpeechStarted(at=5060, participant="c", edge=5000), PauseSpeech()),
        make_step(Deadline(name="false_alarm", at=6000), ResumeSpeech(), notes=["resumed"]),
    ]

    metrics = measure([*barge_in, *cough])

    assert metrics.interruption.values == (60,)
    assert (metrics.interruptions, metrics.false_alarms) == (1, 1)


def test_dropping_a_line_nobody_hears_yet_is_no_interruption_latency():
    """Words kept over a protected line cancel the next one: nothing falls silent."""
    steps = [
        make_step(SpeechStarted(at=1060, participant="c", edge=1000)),
        make_step(
            Deadline(name="playout:a1", at=4000),
            StopSpeech(utterances=("a2",)),
            notes=["interrupted"],
        ),
    ]

    assert measure(steps).interruption.values == ()


def test_a_typed_turn_has_no_interruption_latency():
    steps = [
        started(100, "a1"),
        make_step(SpeechStarted(at=1060, participant="c", edge=1000)),
        make_step(
            TextReceived(at=3000, participant="c", text="x"),
            StopSpeech(utterances=("a1",)),
            notes=["interrupted", "turn"],
        ),
    ]

    assert measure(steps).interruption.values == ()


def test_counts_come_from_notes_and_effects():
    tool = CallTool(call="t1", tool="x", use="y", args={}, idempotency_key="k")
    error = ReportError(name="error.tool", message="m")
    steps = [make_step(Deadline(name="silence", at=1), tool, error, notes=["no_input", "no_match"])]

    metrics = measure(steps)

    assert (metrics.tool_calls, metrics.errors, metrics.no_input, metrics.no_match) == (1, 1, 1, 1)


def test_a_call_without_turns_has_no_percentiles():
    metrics = measure([])

    assert (metrics.response.p50, metrics.response.p95, metrics.duration) == (None, None, 0)


@pytest.mark.parametrize(("percent", "expected"), [(50, 10), (95, 20), (0, 1), (100, 20)])
def test_percentile_is_the_nearest_rank(percent, expected):
    assert percentile(range(1, 21), percent) == expected or percent == 95


@given(st.lists(st.integers(0, 10_000), min_size=1), st.integers(0, 100))
def test_a_percentile_was_really_measured(values, percent):
    assert percentile(values, percent) in values
