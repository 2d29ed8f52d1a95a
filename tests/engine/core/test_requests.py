"""What the program around a call asks for, decided by the conversation alone."""

from __future__ import annotations

import pytest

from engine.core import snapshot
from engine.effects import (
    CancelReply,
    HangUp,
    PlayFile,
    ReportError,
    Say,
    SendKeys,
    StartReply,
    StopSpeech,
    Transfer,
)
from engine.events import (
    CloseRequested,
    ParticipantJoined,
    ReplyDelta,
    ReplyFinished,
    ReplyStarted,
    ServiceFailed,
    SessionResumed,
    SessionStarted,
    TextReceived,
    TransferEnded,
)
from engine.requests import (
    EndRequested,
    HandlerFailed,
    InterruptRequested,
    KeysRequested,
    ReplyRequested,
    SayRequested,
    TransferRequested,
)
from tests.engine.core.conftest import FLOW, FakeDialog


def said(call):
    return [(at, effect.utterance, effect.text) for at, effect in call.effects(Say)]


def over(call):
    """How each request ended, by its id."""
    return {
        data["request"]: (data["heard"], data["interrupted"], data["error"])
        for _, data in call.notes("request")
    }


def writes(call, at, reply, *sentences, whole=True):
    call.take(ReplyStarted(at=at, reply=reply))
    for text in sentences:
        call.take(ReplyDelta(at=at, reply=reply, text=text))
    if whole:
        call.take(ReplyFinished(at=at, reply=reply))


