from __future__ import annotations

import json

import pytest

from engine.core import snapshot
from engine.effects import HangUp, ReportError, ResumeSpeech, Say, StopSpeech
from engine.events import ParticipantJoined, ServiceFailed, SessionResumed, TextReceived


def fails(call, at, service, subject=""):
    call.take(ServiceFailed(at=at, service=service, message="boom", subject=subject))


def errors(call):
    return [told[1] for told in call.dialog.told if told[0] == "event"]


def said(call):
    return [(at, effect.text) for at, effect in call.effects(Say)]


def test_a_line_that_fails_is_told_to_the_flow_and_the_queue_goes_on(call):
    call.open("Hello.", "For which day?")
    fails(call, 100, "tts", "a1.1")

    assert errors(call) == ["error.tts"]
    assert said(call)[-1] == (100, "Sorry, something went wrong.")
    assert call.effects(StopSpeech) == []
    call.plays(200, "a1.2")
    assert call.agent == "SPEAKING"


def test_all_lines_of_a_turn_that_fail_are_one_failure(call):
    call.open("Hello.", "For which day?")
    fails(call, 100, "tts", "a1.1")
    fails(call, 110, "tts", "a1.2")

    assert errors(call) == ["error.tts"]
    assert not call.conversation.closed


def test_when_the_apology_fails_too_the_call_ends(call):
    call.open("Hello.")
    fails(call, 100, "tts", "a1.1")
    fails(call, 200, "tts", "a2.1")

    assert call.effects(HangUp) == [(200, HangUp(reason="error.tts"))]
    assert call.effects(ReportError)[0][1].name == "error.tts"


def test_a_line_that_was_heard_makes_up_for_an_earlier_failure(call):
    call.open("Hello.")
    fails(call, 100, "tts", "a1.1")
    call.plays(200, "a2.1")
    call.played(1_200, "a2.1", 1_000)
    call.take(TextReceived(at=2_000, participant="caller", text="hello?"))
    fails(call, 2_100, "tts", "a3.1")

    assert errors(call) == ["error.tts", "error.tts"]
    assert not call.conversation.closed


def test_a_voice_that_gives_no_audio_is_noticed_stopped_and_answered(call):
    call.open("Hello.")
    call.until(10_000)

    assert call.effects(StopSpeech) == [(10_000, StopSpeech(utterances=("a1.1",)))]
    assert said(call)[-1] == (10_000, "Sorry, something went wrong.")


def test_a_line_whose_end_is_never_reported_does_not_hold_the_call(call):
    call.open("Hello.")
    call.plays(200, "a1.1", 1_000)
    call.until(4_200)

    assert errors(call) == ["error.tts"]
    assert call.agent == "THINKING"


def test_a_failure_of_the_voice_as_a_whole_loses_every_line(call):
    call.open("Hello.", "For which day?")
    call.plays(200, "a1.1", 1_000)
    fails(call, 300, "tts")

    assert errors(call) == ["error.tts"]
    assert said(call)[-1] == (300, "Sorry, something went wrong.")


def test_a_line_that_fails_while_it_is_held_takes_the_pause_with_it(call):
    """Else the next line would never be heard."""
    call.open("Hello.", min_time=60)
    call.voice(100, at=160)
    assert call.conversation.states.paused
    fails(call, 200, "tts", "a1.1")

    assert not call.conversation.states.paused
    assert call.effects(ResumeSpeech)[-1][0] == 200


def test_a_failure_of_a_line_that_is_over_changes_nothing(call):
    call.open("Hello.")
    call.plays(200, "a1.1", 1_000)
    call.played(1_200, "a1.1", 1_000)
    fails(call, 1_300, "tts", "a1.1")

    assert errors(call) == []


@pytest.mark.parametrize("service", ["stt", "vad"])
def test_a_failure_of_hearing_ends_what_was_being_heard(call, service):
    call.open()
    call.voice(1_000)
    fails(call, 1_500, service)

    assert errors(call) == ["error.stt"]
    assert call.user == "IDLE"
    call.until(3_500)
    assert call.notes("no_turn") == [(3_500, {"turn": "u1"})]


def test_hearing_that_fails_again_and_again_ends_the_call(call):
    call.open()
    for at in (1_000, 2_000, 3_000):
        fails(call, at, "stt")

    assert call.effects(HangUp) == [(3_000, HangUp(reason="error.stt"))]


def test_a_transcript_makes_up_for_earlier_failures(call):
    call.open()
    fails(call, 1_000, "stt")
    fails(call, 2_000, "stt")
    call.words(3_000, "hello")
    fails(call, 4_000, "stt")

    assert not call.conversation.closed


def test_without_a_turn_detector_the_call_goes_on(call):
    call.open()
    fails(call, 1_000, "turn_detector", "u1")

    assert errors(call) == []
    assert [e.name for _, e in call.effects(ReportError)] == ["error.turn_detector"]


@pytest.mark.parametrize("service", ["llm", "tool"])
def test_other_failures_are_the_flows(call, service):
    call.open()
    fails(call, 1_000, service, "t1")

    assert errors(call) == [f"error.{service}"]


def test_a_failed_transfer_is_a_transfer_that_ended(call):
    call.open()
    fails(call, 1_000, "transfer")

    assert ("transfer", "boom") in call.dialog.told


def test_a_room_that_fails_ends_the_call(call):
    call.open("Hello.")
    fails(call, 1_000, "room")

    assert call.effects(HangUp) == [(1_000, HangUp(reason="error.room"))]


@pytest.mark.parametrize("service", ["stt", "vad", "llm", "turn_detector"])
def test_before_anybody_is_there_failures_are_reported_only(call, service):
    fails(call, 0, service)

    assert [e.name for _, e in call.effects(ReportError)] == [f"error.{service}"]
    assert errors(call) == []


@pytest.mark.parametrize("services", [("stt",), ("vad",), ("vad", "stt", "stt", "stt")])
def test_whoever_comes_to_deaf_ears_is_told_once(call, services):
    for service in services:
        fails(call, 0, service)
    call.open("Hello.", at=5_000)
    call.take(ParticipantJoined(at=6_000, participant="another"))

    assert errors(call).count("error.stt") == 1
    assert said(call)[:2] == [(5_000, "Hello."), (5_000, "Sorry, something went wrong.")]
    assert not call.conversation.closed


def test_a_model_that_failed_before_anybody_came_is_no_reason_to_say_so(call):
    fails(call, 0, "llm")
    call.open(at=5_000)

    assert errors(call) == []


def test_ears_that_were_deaf_before_the_call_are_remembered_in_a_snapshot(make_call):
    saved, resumed = make_call(), make_call()
    fails(saved, 0, "stt")
    data = json.loads(json.dumps(snapshot.take(saved.conversation)))
    resumed.conversation = snapshot.restore(saved.conversation.flow, data, resumed._make)
    for call in (saved, resumed):
        call.open(at=5_000)

    assert errors(saved) == errors(resumed) == ["error.stt"]


def test_another_process_has_ears_of_its_own(call):
    fails(call, 0, "stt")
    call.take(SessionResumed(at=1_000))
    call.open(at=5_000)

    assert errors(call) == []


def test_after_its_last_word_the_flow_is_asked_nothing(call):
    call.open()
    call.take(TextReceived(at=100, participant="caller", text="bye"))
    fails(call, 200, "tts", "a1.1")

    assert errors(call) == []
    assert call.effects(HangUp) == [(200, HangUp(reason="flow"))]
