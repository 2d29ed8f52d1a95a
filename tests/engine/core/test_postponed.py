"""Answers to a question the caller is just changing wait for the end of his turn."""

from __future__ import annotations

import json

import pytest

from engine.core import snapshot
from engine.core.conversation import Conversation
from engine.effects import CancelUnderstanding, Say, StartReply, Understand
from engine.events import (
    CloseRequested,
    ReplyDelta,
    ReplyFinished,
    ReplyStarted,
    ServiceFailed,
    TextReceived,
    ToolReturned,
    Understood,
)
from engine.machine.compiled import CompiledFlow
from tests.engine.core.conftest import Call
from tests.engine.core.flow_kit import (
    State,
    collect,
    confirm,
    converse,
    end,
    make_flow,
    run,
    slot,
    to,
    tool,
)

MODEL = {"llm": {"use": "scripted"}}


def asking() -> CompiledFlow:
    return make_flow(
        {
            "ask": State(collect("size"), then="done"),
            "done": State(end(), text="{{ slots.size }}."),
        },
        slots=[slot("size", "small|large", ask="Which size?")],
        pipeline=MODEL,
    )


def looking(model: bool = False) -> CompiledFlow:
    """A tool reads while the caller may correct what it reads for; then a yes or no."""
    return make_flow(
        {
            "ask": State(collect("size"), then="look"),
            "look": State(run("find", size="slots.size"), then="agree"),
            "agree": State(confirm("{{ slots.size }}, all right?"), then="bye"),
            "bye": State(end(), text="Bye."),
        },
        slots=[slot("size", "small|large", ask="Which size?")],
        tools=[tool("find", timeout=5_000)],
        handle={"corrected": to("look"), "error": to("bye")},
        pipeline=MODEL if model else {},
    )


class Played(Call):
    """A conversation with a real dialog; its opening line is over."""

    def __init__(self, flow: CompiledFlow) -> None:
        super().__init__()
        self.conversation = Conversation(flow)
        self.open()
        self.plays(100, "a1.1", 400)
        self.played(500, "a1.1", 400)

    def types(self, at: int, text: str) -> None:
        self.take(TextReceived(at=at, participant="caller", text=text))

    def said(self) -> list[str]:
        return [effect.text for _, effect in self.effects(Say)]

    def of(self, kind: type) -> list:
        return [effect for _, effect in self.effects(kind)]

    @property
    def state(self) -> str:
        return self.conversation.states.dialog


@pytest.fixture
def asked() -> Played:
    """A model is asked about the first turn."""
    call = Played(asking())
    call.types(1_000, "the bigger one")
    return call


@pytest.fixture
def working() -> Played:
    """A tool is at work."""
    call = Played(looking())
    call.types(1_000, "large")
    return call


LARGE = {"slots": {"size": "large"}}


def test_a_report_is_not_acted_on_while_the_caller_speaks_again(asked):
    asked.voice(1_100)
    asked.take(Understood(at=1_200, turn="u1", report=LARGE))
    assert asked.state == "ask"
    assert asked.notes("held") == [(1_200, {"event": "Understood", "subject": "u1"})]
    assert asked.agent == "LISTENING"


def test_words_replace_what_was_reported_of_the_earlier_ones(asked):
    """It is one turn, said in two breaths: the model is asked about all of it."""
    asked.voice(1_100)
    asked.take(Understood(at=1_200, turn="u1", report=LARGE))
    asked.words(2_000, "no wait")
    asked.silent(1_900)

    assert asked.of(Understand)[-1].text == "the bigger one no wait"
    assert asked.notes("late")[-1][1] == {"turn": "u1"}
    assert asked.state == "ask"


def test_a_noise_only_delays_it(asked):
    asked.voice(1_100)
    asked.take(Understood(at=1_200, turn="u1", report=LARGE))
    asked.words(1_500, "")
    asked.silent(1_400)

    assert asked.notes("no_turn") == [(1_900, {"turn": "u2"})]
    assert asked.said()[-1] == "large."


def test_a_model_that_is_late_is_not_apologised_for_in_the_middle_of_a_sentence(asked):
    """Its time stands still, and is over when the noise was none."""
    asked.voice(1_100)
    asked.until(6_000)
    assert asked.said() == ["Which size?"]
    assert not asked.effects(CancelUnderstanding)

    asked.silent(6_000, at=6_100)
    asked.words(6_200, "")
    assert asked.of(CancelUnderstanding)
    assert asked.said()[1:] == ["Pardon?", "Which size?"]


