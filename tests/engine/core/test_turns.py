from __future__ import annotations

import pytest

from engine.core.deadlines import Deadlines
from engine.core.history import History
from engine.core.outbox import Outbox
from engine.core.turns import Turns
from engine.core.watch import FIRST_AUDIO, PLAYOUT_MARGIN
from engine.effects import PauseSpeech, ResumeSpeech, Say, StopSpeech
from engine.events import PlayoutFinished, PlayoutStarted, SpeechPrepared, Word
from engine.machine.compiled import InterruptionPolicy

OPEN, PROTECTED = InterruptionPolicy(), InterruptionPolicy(allow=False)


class Desk:
    """The agent's turns alone, at instants of the test's choice."""

    def __init__(self) -> None:
        self.outbox, self.deadlines, self.history = Outbox(), Deadlines(), History()
        self.turns = Turns(self.outbox, self.deadlines, self.history)

    def at(self, at):
        self.outbox.begin(at)
        return self.turns

    def say(self, at, text="One two three four.", policy=OPEN, purpose="line"):
        return self.at(at).say(text, purpose=purpose, policy=policy)

    def starts(self, at, utterance):
        self.at(at).started(PlayoutStarted(at=at, utterance=utterance))

    def ends(self, at, utterance, played, complete=True):
        event = PlayoutFinished(at=at, utterance=utterance, played=played, complete=complete)
        return self.at(at).finished(event)

    def prepared(self, at, utterance, duration, *words, more=False):
        event = SpeechPrepared(
            at=at, utterance=utterance, duration=duration, words=words, more=more
        )
        self.at(at).prepared(event)

    def notes(self, kind):
        return [note.data for note in self.outbox.notes if note.kind == kind]


@pytest.fixture
def desk():
    return Desk()


def test_lines_of_one_turn_are_numbered_and_go_out_at_once(desk):
    desk.say(0, "Hello.", PROTECTED)
    desk.turns.say("For which day?", purpose="question", policy=OPEN)

    assert desk.outbox.effects == [
        Say(utterance="a1.1", turn="a1", text="Hello.", interruptible=False),
        Say(utterance="a1.2", turn="a1", text="For which day?", purpose="question"),
    ]
    assert desk.turns.speaking
    assert desk.turns.last_spoken == "For which day?"


def test_fillers_and_errors_are_not_what_is_repeated(desk):
    desk.say(0, "For which day?", purpose="question")
    desk.say(10, "One moment.", purpose="filler")

    assert desk.turns.last_spoken == "For which day?"


@pytest.mark.parametrize("between", ["the queue was empty", "a turn of the caller", "a stop"])
def test_a_new_turn_begins_after(desk, between):
    desk.say(0, policy=PROTECTED)
    desk.say(0)
    if between == "the queue was empty":
        desk.ends(100, "a1.1", 10)
        desk.ends(200, "a1.2", 10)
    elif between == "a turn of the caller":
        desk.at(100).new_turn()
    else:
        desk.at(100).stop()

    assert desk.say(300) == "a2.1"


def test_a_line_must_become_audible_in_time_counted_from_its_turn_to_speak(desk):
    desk.say(0)
    desk.say(0)
    assert desk.deadlines.as_dict() == {"first_audio:a1.1": FIRST_AUDIO}
    desk.starts(100, "a1.1")
    desk.prepared(150, "a1.1", 2_000)
    assert desk.deadlines.as_dict() == {"playout:a1.1": 100 + 2_000 + PLAYOUT_MARGIN}
    desk.ends(2_100, "a1.1", 2_000)

    assert desk.deadlines.as_dict() == {"first_audio:a1.2": 2_100 + FIRST_AUDIO}


def test_a_line_of_unknown_length_is_bounded_too(desk):
    desk.say(0, "x" * 500)
    desk.starts(100, "a1.1")

    assert desk.deadlines.get("playout:a1.1") == 100 + 500 * 80 + PLAYOUT_MARGIN


def test_a_length_known_before_the_first_sample_is_used(desk):
    desk.say(0)
    desk.prepared(50, "a1.1", 2_000)
    desk.starts(100, "a1.1")

    assert desk.deadlines.get("playout:a1.1") == 5_100


