"""A program, or the room, tells a call what happened around it."""

import pytest

from engine.effects import Say
from engine.events import CallNewsReceived

FLOW = """
turnwise: 1
flow: reminder
start: reach
handle:
  voicemail: {to: message}
  agent.joined: {say: "My colleague is here.", to: STAY}
  app.paid: {say: "You paid {{ event.amount }}.", to: STAY}
states:
  reach: {confirm: "Is this Ann?", then: message}
  message: {say: "Please call us back.", interruptions: {allow: false}, end: hangup}
"""


@pytest.fixture
def flow(compile_text):
    return compile_text(FLOW)


def said(call):
    return [effect.text for effect in call.effects(Say)]


def test_a_program_says_that_a_machine_answered(run_call, flow):
    call = run_call(flow, at={1.2: lambda c: c.session.raise_event("voicemail")})

    assert said(call) == ["Is this Ann?", "Please call us back."]
    assert call.result.reason == "flow"
    assert call.causes(CallNewsReceived)[0].at == 1_200


def test_so_does_a_room_that_can_tell(run_call, flow):
    call = run_call(flow, at={1.2: lambda c: c.room.tell("voicemail")})

    assert said(call)[-1] == "Please call us back."


def test_data_of_an_event_can_be_spoken(run_call, flow):
    call = run_call(
        flow,
        at={
            3: lambda c: c.session.raise_event("agent.joined"),
            6: lambda c: c.session.raise_event("app.paid", {"amount": 12}),
            12: lambda c: c.caller.leave(),
        },
    )

    assert "My colleague is here." in said(call)
    assert "You paid 12." in said(call)


def test_what_only_the_call_knows_is_refused(run_call, flow):
    refused = []

    def wrong(call):
        with pytest.raises(ValueError, match="cannot be raised from outside"):
            call.session.raise_event("no_input")
        refused.append(True)

    run_call(flow, at={1: wrong, 2: lambda c: c.caller.leave()})

    assert refused