def test_an_answer_that_came_in_time_is_not_late_because_it_had_to_wait(asked):
    asked.voice(1_100)
    asked.take(Understood(at=1_200, turn="u1", report=LARGE))
    asked.until(6_000)
    asked.silent(6_000, at=6_100)
    asked.words(6_200, "")
    assert asked.said()[-1] == "large."
    assert not asked.notes("error")


def test_a_failure_waits_as_well(asked):
    asked.voice(1_100)
    asked.take(ServiceFailed(at=1_200, service="llm", message="down", subject="u1"))
    assert not asked.notes("error")
    asked.words(1_500, "")
    asked.silent(1_400)
    assert asked.notes("error")
    assert asked.said()[1:] == ["Pardon?", "Which size?"]


# --- tools ---------------------------------------------------------------------------------------


def test_a_yes_never_answers_a_question_nobody_has_heard(working):
    """The result comes while the caller says yes to something else: no question was open."""
    working.voice(1_100)
    working.take(ToolReturned(at=1_500, call="t1", value=None))
    assert working.state == "look"
    working.words(2_000, "yes")
    working.silent(1_900)

    assert working.state == "agree"
    assert working.said()[-2:] == ["One moment, please.", "large, all right?"]


def test_a_correction_makes_the_result_worthless(working):
    working.voice(1_100)
    working.take(ToolReturned(at=1_500, call="t1", value=None))
    working.words(2_000, "no make it small")
    working.silent(1_900)

    assert working.state == "look"
    assert working.notes("late")[-1][1]["call"] == "t1"
    working.take(ToolReturned(at=3_000, call="t2", value=None))
    assert working.said()[-1] == "small, all right?"


def test_a_state_is_not_left_with_words_in_the_air():
    """A model is asked what was said while the tool worked; the result waits for the answer."""
    call = Played(looking(model=True))
    call.types(1_000, "large")
    call.types(2_000, "or rather the other one")
    call.take(ToolReturned(at=2_100, call="t1", value=None))
    assert call.state == "look"

    call.take(Understood(at=2_300, turn="u2", report={"slots": {"size": "small"}}))
    call.take(ToolReturned(at=3_000, call="t2", value=None))
    assert call.said()[-1] == "small, all right?"


def test_a_time_limit_of_a_tool_stands_still(working):
    working.voice(1_100)
    working.until(7_000)
    assert working.state == "look"
    working.silent(7_000, at=7_100)
    working.words(7_200, "")
    assert working.state == "bye"


# --- free talk -----------------------------------------------------------------------------------


def test_no_sentence_of_a_reply_is_ordered_against_a_caller_who_speaks():
    flow = make_flow(
        {"talk": State(converse(), text="Hello.", then="bye"), "bye": State(end(), text="Bye.")},
        pipeline=MODEL,
    )
    call = Played(flow)
    call.types(1_000, "tell me")
    call.voice(1_100)
    call.take(ReplyStarted(at=1_200, reply="r1"))
    call.take(ReplyDelta(at=1_300, reply="r1", text="Once upon a time."))
    call.take(ReplyFinished(at=1_400, reply="r1"))
    assert call.said() == ["Hello."]

    call.words(2_000, "no stop")
    call.silent(1_900)
    assert call.said() == ["Hello."]
    assert [item["text"] for item in call.of(StartReply)[-1].history] == [
        "Hello.",
        "tell me",
        "no stop",
    ]


# --- the end, and snapshots ----------------------------------------------------------------------


def test_what_waits_when_the_call_ends_is_late(asked):
    asked.voice(1_100)
    asked.take(Understood(at=1_200, turn="u1", report=LARGE))
    asked.take(CloseRequested(at=1_300, reason="enough"))
    assert (1_300, {"event": "Understood", "subject": "u1"}) in asked.notes("late")


def test_it_waits_in_a_snapshot_too(asked):
    asked.voice(1_100)
    asked.take(Understood(at=1_200, turn="u1", report=LARGE))
    stored = json.loads(json.dumps(snapshot.take(asked.conversation)))
    asked.conversation = snapshot.restore(asked.conversation.flow, stored)
    asked.words(1_500, "")
    asked.silent(1_400)
    assert asked.said()[-1] == "large."