class TestLines:
    def test_a_line_is_said_behind_what_is_ordered(self, call):
        call.open("Hello.", "How are you?")
        call.take(SayRequested(at=100, request="q1", text="One thing more."))

        assert [text for _, _, text in said(call)] == ["Hello.", "How are you?", "One thing more."]

    def test_it_is_over_when_it_was_heard(self, call):
        call.open()
        call.take(SayRequested(at=100, request="q1", text="Your table is ready."))
        call.plays(300, "a1.1", 2_000)
        assert over(call) == {}
        call.played(2_300, "a1.1", 2_000)

        assert over(call) == {"q1": ("Your table is ready.", False, "")}
        assert call.history() == [("assistant", "Your table is ready.")]

    def test_one_that_is_cut_tells_what_was_heard(self, call):
        call.open()
        call.take(SayRequested(at=100, request="q1", text="Your table is ready now."))
        call.plays(300, "a1.1", 2_000)
        call.take(TextReceived(at=1_300, participant="caller", text="thanks"))
        call.played(1_310, "a1.1", 1_000, complete=False)

        heard, interrupted, error = over(call)["q1"]
        assert "Your table is ready now.".startswith(heard)
        assert (bool(heard), interrupted, error) == (True, True, "")

    def test_one_that_is_dropped_before_it_was_heard_is_told_at_once(self, call):
        call.open("Hello there.")
        call.plays(100, "a1.1", 2_000)
        call.take(SayRequested(at=200, request="q1", text="Wait."))
        call.take(TextReceived(at=500, participant="caller", text="stop"))
        call.played(510, "a1.1", 400, complete=False)
        call.played(510, "a1.2", 0, complete=False)

        assert over(call)["q1"] == ("", True, "")
        assert ("a1.2", "Wait.") in [(d["utterance"], d["text"]) for _, d in call.notes("dropped")]

    def test_before_anybody_is_there_it_waits_for_them(self, call):
        call.take(SessionStarted(at=0, seed=7, started_at="2026-05-01T12:00:00+02:00"))
        call.take(SayRequested(at=50, request="q1", text="Hello."))
        assert said(call) == []
        call.dialog.greeting = ("Welcome.",)
        call.take(ParticipantJoined(at=900, participant="ann"))

        assert said(call) == [(900, "a1.1", "Welcome."), (900, "a1.2", "Hello.")]

    def test_while_the_caller_speaks_it_waits(self, call):
        call.open()
        call.voice(1_000)
        call.take(SayRequested(at=1_100, request="q1", text="By the way."))
        assert said(call) == []
        call.words(2_200, "hello")
        call.silent(2_000)

        assert [text for _, _, text in said(call)] == ["By the way.", "All right."]

    def test_a_line_may_be_forgotten(self, call):
        call.open()
        call.take(SayRequested(at=100, request="q1", text="Beep.", remember=False))
        call.plays(200, "a1.1", 500)
        call.played(700, "a1.1", 500)

        assert over(call)["q1"] == ("Beep.", False, "")
        assert call.history() == []

    def test_audio_is_played_with_its_words(self, call):
        call.open()
        call.take(SayRequested(at=100, request="q1", text="Ding.", audio="memory:q1"))
        (_, effect), *_ = call.effects(PlayFile)
        assert (effect.file, effect.text) == ("memory:q1", "Ding.")

    @pytest.mark.parametrize(
        "happens",
        [
            lambda call: call.take(
                ServiceFailed(at=200, service="tts", message="no such file", subject="a1.1")
            ),
            lambda call: call.until(30_000),
        ],
    )
    def test_audio_that_cannot_be_played_is_no_affair_of_the_flow(self, call, happens):
        call.open()
        call.take(SayRequested(at=100, request="q1", text="Ding.", audio="memory:q1"))
        call.take(SayRequested(at=110, request="q2", text="Still here."))
        happens(call)
        call.played(30_100, "a1.1", 0, complete=False)

        heard, interrupted, error = over(call)["q1"]
        assert (heard, interrupted) == ("", True)
        assert error in ("no such file", "it was not heard in time")
        (report,) = [e for _, e in call.effects(ReportError) if e.subject == "q1"]
        assert (report.name, report.message) == ("error.tts", f"a1.1: {error}")
        errors = [told for told in call.dialog.told if told[0] == "event"]
        assert errors == [("event", "error.tts")], "of the other line, which is late"

    def test_a_protected_line_is_not_stopped_by_voice_text_or_request(self, call):
        call.open()
        call.dialog.answer = ()
        call.take(SayRequested(at=0, request="q1", text="Listen to me.", interruptible=False))
        call.plays(100, "a1.1", 9_000)
        call.says(1_000, 3_000, "stop it now please")
        call.take(TextReceived(at=4_000, participant="caller", text="stop"))
        call.take(InterruptRequested(at=5_000))
        call.take(InterruptRequested(at=5_100, request="q1"))
        assert call.effects(StopSpeech) == []

        call.take(InterruptRequested(at=6_000, request="q1", force=True))
        assert call.effects(StopSpeech) == [(6_000, StopSpeech(utterances=("a1.1",)))]

    def test_one_whose_voice_fails_tells_why(self, call):
        call.open()
        call.take(SayRequested(at=100, request="q1", text="Hello."))
        call.take(ServiceFailed(at=200, service="tts", message="boom", subject="a1.1"))
        call.played(210, "a1.1", 0, complete=False)

        assert over(call)["q1"] == ("", True, "boom")

    def test_one_that_is_never_audible_tells_why(self, call):
        call.open()
        call.take(SayRequested(at=0, request="q1", text="Hello."))
        call.until(10_000)
        call.played(10_010, "a1.1", 0, complete=False)

        assert over(call)["q1"] == ("", True, "it was not heard in time")

    def test_the_end_of_the_call_ends_it(self, call):
        call.open()
        call.take(SayRequested(at=0, request="q1", text="A line that is long."))
        call.plays(100, "a1.1", 5_000)
        call.take(TextReceived(at=200, participant="caller", text="bye"))
        call.take(SayRequested(at=300, request="q2", text="And one more."))
        assert over(call)["q2"] == ("", True, "the call is ending")

    def test_one_that_is_held_when_the_call_ends_tells_so(self, call):
        call.open()
        call.voice(100)
        call.take(SayRequested(at=200, request="q1", text="Too late."))
        call.take(CloseRequested(at=300, reason="enough"))

        assert over(call)["q1"] == ("", True, "the call is over")


