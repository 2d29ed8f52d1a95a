"""Who speaks and who waits, through the whole session: noises, coughs, cuts, on virtual time."""

import numpy as np
import pytest

from engine.effects import CloseStretch, PauseSpeech, ReportError, ResumeSpeech, Say, StopSpeech
from engine.events import PlayoutFinished, TranscriptReceived
from media.frames import FRAME_SAMPLES
from providers.errors import ProviderUnavailable
from providers.scripted import Heard, ScriptedRecognizer, ScriptedTurnDetector
from providers.scripted_listener import ScriptedTurnListener

RATE = 48_000

FLOW = """
turnwise: 1
flow: story
start: tell
interruptions: {ignore: [uh], POLICY}
slots: {name: {type: text, ask: "What is your name?"}}
listen: {max_turn: 10s, silence: 4s, no_input: [Are you there?], no_match: [Pardon?]}
handle: {no_input: {say: Goodbye then., to: END}}
states:
  tell: {say: "Once upon a time there was a king who had a castle and a garden.", then: ask}
  ask: {collect: [name], then: bye}
  bye: {say: "Goodbye {{ slots.name }}.", end: hangup}
"""
"""The story lasts 5.6 s at 150 words a minute, and is audible from 0.06 s on."""


@pytest.fixture
def story(compile_text):
    def make(policy="fade: 0ms"):
        return compile_text(FLOW.replace("POLICY", policy))

    return make


def said(call):
    return [say.text for say in call.effects(Say)]


def at(call, cls):
    return [s.at for s in call.session.steps if any(isinstance(e, cls) for e in s.effects)]


def test_a_noise_that_never_ends_does_not_silence_the_agent(run_call, story, make_services):
    """The line goes on, the question is asked, silence is counted, and the call ends."""
    heard = [(2.0, 400.0, "")]
    call = run_call(story(), heard)

    assert at(call, PauseSpeech) == [2_500]
    assert at(call, CloseStretch) == [7_500, 12_000]
    assert at(call, ResumeSpeech) == [9_500]
    assert said(call)[-3:] == ["Are you there?", "What is your name?", "Goodbye then."]
    assert call.result.steps[-1].at < 35_000


def test_words_told_only_at_the_end_of_a_stretch_reach_a_caller_who_does_not_stop(
    run_call, story, make_services
):
    """The recogniser has no partial words and the voice no end: the stretch is closed for it."""
    heard = [(8.0, 300.0, "")]
    stt = ScriptedRecognizer(
        [Heard(text="my name is ann", delay=0.3), Heard(text="")], sample_rate=RATE
    )
    call = run_call(story(), heard, services=make_services(heard, stt=stt))

    assert at(call, CloseStretch) == [18_000]
    assert [(t.at, t.text) for t in call.causes(TranscriptReceived)] == [(18_300, "my name is ann")]
    assert said(call)[-1] == "Goodbye Ann."
    assert call.result.reason == "flow"


