"""The end of a turn is judged by the words at once, and by the voice when it is ready."""

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import EndOfTurnPredicted, ServiceFailed
from engine.pipeline.prediction import PRIOR, Prediction, combined
from providers.base import AudioTurnDetector, VoiceEdge
from providers.embedded.turn_detector import TextTurnDetector
from providers.errors import ProviderUnavailable
from providers.scripted import ScriptedTurnDetector
from providers.scripted_listener import ScriptedTurnListener

RATE = 16_000
PROBABILITIES = st.floats(0, 1)


def answers(bench):
    return [(e.at, e.text, round(e.probability, 2)) for e in bench.of(EndOfTurnPredicted)]


def ask(on_bench, words, voice, *, then=None):
    """Ask one question, let a second pass, and return what was posted."""

    async def body(bench):
        stage = Prediction(words, bench.post, bench.time, voice)
        stage.ask("u1", "a table", ("text",))
        if then is not None:
            await then(stage)
        await asyncio.sleep(1)
        await stage.aclose()
        return bench

    return on_bench(body)


# --- two witnesses --------------------------------------------------------------------------------


@given(PROBABILITIES, PROBABILITIES)
def test_two_witnesses_give_a_probability_and_neither_is_more_than_the_other(one, other):
    both = combined(one, other)

    assert 0 <= both <= 1
    assert both == pytest.approx(combined(other, one))


@given(st.floats(0.01, 0.99))
def test_a_witness_who_knows_nothing_leaves_the_word_to_the_other(other):
    assert combined(PRIOR, other) == pytest.approx(other)


@given(PROBABILITIES, PROBABILITIES, PROBABILITIES)
def test_the_surer_one_witness_the_surer_both(one, more, other):
    low, high = sorted((one, more))

    assert combined(low, other) <= combined(high, other) + 1e-12


def test_words_that_cannot_end_a_sentence_are_not_whole_in_whatever_tone():
    assert combined(0.05, 0.9) < 0.25
    assert combined(0.95, 0.2) > 0.7


# --- when they answer -----------------------------------------------------------------------------


def test_the_words_answer_at_once_and_the_voice_when_it_is_ready(on_bench):
    voice = ScriptedTurnListener(0.1, delay=0.06)
    bench = ask(on_bench, ScriptedTurnDetector(default=0.65), voice)

    assert answers(bench) == [(0, "a table", 0.65), (60, "a table", 0.1)]


def test_without_words_to_read_the_voice_alone_answers(on_bench):
    assert answers(ask(on_bench, None, ScriptedTurnListener(0.3))) == [(0, "a table", 0.3)]


def test_without_a_voice_to_hear_the_words_alone_answer(on_bench):
    assert answers(ask(on_bench, ScriptedTurnDetector(default=0.4), None)) == [(0, "a table", 0.4)]


@pytest.mark.parametrize("broken", ["words", "voice"])
def test_when_one_breaks_the_other_answers_and_the_failure_is_told(on_bench, broken):
    error = ProviderUnavailable("no model")

    def fail(*_):
        raise error

    words = ScriptedTurnDetector(fail if broken == "words" else None, default=0.4)
    voice = ScriptedTurnListener(0.8, delay=0.01, error=error if broken == "voice" else None)
    bench = ask(on_bench, words, voice)

    assert answers(bench) == [(10, "a table", 0.8) if broken == "words" else (0, "a table", 0.4)]
    (failed,) = bench.of(ServiceFailed)
    assert (failed.service, failed.subject) == ("turn_detector", "u1")
    assert failed.message == "ProviderUnavailable: no model"


def test_newer_words_make_the_older_question_worthless(on_bench):
    async def more(stage):
        await asyncio.sleep(0.03)
        stage.ask("u1", "a table for four", ("text",))

    voice = ScriptedTurnListener(0.65, delay=0.05)
    bench = ask(on_bench, ScriptedTurnDetector(default=0.65), voice, then=more)

    assert answers(bench) == [
        (0, "a table", 0.65),
        (30, "a table for four", 0.65),
        (80, "a table for four", 0.65),
    ]


def test_words_that_come_before_the_end_of_speech_are_judged_by_the_voice_again_then(on_bench):
    async def body(bench):
        voice = ScriptedTurnListener(lambda audio, _: 0.9 if len(audio) > RATE else 0.1)
        stage = Prediction(None, bench.post, bench.time, voice)
        stage.edge(VoiceEdge(kind="start", at=0.0))
        stage.hear(np.zeros(RATE, np.int16))
        stage.ask("u1", "a table", ())
        await asyncio.sleep(0.2)
        stage.hear(np.zeros(RATE, np.int16))
        for kind in ("end", "start", "end"):  # what ends later belongs to other words
            stage.edge(VoiceEdge(kind=kind, at=1.0))
        await asyncio.sleep(0.2)
        await stage.aclose()
        return bench

    assert answers(on_bench(body)) == [(0, "a table", 0.1), (200, "a table", 0.9)]


# --- what it hears --------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 3_000), min_size=1, max_size=30))
def test_it_is_given_the_latest_audio_and_no_more_than_it_asked_for(sizes):
    voice = ScriptedTurnListener(seconds=0.5, sample_rate=RATE)
    stage = Prediction(None, lambda _: None, None, voice)
    audio = np.arange(sum(sizes), dtype=np.int64).astype(np.int16)
    for end, size in zip(np.cumsum(sizes), sizes, strict=True):
        stage.hear(audio[end - size : end])

    kept = np.concatenate(list(stage._recent))
    assert np.array_equal(kept, audio[len(audio) - len(kept) :])
    assert min(len(audio), RATE // 2) <= len(kept) < RATE // 2 + 3_000


def test_the_audio_ends_with_the_question(on_bench):
    voice = ScriptedTurnListener(seconds=0.5, sample_rate=RATE)

    async def body(bench):
        stage = Prediction(None, bench.post, bench.time, voice)
        stage.hear(np.full(RATE, 7, np.int16))
        stage.ask("u1", "a table", ())
        await asyncio.sleep(0.1)
        await stage.aclose()

    on_bench(body)
    ((audio, text),) = voice.heard
    assert (audio.dtype, len(audio), text) == (np.int16, RATE // 2, "a table")
    assert voice.closed


def test_who_reads_words_is_not_taken_for_one_that_hears():
    assert isinstance(ScriptedTurnListener(), AudioTurnDetector)
    assert not isinstance(TextTurnDetector(), AudioTurnDetector)
    assert not isinstance(ScriptedTurnDetector(), AudioTurnDetector)