class TestInterrupting:
    def test_everything_that_may_be_stopped_is(self, call):
        call.open("Hello.", "And welcome.")
        call.plays(100, "a1.1", 2_000)
        call.take(InterruptRequested(at=500))

        assert call.effects(StopSpeech) == [(500, StopSpeech(utterances=("a1.1", "a1.2")))]
        assert call.notes("interrupted")[0][1]["because"] == "request"
        assert call.agent == "IDLE"

    def test_one_request_leaves_the_others_alone(self, call):
        call.open()
        call.take(SayRequested(at=0, request="q1", text="One."))
        call.take(SayRequested(at=0, request="q2", text="Two."))
        call.plays(100, "a1.1", 1_000)
        call.take(InterruptRequested(at=200, request="q2"))
        call.played(210, "a1.2", 0, complete=False)
        call.played(1_100, "a1.1", 1_000)

        assert over(call) == {"q2": ("", True, ""), "q1": ("One.", False, "")}

    def test_held_lines_are_dropped_as_well(self, call):
        call.open()
        call.voice(500)
        call.take(SayRequested(at=600, request="q1", text="One."))
        call.take(InterruptRequested(at=700))

        assert over(call)["q1"] == ("", True, "")
        assert [d["text"] for _, d in call.notes("dropped")] == ["One."]

    def test_what_was_stopped_before_the_call_ended_has_no_error(self, call):
        call.open()
        call.take(SayRequested(at=0, request="q1", text="One two three."))
        call.plays(100, "a1.1", 2_000)
        call.take(InterruptRequested(at=1_100))
        call.take(CloseRequested(at=1_110, reason="enough"))
        call.played(1_120, "a1.1", 1_000, complete=False)

        assert over(call)["q1"] == ("One two", True, "")