def test_after_a_cough_the_line_goes_on_at_the_very_sample(run_call, story):
    """What is heard is the same audio, with nothing but silence between its two halves."""
    quiet = run_call(story(), [(12.0, 13.0, "my name is ann")]).caller.heard
    call = run_call(story(), [(2.0, 3.0, ""), (12.0, 13.0, "my name is ann")])
    coughed = call.caller.heard

    ((held,), (resumed,)) = at(call, PauseSpeech), at(call, ResumeSpeech)
    where = int(np.flatnonzero(quiet[: len(coughed)] != coughed[: len(quiet)])[0])
    where -= where % FRAME_SAMPLES  # a sample of silence may stand on either side of the cut
    gap = (resumed - held) * RATE // 1000
    line = quiet[where : 7 * RATE]

    assert (held, resumed) == (2_500, 5_200)
    assert abs(where - held * RATE // 1000) <= FRAME_SAMPLES
    assert not coughed[where : where + gap - FRAME_SAMPLES].any()
    shifts = range(gap - FRAME_SAMPLES, gap + FRAME_SAMPLES + 1)
    same = [s for s in shifts if np.array_equal(coughed[where + s : where + s + len(line)], line)]
    assert len(same) == 1
    assert call.causes(PlayoutFinished)[0].complete


@pytest.mark.parametrize("mode", ["stt", "hybrid"], ids=["cut", "held, then cut"])
def test_a_barge_in_makes_no_click(run_call, story, mode):
    """No step in the audio is larger than those of the voice itself; without a fade one is."""
    steps = {}
    for fade in ("0ms", "80ms"):
        heard = [(2.0, 3.03, "stop please stop"), (9.0, 10.0, "ann")]
        call = run_call(story(f"mode: {mode}, min_time: 530ms, fade: {fade}"), heard)
        (stopped,) = at(call, StopSpeech)
        audio = call.caller.heard.astype(np.int32)[2 * RATE : (stopped + 150) * RATE // 1000]
        steps[fade] = int(np.abs(np.diff(audio)).max())
        assert not audio[-30 * RATE // 1000 :].any()

    loudest = 2 * np.pi * 440 / RATE * 8_000  # of the scripted voice, from sample to sample
    assert steps["80ms"] <= 1.02 * loudest
    assert steps["0ms"] > 1.5 * loudest


@pytest.mark.parametrize("partials", [(), ((0.2, "uh"),)], ids=["final only", "partials"])
def test_a_sound_of_hesitation_stops_nothing_and_is_no_turn(
    run_call, story, make_services, partials
):
    """Of 0.3 s: a back-channel, which nothing answers; at most it holds the line until it is known.

    It ends at 2.3 s, is noticed to have ended at 2.5 s, and is known to be one at 2.54 s.
    """
    heard = [(2.0, 2.3, "uh"), (12.0, 13.0, "my name is ann")]
    stt = ScriptedRecognizer(
        [Heard(text="uh", partials=partials), "my name is ann"], sample_rate=RATE
    )
    call = run_call(story(), heard, services=make_services(heard, stt=stt))

    assert not [stop for stop in at(call, StopSpeech) if stop < 6_000]
    assert [t for t in at(call, PauseSpeech) if t < 6_000] == ([] if partials else [2_500])
    assert [t for t in at(call, ResumeSpeech) if t < 6_000] == ([] if partials else [2_500])
    assert [note["text"] for note in call.notes("backchannel")] == ["uh"]
    assert [note["text"] for note in call.notes("turn")] == ["my name is ann"]


# --- the end of a turn by the voice ---------------------------------------------------------------


def committed(call):
    return [s.at for s in call.session.steps if any(n.kind == "turn" for n in s.notes)]


@pytest.mark.parametrize(
    ("listener", "wait"),
    [
        (ScriptedTurnListener(1.0), 500),
        (ScriptedTurnListener(0.1, delay=0.05), 770),
        (ScriptedTurnListener(0.1, delay=5.0), 500),
        (ScriptedTurnListener(0.1, error=ProviderUnavailable("no model")), 500),
    ],
    ids=["done", "not done", "slow", "broken"],
)
def test_a_detector_that_hears_moves_the_end_of_a_turn_and_never_delays_it(
    run_call, story, make_services, listener, wait
):
    """Between 500 and 800 ms after the last word, as the policy's default says."""
    heard = [(8.0, 9.0, "my name is ann")]
    services = make_services(heard, turn_detector=None, turn_listener=listener)
    call = run_call(story(), heard, services=services)

    assert committed(call) == [9_000 + wait]
    ((audio, text),) = listener.heard
    assert (len(audio), text) == (8 * 16_000, "my name is ann")
    broken = [error.name for error in call.effects(ReportError)]
    assert broken == (["error.turn_detector"] if listener._error else [])


def test_words_that_are_surely_unfinished_are_waited_for_in_whatever_tone(
    run_call, story, make_services
):
    heard = [(8.0, 9.0, "my name is")]
    listener = ScriptedTurnListener(0.9, delay=0.05)
    words = ScriptedTurnDetector(default=0.05)
    services = make_services(heard, turn_detector=words, turn_listener=listener)
    call = run_call(story(), heard, services=services)

    assert 9_700 < committed(call)[0] < 9_800