def test_deadlines_stand_still_while_the_audio_is_held(desk):
    desk.say(0)
    desk.starts(100, "a1.1")
    desk.prepared(150, "a1.1", 2_000)
    desk.at(1_100).pause()
    assert desk.deadlines.as_dict() == {}
    desk.at(4_100).resume()

    assert desk.deadlines.as_dict() == {"playout:a1.1": 8_100}
    assert desk.outbox.effects == [ResumeSpeech()]
    assert desk.turns.head.played_by(4_100) == 1_000


def test_a_sound_that_goes_on_may_last_as_long_as_word_of_it_comes(desk):
    desk.say(0)
    desk.prepared(50, "a1.1", 5_000, more=True)
    desk.starts(100, "a1.1")
    assert desk.deadlines.as_dict() == {"playout:a1.1": 18_100}
    desk.prepared(9_000, "a1.1", 10_000, more=True)
    assert desk.deadlines.as_dict() == {"playout:a1.1": 23_100}
    assert desk.turns.head.duration is None
    desk.prepared(11_000, "a1.1", 12_000)
    assert desk.deadlines.as_dict() == {"playout:a1.1": 15_100}


def test_a_length_learned_while_held_counts_from_the_pause(desk):
    desk.say(0)
    desk.starts(100, "a1.1")
    desk.at(1_100).pause()
    desk.prepared(2_000, "a1.1", 2_000)
    desk.at(4_100).resume()

    assert desk.deadlines.as_dict() == {"playout:a1.1": 8_100}


def test_a_line_held_before_it_is_audible_gets_its_time_afterwards(desk):
    desk.say(0)
    desk.at(100).pause()
    assert desk.deadlines.as_dict() == {}
    desk.at(700).resume()

    assert desk.deadlines.as_dict() == {"first_audio:a1.1": 700 + FIRST_AUDIO}


def test_a_line_that_started_in_the_moment_of_the_pause_is_measured_from_its_start(desk):
    desk.say(0)
    desk.at(100).pause()
    desk.starts(120, "a1.1")
    desk.at(1_120).resume()

    assert desk.turns.head.played_by(1_620) == 500


def test_pausing_twice_or_nothing_and_resuming_nothing_orders_nothing(desk):
    desk.at(0).pause()
    desk.turns.resume()
    assert desk.outbox.effects == []
    desk.say(10)
    desk.turns.pause()
    desk.turns.pause()

    assert desk.outbox.effects[1:] == [PauseSpeech()]


def test_a_stop_drops_what_may_be_dropped_and_lifts_the_pause(desk):
    desk.say(0, "Now.")
    desk.say(0, "Recorded.", PROTECTED)
    desk.say(0, "Then.")
    desk.starts(100, "a1.1")
    desk.at(500).pause()
    stopped = desk.at(900).stop()

    assert stopped == ("a1.1", "a1.3")
    assert desk.outbox.effects == [StopSpeech(utterances=stopped), ResumeSpeech()]
    assert desk.notes("dropped") == [
        {"utterance": "a1.3", "text": "Then.", "because": "interrupted"}
    ]
    assert desk.turns.head.id == "a1.2"
    assert desk.turns.speaking


def test_force_stops_protected_lines_as_well(desk):
    desk.say(0, policy=PROTECTED)

    assert desk.at(100).stop() == ()
    assert desk.turns.stop(force=True) == ("a1.1",)


def test_what_was_heard_of_a_cut_line_comes_with_its_end(desk):
    desk.say(0)
    words = [Word(text=w, start=n * 200, end=n * 200 + 200) for n, w in enumerate(["One", "two"])]
    desk.prepared(50, "a1.1", 1_000, *words)
    desk.starts(100, "a1.1")
    desk.at(500).stop()
    assert desk.history.items == ()
    assert desk.ends(520, "a1.1", 410, complete=False) is None

    (item,) = desk.history.items
    assert (item.text, item.interrupted, item.ordered) == ("One two", True, "One two three four.")
    assert desk.notes("heard") == [{"utterance": "a1.1", "text": "One two", "complete": False}]
    assert desk.deadlines.as_dict() == {}


def test_a_line_cut_before_it_was_audible_leaves_no_trace_in_the_history(desk):
    desk.say(0)
    desk.at(100).stop()
    desk.ends(120, "a1.1", 0, complete=False)

    assert desk.history.items == ()
    assert desk.notes("heard") == []
    assert not desk.turns.speaking