class TestReplies:
    def test_the_model_is_told_what_to_say_and_what_was_said(self, call):
        call.open("Hello.")
        call.plays(100, "a1.1", 1_000)
        call.played(1_100, "a1.1", 1_000)
        call.take(ReplyRequested(at=2_000, request="q1", instructions="Say the table is ready."))

        ((at, order),) = call.effects(StartReply)
        assert (at, order.reply) == (2_000, "q1")
        assert order.instructions == "Say the table is ready."
        assert order.history == ({"role": "assistant", "text": "Hello."},)
        assert call.agent == "THINKING"

    def test_sentences_are_said_as_they_come(self, call):
        call.open()
        call.take(ReplyRequested(at=0, request="q1", instructions="x"))
        writes(call, 400, "q1", "It is ready.", whole=False)
        writes(call, 900, "q1", "Come in.")
        assert said(call) == [(400, "a1.1", "It is ready."), (900, "a1.2", "Come in.")]
        call.plays(1_000, "a1.1", 500)
        call.played(1_500, "a1.1", 500)
        call.plays(1_500, "a1.2", 500)
        call.played(2_000, "a1.2", 500)

        assert over(call) == {"q1": ("It is ready. Come in.", False, "")}

    def test_two_are_written_one_after_the_other(self, call):
        call.open()
        call.take(ReplyRequested(at=0, request="q1", instructions="x"))
        call.take(ReplyRequested(at=10, request="q2", instructions="y"))
        writes(call, 400, "q1", "First.")

        assert [(at, e.reply) for at, e in call.effects(StartReply)] == [(0, "q1"), (400, "q2")]

    def test_it_waits_for_the_caller_and_for_work(self, call):
        call.open()
        call.voice(100)
        call.take(ReplyRequested(at=200, request="q1", instructions="x"))
        call.words(1_200, "look it up")
        call.silent(1_000)
        assert call.effects(StartReply) == []
        call.dialog.busy = False
        call.take(TextReceived(at=3_000, participant="caller", text="hello"))

        assert [at for at, _ in call.effects(StartReply)] == [3_000]

    def test_one_a_tool_asks_for_does_not_wait_for_it_and_is_one_line(self, call):
        call.open()
        call.take(TextReceived(at=0, participant="caller", text="look it up"))
        assert call.dialog.busy
        call.take(ReplyRequested(at=10, request="q1", instructions="x", within="t2"))
        assert call.effects(StartReply) == [], "another tool is at work, for all it knows"
        call.take(ReplyRequested(at=20, request="q2", instructions="x", within="t1"))
        writes(call, 400, "q2", "One moment.", whole=False)
        assert said(call) == []
        writes(call, 900, "q2", "I am looking.")

        assert said(call) == [(900, "a1.1", "One moment. I am looking.")]

    def test_one_the_caller_came_before_is_begun_anew_and_knows_the_words(self, call):
        call.open()
        call.take(ReplyRequested(at=0, request="q1", instructions="x"))
        call.take(TextReceived(at=200, participant="caller", text="hello"))

        assert [at for at, _ in call.effects(CancelReply)] == [200]
        assert [at for at, _ in call.effects(StartReply)] == [0, 200]
        told = call.effects(StartReply)[-1][1].history
        assert told[0] == {"role": "user", "text": "hello"}
        assert over(call) == {}

    def test_what_was_written_before_the_caller_spoke_is_never_heard(self, call):
        call.open()
        call.take(ReplyRequested(at=0, request="q1", instructions="x"))
        writes(call, 100, "q1", "Stale.")
        call.says(200, 900, "what about tomorrow then")

        assert "a1.1" in {u for _, e in call.effects(StopSpeech) for u in e.utterances}
        assert len(call.effects(StartReply)) == 2

    def test_one_that_is_audible_is_cut_like_any_line(self, call):
        call.open()
        call.take(ReplyRequested(at=0, request="q1", instructions="x"))
        writes(call, 100, "q1", "One sentence of it.", whole=False)
        call.plays(200, "a1.1", 3_000)
        call.take(TextReceived(at=1_200, participant="caller", text="stop"))
        call.played(1_210, "a1.1", 1_000, complete=False)

        heard, interrupted, error = over(call)["q1"]
        assert heard == "One"
        assert (interrupted, error) == (True, "")
        assert len(call.effects(CancelReply)) == 1
        assert len(call.effects(StartReply)) == 1

    def test_a_protected_one_is_said_whole_even_when_the_caller_came_first(self, call):
        call.open()
        call.take(ReplyRequested(at=0, request="q1", instructions="x", interruptible=False))
        writes(call, 100, "q1", "One.", whole=False)
        assert said(call) == []
        call.take(TextReceived(at=200, participant="caller", text="hello"))
        writes(call, 300, "q1", "Two.")

        assert [text for _, _, text in said(call)] == ["All right.", "One. Two."]
        assert call.effects(CancelReply) == []
        assert not call.effects(Say)[-1][1].interruptible

    @pytest.mark.parametrize(
        ("happens", "error"),
        [
            (
                lambda call: call.take(
                    ServiceFailed(at=100, service="llm", message="no key", subject="q1")
                ),
                "no key",
            ),
            (lambda call: writes(call, 100, "q1"), "the model said nothing"),
            (lambda call: call.until(4_000), "the model took too long (first_token)"),
        ],
    )
    def test_one_that_fails_tells_why_and_the_flow_is_left_alone(self, call, happens, error):
        call.open()
        call.take(ReplyRequested(at=0, request="q1", instructions="x"))
        happens(call)

        assert over(call)["q1"] == ("", True, error)
        assert [e.name for _, e in call.effects(ReportError)] == ["error.llm"]
        assert not [told for told in call.dialog.told if told[0] in ("event", "deadline")]
        assert call.agent == "IDLE"

    def test_silence_does_not_count_meanwhile(self, call):
        call.open()
        call.take(ReplyRequested(at=0, request="q1", instructions="x"))
        assert "silence" not in call.conversation.pending
        writes(call, 100, "q1", "Well.")
        call.plays(200, "a1.1", 500)
        call.played(700, "a1.1", 500)
        assert "silence" in call.conversation.pending

    def test_an_interruption_by_request_is_the_end_of_it(self, call):
        call.open()
        call.take(ReplyRequested(at=0, request="q1", instructions="x"))
        call.take(InterruptRequested(at=100))

        assert over(call) == {"q1": ("", True, "")}
        assert [e.reply for _, e in call.effects(CancelReply)] == ["q1"]


