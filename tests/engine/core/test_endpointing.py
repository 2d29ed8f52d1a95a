from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.endpointing import PREDICTION_GRACE, end_of_turn_wait
from engine.effects import CloseStretch, PredictEndOfTurn
from engine.events import EndOfTurnPredicted
from engine.machine.compiled import ListenPolicy

ADAPTIVE = ListenPolicy(end_of_turn="adaptive", min_wait=500, max_wait=1_500)
FIXED = ListenPolicy(end_of_turn="fixed", min_wait=500, max_wait=1_500, threshold=0.7)


def committed(call):
    return [(at, data["text"]) for at, data in call.notes("turn")]


def predict(call, at, probability, text, turn="u1"):
    call.take(EndOfTurnPredicted(at=at, turn=turn, text=text, probability=probability))


@pytest.mark.parametrize(
    ("policy", "probability", "wait"),
    [
        (ADAPTIVE, None, 500),
        (ADAPTIVE, 1.0, 500),
        (ADAPTIVE, 0.0, 1_500),
        (ADAPTIVE, 0.4, 1_100),
        (ADAPTIVE, 7.0, 500),
        (ADAPTIVE, -1.0, 1_500),
        (FIXED, None, 500),
        (FIXED, 0.69, 1_500),
        (FIXED, 0.7, 500),
    ],
)
def test_the_wait_follows_the_formula(policy, probability, wait):
    assert end_of_turn_wait(policy, probability) == wait


@given(st.one_of(st.none(), st.floats(0, 1)), st.sampled_from([ADAPTIVE, FIXED]))
def test_the_wait_lies_between_its_bounds(probability, policy):
    assert policy.min_wait <= end_of_turn_wait(policy, probability) <= policy.max_wait


def test_the_wait_counts_from_the_last_speech_and_not_from_its_delivery(call):
    call.open()
    call.voice(1_000)
    call.silent(2_000, at=2_300)
    call.words(2_350, "hello")
    call.until(3_000)

    assert committed(call) == [(2_500, "hello")]


def test_a_turn_is_never_over_before_its_final_transcript(call):
    """And it is over as soon as it was judged, when that comes after the wait."""
    call.open()
    call.voice(1_000)
    call.silent(2_000, at=2_200)
    call.until(2_900)
    assert committed(call) == []
    call.words(2_900, "hello")
    assert committed(call) == []
    predict(call, 2_905, 1.0, "hello")

    assert committed(call) == [(2_905, "hello")]


def test_a_detector_has_a_moment_to_judge_words_that_come_late(call):
    """Without an answer the turn is over a grace later: words are never left lying."""
    call.open()
    call.voice(1_000)
    call.silent(2_000, at=2_200)
    call.words(2_900, "hello")
    call.until(9_000)

    assert committed(call) == [(2_900 + PREDICTION_GRACE, "hello")]


def test_a_prediction_in_time_moves_the_end_and_a_late_one_changes_nothing(call):
    call.open()
    call.dialog.listen = ADAPTIVE
    call.voice(1_000)
    call.silent(2_000, at=2_100)
    call.words(2_200, "my number is")
    predict(call, 2_210, 1.0, "my number")
    predict(call, 2_220, 0.2, "my number is")
    call.until(10_000)
    predict(call, 10_000, 0.0, "my number is")

    assert committed(call) == [(3_300, "my number is")]
    assert len(call.notes("late")) == 2


def test_each_final_is_judged_with_all_words_so_far_and_the_kinds_asked_for(call):
    call.open()
    call.dialog.kinds = ("phone",)
    call.voice(1_000)
    call.words(2_000, "zero three")
    call.words(2_900, "four five")

    assert call.effects(PredictEndOfTurn) == [
        (2_000, PredictEndOfTurn(turn="u1", text="zero three", kinds=("phone",))),
        (2_900, PredictEndOfTurn(turn="u1", text="zero three four five", kinds=("phone",))),
    ]


def test_new_words_forget_the_old_prediction(call):
    call.open()
    call.dialog.listen = ADAPTIVE
    call.voice(1_000)
    call.words(1_500, "zero three")
    predict(call, 1_510, 0.0, "zero three")
    call.words(1_900, "four")
    call.silent(2_000, at=2_100)
    call.until(10_000)

    assert committed(call) == [(2_500, "zero three four")]


