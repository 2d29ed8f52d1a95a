"""How a call ends, why, and what becomes of lines nobody will hear."""

from __future__ import annotations

import pytest

from engine.core import lines
from engine.core.conversation import Conversation
from engine.effects import HangUp, Say
from engine.events import (
    CloseRequested,
    ParticipantLeft,
    ServiceFailed,
    SessionResumed,
    TextReceived,
    ToolReturned,
)
from engine.machine.compiled import CompiledFlow, InterruptionPolicy
from tests.engine.core.conftest import Call
from tests.engine.core.flow_kit import (
    State,
    collect,
    end,
    make_flow,
    put,
    run,
    slot,
    to,
    tool,
)

PROTECTED = InterruptionPolicy(allow=False)


class Played(Call):
    """A conversation with a real dialog."""

    def __init__(self, flow: CompiledFlow) -> None:
        super().__init__()
        self.conversation = Conversation(flow)
        self.open()

    def hear_all(self, at: int) -> None:
        """Every line that was ordered is played to its end, one after the other."""
        done = {n for step in self.steps for n in [getattr(step.cause, "utterance", "")]}
        for _, order in list(self.effects(Say)):
            if order.utterance not in done:
                self.plays(at, order.utterance, 100)
                self.played(at + 100, order.utterance, 100)
                at += 200

    @property
    def reason(self) -> str:
        (hang_up,) = [effect for _, effect in self.effects(HangUp)]
        return hang_up.reason


def working(**handle) -> CompiledFlow:
    return make_flow(
        {"look": State(run("find"), then="bye"), "bye": State(end(), text="Goodbye.")},
        tools=[tool("find")],
        handle=handle,
    )


# --- why a call ended ----------------------------------------------------------------------------


def test_a_flow_that_ends_by_itself_is_a_normal_end():
    call = Played(working())
    call.take(ToolReturned(at=100, call="t1"))
    call.hear_all(200)
    assert call.reason == "flow"


def test_an_error_nobody_handles_is_the_reason_of_the_end():
    """The same effect, the same spoken goodbye: only the reason tells them apart."""
    call = Played(working())
    call.take(ToolReturned(at=100, call="t1", error="on fire"))
    call.hear_all(200)
    assert [order.text for _, order in call.effects(Say)] == [str(lines.FAILURE)]
    assert call.reason == "error.tool"


def test_an_error_the_flow_handles_is_no_reason():
    call = Played(working(**{"error.tool": to("bye")}))
    call.take(ToolReturned(at=100, call="t1", error="on fire"))
    call.hear_all(200)
    assert call.reason == "flow"


def test_a_handler_that_fails_itself_names_its_own_error():
    broken = to("bye", put("n", "1 / 0", root="slots"))
    flow = make_flow(
        {"ask": State(collect("n"), then="bye"), "bye": State(end())},
        slots=[slot("n", "integer")],
        handle={"error": broken},
    )
    call = Played(flow)
    call.take(ServiceFailed(at=100, service="stt", message="deaf"))
    call.hear_all(200)
    assert call.reason == "error.flow"


# --- lines nobody will hear ----------------------------------------------------------------------


def asking() -> CompiledFlow:
    return make_flow(
        {
            "ask": State(collect("n"), text="Hello and welcome to our shop.", then="bye"),
            "bye": State(end(), text="Goodbye."),
        },
        slots=[slot("n", "integer", ask="How many?")],
    )


def dropped(call: Call) -> list[tuple[str, str]]:
    return [(data["text"], data["because"]) for _, data in call.notes("dropped")]


def test_a_barge_in_tells_which_lines_it_cost():
    call = Played(asking())
    call.plays(100, "a1.1", 2_000)
    call.take(TextReceived(at=500, participant="caller", text="wait"))
    assert dropped(call) == [("How many?", "interrupted")]


def test_what_was_ordered_against_a_speaking_caller_is_dropped_with_his_turn(call):
    call.open()
    call.voice(1_000)
    call.dialog.say("Where was I?", purpose="question")
    call.words(1_700, "hello there")
    call.silent(1_500)
    assert dropped(call) == [("Where was I?", "the caller spoke")]


@pytest.mark.parametrize(
    ("event", "because"),
    [
        (CloseRequested(at=500, reason="enough"), "the call is over"),
        (ParticipantLeft(at=500, participant="caller"), "the call is over"),
        (ServiceFailed(at=500, service="tts", message="mute"), "failed"),
        (SessionResumed(at=500), "the process is gone"),
    ],
)
def test_every_other_end_of_a_line_has_a_cause(event, because):
    call = Played(asking())
    call.plays(100, "a1.1", 2_000)
    call.take(event)
    assert dropped(call)[0] == ("How many?", because)


# --- the last line -------------------------------------------------------------------------------


def test_words_kept_over_a_protected_last_line_do_not_cost_the_goodbye():
    """Nobody is left to answer them: what follows is heard, and then the call ends."""
    flow = make_flow(
        {
            "ask": State(collect("n"), then="told"),
            "told": State(text="It will be there tomorrow.", interruptions=PROTECTED, then="bye"),
            "bye": State(end(), text="Goodbye."),
        },
        slots=[slot("n", "integer", ask="How many?")],
    )
    call = Played(flow)
    call.plays(100, "a1.1", 500)
    call.played(600, "a1.1", 500)
    call.take(TextReceived(at=1_000, participant="caller", text="four"))
    call.plays(1_200, "a2.1", 3_000)
    call.says(1_500, 2_500, "and what about the other one")
    call.played(4_200, "a2.1", 3_000)
    assert not call.notes("interrupted", "dropped")

    call.plays(4_220, "a2.2", 500)
    call.played(4_720, "a2.2", 500)
    assert call.reason == "flow"
    assert call.history()[-1] == ("assistant", "Goodbye.")
    assert call.notes("late")[-1][1]["text"] == "and what about the other one"
