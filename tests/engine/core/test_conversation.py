from __future__ import annotations

import pytest

from engine.effects import HangUp, PauseSpeech, ResumeSpeech, Say, StopSpeech
from engine.events import CloseRequested, ParticipantLeft, ServiceFailed, TextReceived

STORY = "Once upon a time there was a very long answer that nobody wanted to hear to its end."


def test_a_turn_is_answered_at_the_exact_instants(call):
    """User 0.5-2.5 s: thinking at 3.00, the minimum wait after the last speech."""
    call.open()
    call.says(500, 2_500, "hello")
    call.plays(3_200, "a1.1", 2_000)
    call.played(5_200, "a1.1", 2_000)

    assert call.moves("agent") == [
        (0, "IDLE"),
        (500, "LISTENING"),
        (3_000, "THINKING"),
        (3_200, "SPEAKING"),
        (5_200, "IDLE"),
    ]
    assert call.moves("user") == [
        (500, "SPEAKING"),
        (2_500, "IDLE"),
        (3_200, "LISTENING"),
        (5_200, "IDLE"),
    ]
    assert call.history() == [("user", "hello"), ("assistant", "All right.")]


def test_a_barge_in_silences_the_agent_by_min_time_and_is_answered(call):
    """A barge-in at 5.0 by voice alone: silent by 5.5, and the new turn is answered."""
    call.open(STORY, mode="vad", min_time=500, false_alarm_resume=False)
    call.plays(3_200, "a1.1", 10_000)
    call.voice(5_000)
    call.until(5_600)
    call.played(5_500, "a1.1", 2_300, complete=False)
    call.words(6_200, "stop please")
    call.silent(6_000)

    assert call.effects(StopSpeech) == [(5_500, StopSpeech(utterances=("a1.1",)))]
    assert (5_500, "LISTENING") in call.moves("agent")
    assert ("user_turn", "u1", "stop please") in call.dialog.told
    assert call.effects(Say)[-1][0] == 6_500
    assert call.history()[0] == ("assistant", "Once upon a time")


def test_a_cough_pauses_and_goes_on_at_the_same_sample(call):
    """Cough 5.0-6.0 without words: paused at 5.5, resumed at 8.5, nothing lost."""
    call.open(STORY)
    call.plays(3_200, "a1.1", 10_000)
    call.voice(5_000)
    call.silent(6_000)
    call.until(9_000)

    assert call.effects(PauseSpeech, ResumeSpeech, StopSpeech) == [
        (5_500, PauseSpeech()),
        (8_500, ResumeSpeech()),
    ]
    assert call.agent == "SPEAKING"
    call.played(16_200, "a1.1", 10_000)
    assert call.history() == [("assistant", STORY)]
    assert not [t for t in call.dialog.told if t[0] == "user_turn"]


def test_a_short_uh_is_backchannel(call):
    """A hesitation of 0.3 s while the agent speaks: not interrupted, no answer."""
    call.open(STORY)
    call.plays(3_200, "a1.1", 10_000)
    call.voice(5_000)
    call.words(5_500, "uh")
    call.silent(5_300)
    call.until(12_000)

    assert call.effects(StopSpeech) == []
    assert [data["text"] for _, data in call.notes("backchannel")] == ["uh"]
    held = [at for at, _ in call.effects(PauseSpeech, ResumeSpeech)]
    assert held in ([], [5_500, 5_500])
    assert not [t for t in call.dialog.told if t[0] == "user_turn"]


def test_a_protected_line_is_played_whole_and_the_words_are_answered_after_it(call):
    call.open("This call is recorded.", "For how many people?", allow=False)
    call.plays(1_000, "a1.1", 4_000)
    call.says(2_000, 3_000, "four people tomorrow")
    call.until(4_900)
    assert call.effects(StopSpeech, PauseSpeech) == []
    assert not [t for t in call.dialog.told if t[0] == "user_turn"]


def test_words_over_a_protected_line_are_answered_instead_of_the_question_behind_it(call):
    call.open()
    call.dialog.say("This call is recorded.", allow=False)
    call.dialog.say("For how many people?")
    call.plays(1_000, "a1.1", 4_000)
    call.says(2_000, 3_000, "four people tomorrow")
    call.played(5_000, "a1.1", 4_000)

    assert call.effects(StopSpeech) == [(5_000, StopSpeech(utterances=("a1.2",)))]
    assert ("user_turn", "u1", "four people tomorrow") in call.dialog.told
    assert call.effects(Say)[-1][0] == 5_000
    assert call.history() == [
        ("assistant", "This call is recorded."),
        ("user", "four people tomorrow"),
    ]


def test_a_cough_during_the_end_of_turn_wait_still_lets_the_sentence_be_answered(call):
    call.open()
    call.says(1_000, 2_000, "a table for")
    call.until(2_400)
    call.steps.clear()
    call.voice(2_450)
    call.silent(2_700)
    call.words(3_300, "")
    call.until(6_000)

    assert ("user_turn", "u1", "a table for") in call.dialog.told


@pytest.mark.parametrize("end", [CloseRequested(at=9_000, reason="drain")])
def test_a_request_to_close_hangs_up_once(call, end):
    call.open(STORY)
    call.plays(100, "a1.1", 9_000)
    call.take(end)
    call.take(end)
    call.take(TextReceived(at=9_500, participant="caller", text="hello?"))
    call.until(60_000)

    assert call.effects(HangUp) == [(9_000, HangUp(reason="drain"))]
    assert call.agent == "CLOSING"
    assert call.conversation.closed
    assert call.conversation.next_deadline is None


def test_the_last_participant_leaving_ends_the_call(call):
    call.open()
    call.take(ParticipantLeft(at=100, participant="caller"))

    assert call.effects(HangUp) == [(100, HangUp(reason="caller_left"))]


def test_the_flow_ends_the_call_when_its_last_line_was_heard(call):
    call.open()
    call.take(TextReceived(at=100, participant="caller", text="bye"))
    call.plays(300, "a1.1", 900)
    assert call.effects(HangUp) == []
    call.played(1_200, "a1.1", 900)

    assert call.effects(HangUp) == [(1_200, HangUp(reason="flow"))]


def test_a_dead_voice_ends_the_call(call):
    call.open(STORY)
    call.take(ServiceFailed(at=100, service="tts", message="boom", subject="a1.1"))
    call.take(ServiceFailed(at=200, service="tts", message="boom", subject="a2.1"))

    assert ("event", "error.tts") in call.dialog.told
    assert call.effects(HangUp) == [(200, HangUp(reason="error.tts"))]


def test_a_voice_that_never_starts_is_noticed(call):
    call.open(STORY)
    call.until(60_000)

    assert call.effects(HangUp) == [(20_000, HangUp(reason="error.tts"))]