def test_voice_during_the_wait_begins_it_anew(call):
    call.open()
    call.voice(1_000)
    call.silent(2_000, at=2_100)
    call.words(2_150, "a table")
    call.voice(2_400)
    call.silent(3_000, at=3_100)
    call.words(3_150, "for four")
    call.until(9_000)

    assert committed(call) == [(3_500, "a table for four")]


@pytest.mark.parametrize("final", [None, 3_050], ids=["no transcript", "an empty transcript"])
def test_a_cough_during_the_wait_only_delays_the_answer(call, final):
    """Without any transcript of the cough the watchdog ends the wait."""
    call.open()
    call.voice(1_000)
    call.silent(2_000, at=2_100)
    call.words(2_150, "a table for four")
    call.voice(2_400)
    call.silent(2_600, at=2_700)
    if final is not None:
        call.words(final, "")
    call.until(20_000)

    assert committed(call) == [(4_600 if final is None else 3_100, "a table for four")]


def test_words_without_voice_during_the_wait_begin_it_anew(call):
    call.open()
    call.voice(1_000)
    call.silent(2_000, at=2_100)
    call.words(2_150, "a table")
    call.words(2_450, "for", final=False)
    call.words(2_900, "for four")
    call.until(9_000)

    assert committed(call) == [(3_400, "a table for four")]


def test_a_final_of_an_earlier_stretch_does_not_stand_for_the_one_in_progress(call):
    """The recogniser is behind: the caller spoke again before the first words came."""
    call.open()
    call.voice(1_000)
    call.silent(2_000, at=2_200)
    call.voice(2_250)
    call.words(2_400, "a table")
    call.silent(3_000, at=3_200)
    call.until(3_900)
    assert committed(call) == []
    call.words(3_900, "for four")
    predict(call, 3_900, 1.0, "a table for four")

    assert committed(call) == [(3_900, "a table for four")]


def test_a_cough_that_is_never_transcribed_does_not_delay_the_words_after_it(call):
    call.open()
    call.voice(1_000)
    call.silent(1_300, at=1_500)
    call.voice(2_000)
    call.silent(3_000, at=3_200)
    call.words(3_250, "hello")
    call.until(9_000)

    assert committed(call) == [(3_500, "hello")]


def test_a_recogniser_that_stays_silent_is_closed_with_the_last_partial(call):
    call.open()
    call.voice(1_000)
    call.words(1_800, "hello th", final=False)
    call.silent(2_000, at=2_100)
    call.until(9_000)

    assert committed(call) == [(4_000 + PREDICTION_GRACE, "hello th")]
    assert call.notes("no_transcript") == [(4_000, {"turn": "u1", "partial": "hello th"})]


def test_a_final_that_comes_after_that_is_late_and_the_next_one_is_not(call):
    call.open()
    call.voice(1_000)
    call.words(1_800, "hello th", final=False)
    call.silent(2_000, at=2_100)
    call.until(5_000)
    call.words(5_000, "hello there")
    call.says(6_000, 7_000, "again")
    call.until(9_000)

    assert [text for _, text in committed(call)] == ["hello th", "again"]
    assert call.notes("late") == [(5_000, {"transcript": "hello there"})]


def test_noise_without_any_transcript_gives_the_floor_back_and_silence_counts_anew(call):
    call.open()
    call.voice(1_000)
    call.silent(2_000, at=2_100)
    call.until(4_000)

    assert call.agent == "IDLE"
    assert call.notes("no_turn") == [(4_000, {"turn": "u1"})]
    assert call.conversation.next_deadline == 10_000


def test_words_that_come_when_noise_was_given_up_are_not_lost(call):
    call.open()
    call.voice(1_000)
    call.silent(2_000, at=2_100)
    call.until(4_500)
    call.words(4_500, "hello")
    call.until(9_000)

    assert committed(call) == [(5_000, "hello")]


def test_without_voice_activity_words_are_the_voice(call):
    call.open()
    call.words(1_000, "hel", final=False)
    assert (call.user, call.agent) == ("SPEAKING", "LISTENING")
    call.words(1_400, "hello")
    assert (call.user, call.agent) == ("IDLE", "LISTENING")
    call.until(9_000)

    assert committed(call) == [(1_900, "hello")]


def test_words_that_never_become_final_are_bounded_too(call):
    call.open()
    call.words(1_000, "hel", final=False)
    call.until(9_000)

    assert committed(call) == [(3_000 + PREDICTION_GRACE, "hel")]
    assert call.user != "SPEAKING"


