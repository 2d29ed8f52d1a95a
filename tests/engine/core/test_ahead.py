"""T2: a turn is rehearsed on a copy while it may still go on, and leaves no trace when it does."""

from __future__ import annotations

import gc
import json
import weakref
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core import snapshot
from engine.core.ahead import MOST
from engine.core.asking import plain
from engine.core.conversation import Conversation
from engine.core.rehearsing import Rehearsing
from engine.effects import CallTool, CancelReply, CancelUnderstanding, Say, StartReply, Understand
from engine.events import (
    AppEventReceived,
    CloseRequested,
    ReplyDelta,
    ReplyFinished,
    ReplyReported,
    ReplyStarted,
    ReplyToolCalled,
    ServiceFailed,
    SpeechEnded,
    TextReceived,
    ToolReturned,
    Understood,
)
from engine.machine.compiled import CompiledFlow, ListenPolicy
from tests.engine.core.conftest import Call
from tests.engine.core.flow_kit import (
    LADDER,
    State,
    collect,
    converse,
    end,
    intent,
    make_flow,
    slot,
    to,
    tool,
    type_,
)

MODEL = {"llm": {"use": "scripted"}}


def ordering(listen: ListenPolicy = LADDER, **more) -> CompiledFlow:
    """A question that words may answer and a model may understand."""
    return make_flow(
        {
            "ask": State(collect("size"), then="done"),
            "done": State(end(), text="{{ slots.size }}."),
        },
        slots=[slot("size", "small|large", ask="Which size?")],
        intents=[intent("price", "what does it cost")],
        handle={"intent.price": to("STAY")},
        listen=listen,
        **{"pipeline": MODEL, **more},
    )


def talking(listen: ListenPolicy = LADDER) -> CompiledFlow:
    return make_flow(
        {
            "talk": State(converse(fills=("size",), tools=("price",)), text="Hello.", then="done"),
            "done": State(end(), text="Bye."),
        },
        slots=[slot("size", "small|large")],
        tools=[tool("price", args={"size": type_("small|large")})],
        listen=listen,
        pipeline=MODEL,
    )


class Played(Call):
    """A conversation with a real dialog; the greeting is over and the caller has the floor."""

    def __init__(self, flow: CompiledFlow) -> None:
        super().__init__()
        self.conversation = Conversation(flow)
        self.open()
        self.plays(100, "a1.1", 500)
        self.played(600, "a1.1", 500)

    def hears(self, text: str, **more) -> None:
        """From 1.0 to 2.5 s; the words are final at 2.7, the end of the voice comes at 3.0."""
        self.voice(1_000)
        self.words(2_700, text, **more)

    def over(self) -> None:
        self.silent(2_500)

    def model(self, at: int, *events) -> None:
        for event in events:
            self.take(replace(event, at=at))

    def of(self, kind: type) -> list:
        return [effect for _, effect in self.effects(kind)]

    def said(self) -> list[str]:
        return [effect.text for effect in self.of(Say)]


@pytest.fixture
def order() -> Played:
    return Played(ordering())


@pytest.fixture
def talk() -> Played:
    return Played(talking())


def test_a_question_to_the_model_is_asked_with_the_final_words(order):
    """Half a second before the turn is over, and nothing of the dialog has moved."""
    order.voice(1_000)
    order.words(2_700, "the bigger one")
    assert [(at, e.turn, e.ahead) for at, e in order.effects(Understand)] == [(2_700, "u1.1", True)]
    assert order.agent == "LISTENING"

    order.model(2_950, Understood(at=0, turn="u1.1", report={"slots": {"size": "large"}}))
    assert order.said() == ["Which size?"]
    order.over()
    assert order.said() == ["Which size?", "large."]
    assert order.moves("agent")[-2:] == [(1_000, "LISTENING"), (3_000, "THINKING")]


