"""Tools and transfers: started once, limited, retried, filled, checked, never mixed up (S10)."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from engine.core import lines
from engine.core.transfer import TIME_LIMIT
from engine.effects import CancelTool, Transfer
from engine.flow.templates import Template
from engine.machine.compiled import CompiledFlow, Filler, ToolSpec
from tests.engine.core.flow_kit import (
    Handling,
    State,
    Talk,
    call,
    collect,
    end,
    intent,
    make_flow,
    run,
    say,
    slot,
    to,
    tool,
    transfer,
)


def working(spec: ToolSpec, handle: Handling | None = None, **args: str) -> CompiledFlow:
    return make_flow(
        {
            "work": State(run(spec.name, **args), text="Let me see.", then="done"),
            "done": State(text="Done."),
            "bye": State(end(), text="Bye."),
        },
        tools=[spec],
        slots=[slot("day", "date", default=datetime.date(2026, 5, 2))],
        intents=[intent("gives_up", "never mind")],
        handle={"intent.gives_up": to("bye"), **(handle or {})},
    )


def test_a_tool_is_called_with_values_as_json() -> None:
    talk = Talk(working(tool("find"), day="slots.day", n="2", none="results.x"))

    (order,) = talk.calls
    assert (order.call, order.tool, order.use) == ("t1", "find", "python:x.find")
    assert order.args == {"day": "2026-05-02", "n": 2, "none": None}
    assert talk.said == ["Let me see."]
    assert talk.dialog.busy
    assert not talk.dialog.waiting


def test_its_result_completes_the_state() -> None:
    flow = working(tool("find", {"at": "time", "left": "list(integer)"}))
    talk = Talk(flow)

    assert talk.returned("t1", {"at": "19:00", "left": [1, 2], "more": "dropped"}) == ["Done."]
    assert talk.notes("result") == [
        {"state": "work", "tool": "find", "value": {"at": "19:00", "left": [1, 2]}}
    ]
    frame = talk.dialog.to_dict()["scene"]["frames"][0]
    assert frame["memory"]["results"]["$map"][0][1]["$map"][0] == ["at", {"$time": "19:00:00"}]
    assert talk.deadlines.as_dict() == {"limit": 1_800_000}


def test_arguments_that_fail_are_an_error() -> None:
    talk = Talk(working(tool("find"), {"error.flow": to("bye")}, n="1 / 0"))

    assert talk.said == ["Let me see.", "Bye."]
    assert talk.calls == []


@pytest.mark.parametrize(
    "value", [None, [], {}, {"status": "gone", "n": 1}, {"status": "free", "n": "x"}]
)
def test_a_result_of_another_shape_is_an_error(value: Any) -> None:
    spec = tool("find", {"status": "free|full", "n": "integer"})
    talk = Talk(working(spec, {"error.tool": to("bye", say("Broken."))}))

    assert talk.returned("t1", value) == ["Broken.", "Bye."]
    assert talk.errors == ["error.tool"]


def test_a_tool_that_raises_is_an_error_the_caller_never_hears_the_text_of() -> None:
    talk = Talk(working(tool("find")))

    assert talk.returned("t1", error="secret traceback") == [lines.FAILURE]


def test_a_tool_that_is_late_is_cancelled_and_an_error() -> None:
    talk = Talk(working(tool("find", timeout=2_000), {"error.timeout": to("bye")}))

    assert talk.wait(1_999) == []
    assert talk.wait(1) == ["Bye."]
    assert [effect.call for effect in talk.of(CancelTool)] == ["t1"]


# --- retry ----------------------------------------------------------------------------------------


def test_a_read_is_tried_again_under_a_new_id_and_the_same_key() -> None:
    spec = tool("find", timeout=2_000, retry_times=1, retry_after=500)
    talk = Talk(working(spec, {"error.tool": to("bye")}))

    assert talk.returned("t1", error="down") == []
    talk.wait(499)
    assert len(talk.calls) == 1
    talk.wait(1)
    first, second = talk.calls
    assert (second.call, second.args) == ("t2", first.args)
    assert second.idempotency_key == first.idempotency_key

    assert talk.returned("t2", error="down") == ["Bye."]


def test_the_answer_of_an_attempt_that_was_given_up_is_dropped() -> None:
    spec = tool("find", timeout=2_000, retry_times=1, retry_after=500)
    talk = Talk(working(spec))
    talk.wait(2_000)

    assert talk.returned("t1", {}) == []
    assert talk.notes("late") == [{"call": "t1", "error": None}]
    talk.wait(500)
    assert talk.returned("t1", {}) == []
    assert talk.returned("t2", {}) == ["Done."]


def test_a_write_is_never_tried_again_unless_it_is_idempotent() -> None:
    spec = tool("book", effect="write", retry_times=3)
    talk = Talk(working(spec))
    assert talk.returned("t1", error="down") == [lines.FAILURE]

    spec = tool("book", effect="write", retry_times=3, idempotent=True)
    talk = Talk(working(spec))
    assert talk.returned("t1", error="down") == []
    talk.wait(0)
    assert len(talk.calls) == 2


def test_arguments_are_computed_once_for_all_attempts() -> None:
    spec = tool("find", retry_times=1)
    talk = Talk(working(spec, elapsed="call.elapsed"))
    talk.wait(700)
    talk.returned("t1", error="down")
    talk.wait(0)

    assert [call.args for call in talk.calls] == [{"elapsed": "PT0S"}] * 2


# --- filler ---------------------------------------------------------------------------------------


def filling(every: int | None, **more: Any) -> ToolSpec:
    texts = (Template("One moment."), Template("Still looking."))
    return tool("find", filler=Filler(after=800, say=texts, every=every), **more)


def test_filler_lines_take_turns_while_the_tool_works() -> None:
    talk = Talk(working(filling(every=3_000, timeout=60_000)))

    assert talk.wait(800) == ["One moment."]
    assert talk.wait(6_000) == ["Still looking.", "One moment."]
    talk.returned("t1", {})
    assert talk.wait(10_000) == []


def test_without_every_there_is_one_filler() -> None:
    assert Talk(working(filling(every=None))).wait(9_000) == ["One moment."]


def test_no_filler_while_something_is_being_said() -> None:
    talk = Talk(working(filling(every=None)))
    talk.mouth.speaking = True

    assert talk.wait(800) == []
    talk.mouth.speaking = False
    assert talk.wait(800) == ["One moment."]


def test_the_filler_goes_on_over_a_retry() -> None:
    talk = Talk(working(filling(every=None, retry_times=1, retry_after=100)))
    talk.returned("t1", error="down")

    assert talk.wait(800) == ["One moment."]


# --- S10: work belongs to a visit -----------------------------------------------------------------


def test_leaving_cancels_a_read_and_drops_what_it_returns() -> None:
    talk = Talk(working(tool("find")))

    assert talk.user("never mind") == ["Bye."]
    assert [effect.call for effect in talk.of(CancelTool)] == ["t1"]
    assert talk.returned("t1", {}) == []
    assert talk.notes("late") == [{"call": "t1", "error": None}]


def test_leaving_lets_a_write_finish() -> None:
    talk = Talk(working(tool("book", effect="write")))
    talk.user("never mind")

    assert talk.of(CancelTool) == []
    assert talk.returned("t1", {}) == []
    assert talk.notes("late") == [{"call": "t1", "error": None}]


def test_a_late_write_that_timed_out_is_only_noted() -> None:
    spec = tool("book", effect="write", timeout=1_000)
    talk = Talk(working(spec, {"error.timeout": to("done")}))

    assert talk.wait(1_000) == ["Done."]
    assert talk.of(CancelTool) == []
    assert talk.returned("t1", {}) == []
    assert talk.state == "done"


def test_a_result_of_an_older_visit_is_not_taken_for_the_new_one() -> None:
    talk = Talk(working(tool("find"), {"app.again": to("REPEAT")}))
    talk.event("app.again")

    assert talk.returned("t1", {"old": True}) == []
    assert talk.state == "work"
    assert talk.returned("t2", {"new": True}) == ["Done."]


def test_a_kept_tool_survives_its_state() -> None:
    handle = {"tool.find": to("STAY", say("Found {{ event.value.n }}."))}
    flow = make_flow(
        {
            "work": State(run("find"), handle={"app.on": to("next")}, then="next"),
            "next": State(handle=handle),
        },
        tools=[tool("find", {"n": "integer"}, keep=True)],
    )
    talk = Talk(flow)
    talk.event("app.on")

    assert talk.of(CancelTool) == []
    assert talk.returned("t1", {"n": 3}) == ["Found 3."]


def test_a_kept_tool_that_fails_is_an_error_of_the_flow() -> None:
    flow = make_flow(
        {"work": State(run("find"), handle={"app.on": to("next")}, then="next"), "next": State()},
        tools=[tool("find", keep=True, timeout=500)],
        handle={"error.timeout": to("STAY", say("Too slow."))},
    )
    talk = Talk(flow)
    talk.event("app.on")

    assert talk.wait(500) == ["Too slow."]


def test_the_end_of_the_call_cancels_what_is_under_way() -> None:
    talk = Talk(working(tool("find"), {"app.stop": to("END")}))
    talk.event("app.stop")

    assert [effect.call for effect in talk.of(CancelTool)] == ["t1"]
    assert talk.deadlines.next() is None


def test_a_broken_tool_service_fails_its_call() -> None:
    talk = Talk(working(tool("find"), {"error.tool": to("bye")}))

    assert talk.event("error.tool", subject="t1", message="no such tool") == ["Bye."]


# --- transfer -------------------------------------------------------------------------------------


def handing_over(handle: Handling | None = None, **more: Any) -> CompiledFlow:
    return make_flow(
        {
            "ask": State(collect("size"), then="human"),
            "human": State(
                transfer(more.get("to_", "$DESK")),
                text="I will connect you.",
                handle={"error.transfer": to("bye", say("Nobody is free."))},
            ),
            "bye": State(end(), text="Bye."),
            "rest": State(),
        },
        slots=[slot("size", "integer"), slot("name")],
        intents=[intent("gives_up", "never mind")],
        handle={"intent.gives_up": to("bye"), **(handle or {})},
    )


def test_a_transfer_waits_until_the_line_is_over() -> None:
    talk = Talk(handing_over())
    talk.mouth.holds = True
    talk.user("four")
    assert talk.of(Transfer) == []

    talk.quiet()

    assert [(effect.to, effect.kind) for effect in talk.of(Transfer)] == [("$DESK", "cold")]
    talk.quiet()
    assert len(talk.of(Transfer)) == 1


def test_a_transfer_that_succeeds_ends_the_call() -> None:
    talk = Talk(handing_over())
    talk.user("four")

    assert talk.transferred() == []
    assert talk.dialog.ended == "leave"


def test_a_transfer_that_fails_or_is_not_answered_has_a_plan_b() -> None:
    talk = Talk(handing_over())
    talk.user("four")
    assert talk.transferred("busy") == ["Nobody is free.", "Bye."]

    talk = Talk(handing_over())
    talk.user("four")
    assert talk.wait(TIME_LIMIT) == ["Nobody is free.", "Bye."]
    assert talk.transferred("busy") == []


def test_a_transfer_without_a_destination_fails() -> None:
    talk = Talk(handing_over(to_="{{ slots.name }}"))

    assert talk.user("four") == ["I will connect you.", "Nobody is free.", "Bye."]


def test_a_transfer_can_be_taken_back_until_it_is_ordered() -> None:
    """S11: then it proceeds, whatever the caller says."""
    talk = Talk(handing_over())
    talk.mouth.holds = True
    talk.user("four")
    assert talk.user("never mind") == ["Bye."]

    talk = Talk(handing_over())
    talk.user("four")
    assert talk.user("never mind") == [lines.WORKING]
    assert talk.state == "human"


def test_a_transfer_that_was_left_still_ends_the_call_when_it_succeeds() -> None:
    talk = Talk(handing_over({"app.fire": to("rest")}))
    talk.user("four")
    talk.event("app.fire")

    talk.transferred("busy")
    assert talk.dialog.ended is None
    talk.transferred()
    assert talk.dialog.ended == "leave"


def test_a_filler_that_finds_somebody_speaking_does_not_look_every_millisecond() -> None:
    spec = tool("find", filler=Filler(after=0, say=(Template("Hm."),)), timeout=10_000)
    talk = Talk(working(spec))
    talk.mouth.speaking = True
    talk.wait(0)

    assert talk.deadlines.get("filler:t1") == 250


def test_a_transfer_whose_destination_cannot_be_rendered_fails() -> None:
    talk = Talk(handing_over(to_="{{ 1 / 0 }}"))

    assert talk.user("four")[-1] == "Bye."


def test_a_called_flow_that_returns_takes_its_kept_tools_with_it() -> None:
    """`keep` survives its state, not its flow."""
    sub = make_flow(
        {
            "work": State(run("find"), then="done", handle={"app.on": to("done")}),
            "done": State(end("return")),
        },
        tools=[tool("find", keep=True)],
    )
    flow = make_flow(
        {"a": State(call("sub"), then="b"), "b": State(text="Back.")}, flows={"sub": sub}
    )
    talk = Talk(flow)

    assert talk.event("app.on") == ["Back."]
    assert [effect.call for effect in talk.of(CancelTool)] == ["t1"]
    assert talk.returned("t1", {}) == []
