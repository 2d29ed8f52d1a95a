from __future__ import annotations

import pytest

from engine.effects import HangUp, PauseSpeech, ResumeSpeech, Say, StopSpeech
from engine.events import (
    AppEventReceived,
    CloseRequested,
    ParticipantLeft,
    ServiceFailed,
    TextReceived,
    TransferEnded,
    Understood,
)
from engine.machine.compiled import InterruptionPolicy

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


def test_a_request_to_close_hangs_up_once(call):
    call.open(STORY)
    call.plays(100, "a1.1", 9_500)
    call.take(CloseRequested(at=9_000, reason="drain"))
    call.take(CloseRequested(at=9_000, reason="drain"))
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


def test_deadlines_fire_before_the_event_each_with_its_own_instant(call):
    call.open()
    call.steps.clear()
    call.says(500, 2_500, "hello")
    call.take(AppEventReceived(at=30_000, name="ping", data={"n": 1}))

    causes = [(s.at, getattr(s.cause, "name", type(s.cause).__name__)) for s in call.steps[3:]]
    assert causes == [
        (3_000, "end_of_turn:u1"),
        (13_000, "first_audio:a1.1"),
        (16_000, "playout:a1.1"),
        (23_000, "first_audio:a2.1"),
        (28_000, "close"),
        (30_000, "ping"),
    ]
    assert [s.seq for s in call.steps] == list(range(3, 12))


def test_what_happens_before_the_call_opens_is_noted_and_nothing_else(call):
    call.voice(100)
    call.take(TextReceived(at=200, participant="caller", text="hello"))

    assert [data["event"] for _, data in call.notes("early")] == ["SpeechStarted", "TextReceived"]
    assert call.agent == "STARTING"
    assert call.conversation.states.dialog == ""


def test_an_event_that_claims_to_be_older_than_the_last_step_happened_when_it_arrived(call):
    call.open()
    call.until(5_000)
    call.take(TextReceived(at=4_000, participant="caller", text="hello"))

    assert call.steps[-1].at == 5_000
    assert call.conversation.now == 5_000


def test_an_app_event_and_a_report_reach_the_dialog(call):
    call.open()
    call.take(AppEventReceived(at=10, name="paid"))
    call.take(Understood(at=20, turn="u9", report={}))
    call.take(TransferEnded(at=30))

    assert call.dialog.told[-3:] == [
        ("event", "app.paid"),
        ("understood", "u9"),
        ("transfer", None),
    ]


def test_a_deadline_of_the_dialog_reaches_it(call):
    call.open()
    call.dialog.deadlines.set("timer:tea", 700)
    call.until(700)

    assert ("deadline", "timer:tea") in call.dialog.told


def test_deadlines_that_chase_each_other_without_time_passing_are_a_bug(call):
    call.open()
    call.dialog.deadline = lambda name: call.dialog.deadlines.set(name, 700)
    call.dialog.deadlines.set("timer:tea", 700)

    with pytest.raises(RuntimeError, match="timer:tea"):
        call.until(700)


def test_the_machines_are_considered_in_the_order_user_agent_dialog(call):
    """In the step of a turn the dialog already sees the agent thinking."""
    call.open()
    call.says(500, 2_500, "hello")

    assert call.dialog.states_seen == ["THINKING"]


def test_words_that_continue_a_turn_a_model_is_thinking_about_are_given_together(call):
    call.open()
    call.dialog.answer = ()
    call.says(500, 1_500, "a table for four")
    call.dialog.deadlines.set("understand:u1", 9_000)
    call.says(2_500, 3_500, "tomorrow")
    call.says(4_500, 5_500, "hm hm", accepted=False)

    assert [told[2] for told in call.dialog.told if told[0] == "user_turn"] == [
        "a table for four",
        "a table for four tomorrow",
        "",
    ]
    assert [text for _, text in call.history()] == ["a table for four", "tomorrow", "hm hm"]


def test_the_end_of_the_queue_is_told_to_the_dialog(call):
    call.open("Hello.", "For which day?")
    call.plays(100, "a1.1")
    call.played(900, "a1.1", 800)
    call.plays(920, "a1.2")
    call.played(1_900, "a1.2", 980)

    assert [told for told in call.dialog.told if told[0] == "speech_over"] == [
        ("speech_over", 1_900)
    ]


def test_after_the_hang_up_only_the_measure_of_what_was_heard_changes(call):
    call.open(STORY)
    call.plays(100, "a1.1", 9_000)
    call.take(CloseRequested(at=2_000, reason="drain"))
    call.steps.clear()
    call.words(2_010, "hello")
    call.played(2_020, "a1.1", 1_900, complete=False)
    call.until(90_000)

    assert call.effects() == []
    assert call.moves("agent") == call.moves("user") == []
    assert call.notes("late")[0] == (2_010, {"event": "TranscriptReceived"})
    assert call.history() == [("assistant", "Once upon a time")]
    assert call.notes("error")[0][0] == 7_000


def test_words_of_a_turn_that_was_open_at_the_end_are_noted(call):
    call.open()
    call.words(1_000, "one more thing")
    call.take(CloseRequested(at=1_100, reason="drain"))

    assert call.notes("late") == [(1_100, {"turn": "u1", "text": "one more thing"})]


def test_a_turn_that_comes_after_the_flow_has_ended_is_late(call):
    call.open()
    call.dialog.interruptions = InterruptionPolicy(allow=False)
    call.take(TextReceived(at=100, participant="caller", text="bye"))
    call.take(TextReceived(at=200, participant="caller", text="wait"))

    assert call.notes("late") == [(200, {"turn": "u2", "text": "wait"})]
    assert call.notes("turn") == [(100, {"turn": "u1", "text": "bye", "trusted": True})]


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
