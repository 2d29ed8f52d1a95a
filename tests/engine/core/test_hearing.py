from __future__ import annotations

from engine.core.hearing import Hearing
from engine.core.outbox import Outbox
from engine.events import (
    ParticipantJoined,
    ParticipantLeft,
    SpeechEnded,
    SpeechStarted,
    TranscriptReceived,
)


def hearing_at(at: int) -> tuple[Outbox, Hearing]:
    outbox = Outbox()
    outbox.begin(at)
    return outbox, Hearing(outbox)


def starts(at, who="a"):
    return SpeechStarted(at=at, participant=who, edge=at)


def ends(at, who="a", edge=None):
    return SpeechEnded(at=at, participant=who, edge=at if edge is None else edge)


def words(at, text, final=True):
    return TranscriptReceived(at=at, participant="a", text=text, final=final)


def test_two_people_are_one_voice_until_both_are_silent():
    outbox, hearing = hearing_at(100)
    hearing.started(starts(100, "a"), overlap=False)
    outbox.begin(200)
    hearing.started(starts(200, "b"), overlap=False)
    outbox.begin(300)
    turn = hearing.ended(ends(300, "a"))
    assert (hearing.voice, turn.owed) == (True, False)
    outbox.begin(400)
    hearing.ended(ends(400, "b"))

    assert (hearing.voice, turn.owed, turn.last_speech) == (False, True, 400)
    assert hearing.voiced(900) == 300


def test_the_end_of_a_voice_nobody_heard_is_nothing():
    _, hearing = hearing_at(100)

    assert hearing.ended(ends(100)) is None
    assert hearing.voiced(100) == 0


def test_an_edge_never_lies_in_the_future_nor_before_the_beginning():
    outbox, hearing = hearing_at(100)
    hearing.started(starts(200), overlap=False)
    assert hearing.edge == 100
    outbox.begin(300)
    hearing.ended(ends(300, edge=50))

    assert hearing.edge == 100


def test_a_final_before_the_noticed_end_of_speech_settles_the_stretch():
    outbox, hearing = hearing_at(100)
    turn = hearing.started(starts(100), overlap=False)
    outbox.begin(700)
    hearing.final(words(700, "hello"), overlap=False)
    outbox.begin(1_000)
    hearing.ended(ends(1_000, edge=500))

    assert not turn.owed


def test_words_after_that_final_unsettle_it():
    outbox, hearing = hearing_at(100)
    turn = hearing.started(starts(100), overlap=False)
    hearing.final(words(100, "hello"), overlap=False)
    hearing.partial(words(100, "and", final=False), overlap=False)
    outbox.begin(1_000)
    hearing.ended(ends(1_000, edge=500))

    assert turn.owed


def test_a_detector_takes_over_a_voice_that_was_known_by_its_words():
    outbox, hearing = hearing_at(100)
    hearing.partial(words(100, "hel", final=False), overlap=False)
    assert hearing.by_words
    outbox.begin(150)
    hearing.started(starts(150), overlap=False)
    assert not hearing.by_words
    outbox.begin(400)
    hearing.ended(ends(400))

    assert not hearing.voice


def test_empty_words_do_not_count():
    _, hearing = hearing_at(100)
    turn = hearing.started(starts(100), overlap=False)
    hearing.take("  ", trusted=True)
    hearing.take(" one ", trusted=False)
    hearing.take("two", trusted=True)

    assert (turn.text, turn.trusted) == ("one two", True)


def test_the_words_of_somebody_who_left_are_closed_by_the_voice_of_another():
    outbox, hearing = hearing_at(0)
    hearing.started(starts(0), overlap=False)
    outbox.begin(900)
    hearing.left("a")
    outbox.begin(1_000)
    assert hearing.part("b") is None, "their words are still to come"
    hearing.started(starts(1_000, "b"), overlap=False)
    outbox.begin(1_100)
    hearing.final(words(1_100, "one"), overlap=False)
    hearing.take("one", trusted=True)

    former = hearing.part()

    assert former is not None
    assert (former.id, former.speaker, former.text) == ("u1", "a", "one")
    turn = hearing.turn
    assert turn is not None
    assert (turn.id, turn.speaker, turn.began, turn.texts) == ("u2", "b", 1_000, [])
    assert hearing.part() is None
    assert hearing.ended(ends(1_500, "b")) is turn
    assert turn.owed


def test_who_left_and_is_back_goes_on_with_the_turn():
    outbox, hearing = hearing_at(0)
    hearing.started(starts(0), overlap=False)
    outbox.begin(900)
    hearing.left("a")
    hearing.final(words(900, "one"), overlap=False)
    hearing.take("one", trusted=True)
    outbox.begin(1_000)

    assert hearing.part("a") is None
    hearing.started(starts(1_000), overlap=False)
    assert hearing.part() is None


def test_a_participant_who_leaves_in_the_middle_of_a_word_is_silent(call):
    call.open()
    call.take(ParticipantJoined(at=10, participant="other"))
    call.voice(1_000)
    call.take(ParticipantLeft(at=1_500, participant="caller", last=False))

    assert call.user == "IDLE"
    assert ("event", "call.joined") in call.dialog.told
    assert ("event", "call.left") in call.dialog.told
    assert not call.conversation.closed
