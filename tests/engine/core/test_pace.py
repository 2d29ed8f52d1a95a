"""The wait for the end of a turn follows the caller's own pauses."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from engine.core import snapshot
from engine.core.endpointing import end_of_turn_wait
from engine.core.hearing import UserTurn
from engine.core.outbox import Outbox
from engine.core.pace import Pace
from engine.events import EndOfTurnPredicted
from engine.machine.compiled import ListenPolicy

DYNAMIC = ListenPolicy(end_of_turn="dynamic", min_wait=500, max_wait=1_500)


def committed(call):
    return [(at, data["text"]) for at, data in call.notes("turn")]


def learned(call):
    return [(data["pause"], data["average"]) for _, data in call.notes("pace")]


def dynamic(call, **more):
    call.open()
    call.dialog.listen = DYNAMIC
    return call


def test_who_has_not_paused_yet_is_waited_for_as_in_any_other_mode():
    assert end_of_turn_wait(DYNAMIC, None) == 500
    assert end_of_turn_wait(DYNAMIC, 1.0) == 500
    assert end_of_turn_wait(DYNAMIC, 0.0) == 1_500


def test_the_pace_takes_the_place_of_the_shortest_wait():
    assert end_of_turn_wait(DYNAMIC, None, 900) == 900
    assert end_of_turn_wait(DYNAMIC, 1.0, 900) == 900
    assert end_of_turn_wait(DYNAMIC, 0.5, 900) == 1_200
    assert end_of_turn_wait(DYNAMIC, 1.0, 100) == 500
    assert end_of_turn_wait(DYNAMIC, 1.0, 9_000) == 1_500


def test_only_the_dynamic_mode_looks_at_it():
    adaptive = ListenPolicy(end_of_turn="adaptive", min_wait=500, max_wait=1_500)
    assert end_of_turn_wait(adaptive, 1.0, 900) == 500


@given(
    pauses=st.lists(st.integers(1, 5_000), max_size=30),
    bounds=st.tuples(st.integers(0, 2_000), st.integers(0, 2_000)).map(sorted),
    probability=st.none() | st.floats(0, 1),
)
def test_the_wait_never_leaves_its_bounds(pauses, bounds, probability):
    policy = ListenPolicy(end_of_turn="dynamic", min_wait=bounds[0], max_wait=bounds[1])
    pace = Pace(Outbox())
    for pause in pauses:
        pace.went_on(UserTurn(id="u1", last_speech=0, overlap=False, pause=pause))
        pace.learn(policy)

    assert bounds[0] <= end_of_turn_wait(policy, probability, pace.average) <= bounds[1]


def test_a_pause_within_a_turn_makes_the_next_wait_longer(call):
    """It moves a quarter of the way from 500 ms to the 460, then 900 ms that were heard."""
    dynamic(call)
    call.voice(1_000)
    call.silent(2_000, at=2_100)
    call.words(2_150, "a table")
    call.voice(2_460)
    call.silent(3_000, at=3_100)
    call.words(3_150, "for four")
    call.until(9_000)

    assert learned(call) == [(460, 500)]
    assert committed(call) == [(3_500, "a table for four")]


def test_who_was_cut_off_is_waited_for_the_next_time(call):
    """The caller went on before the reply was audible: 900 ms were a pause, not the end."""
    dynamic(call)
    call.says(1_000, 2_000, "a table")
    call.until(2_500)
    assert committed(call) == [(2_500, "a table")]
    call.voice(2_900)
    call.words(3_700, "for four people")
    call.silent(3_500, at=3_700)
    call.until(9_000)

    assert learned(call) == [(900, 600)]
    assert committed(call)[1] == (4_100, "for four people")


def test_who_speaks_against_a_reply_that_has_just_begun_was_cut_off_too(call):
    dynamic(call)
    call.says(1_000, 2_000, "a table")
    call.until(2_500)
    call.plays(2_700, "a1.1", 3_000)
    call.voice(2_900)
    call.words(3_400, "for four people", final=False)
    call.words(3_700, "for four people")
    call.silent(3_500, at=3_700)
    call.until(9_000)

    assert learned(call) == [(900, 600)]


def test_who_has_heard_the_reply_begins_a_turn_of_their_own(call):
    dynamic(call)
    call.says(1_000, 2_000, "a table")
    call.until(2_500)
    call.plays(2_700, "a1.1", 3_000)
    call.says(3_400, 4_000, "no wait a moment")
    call.until(9_000)

    assert learned(call) == []


def test_a_cough_is_no_pause(call):
    """No words came after it."""
    dynamic(call)
    call.voice(1_000)
    call.silent(2_000, at=2_100)
    call.words(2_150, "a table")
    call.voice(2_400)
    call.silent(2_500, at=2_600)
    call.words(2_650, "")
    call.until(9_000)

    assert learned(call) == []


def test_words_over_a_line_tell_nothing_about_pauses(call):
    call.open("A long story.", **{"mode": "stt"})
    call.dialog.listen = DYNAMIC
    call.plays(500, "a1.1", 10_000)
    call.says(2_000, 2_300, "no")
    call.says(3_400, 3_700, "yes")
    call.played(10_500, "a1.1", 10_000)
    call.until(12_000)

    assert committed(call) == [(10_500, "no yes")]
    assert learned(call) == []


def test_the_pace_goes_with_the_caller_and_its_bounds_with_the_state(call):
    dynamic(call)
    call.says(1_000, 2_000, "a table")
    call.voice(2_900)
    call.words(3_700, "for four")
    call.dialog.listen = ListenPolicy(end_of_turn="dynamic", min_wait=300, max_wait=550)
    call.silent(3_500, at=3_700)
    call.until(9_000)

    assert committed(call)[-1][0] == 3_500 + 550


def test_other_modes_learn_silently(call):
    call.open()
    call.says(1_000, 2_000, "a table")
    call.voice(2_900)
    call.words(3_700, "for four")
    call.silent(3_500, at=3_700)
    call.dialog.listen = DYNAMIC
    call.until(3_999)

    assert learned(call) == []
    assert committed(call)[-1] == (2_500, "a table")


def test_a_prediction_counts_from_the_pace_on(call):
    dynamic(call)
    call.says(1_000, 2_000, "a table")
    call.voice(2_900)
    call.words(3_700, "for four")
    call.take(EndOfTurnPredicted(at=3_710, turn="u2", text="for four", probability=0.5))
    call.silent(3_500, at=3_750)
    call.until(9_000)

    assert committed(call)[-1][0] == 3_500 + 1_050


def test_the_pace_survives_a_snapshot(make_call):
    one, other = dynamic(make_call()), make_call()
    one.says(1_000, 2_000, "a table")
    one.voice(2_900)
    one.words(3_700, "for four")
    data = json.loads(json.dumps(snapshot.take(one.conversation)))
    other.conversation = snapshot.restore(one.conversation.flow, data, other._make)
    other.dialog.listen = DYNAMIC
    for call in (one, other):
        call.silent(3_500, at=3_750)
        call.until(9_000)

    assert committed(other) == committed(one)[1:] == [(4_100, "for four")]
