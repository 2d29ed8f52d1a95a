from __future__ import annotations

from engine.events import KeyPressed, TextReceived, ToolReturned
from engine.machine.compiled import ListenPolicy


def asked(call):
    return [told[1] for told in call.dialog.told if told[0] == "no_input"]


def test_silence_counts_from_the_end_of_the_line(call):
    call.open("For which day?")
    call.plays(500, "a1.1", 1_500)
    call.played(2_000, "a1.1", 1_500)
    call.until(7_999)
    assert asked(call) == []
    call.until(8_000)

    assert asked(call) == [8_000]


def test_it_repeats_after_each_reminder(call):
    call.open()
    call.until(6_000)
    call.plays(6_100, "a1.1", 900)
    call.played(7_000, "a1.1", 900)
    call.until(13_000)

    assert asked(call) == [6_000, 13_000]


def test_it_is_the_time_the_state_allows(call):
    call.open()
    call.dialog.listen = ListenPolicy(silence=2_000)
    call.take(KeyPressed(at=100, participant="caller", key="1"))
    call.until(2_100)

    assert asked(call) == [2_100]


def test_any_sign_of_life_begins_it_anew(call):
    call.open()
    call.take(KeyPressed(at=5_000, participant="caller", key="1"))
    call.voice(10_000)
    call.words(10_900, "")
    call.silent(10_500)
    call.until(16_999)
    assert asked(call) == []
    call.until(17_000)

    assert asked(call) == [17_000]


def test_it_stands_still_while_a_tool_runs(call):
    call.open()
    call.take(TextReceived(at=1_000, participant="caller", text="look it up"))
    call.until(30_000)
    assert asked(call) == []
    call.take(ToolReturned(at=31_000, call="t1"))
    call.plays(31_100, "a1.1", 900)
    call.played(32_000, "a1.1", 900)
    call.until(38_000)

    assert asked(call) == [38_000]


def test_it_stands_still_while_somebody_speaks_or_a_line_is_held(call):
    call.open("A long story.", min_time=60)
    call.plays(500, "a1.1", 9_000)
    call.voice(1_000, at=1_060)
    call.until(8_059)

    assert call.conversation.states.paused
    assert asked(call) == []


def test_a_dialog_that_does_not_wait_is_never_asked(call):
    call.open()
    call.dialog.waiting = False
    call.take(KeyPressed(at=100, participant="caller", key="1"))
    call.until(60_000)

    assert asked(call) == []
