"""What a model may do that replies for the program around the call: use the tools of the state."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from engine.core.asking import Asking
from engine.core.outbox import Outbox
from engine.effects import CallTool, CancelReply, CancelTool, Say, StartReply
from engine.events import (
    AppEventReceived,
    ReplyDelta,
    ReplyFinished,
    ReplyToolCalled,
    TextReceived,
    ToolReturned,
)
from engine.flow.loader import check_text
from engine.machine.compiler import compile_loaded
from engine.requests import InterruptRequested, ReplyRequested
from tests.engine.core.instant_call import InstantCall

FLOW = """
turnwise: 1
flow: desk
start: talk
pipeline: {llm: {use: scripted}}
slots: {size: {type: integer, ask: "How many?"}}
tools:
  look: {use: "python:desk.look", args: {size: integer}}
  book: {use: "python:desk.book", effect: write}
listen: {silence: 40m, no_input: [Hello?], no_match: [Sorry?]}
handle: {no_input: {to: END}, no_match: {to: END}, app.ask: {to: ask}}
states:
  talk: {converse: Be nice., max_turns: 50, tools: [look], say: Hello.}
  ask: {collect: [size], then: END}
"""


class Desk(InstantCall):
    """A call of this flow."""

    def __init__(self) -> None:
        super().__init__(compile_loaded(check_text(FLOW)))

    def asks(self, **more: Any) -> None:
        self.take(ReplyRequested(at=self.at, request="q1", instructions="Tell them.", **more))

    def calls(self, reply: str, tool: str = "look", **args: Any) -> None:
        event = ReplyToolCalled(at=self.at, reply=reply, id="x", tool=tool, args=args)
        self.take(event)

    def finishes(self, reply: str, text: str = "") -> None:
        if text:
            self.take(ReplyDelta(at=self.at, reply=reply, text=text))
        self.take(ReplyFinished(at=self.at, reply=reply))

    def returns(self, call: str, value: Any = None, error: str | None = None) -> None:
        self.take(ToolReturned(at=self.at, call=call, value=value, error=error))

    @property
    def over(self) -> list[Any]:
        return [n.data for step in self.steps for n in step.notes if n.kind == "request"]

    @property
    def replies(self) -> list[str]:
        return [order.reply for order in self.of(StartReply)]

    @property
    def result(self) -> Any:
        """What the model was told last of a tool."""
        told = [m for m in self.of(StartReply)[-1].history if m["role"] == "tool"]
        return told[-1]["output"] if told else None


@pytest.fixture
def desk() -> Desk:
    return Desk()


def offered(desk: Desk) -> list[str]:
    return [tool["name"] for tool in desk.of(StartReply)[-1].tools]


def test_it_is_offered_what_the_talk_of_the_state_may_use(desk: Desk) -> None:
    desk.asks()
    assert offered(desk) == ["look"]


def test_a_state_without_talk_offers_none_unless_the_program_names_some(desk: Desk) -> None:
    desk.take(AppEventReceived(at=0, name="ask"))
    desk.asks()
    assert offered(desk) == []
    desk.finishes("q1", "Well.")
    desk.take(ReplyRequested(at=0, request="q2", instructions="x", tools=("book", "look")))
    assert offered(desk) == ["book", "look"]


def test_the_program_may_offer_none(desk: Desk) -> None:
    desk.asks(tools=())
    assert offered(desk) == []
    desk.calls("q1", size=4)
    assert desk.of(CallTool) == []
    desk.finishes("q1", "Well.")
    assert [o["heard"] for o in desk.over] == ["Well."]


def test_a_tool_there_is_not_is_an_error_of_the_request(desk: Desk) -> None:
    desk.asks(tools=("look", "fly"))
    assert desk.of(StartReply) == []
    assert desk.over[0]["error"] == "there is no tool 'fly' here"


def test_the_model_goes_on_when_the_tool_has_answered(desk: Desk) -> None:
    desk.asks()
    desk.calls("q1", size=4)
    desk.finishes("q1", "Let me see.")
    (call,) = desk.of(CallTool)
    assert (call.tool, call.args) == ("look", {"size": 4})
    assert desk.replies == ["q1"]
    assert desk.over == []

    desk.wait(5_000)
    desk.returns(call.call, "free")
    assert desk.replies == ["q1", "q1.2"]
    assert desk.result == '"free"'
    desk.finishes("q1.2", "There is a table.")
    assert [(o["heard"], o["error"]) for o in desk.over] == [("Let me see. There is a table.", "")]


def test_the_flow_is_not_told_of_the_result(desk: Desk) -> None:
    desk.asks()
    desk.calls("q1", size=4)
    desk.finishes("q1")
    desk.returns("t1", "free")
    desk.finishes("q1.2", "There is one.")
    desk.wait(20_000)
    assert desk.replies == ["q1", "q1.2"], "the state's own talk does not go on for it"
    assert desk.conversation.states.dialog == "talk"


@pytest.mark.parametrize(
    ("tool", "args", "output"),
    [
        ("book", {}, "error: there is no such tool here"),
        ("look", {"size": "x"}, "error: the argument 'size' must be integer"),
        ("look", {"colour": 1}, "error: there is no argument 'colour'"),
    ],
)
def test_what_may_not_be_called_is_told_the_model(
    desk: Desk, tool: str, args: dict[str, Any], output: str
) -> None:
    desk.asks()
    desk.calls("q1", tool, **args)
    desk.finishes("q1")
    assert desk.of(CallTool) == []
    assert desk.replies == ["q1", "q1.2"]
    assert desk.result.startswith(output)


def test_a_tool_that_fails_is_told_in_words_of_ours(desk: Desk) -> None:
    desk.asks()
    desk.calls("q1", size=4)
    desk.finishes("q1")
    desk.returns("t1", error="no route to 10.0.0.1")
    assert desk.replies == ["q1", "q1.2"]
    assert "10.0.0.1" not in desk.result
    assert desk.result.startswith("error: the tool failed")


def test_the_last_round_may_only_speak(desk: Desk) -> None:
    desk.asks()
    for number in range(1, 4):
        name = "q1" if number == 1 else f"q1.{number}"
        desk.calls(name, size=number)
        desk.finishes(name)
        desk.returns(f"t{number}", "full")
    assert desk.replies == ["q1", "q1.2", "q1.3", "q1.4"]
    assert offered(desk) == []
    desk.calls("q1.4", size=9)
    desk.finishes("q1.4", "It is full.")
    assert [o["heard"] for o in desk.over] == ["It is full."]


def test_who_speaks_before_it_is_heard_is_answered_and_it_begins_anew(desk: Desk) -> None:
    desk.asks()
    desk.calls("q1", size=4)
    desk.finishes("q1")
    desk.wait(1_000)
    desk.take(TextReceived(at=desk.at, participant="ann", text="are you there"))

    assert [e.call for e in desk.of(CancelTool)] == ["t1"]
    assert desk.replies == ["q1", "r1"]
    desk.finishes("r1", "Yes.")
    desk.wait(2_000)  # nobody has told what the turn meant
    assert desk.replies == ["q1", "r1", "q1"]


def test_what_is_interrupted_wants_no_result(desk: Desk) -> None:
    desk.asks(tools=("book",))
    desk.calls("q1", "book")
    desk.finishes("q1")
    desk.take(InterruptRequested(at=desk.at, request="q1", force=True))

    assert desk.of(CancelTool) == [], "what changes the world goes on"
    assert desk.of(CancelReply) == []
    assert desk.over[0]["interrupted"]
    desk.returns("t1", "done")
    assert desk.replies == ["q1"]


def test_a_state_that_is_left_takes_its_reading_tools_with_it(desk: Desk) -> None:
    desk.asks()
    desk.calls("q1", size=4)
    desk.finishes("q1")
    desk.take(AppEventReceived(at=desk.at, name="ask"))

    assert [e.call for e in desk.of(CancelTool)] == ["t1"]
    assert desk.replies == ["q1", "q1.2"]
    assert offered(desk) == []
    desk.finishes("q1.2", "Well.")
    assert [o["heard"] for o in desk.over] == ["Well."]


def test_pictures_are_told_by_name_behind_all_that_was_said(desk: Desk) -> None:
    desk.take(
        ReplyRequested(
            at=0, request="q1", instructions="Look.", pictures=("memory:q1.1", "memory:q1.2")
        )
    )
    *said, shown = desk.of(StartReply)[0].history
    assert said == [{"role": "assistant", "text": "Hello."}]
    assert shown["role"] == "user"
    assert [part["url"] for part in shown["content"]] == ["memory:q1.1", "memory:q1.2"]


def test_a_message_of_pictures_has_no_words_that_could_differ() -> None:
    shown = {"role": "user", "content": [{"type": "image", "url": "memory:q1.1"}]}
    history = ({"role": "user", "text": "Hi."}, shown)
    talk = StartReply(reply="r7", turn="u1", instructions="x", history=history)
    asking = Asking(Outbox(), has_model=True)
    asking.offer({"r7": talk})
    same = replace(talk, history=({"role": "user", "text": "hi"}, shown))
    assert asking.talk(partial(replace, same)) == "r7"


def test_one_that_does_not_come_to_an_end_is_cut(desk: Desk) -> None:
    desk.asks(interruptible=False)
    for _ in range(40):
        desk.take(ReplyDelta(at=desk.at, reply="q1", text="And another thing, at length. " * 4))
    assert desk.of(CancelReply) == [CancelReply(reply="q1")]
    assert len(desk.of(Say)) == 2, "the greeting, and what was written of it"
    assert desk.over[0]["error"] == ""


def test_a_tool_that_never_answers_is_given_up_and_the_request_ends(desk: Desk) -> None:
    desk.asks()
    desk.calls("q1", size=4)
    desk.finishes("q1")
    desk.wait(60_000)
    assert desk.replies[:2] == ["q1", "q1.2"]
    assert desk.over[0]["error"] == "the model took too long (first_token)"
