"""Who is there: a call is kept for somebody whose connection was lost."""

from __future__ import annotations

from engine.core import snapshot
from engine.effects import HangUp, Say, StopSpeech
from engine.events import ParticipantJoined, ParticipantLeft, SessionResumed, ToolReturned
from tests.engine.core.conftest import FLOW, FakeDialog


def lost(call, at, grace=10_000):
    call.take(ParticipantLeft(at=at, participant="caller", reason="lost", grace=grace))


def back(call, at):
    call.take(ParticipantJoined(at=at, participant="caller"))


def resumed(call):
    return [told for told in call.dialog.told if told[0] == "resume"]


def test_whoever_leaves_ends_the_call(call):
    call.open()
    lost(call, 1_000, grace=0)
    assert call.effects(HangUp) == [(1_000, HangUp(reason="caller_left"))]


def test_who_comes_back_within_the_grace_is_in_the_same_call(call):
    call.open()
    lost(call, 1_000)
    back(call, 10_999)

    assert resumed(call) == [("resume", False)]
    assert call.dialog.told.count(("begin",)) == 1
    assert "gone" not in call.conversation.pending
    assert call.effects(HangUp) == []


def test_who_does_not_ends_it(call):
    call.open()
    lost(call, 1_000)
    call.until(60_000)

    assert call.effects(HangUp) == [(11_000, HangUp(reason="caller_left"))]
    assert ("event", "call.ended") in call.dialog.told


def test_what_is_said_when_they_are_lost_is_stopped_and_measured(call):
    call.open("A line that is long.")
    call.plays(100, "a1.1", 2_000)
    lost(call, 1_100)
    call.played(1_110, "a1.1", 1_000, complete=False)

    assert call.effects(StopSpeech) == [(1_100, StopSpeech(utterances=("a1.1",)))]
    assert call.history() == [("assistant", "A line")]


def test_nothing_is_said_to_an_empty_room_and_silence_does_not_count(call):
    call.open()
    call.says(100, 900, "look it up")
    lost(call, 2_000)
    call.take(ToolReturned(at=3_000, call="t1", value=1))
    assert "silence" not in call.conversation.pending
    assert call.effects(Say) == []
    back(call, 5_000)

    lines = [(at, effect.text) for at, effect in call.effects(Say)]
    assert lines == [(5_000, "Here is the result."), (5_000, "Welcome back.")]


def test_half_a_sentence_of_theirs_is_forgotten(call):
    call.open()
    call.voice(500)
    lost(call, 1_000)
    back(call, 4_000)

    assert call.user == "IDLE"
    call.until(20_000)
    assert not [told for told in call.dialog.told if told[0] == "user_turn"]


def test_who_did_not_hear_the_last_line_is_waited_for(call):
    call.open()
    call.says(100, 900, "bye")
    lost(call, 1_500)
    call.until(5_000)
    assert call.effects(HangUp) == []

    back(call, 5_000)
    assert resumed(call) == [("resume", False)]
    call.plays(5_100, "a2.1", 1_000)
    call.played(6_100, "a2.1", 1_000)
    assert call.effects(HangUp) == [(6_100, HangUp(reason="flow"))]


def test_who_is_lost_in_the_last_line_and_stays_away_ends_the_call(call):
    call.open()
    call.says(100, 900, "bye")
    lost(call, 1_500)
    call.until(60_000)

    assert call.effects(HangUp) == [(11_500, HangUp(reason="caller_left"))]


def test_a_copy_waits_as_the_original_does(call):
    call.open()
    lost(call, 1_000)
    copy = snapshot.restore(FLOW, snapshot.take(call.conversation), FakeDialog)

    event = ParticipantJoined(at=5_000, participant="caller")
    assert copy.receive(event) == call.conversation.receive(event)
    assert copy.pending == call.conversation.pending


def test_after_the_death_of_a_process_nobody_is_waited_for_without_end(call):
    call.open()
    call.says(100, 900, "bye")
    call.take(SessionResumed(at=1_500))
    call.until(120_000)

    assert call.effects(HangUp) == [(61_500, HangUp(reason="caller_left"))]
