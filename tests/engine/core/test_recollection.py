"""`history: summary`: what is older than the latest messages is summed up beside the replies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.core import snapshot
from engine.core.conversation import Conversation
from engine.core.recollection import AFTER, KEPT, LONGEST, TIME_LIMIT
from engine.effects import CancelReply, Effect, ReportError, Say, StartReply, Summarize
from engine.events import (
    AppEventReceived,
    Event,
    ParticipantJoined,
    ReplyDelta,
    ReplyFinished,
    ServiceFailed,
    SessionResumed,
    Summarized,
    TextReceived,
)
from engine.flow.loader import check_text
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_loaded
from engine.requests import SayRequested
from tests.engine.core.instant_call import InstantCall

FLOW = """
turnwise: 1
flow: chat
start: talk
pipeline: {{llm: {{use: scripted}}, history: {history}}}
slots: {{code: {{type: digits, sensitive: true, ask: Your code?}}}}
listen: {{silence: 40m}}
handle: {{app.code: {{to: code}}, app.quiet: {{to: quiet}}}}
states:
  talk: {{converse: Be nice., max_turns: 200}}
  quiet: {{converse: Be brief., max_turns: 200, pipeline: {{history: keep}}}}
  code: {{collect: [code], then: talk}}
"""


def flow(history: str = "summary") -> CompiledFlow:
    return compile_loaded(check_text(FLOW.format(history=history)))


class Chat(InstantCall):
    """A talk in which the model answers each turn with one line, which is heard at once."""

    def __init__(self, compiled: CompiledFlow | None = None) -> None:
        self.turns = 0
        super().__init__(compiled or flow())

    def answer(self, effect: Effect) -> None:
        super().answer(effect)
        if isinstance(effect, StartReply):
            self.take(ReplyDelta(at=self.at, reply=effect.reply, text=f"Answer {self.turns}."))
            self.take(ReplyFinished(at=self.at, reply=effect.reply))

    def says(self, *texts: str) -> None:
        for text in texts:
            self.at += 1_000
            self.turns += 1
            self.take(TextReceived(at=self.at, participant="ann", text=text))

    def says_many(self, count: int) -> None:
        self.says(*(f"question {self.turns + n}" for n in range(1, count + 1)))

    @property
    def told(self) -> list[dict[str, Any]]:
        """What the model was told for its last reply."""
        return list(self.of(StartReply)[-1].history)

    def summed_up(self, text: str = "Ann likes pizza.") -> None:
        name = self.of(Summarize)[-1].summary
        self.take(Summarized(at=self.at, summary=name, text=text))


@pytest.fixture
def chat() -> Chat:
    return Chat()


def test_a_short_talk_is_told_as_it_is(chat: Chat) -> None:
    chat.says_many(AFTER // 2 - 1)
    assert chat.of(Summarize) == []
    assert chat.told[0] == {"role": "assistant", "text": "Answer 0."}


def test_only_a_flow_that_asks_for_it_is_summed_up() -> None:
    for history in ("keep", "fresh", "{max_items: 60}"):
        chat = Chat(flow(history))
        chat.says_many(AFTER)
        assert chat.of(Summarize) == []


def test_what_is_older_is_summed_up_behind_the_order_of_a_reply(chat: Chat) -> None:
    chat.says_many(AFTER // 2 + 1)

    (order,) = chat.of(Summarize)
    (step,) = [s for s in chat.steps if order in s.effects]
    assert [type(e) for e in step.effects].index(StartReply) < step.effects.index(order)
    assert order.summary == "s1"
    assert order.history[0] == {"role": "assistant", "text": "Answer 0."}
    assert AFTER - KEPT <= len(order.history) < AFTER
    assert order.history[-1]["role"] == "assistant", "it ends before a turn of the caller"


def test_what_precedes_no_turn_of_the_caller_is_not_summed_up(chat: Chat) -> None:
    """Lines of the agent alone: none of them is surely over."""
    for number in range(AFTER + 5):
        chat.take(SayRequested(at=chat.at, request=f"q{number}", text=f"Line {number}."))
    chat.says_many(1)
    assert len(chat.conversation.history) > AFTER
    assert chat.of(Summarize) == []


def test_until_it_has_come_everything_is_told(chat: Chat) -> None:
    chat.says_many(25)
    assert len(chat.of(Summarize)) == 1
    assert len(chat.told) == 50 > 40
    assert chat.told[0] == {"role": "assistant", "text": "Answer 0."}


def test_then_the_summary_stands_for_what_it_sums_up(chat: Chat) -> None:
    chat.says_many(AFTER // 2 + 1)
    covered = chat.of(Summarize)[0].history
    whole = [*chat.told]

    chat.summed_up("Ann likes pizza.")
    chat.says_many(1)  # its reply may have been begun ahead: nothing changes for it
    assert chat.told[: len(whole)] == whole
    chat.says_many(1)

    recap, first, *_ = chat.told
    assert recap["role"] == "developer"
    assert recap["text"].endswith("summed up: Ann likes pizza.")
    assert first == whole[len(covered)]
    assert first["role"] == "user"
    assert chat.told[-1] == {"role": "user", "text": f"question {chat.turns}"}


def test_the_next_summary_goes_on_from_the_last(chat: Chat) -> None:
    chat.says_many(AFTER // 2 + 1)
    first = chat.of(Summarize)[0].history
    chat.summed_up("Ann likes pizza.")
    chat.says_many(AFTER // 2)

    one, two = chat.of(Summarize)
    assert (one.summary, two.summary) == ("s1", "s2")
    assert two.history[0]["role"] == "developer"
    assert "Ann likes pizza." in two.history[0]["text"]
    assert not [item for item in first if item in two.history]

    chat.summed_up("Ann likes pizza and tea.")
    chat.says_many(2)
    assert [m["text"] for m in chat.told if m["role"] == "developer"] == [
        "What was said before in this call, summed up: Ann likes pizza and tea."
    ]


def test_a_failure_is_told_and_the_latest_are_told_as_they_are(chat: Chat) -> None:
    chat.says_many(25)
    chat.take(ServiceFailed(at=chat.at, service="llm", message="gone", subject="s1"))
    said = len(chat.of(Say))
    chat.says_many(1)

    (error,) = chat.of(ReportError)
    assert (error.name, error.message, error.subject) == ("error.llm", "summary: gone", "s1")
    assert len(chat.of(Say)) == said + 1, "nobody apologises for it"
    assert len(chat.told) == 40
    assert len(chat.of(Summarize)) == 2, "it is tried again"


@pytest.mark.parametrize("text", ["", "  \n"])
def test_a_summary_of_nothing_is_a_failure(chat: Chat, text: str) -> None:
    chat.says_many(AFTER // 2 + 1)
    chat.summed_up(text)
    assert [e.message for e in chat.of(ReportError)] == ["summary: the model has summed up nothing"]


def test_one_that_never_comes_is_given_up_and_its_late_answer_dropped(chat: Chat) -> None:
    chat.says_many(AFTER // 2 + 1)
    chat.wait(TIME_LIMIT)

    told = [e.message for e in chat.of(ReportError) if e.subject == "s1"]
    assert told == ["summary: the model took too long"]
    assert chat.of(CancelReply) == [CancelReply(reply="s1")]
    chat.summed_up("Too late.")
    assert [n.data for n in chat.steps[-1].notes if n.kind == "late"] == [{"summary": "s1"}]
    chat.says_many(2)
    assert not [m for m in chat.told if m["role"] == "developer"]


def test_a_long_one_is_cut(chat: Chat) -> None:
    chat.says_many(AFTER // 2 + 1)
    chat.summed_up("x" * 10_000)
    chat.says_many(2)
    assert chat.told[0]["text"].count("x") == LONGEST


def test_a_state_that_keeps_everything_is_told_no_summary(chat: Chat) -> None:
    chat.says_many(AFTER // 2 + 1)
    chat.summed_up()
    chat.says_many(2)
    assert chat.told[0]["role"] == "developer"

    chat.take(AppEventReceived(at=chat.at, name="quiet"))
    chat.says_many(1)
    assert chat.told[0] == {"role": "assistant", "text": "Answer 0."}


def test_what_is_personal_is_summed_up_for_nobody() -> None:
    chat = Chat()
    chat.take(AppEventReceived(at=0, name="code"))
    chat.says("4711")
    chat.says_many(AFTER // 2 + 1)

    (order,) = chat.of(Summarize)
    assert "4711" not in json.dumps(order.history)
    assert {"role": "user", "text": "***"} in order.history


def test_a_call_goes_on_elsewhere_with_its_summary_and_asks_again_for_a_lost_one() -> None:
    compiled = flow()
    chat = Chat(compiled)
    chat.says_many(AFTER // 2 + 1)
    chat.summed_up()
    chat.says_many(AFTER // 2)
    assert len(chat.of(Summarize)) == 2, "the second one is under way"

    data = json.loads(json.dumps(snapshot.take(chat.conversation)))
    chat.conversation = snapshot.restore(compiled, data)
    chat.take(SessionResumed(at=chat.at))
    chat.take(ParticipantJoined(at=chat.at, participant="ann"))
    chat.says_many(1)

    assert "Ann likes pizza." in chat.told[0]["text"]
    assert [order.summary for order in chat.of(Summarize)] == ["s1", "s2", "s3"]
    assert not [name for name in chat.conversation.pending if name == "summary:s2"]


def test_the_same_events_give_the_same_steps() -> None:
    one = Chat()
    one.says_many(AFTER)
    one.summed_up()
    one.says_many(AFTER)
    events = [step.cause for step in one.steps if isinstance(step.cause, Event)]

    again = Conversation(flow())
    steps = [step for event in events for step in again.receive(event)]
    assert steps == sorted(one.steps, key=lambda step: step.seq)