def test_an_empty_final_out_of_nowhere_is_nothing(call):
    call.open()
    call.words(1_000, "")

    assert call.agent == "IDLE"
    assert call.notes("no_turn") == []


def test_words_nobody_trusts_are_given_to_the_dialog_as_not_understood(call):
    call.open()
    call.says(1_000, 2_000, "the rain in spain", accepted=False)
    call.until(9_000)

    assert ("user_turn", "u1", "") in call.dialog.told
    assert call.history()[0] == ("user", "the rain in spain")


def test_speech_where_only_keys_are_accepted_is_no_answer(call):
    call.open()
    call.dialog.listen = ListenPolicy(accept=("dtmf",))
    call.says(1_000, 2_000, "four")
    call.until(3_000)

    assert not [told for told in call.dialog.told if told[0] == "user_turn"]
    assert call.notes("blocked")[0][1]["action"] == "discard"
    assert call.agent == "IDLE"


def test_a_turn_without_an_end_is_closed_with_the_words_it_has(call):
    """A detector that is stuck in a noise must not silence the call for half an hour."""
    call.open()
    call.voice(1_000)
    call.words(2_000, "four people")
    call.until(61_000)

    assert committed(call) == [(61_000, "four people")]
    assert call.notes("long_turn") == [(61_000, {"turn": "u1"})]


def test_the_recogniser_is_told_that_the_rest_is_another_stretch(call):
    call.open()
    call.voice(1_000)
    call.until(61_000)

    assert call.effects(CloseStretch) == [(61_000, CloseStretch())]


def test_how_long_a_turn_may_be_is_the_policys(call):
    call.open()
    call.dialog.listen = ListenPolicy(max_turn=10_000)
    call.voice(1_000)
    call.words(2_000, "four people", final=False)
    call.until(70_000)

    assert committed(call) == [(11_000, "four people")]


def test_words_that_come_when_a_turn_without_an_end_was_closed_are_not_lost(call):
    """A recogniser that tells nothing before the end of a stretch is asked for it."""
    call.open()
    call.dialog.listen = ListenPolicy(max_turn=10_000)
    call.voice(1_000)
    call.until(11_000)
    call.words(11_300, "once upon a time there was a king")
    call.until(20_000)

    assert committed(call) == [(11_800, "once upon a time there was a king")]


def test_who_is_silent_while_a_line_is_heard_to_its_end_is_not_endless(call):
    """Words kept over a protected line wait for its end, however long that takes."""
    call.open("A very long line.", allow=False)
    call.dialog.listen = ListenPolicy(max_turn=10_000)
    call.plays(500, "a1.1", 30_000)
    call.says(2_000, 3_000, "four people")
    call.says(14_000, 15_000, "or five")
    call.until(30_499)
    call.played(30_500, "a1.1", 30_000)
    call.until(40_000)

    assert call.notes("long_turn") == []
    assert committed(call) == [(30_500, "four people or five")]


def test_a_turn_without_an_end_is_closed_with_the_words_in_the_making(call):
    call.open()
    call.voice(1_000)
    call.words(2_000, "four people", final=False)
    call.until(61_000)

    assert committed(call) == [(61_000, "four people")]


def test_noise_without_an_end_is_no_turn(call):
    """And the silence that follows is the caller's."""
    call.open()
    call.voice(1_000)
    call.until(61_000)

    assert [at for at, _ in call.notes("no_turn")] == [61_000]
    assert (call.user, call.agent) == ("IDLE", "IDLE")
    assert call.conversation.pending == ("silence",)


def test_breaths_do_not_make_a_turn_endless(call):
    """Noise in stretches, each too short a pause from the next for the turn to be over."""
    call.open()
    for start in range(1_000, 70_000, 1_000):
        call.voice(start)
        call.silent(start + 700, at=start + 900)
    call.until(70_000)

    assert [at for at, _ in call.notes("long_turn")] == [61_000]


def test_whoever_goes_on_after_a_minute_begins_a_new_turn(call):
    call.open()
    call.voice(1_000)
    call.words(2_000, "once upon a time", final=False)
    call.until(61_000)
    call.words(62_000, "there was a king", final=False)
    call.words(63_000, "there was a king")
    call.until(64_000)

    assert [text for _, text in committed(call)] == ["once upon a time", "there was a king"]