def test_when_the_end_of_a_cut_line_never_comes_the_clock_is_the_measure(desk):
    desk.say(0)
    desk.prepared(50, "a1.1", 1_000)
    desk.starts(100, "a1.1")
    desk.at(600).stop()
    due = desk.deadlines.get("playout:a1.1")
    assert desk.at(due).give_up("a1.1") is None

    assert [item.text for item in desk.history.items] == ["One two"]


def test_the_end_of_a_line_that_never_started_still_counts(desk):
    """Where nothing is played (a text call) a line may be over at once."""
    desk.say(0)
    utterance = desk.ends(0, "a1.1", 0)

    assert utterance is not None
    assert [item.text for item in desk.history.items] == ["One two three four."]


def test_reports_about_dead_lines_are_late(desk):
    desk.at(0)
    desk.turns.started(PlayoutStarted(at=0, utterance="a9.1"))
    desk.turns.prepared(SpeechPrepared(at=0, utterance="a9.1", duration=5))
    assert (
        desk.turns.finished(PlayoutFinished(at=0, utterance="a9.1", played=0, complete=True))
        is None
    )

    assert desk.notes("late") == [{"utterance": "a9.1"}] * 3


def test_a_line_that_is_given_up_makes_room_for_the_next(desk):
    desk.say(0)
    desk.say(0)
    assert desk.at(100).give_up("a1.1").id == "a1.1"
    assert desk.outbox.effects == [StopSpeech(utterances=("a1.1",))]

    assert desk.turns.head.id == "a1.2"
    assert desk.deadlines.get("first_audio:a1.2") == 100 + FIRST_AUDIO
    assert desk.turns.give_up("a7.1") is None


def test_a_voice_that_failed_itself_is_not_told_to_stop(desk):
    desk.say(0)
    desk.at(100).give_up("a1.1", stop=False)

    assert desk.outbox.effects == []
    assert not desk.turns.speaking


def test_when_the_voice_itself_fails_every_line_it_had_is_lost(desk):
    desk.say(0, policy=PROTECTED)
    desk.say(0)
    desk.starts(50, "a1.1")
    desk.at(80).pause()

    assert desk.at(100).give_up_all() == ("a1.1", "a1.2")
    assert desk.outbox.effects == [ResumeSpeech()]
    assert not desk.turns.speaking
    assert desk.say(200) == "a2.1"


def test_lines_wait_while_the_caller_has_the_floor(desk):
    desk.at(0).hold(True)
    desk.say(10, "Result.")
    assert desk.outbox.effects == []
    assert (desk.turns.speaking, desk.turns.lines) == (True, False)
    desk.at(100).hold(False)
    desk.turns.hold(False)

    assert [effect.text for effect in desk.outbox.effects] == ["Result."]


def test_a_line_that_was_not_handed_over_cannot_be_given_up(desk):
    desk.at(0).hold(True)
    desk.say(10)

    assert desk.turns.give_up("a1.1") is None


def test_the_end_of_the_queue_is_told_once(desk):
    assert not desk.turns.drained()
    desk.say(0)
    assert not desk.turns.drained()
    desk.ends(100, "a1.1", 100)

    assert desk.turns.drained()
    assert not desk.turns.drained()


def test_a_line_that_ends_in_the_pause_takes_the_pause_with_it(desk):
    desk.say(0)
    desk.starts(50, "a1.1")
    desk.at(100).pause()
    desk.ends(110, "a1.1", 60)

    assert not desk.turns.paused
    assert desk.outbox.effects == [ResumeSpeech()]


def test_after_the_call_what_was_heard_is_still_measured(desk):
    desk.say(0)
    desk.at(10).hold(True)
    desk.say(20, "never")
    desk.starts(100, "a1.1")
    desk.prepared(110, "a1.1", 1_000)
    desk.at(600).close()
    assert not desk.turns.speaking
    desk.ends(620, "a1.1", 520, complete=False)

    assert [item.text for item in desk.history.items] == ["One two"]


def test_a_line_of_an_earlier_snapshot_goes_on(desk):
    policy = InterruptionPolicy(phrases=("stop",), thinking=InterruptionPolicy(allow=False))
    desk.say(0, policy=policy)
    desk.prepared(50, "a1.1", 1_000, Word(text="One", start=0, end=100))
    desk.starts(100, "a1.1")
    other = Desk()
    other.turns.from_dict(desk.turns.to_dict())

    assert other.turns.head == desk.turns.head
    assert other.turns.to_dict() == desk.turns.to_dict()