def test_copies_are_freed_at_once_when_they_are_not_needed_any_more(order, monkeypatch):
    """Each weighs as much as a call; nothing of them waits for a collection of garbage."""
    copies = []
    make = Rehearsing._copy

    def made(self, data):
        copy = make(self, data)
        copies.extend(map(weakref.ref, (copy, copy._dialog, copy._exchange, copy._presence)))
        return copy

    monkeypatch.setattr(Rehearsing, "_copy", made)
    gc.disable()
    try:
        order.hears("the bigger one")
        assert len(copies) == 4
        assert all(copy() is not None for copy in copies[:2])
        order.over()
        assert [copy() for copy in copies] == [None] * 4
    finally:
        gc.enable()


def test_an_answer_that_comes_after_the_turn_is_waited_for(order):
    order.hears("the bigger one")
    order.over()
    assert order.agent == "THINKING"
    assert len(order.effects(Understand)) == 1
    order.model(3_200, Understood(at=0, turn="u1.1", report={"slots": {"size": "large"}}))
    assert order.said()[-1] == "large."


def test_the_time_a_model_has_counts_from_the_end_of_the_turn(order):
    order.hears("the bigger one")
    order.over()
    assert "understand:u1.1" in order.conversation.pending
    order.until(4_500)
    assert [e.turn for e in order.of(CancelUnderstanding)] == ["u1.1"]
    assert order.said()[-2:] == ["Pardon?", "Which size?"]


def test_more_words_withdraw_the_question_and_ask_anew(order):
    order.hears("the bigger one")
    order.words(2_900, "no", final=False)
    assert [e.turn for e in order.of(CancelUnderstanding)] == ["u1.1"]

    order.words(3_200, "no the other one")
    assert [e.turn for e in order.of(Understand)] == ["u1.1", "u1.2"]
    assert order.of(Understand)[-1].text == "the bigger one no the other one"


def test_an_answer_to_a_withdrawn_question_changes_nothing(order):
    order.hears("the bigger one")
    order.words(2_900, "no", final=False)
    order.model(2_950, Understood(at=0, turn="u1.1", report={"slots": {"size": "large"}}))
    assert order.notes("late")[-1] == (2_950, {"request": "u1.1"})
    assert order.conversation.states.dialog == "ask"


def test_a_failure_of_a_withdrawn_question_is_no_error_and_begins_nothing(order):
    """Else a model that is down would be asked again for each of its own late failures."""
    order.hears("the bigger one")
    order.take(AppEventReceived(at=2_800, name="news"))
    failed = ServiceFailed(at=2_810, service="llm", message="down", subject="u1.1")
    order.take(failed)
    assert not order.notes("error")
    assert [e.turn for e in order.of(Understand)] == ["u1.1", "u1.2"]


def test_a_turn_is_rehearsed_a_few_times_at_most(order):
    order.voice(1_000)
    for number in range(10):
        order.words(1_100 + number, f"word {number}")
    assert len(order.of(Understand)) == MOST
    order.silent(1_200)
    assert [e.ahead for e in order.of(Understand)] == [True] * MOST + [False]


@pytest.mark.parametrize("final", ["The bigger  one.", "THE BIGGER ONE", "the bigger one!"])
def test_case_spacing_and_final_punctuation_do_not_matter(order, final):
    """The recogniser takes a partial for the whole turn, and only polishes it afterwards."""
    order.voice(1_000)
    order.words(2_300, "the bigger one", final=False, eager=True)
    order.words(2_700, final)
    order.over()
    assert [e.turn for e in order.of(Understand)] == ["u1.1"]
    assert order.notes("ahead_taken") == [(3_000, {"asks": ["u1.1"], "left": []})]
    assert order.history()[-1] == ("user", final)


def test_a_partial_that_may_change_begins_nothing(order):
    order.voice(1_000)
    order.words(2_300, "the bigger one", final=False)
    assert not order.effects(Understand)


def test_words_nobody_trusts_begin_nothing(order):
    order.hears("the bigger one", accepted=False)
    assert not order.effects(Understand)


def test_what_words_alone_settle_begins_nothing(order):
    order.hears("large please")
    assert not order.notes("ahead")
    order.over()
    assert order.said()[-1] == "large."


def test_a_state_may_switch_it_off():
    call = Played(ordering(replace(LADDER, preempt="none")))
    call.hears("the bigger one")
    assert not call.effects(Understand)
    call.over()
    assert [(at, e.turn, e.ahead) for at, e in call.effects(Understand)] == [(3_000, "u1", False)]


