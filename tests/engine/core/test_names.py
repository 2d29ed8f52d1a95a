"""Every name and function of the language has a value where FLOW's list promises one."""

from __future__ import annotations

import pytest

from engine.core.conversation import Conversation
from engine.effects import Say
from engine.events import (
    AppEventReceived,
    CloseRequested,
    ParticipantJoined,
    ParticipantLeft,
    SessionStarted,
)
from tests.engine.core.flow_kit import (
    State,
    Talk,
    collect,
    end,
    log,
    make_flow,
    run,
    say,
    slot,
    to,
    tool,
)


def talk_with(expression: str) -> Talk:
    """A call that has run a tool, heard a turn and corrected nothing; then `app.ask` is judged."""
    flow = make_flow(
        {
            "find": State(run("find"), then="ask"),
            "ask": State(collect("size", "day")),
        },
        slots=[slot("size", "integer", max=12), slot("day", "date")],
        tools=[tool("find", {"n": "integer"})],
        inputs=[slot("house", "text", default="Luigi's")],
        variables={"count": "integer"},
        handle={"app.ask": to("STAY", say("{{ 'yes' if " + expression + " else 'no' }}"))},
    )
    talk = Talk(flow, channel="webrtc", caller="+4930")
    talk.wait(2_000)
    talk.returned("t1", {"n": 3})
    talk.user("four")
    talk.silence()
    return talk


@pytest.mark.parametrize(
    "expression",
    [
        "slots.size == 4 and slots.day == null",
        "vars.count == null",
        'inputs.house == "Luigi\'s"',
        "results.find.n == 3",
        "result.n == 3",
        "answer == null",
        'event.name == "app.ask" and event.x == 7',
        "visits == 1",
        "tries.no_input == 1 and tries.no_match == 0 and tries.turns == 1",
        'call.channel == "webrtc" and call.from == "+4930"',
        "call.elapsed > duration_of_a_second and call.elapsed < minutes(1)",
        'agent.state == "IDLE" and user.state == "IDLE"',
        "today() < today() + days(1)",
        "now() >= now() - hours(1)",
        'len("abc") == 3 and lower("ABC") == "abc"',
        'contains("abc", "b") and matches("a1", "[a-z][0-9]")',
        "not changed() and filled(slots.size) and not filled(slots.day)",
        "min(1, 2) == 1 and max(1, 2) == 2 and round(2.4) == 2",
    ],
)
def test_a_name_has_its_value(expression: str) -> None:
    expression = expression.replace("duration_of_a_second", "minutes(0)")
    assert talk_with(expression).event("app.ask", x=7)[0] == "yes"


# --- events --------------------------------------------------------------------------------------


def open_call(**handle: object) -> Conversation:
    named = {name.replace("_", "."): way for name, way in handle.items()}
    flow = make_flow(
        {"wait": State(handle=named), "bye": State(end(), text="Bye.")},  # type: ignore[arg-type]
    )
    conversation = Conversation(flow)
    conversation.receive(SessionStarted(at=0, seed=1, started_at="2026-05-01T12:00:00+02:00"))
    conversation.receive(ParticipantJoined(at=0, participant="a"))
    return conversation


@pytest.mark.parametrize(
    "event",
    [
        ParticipantLeft(at=10, participant="a", last=True),
        CloseRequested(at=10, reason="drain"),
    ],
)
def test_the_end_of_the_call_is_told_to_the_flow_before_it_ends(event: object) -> None:
    conversation = open_call(call_ended=to("STAY", log("over: {{ event.reason }}")))
    (step,) = conversation.receive(event)  # type: ignore[arg-type]

    assert any(note.kind == "log" and "over" in note.data["text"] for note in step.notes)
    assert type(step.effects[-1]).__name__ == "HangUp"
    assert conversation.closed


@pytest.mark.parametrize(
    ("event", "handled"),
    [
        (ParticipantJoined(at=10, participant="b"), "call_joined"),
        (ParticipantLeft(at=10, participant="b", last=False), "call_left"),
        (AppEventReceived(at=10, name="paid", data={"sum": 3}), "app_paid"),
    ],
)
def test_what_happens_around_the_dialog_reaches_its_handlers(event: object, handled: str) -> None:
    conversation = open_call(**{handled: to("bye")})
    steps = conversation.receive(event)  # type: ignore[arg-type]
    lines = [e.text for step in steps for e in step.effects if isinstance(e, Say)]
    assert lines == ["Bye."]
