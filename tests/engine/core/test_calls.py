"""S9: called flows, their frames, what crosses the border, and what happens when they fail."""

from __future__ import annotations

from typing import Any

import pytest

from engine.core import lines
from engine.core.frames import Stack
from engine.flow.templates import Template
from engine.machine.compiled import CompiledFlow, TimerSpec
from tests.engine.core.flow_kit import (
    Handling,
    State,
    Talk,
    call,
    collect,
    confirm,
    emit,
    end,
    intent,
    make_flow,
    run,
    say,
    slot,
    to,
    tool,
)

SIZE = slot("size", "integer", ask="How many?")
HOURS = [intent("asks_hours", "when do you open")]


def hours() -> CompiledFlow:
    return make_flow(
        {"tell": State(text="From five.", then="done"), "done": State(end("return"))}, id="hours"
    )


def asking(**more: Any) -> CompiledFlow:
    """A sub-flow that asks for a number and hands it back."""
    return make_flow(
        {"ask": State(collect("n"), then="done"), "done": State(end("return"))},
        slots=[slot("n", "integer", ask="{{ inputs.title }}?")],
        inputs=[slot("title", "text", default="Number")],
        outputs={"number": "slots.n"},
        id="asking",
        **more,
    )


def digressing(sub: CompiledFlow, handle: Handling | None = None, **more: Any) -> CompiledFlow:
    return make_flow(
        {
            "ask": State(collect("size"), text="Hello.", then="bye"),
            "bye": State(end(), text="Bye."),
        },
        slots=[SIZE],
        intents=HOURS,
        flows={"sub": sub},
        handle={"intent.asks_hours": to("call:sub"), **(handle or {})},
        **more,
    )


def stepping(sub: CompiledFlow, handle: Handling | None = None, **args: str) -> CompiledFlow:
    return make_flow(
        {
            "one": State(call("sub", **args), then="two"),
            "two": State(text="Got {{ result.number }} and {{ results.one.number }}."),
        },
        flows={"sub": sub},
        handle=handle or {},
    )


# --- digressions ----------------------------------------------------------------------------------


def test_a_digression_comes_back_and_asks_again_without_entering_again() -> None:
    talk = Talk(digressing(hours()))

    assert talk.user("when do you open") == ["From five.", "How many?"]
    assert talk.state == "ask"


def test_moves_of_a_called_flow_are_qualified() -> None:
    talk = Talk(digressing(hours()))
    talk.user("when do you open")

    assert [(m.old, m.new) for m in talk.outbox.moves] == [
        ("ask", "sub/tell"),
        ("sub/tell", "sub/done"),
        ("sub/done", "ask"),
    ]


def test_a_digression_that_asks_keeps_the_caller_where_he_was() -> None:
    talk = Talk(digressing(asking()))

    assert talk.user("when do you open") == ["Number?"]
    assert talk.state == "sub/ask"
    assert talk.user("three") == ["How many?"]
    assert talk.user("four") == ["Bye."]


def test_a_turn_that_fills_the_form_and_digresses_goes_on_afterwards() -> None:
    """S5: the question is answered first, then the form is complete."""
    talk = Talk(digressing(hours()))

    assert talk.user("four, and when do you open") == ["From five.", "Bye."]


def test_a_tool_that_returns_during_a_digression_waits_for_its_end() -> None:
    flow = make_flow(
        {"work": State(run("find"), then="bye"), "bye": State(end(), text="Bye.")},
        tools=[tool("find")],
        intents=HOURS,
        flows={"sub": asking()},
        handle={"intent.asks_hours": to("call:sub")},
    )
    talk = Talk(flow)
    talk.user("when do you open")

    assert talk.returned("t1", {}) == []
    assert talk.user("three") == ["Bye."]