def test_without_a_model_nothing_is_rehearsed():
    call = Played(ordering(pipeline={}))
    call.hears("the bigger one")
    assert not call.notes("ahead")


def test_a_failure_ahead_is_no_error_of_the_call(order):
    """The turn is answered as if nothing had been asked."""
    order.hears("the bigger one")
    failed = ServiceFailed(at=0, service="llm", message="overloaded", subject="u1.1")
    order.model(2_900, failed)
    assert not order.notes("error")
    order.over()
    assert [e.turn for e in order.of(Understand)] == ["u1.1", "u1"]


def test_what_happens_meanwhile_makes_the_rehearsal_worthless(order):
    """A premise that changed: an event from outside, here one nobody handles."""
    order.hears("the bigger one")
    order.take(AppEventReceived(at=2_900, name="news"))
    assert [e.turn for e in order.of(CancelUnderstanding)] == ["u1.1"]
    assert [e.turn for e in order.of(Understand)] == ["u1.1", "u1.2"]


def test_the_end_of_the_call_ends_it(order):
    order.hears("the bigger one")
    order.take(CloseRequested(at=2_900, reason="enough"))
    assert [e.turn for e in order.of(CancelUnderstanding)] == ["u1.1"]


# --- free talk -----------------------------------------------------------------------------------


def test_a_reply_is_begun_ahead_and_said_with_the_end_of_the_turn(talk):
    talk.hears("what can you do")
    reply = talk.of(StartReply)[0]
    assert reply.ahead
    assert reply.history[-1] == {"role": "user", "text": "what can you do"}

    talk.model(2_900, ReplyStarted(at=0, reply="r1"), ReplyDelta(at=0, reply="r1", text="A lot."))
    assert talk.said() == ["Hello."]
    talk.over()
    assert talk.said() == ["Hello.", "A lot."]
    talk.model(3_100, ReplyDelta(at=0, reply="r1", text="Ask me."), ReplyFinished(at=0, reply="r1"))
    assert talk.said() == ["Hello.", "A lot.", "Ask me."]
    assert len(talk.of(StartReply)) == 1


def test_a_tool_is_never_called_before_the_turn_is_over(talk):
    talk.hears("how much is that")
    wants = ReplyToolCalled(at=0, reply="r1", id="c", tool="price", args={"size": "large"})
    talk.model(2_900, ReplyStarted(at=0, reply="r1"), wants)
    assert not talk.effects(CallTool)
    talk.over()
    assert [(at, e.tool) for at, e in talk.effects(CallTool)] == [(3_000, "price")]


def test_a_report_ahead_moves_nothing(talk):
    talk.hears("give me the bigger one")
    told = ReplyReported(at=0, reply="r1", report={"slots": {"size": "large"}})
    talk.model(2_900, ReplyStarted(at=0, reply="r1"), told)
    assert talk.conversation.states.dialog == "talk"
    talk.over()
    assert talk.said()[-1] == "Bye."


def test_the_copy_asks_on_and_the_second_answer_counts_as_well(talk):
    """A reply that only reported is followed by one that speaks: both before the turn is over."""
    talk.hears("hm well")
    talk.model(
        2_800,
        ReplyStarted(at=0, reply="r1"),
        ReplyReported(at=0, reply="r1", report={"slots": {}}),
        ReplyFinished(at=0, reply="r1"),
    )
    assert [e.reply for e in talk.of(StartReply)] == ["r1", "r2"]
    talk.model(2_900, ReplyStarted(at=0, reply="r2"), ReplyDelta(at=0, reply="r2", text="Yes?"))
    talk.over()
    assert talk.said()[-1] == "Yes?"
    assert talk.notes("ahead_taken") == [(3_000, {"asks": ["r1", "r2"], "left": []})]


