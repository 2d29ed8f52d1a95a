"""The shipped booking flow, from its YAML: whole conversations, word for word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.flow.loader import load
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_loaded
from tests.engine.core.flow_kit import Talk

FLOWS = Path(__file__).parents[3] / "flows"
FREE = {"status": "free", "others": []}
FULL = {"status": "full", "others": ["18:00", "20:30"]}


@pytest.fixture(scope="module")
def flow() -> CompiledFlow:
    return compile_loaded(load(FLOWS / "book_table.yaml"))


class Caller:
    """Talks to the flow and answers its tools."""

    def __init__(self, flow: CompiledFlow) -> None:
        self.talk = Talk(flow)

    def says(self, *sentences: str) -> list[str]:
        said: list[str] = []
        for sentence in sentences:
            said = self.talk.user(sentence)
        return said

    def tool(self, value: Any) -> list[str]:
        return self.talk.returned(self.talk.calls[-1].call, value)

    @property
    def last_args(self) -> Any:
        return self.talk.calls[-1].args


@pytest.fixture
def caller(flow: CompiledFlow) -> Caller:
    return Caller(flow)


def at_agree(caller: Caller) -> None:
    caller.says("a table for four people tomorrow at seven")
    caller.tool(FREE)
    caller.says("ann", "five five five one two three four", "yes")
    assert caller.talk.state == "agree"


def test_the_straight_way(caller: Caller) -> None:
    at_agree(caller)
    assert caller.says("yes please") == ["One moment, I am booking it."]
    assert caller.last_args == {
        "size": 4,
        "date": "2026-05-02",
        "time": "19:00",
        "name": "Ann",
        "phone": "5551234",
    }
    assert caller.tool({"booking_id": "B17"})[-1] == "Goodbye."
    assert caller.talk.dialog.ended == "hangup"


def test_a_digression_comes_back_to_the_open_question(caller: Caller) -> None:
    """S9."""
    caller.says("a table for four people")

    said = caller.says("what are your opening hours")

    assert said[0].startswith("We are open every day")
    assert said[1] == "For which day?"


def test_a_full_house_asks_for_another_time(caller: Caller) -> None:
    caller.says("a table for four people tomorrow at seven")

    assert caller.tool(FULL)[-1] == "At what time?"
    caller.says("half past eight")
    assert caller.last_args["time"] == "20:30"


def test_a_correction_after_the_search_searches_again(caller: Caller) -> None:
    """S6: the inner or first enabled handler for `corrected` decides."""
    at_agree(caller)

    assert caller.says("actually make it five people") == ["Okay, party size 5."]
    assert caller.last_args["size"] == 5
    assert caller.tool(FREE)[0].startswith("5 people")


def test_another_name_needs_no_new_search(caller: Caller) -> None:
    at_agree(caller)
    caller.says("no")

    said = caller.says("the name is Bob")

    assert said[0] == "Okay, name Bob."
    assert len(caller.talk.calls) == 1


def test_a_slow_tool_is_filled_tried_again_and_given_up(caller: Caller) -> None:
    caller.says("a table for four people tomorrow at seven")

    said = caller.talk.wait(20_000)

    assert said[:2] == ["One moment.", "Let me look."]
    assert said[-2:] == ["The booking system does not answer.", "I will connect you."]
    assert caller.talk.state == "human"
    assert len(caller.talk.calls) == 2


def test_nobody_at_the_desk(caller: Caller) -> None:
    caller.says("can i speak to a person")

    assert caller.talk.transferred("busy") == [
        "Nobody is free right now. Please call again.",
        "Goodbye.",
    ]


def test_three_silences_end_the_call(caller: Caller) -> None:
    """S8."""
    assert caller.talk.silence()[0] == "Are you still there?"
    assert caller.talk.silence()[0] == "I cannot hear you."
    assert caller.talk.silence() == ["I hear nothing, so I will hang up.", "Goodbye."]


def test_a_call_of_eight_minutes_goes_to_a_colleague(caller: Caller) -> None:
    assert caller.talk.wait(8 * 60_000) == [
        "Let me get you to a colleague.",
        "I will connect you.",
    ]


def test_a_broken_tool_apologises_once(caller: Caller) -> None:
    caller.says("a table for four people tomorrow at seven")
    caller.talk.returned("t1", error="down")
    caller.talk.wait(500)

    said = caller.talk.returned("t2", error="down")

    assert said == ["I am sorry, something went wrong on my side.", "I will connect you."]