def test_a_tool_that_fails_during_a_digression_waits_for_its_end() -> None:
    flow = make_flow(
        {"work": State(run("find"), then="bye"), "bye": State(end(), text="Bye.")},
        tools=[tool("find")],
        intents=HOURS,
        flows={"sub": asking()},
        handle={"intent.asks_hours": to("call:sub"), "error.tool": to("bye", say("Broken."))},
    )
    talk = Talk(flow)
    talk.user("when do you open")

    assert talk.returned("t1", error="down") == []
    assert talk.user("three") == ["Broken.", "Bye."]


# --- steps ----------------------------------------------------------------------------------------


def test_a_step_hands_inputs_in_and_outputs_back() -> None:
    """S9: only `inputs` and `outputs` cross."""
    talk = Talk(stepping(asking(), title="'How many'"))

    assert talk.said == ["How many?"]
    assert talk.user("three") == ["Got 3 and 3."]
    assert talk.notes("result") == [{"state": "one", "flow": "sub", "value": {"number": 3}}]


def test_inputs_have_defaults() -> None:
    assert Talk(stepping(asking())).said == ["Number?"]


def test_an_input_of_the_wrong_type_is_an_error_of_the_caller() -> None:
    talk = Talk(stepping(asking(), {"error.flow": to("STAY", say("Oops."))}, title="3"))

    assert talk.said == ["Oops.", lines.FAILURE]


def test_slots_are_per_flow() -> None:
    sub = make_flow(
        {"ask": State(collect("size"), then="done"), "done": State(end("return"))},
        slots=[slot("size", "integer", ask="Inner?")],
    )
    talk = Talk(digressing(sub))
    talk.user("when do you open")

    assert talk.user("nine") == ["How many?"]


def test_hanging_up_in_a_called_flow_ends_the_call() -> None:
    sub = make_flow({"bye": State(end(), text="From below.")})
    talk = Talk(digressing(sub))

    assert talk.user("when do you open") == ["From below."]
    assert talk.dialog.ended == "hangup"


def test_the_target_end_returns() -> None:
    sub = make_flow({"ask": State(confirm("Enough?"), then="END")})
    talk = Talk(digressing(sub))
    talk.user("when do you open")

    assert talk.user("yes") == ["How many?"]


def test_arguments_that_fail_are_an_error_of_the_caller() -> None:
    talk = Talk(stepping(asking(), {"error.flow": to("two", say("Oops."))}, title="1 / 0"))

    assert talk.said[0] == "Oops."


def test_an_output_that_fails_is_empty_and_an_error_of_the_caller() -> None:
    sub = make_flow({"done": State(end("return"))}, outputs={"number": "1 / 0"})
    talk = Talk(stepping(sub, {"error.flow": to("STAY", say("Oops."))}))

    assert talk.said == ["Oops.", "Got and ."]


def test_what_a_flow_raised_for_itself_is_gone_with_it() -> None:
    leaving = State(enter=(emit("app.leave"), emit("app.late")), handle={"app.leave": to("END")})
    handle = {"app.late": to("bye", say("Never."))}
    talk = Talk(digressing(make_flow({"a": leaving}), handle))

    assert talk.user("when do you open") == ["How many?"]


# --- events that concern a flow below -------------------------------------------------------------


def test_an_event_nobody_above_handles_reaches_the_caller() -> None:
    talk = Talk(digressing(asking(), {"app.fire": to("bye", say("Fire!"))}))
    talk.user("when do you open")

    assert talk.event("app.fire") == ["Fire!", "Bye."]


def test_silence_in_a_called_flow_may_be_the_callers_business() -> None:
    talk = Talk(digressing(asking(), {"no_input": to("bye")}))
    talk.user("when do you open")
    talk.silence()
    talk.silence()

    assert talk.silence() == ["Bye."]


def test_a_timer_of_the_caller_fires_during_a_digression() -> None:
    timers = [TimerSpec(name="long", after=1_000)]
    talk = Talk(digressing(asking(), {"timer.long": to("bye", say("Time."))}, timers=timers))
    talk.user("when do you open")

    assert talk.wait(1_000) == ["Time.", "Bye."]