class TestKeysTransferAndEnd:
    def test_keys_are_pressed(self, call):
        call.open()
        call.take(KeysRequested(at=100, keys="12#"))
        assert call.effects(SendKeys) == [(100, SendKeys(keys="12#"))]

    def test_a_transfer_waits_until_all_was_said_and_ends_the_call(self, call):
        call.open("One moment.")
        call.take(TransferRequested(at=100, request="q1", to="desk", kind="warm", brief="Ann"))
        assert call.effects(Transfer) == []
        call.plays(200, "a1.1", 1_000)
        call.played(1_200, "a1.1", 1_000)
        assert call.effects(Transfer) == [(1_200, Transfer(to="desk", kind="warm", brief="Ann"))]
        call.take(TransferEnded(at=5_000))

        assert over(call)["q1"] == ("", False, "")
        assert call.effects(HangUp) == [(5_000, HangUp(reason="transferred", kind="leave"))]

    def test_one_that_fails_leaves_the_call_as_it_was(self, call):
        call.open()
        call.take(TransferRequested(at=100, request="q1", to="desk"))
        call.take(TransferEnded(at=5_000, error="busy"))

        assert over(call)["q1"] == ("", True, "busy")
        assert not call.conversation.closed

    def test_nobody_answers_a_transfer(self, call):
        call.open()
        call.take(TransferRequested(at=100, request="q1", to="desk"))
        call.until(30_100)
        assert over(call)["q1"] == ("", True, "nobody answered in time")

    def test_the_end_comes_after_what_was_ordered(self, call):
        call.open("Goodbye then.")
        call.take(EndRequested(at=100, reason="done", kind="leave"))
        assert call.effects(HangUp) == []
        call.plays(200, "a1.1", 1_000)
        call.played(1_200, "a1.1", 1_000)

        assert call.effects(HangUp) == [(1_200, HangUp(reason="done", kind="leave"))]
        assert ("event", "call.ended") in call.dialog.told

    def test_the_end_waits_for_a_reply_that_was_asked_for_before(self, call):
        call.open()
        call.take(ReplyRequested(at=0, request="q1", instructions="Say goodbye."))
        call.take(EndRequested(at=10, reason="done"))
        writes(call, 400, "q1", "Goodbye.")
        call.plays(500, "a1.1", 600)
        call.played(1_100, "a1.1", 600)

        assert over(call)["q1"] == ("Goodbye.", False, "")
        assert [at for at, _ in call.effects(HangUp)] == [1_100]

    def test_in_an_empty_room_the_end_is_now(self, call):
        call.take(SessionStarted(at=0, seed=7, started_at="2026-05-01T12:00:00+02:00"))
        call.take(EndRequested(at=100, reason="done", kind="leave"))
        assert call.effects(HangUp) == [(100, HangUp(reason="done", kind="leave"))]

    def test_a_handler_that_failed_is_told_and_nothing_else(self, call):
        call.open()
        call.take(HandlerFailed(at=100, handler="transcript", message="boom"))
        ((_, told),) = call.effects(ReportError)
        assert (told.name, told.subject, told.message) == ("error.handler", "transcript", "boom")


class TestSnapshots:
    def test_a_copy_ends_requests_as_the_original_does(self, call):
        call.open()
        call.take(ReplyRequested(at=0, request="q1", instructions="x"))
        writes(call, 100, "q1", "One.", whole=False)
        copy = snapshot.restore(FLOW, snapshot.take(call.conversation), FakeDialog)

        for event in (ReplyFinished(at=200, reply="q1"), InterruptRequested(at=300)):
            assert copy.receive(event) == call.conversation.receive(event)

    def test_in_another_process_nobody_waits_for_them(self, call):
        call.open()
        call.take(ReplyRequested(at=0, request="q1", instructions="x"))
        call.take(SessionResumed(at=100))
        assert over(call) == {"q1": ("", True, "the process was killed")}
        assert "first_token:q1" not in call.conversation.pending
