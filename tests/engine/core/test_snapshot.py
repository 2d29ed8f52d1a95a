from __future__ import annotations

import json
from dataclasses import replace

import pytest

from engine.core import snapshot
from engine.errors import JournalError
from engine.events import ParticipantJoined, PlayoutFinished

STORY = "Once upon a time there was a very long answer."


def interrupted(call):
    """A call in the middle of everything: paused speech, an open turn, a history."""
    call.open("Hello.", STORY, ignore=("okay",))
    call.plays(100, "a1.1", 700)
    call.played(800, "a1.1", 700)
    call.plays(820, "a1.2", 9_000)
    call.voice(2_000)
    call.words(2_300, "well", final=False)
    call.until(2_550)
    return call


def goes_on(call):
    call.words(3_000, "well then go on")
    call.silent(2_900)
    call.played(3_020, "a1.2", 1_700, complete=False)
    call.until(60_000)


def test_a_restored_conversation_goes_on_like_the_one_it_was_taken_from(make_call):
    straight, saved = interrupted(make_call()), interrupted(make_call())
    data = json.loads(json.dumps(snapshot.take(saved.conversation)))
    resumed = make_call()
    resumed.conversation = snapshot.restore(saved.conversation.flow, data, resumed._make)
    for one in (straight, resumed):
        one.steps.clear()
        goes_on(one)

    assert resumed.steps == straight.steps
    assert resumed.conversation.history == straight.conversation.history


def test_a_snapshot_survives_being_taken_twice(make_call):
    call = interrupted(make_call())
    first = snapshot.take(call.conversation)
    other = make_call()
    restored = snapshot.restore(call.conversation.flow, first, other._make)

    assert snapshot.take(restored) == first


def test_a_snapshot_of_another_flow_is_refused(call):
    data = snapshot.take(call.conversation)
    other = replace(call.conversation.flow, fingerprint="beef", version="2")

    with pytest.raises(JournalError, match="belongs to flow play 1"):
        snapshot.restore(other, data)


@pytest.mark.parametrize("data", [{}, {"format": 2}, {"format": 1}])
def test_something_that_is_no_snapshot_is_refused(call, data):
    with pytest.raises(JournalError, match="no snapshot"):
        snapshot.restore(call.conversation.flow, data)


def test_a_snapshot_before_the_call_opens_can_be_restored(make_call):
    call, other = make_call(), make_call()
    data = snapshot.take(call.conversation)
    other.conversation = snapshot.restore(call.conversation.flow, data, other._make)
    other.take(ParticipantJoined(at=10, participant="caller"))

    assert other.agent == "IDLE"
    other.take(PlayoutFinished(at=20, utterance="a9.9", played=0, complete=True))
    assert other.notes("late") == [(20, {"utterance": "a9.9"})]