def test_staying_below_asks_the_question_on_top_again() -> None:
    talk = Talk(digressing(asking(), {"app.hm": to("STAY", say("Hm."))}))
    talk.user("when do you open")

    assert talk.event("app.hm") == ["Hm.", "Number?"]
    assert talk.state == "sub/ask"


def test_abandoned_flows_run_their_exits_and_stop_their_work() -> None:
    sub = make_flow(
        {
            "work": State(run("find"), then="done", exit=(say("Out."),)),
            "done": State(end("return")),
        },
        tools=[tool("find")],
        timers=[TimerSpec(name="t", after=60_000)],
    )
    talk = Talk(digressing(sub, {"app.fire": to("bye")}))
    talk.user("when do you open")

    assert talk.event("app.fire") == ["Out.", "Bye."]
    assert talk.deadlines.next() is None
    assert [type(effect).__name__ for effect in talk.outbox.effects] == ["CancelTool"]


# --- errors ---------------------------------------------------------------------------------------


def failing() -> CompiledFlow:
    return make_flow(
        {"work": State(run("find"), then="done"), "done": State(end("return"))},
        tools=[tool("find")],
    )


def test_an_error_nobody_handles_in_a_called_flow_is_the_callers_error_flow() -> None:
    handle = {"error.flow": to("STAY", say("Below: {{ event.cause }}."))}
    talk = Talk(digressing(failing(), handle))
    talk.user("when do you open")

    assert talk.returned("t1", error="down") == ["Below: error.tool.", "How many?"]
    assert talk.state == "ask"


def test_a_step_that_failed_does_not_complete() -> None:
    handle = {"error": to("two", say("Sorry."))}
    flow = make_flow(
        {"one": State(call("sub"), then="two"), "two": State(text="Going on.")},
        flows={"sub": failing()},
        handle=handle,
    )
    talk = Talk(flow)

    assert talk.returned("t1", error="down") == ["Sorry.", "Going on."]
    assert talk.state == "two"


def test_an_error_that_nobody_at_all_handles_ends_the_call() -> None:
    talk = Talk(digressing(failing()))
    talk.user("when do you open")

    assert talk.returned("t1", error="down") == [lines.FAILURE]


def test_a_deaf_recogniser_is_everybodys_error_and_leaves_the_flow_on_top() -> None:
    talk = Talk(digressing(asking(), {"error.stt": to("STAY", say("I hear badly."))}))
    talk.user("when do you open")

    assert talk.event("error.stt", message="deaf") == ["I hear badly.", "Number?"]
    assert talk.state == "sub/ask"


def test_the_sixth_flow_is_one_too_many() -> None:
    """S14: 5 frames."""
    flow = make_flow({"a": State(text="Deep.")})
    for _ in range(5):
        flow = make_flow({"a": State(call("sub"), then="b"), "b": State()}, flows={"sub": flow})
    talk = Talk(flow)

    assert talk.said == [lines.FAILURE]
    assert "error.limit" in talk.errors


def test_work_that_outlives_its_flow_is_a_bug() -> None:
    with pytest.raises(KeyError):
        Stack().alive(1)


def test_coming_back_from_a_digression_says_the_line_of_the_state_and_asks_again() -> None:
    flow = make_flow(
        {
            "ask": State(
                collect("size"),
                then="bye",
                handle={"intent.asks_hours": to("call:sub")},
                resume=Template("Where were we?"),
            ),
            "bye": State(end(), text="Bye."),
        },
        slots=[SIZE],
        intents=HOURS,
        flows={"sub": hours()},
    )
    talk = Talk(flow)

    assert talk.user("when do you open") == ["From five.", "Where were we?", "How many?"]


def test_a_step_that_returns_says_no_line_of_coming_back() -> None:
    flow = make_flow(
        {
            "step": State(call("sub"), then="bye", resume=Template("Where were we?")),
            "bye": State(end(), text="Bye."),
        },
        flows={"sub": hours()},
    )

    assert [text for text, _ in Talk(flow).mouth.lines] == ["From five.", "Bye."]