def test_what_was_heard_of_a_line_that_is_cut_is_awaited_first(talk):
    """The model is told what the caller heard, not what he may have heard."""
    talk.take(TextReceived(at=700, participant="caller", text="go on"))
    talk.model(800, ReplyDelta(at=0, reply="r1", text="Once upon a time there was a king."))
    talk.plays(1_000, "a2.1", 6_000)
    talk.voice(2_000)
    talk.words(2_700, "stop that")
    assert [e.reply for e in talk.of(StartReply)] == ["r1"]
    talk.played(2_720, "a2.1", 1_700, complete=False)
    assert [e.reply for e in talk.of(StartReply)] == ["r1", "r2"]
    told = [item["text"] for item in talk.of(StartReply)[-1].history]
    assert told == ["Hello.", "go on", "Once upon", "stop that"]


def test_what_the_caller_adds_cancels_the_reply(talk):
    talk.hears("what can you do")
    talk.model(2_900, ReplyStarted(at=0, reply="r1"), ReplyDelta(at=0, reply="r1", text="A lot."))
    talk.words(3_700, "for me")
    assert [e.reply for e in talk.of(CancelReply)] == ["r1"]
    talk.silent(3_500)
    assert talk.said() == ["Hello."]
    assert [e.reply for e in talk.of(StartReply)] == ["r1", "r2"]


# --- snapshots -----------------------------------------------------------------------------------


def test_a_snapshot_in_the_middle_goes_on_as_the_straight_run(talk):
    talk.hears("what can you do")
    talk.model(2_900, ReplyStarted(at=0, reply="r1"), ReplyDelta(at=0, reply="r1", text="A lot."))
    stored = json.loads(json.dumps(snapshot.take(talk.conversation)))
    other = snapshot.restore(talk.conversation.flow, stored)

    rest = [
        ReplyDelta(at=2_950, reply="r1", text="Ask me."),
        SpeechEnded(at=3_000, participant="caller", edge=2_500),
        ReplyFinished(at=3_050, reply="r1"),
    ]
    one = [step for event in rest for step in talk.conversation.receive(event)]
    two = [step for event in rest for step in other.receive(event)]
    assert [step.effects for step in one] == [
        tuple(e for e in step.effects if type(e).__name__ != "Expect") for step in two
    ]
    assert any(isinstance(e, Say) for step in one for e in step.effects)


# --- whatever happens ----------------------------------------------------------------------------

HAPPENS = st.lists(
    st.sampled_from(["words", "partial", "answer", "fail", "event", "tool", "time"]), max_size=12
)


@given(HAPPENS)
def test_thinking_ahead_never_changes_what_is_decided(happens):
    """With and without it the same turns lead to the same states, slots and lines."""
    both = [Played(ordering(replace(LADDER, preempt=mode))) for mode in ("model", "none")]
    for call in both:
        _play(call, happens)
    ahead, plainly = both
    assert ahead.said() == plainly.said()
    assert ahead.history() == plainly.history()
    assert ahead.conversation.states == plainly.conversation.states
    assert ahead.notes("slots") == plainly.notes("slots")


def _play(call: Played, happens: list[str]) -> None:
    at = 1_000
    call.voice(at)
    for number, what in enumerate(happens):
        at += 40
        if what == "words":
            call.words(at, f"well {number}")
        elif what == "partial":
            call.words(at, "and", final=False)
        elif what == "event":
            call.take(AppEventReceived(at=at, name="news"))
        elif what == "tool":
            call.take(ToolReturned(at=at, call="t9", value=1))
        elif what == "time":
            at += 300
            call.until(at)
        elif call.of(Understand):
            name = call.of(Understand)[-1].turn
            if what == "answer":
                report = {"slots": {"size": "large"}}
                call.take(Understood(at=at, turn=name, report=report))
            else:
                failed = ServiceFailed(at=at, service="llm", message="no", subject=name)
                call.take(failed)
    call.words(at + 40, "the bigger one")
    call.silent(at, at + 60)
    call.until(at + 600)
    if asked := call.of(Understand):
        last = asked[-1].turn
        call.take(Understood(at=at + 700, turn=last, report={"slots": {"size": "small"}}))
    call.until(at + 3_000)


@pytest.mark.parametrize(
    ("one", "other"), [("Yes.", "yes"), ("  two   words ", "Two words!"), ("Ja \u2026", "ja")]
)
def test_plain_words_are_equal(one, other):
    assert plain(one) == plain(other)
