"""What a program gives a call is the same in the journal, or is refused where it is given."""

import datetime
import uuid
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

import numpy as np
import pytest

from engine.core.conversation import Conversation
from engine.effects import Say
from engine.events import AppEventReceived
from engine.observe.journal import entries
from engine.observe.replay import replay
from engine.session.options import SessionOptions

FLOW = """
turnwise: 1
flow: cashier
start: talk
inputs: {day: {type: date, default: 2026-01-01}, guests: {type: integer, default: 1}}
listen: {silence: 60s}
handle:
  app.paid: {say: "You paid {{ event.what }}.", to: STAY}
  error: {to: STAY}
  no_match: {to: STAY}
  no_input: {to: STAY}
states: {talk: {say: "{{ inputs.guests }} on {{ inputs.day }}."}}
"""
HALF = "\ud83d"


class Colour(Enum):
    RED = "red"


@dataclass
class Bill:
    what: Decimal


@pytest.fixture
def flow(compile_text):
    return compile_text(FLOW)


def replays(flow, call):
    lines = call.journal.getvalue().encode("utf-8").decode("utf-8").split("\n")[:-1]
    return replay(Conversation(flow), entries(lines)[1]).difference is None


def said(call):
    return [effect.text for effect in call.effects(Say)]


def test_data_of_an_event_is_what_a_tool_would_have_returned(run_call, flow):
    given = [
        {"what": Decimal("12.50")},
        {"what": np.int64(4)},
        {"what": datetime.date(2026, 5, 1)},
        {"what": datetime.datetime(2026, 5, 1, 12, 30)},
        {"what": datetime.timedelta(minutes=2)},
        {"what": Colour.RED},
        {"what": "half" + HALF},
        Bill(what=Decimal(3)),
        {"what": {1: 2}},
        {"what": {"c", "a", "b"}},
    ]

    def tell(call):
        for data in given:
            call.session.raise_event("app.paid", data)

    call = run_call(flow, at={4: tell, 60: lambda c: c.caller.leave()})

    assert [event.data["what"] for event in call.causes(AppEventReceived)] == [
        *[12.5, 4, "2026-05-01", "2026-05-01T12:30:00", 120.0, "red", "half?", 3.0],
        *[{"1": 2}, ["a", "b", "c"]],
    ]
    assert "You paid 12.5." in said(call)
    assert replays(flow, call)


def test_what_is_changed_afterwards_was_not_given(run_call, flow):
    data = {"what": "first"}

    def tell(call):
        call.session.raise_event("app.paid", data)
        data["what"] = "second"

    call = run_call(flow, at={4: tell, 9: lambda c: c.caller.leave()})

    assert call.causes(AppEventReceived)[0].data == {"what": "first"}


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("app.paid", {"by": [uuid.UUID(int=1)]}, r"`event\.by\[0\]` is an UUID, which is no data"),
        ("app.paid", {"n": np.arange(2)}, r"`event\.n` is a ndarray"),
        ("app.paid", {"raw": b"x"}, r"`event\.raw` is a bytes"),
        ("app.paid", ["what"], "`event` is a list, and must be a map"),
        (5, None, "`name` must be a text, not int 5"),
    ],
)
def test_what_no_journal_holds_is_refused_where_it_is_given(run_call, flow, name, data, message):
    refused = []

    def wrong(call):
        with pytest.raises(ValueError, match=message):
            call.session.raise_event(name, data)
        refused.append(True)

    call = run_call(flow, at={1: wrong, 2: lambda c: c.caller.leave()})

    assert refused
    assert call.result.reason == "caller_left"


def test_orders_are_read_back_as_they_were_given(run_call, flow):
    def order(call):
        session = call.session
        session.say("One" + HALF, interruptible=0, add_to_context=np.bool_(True))
        session.say(audio="no" + HALF + ".wav", interruptible=1)
        session.reply("Be short" + HALF, tools=["look" + HALF], interruptible=0)
        session.interrupt(force=1)
        session.send_text("hello" + HALF, participant="desk" + HALF)
        session.raise_event("app.paid" + HALF, {HALF: HALF})
        session.transfer("$DESK" + HALF, brief=HALF)
        session.say("Two", interruptible=0).interrupt(force=1)
        session.on("turn", broken)

    def broken():
        raise ValueError(HALF)

    def end(call):
        call.session.hangup("done" + HALF)

    call = run_call(flow, at={4: order, 30: end})

    assert call.result.reason == "done?"
    assert replays(flow, call)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda s: s.say(5), "`text` must be a text, not int 5"),
        (lambda s: s.say(audio=5), "`audio` must be a file, int16 samples or an async iterator"),
        (lambda s: s.say(audio=""), "needs a text or audio"),
        (lambda s: s.reply(None), "`instructions` must be a text"),
        (lambda s: s.reply("x", tools="look"), "`tools` must be a list of names"),
        (lambda s: s.reply("x", tools=5), "`tools` must be a list of names"),
        (lambda s: s.interrupt(force=np.arange(2)), "truth value"),
        (lambda s: s.say("x", add_to_context=np.arange(2)), "truth value"),
        (lambda s: s.reply("x", tools=["look", 5]), r"`tools\[1\]` must be a text"),
        (lambda s: s.send_text("x", participant=None), "`participant` must be a text"),
        (lambda s: s.send_dtmf(5), "`keys` must be a text"),
        (lambda s: s.transfer(5), "`to` must be a text"),
        (lambda s: s.transfer("desk", "hot"), "`kind` must be one of cold, warm, agent"),
        (lambda s: s.transfer("desk", brief=b"x"), "`brief` must be a text"),
        (lambda s: s.hangup(None), "`reason` must be a text"),
        (lambda s: s.leave(Decimal(1)), "`reason` must be a text"),
        (lambda s: s.close(5), "`reason` must be a text"),
    ],
)
def test_an_order_that_is_none_is_refused_and_the_call_goes_on(run_call, flow, ask, message):
    refused = []

    def wrong(call):
        with pytest.raises(ValueError, match=message):
            ask(call.session)
        refused.append(True)

    call = run_call(flow, at={1: wrong, 2: lambda c: c.caller.leave()})

    assert refused
    assert call.result.reason == "caller_left"


@pytest.mark.parametrize(
    ("inputs", "line"),
    [
        ({"day": datetime.date(2026, 5, 1), "guests": Decimal(2)}, "2 on Friday the first of May."),
        ({"day": "2026-05-01"}, "1 on Friday the first of May."),
    ],
)
def test_what_a_flow_is_handed_in_is_the_same_in_a_replay(run_call, flow, inputs, line):
    call = run_call(flow, inputs=inputs, at={4: lambda c: c.caller.leave()})

    assert said(call) == [line]
    assert replays(flow, call)


def test_an_input_of_another_shape_ends_the_call_in_a_replay_as_well(run_call, flow):
    inputs = {"day": datetime.datetime(2026, 5, 1, 12)}
    call = run_call(flow, inputs=inputs, at={4: lambda c: c.caller.leave()})

    assert said(call) != ["1 on Friday the first of May."]
    assert replays(flow, call)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"inputs": {"day": b"x"}}, r"`inputs\.day` is a bytes, which is no data"),
        ({"inputs": ["day"]}, "`inputs` is a list, and must be a map"),
        ({"seed": "x"}, "`seed` must be a whole number"),
        ({"seed": True}, "`seed` must be a whole number"),
        ({"caller": 5}, "`caller` must be a text"),
        ({"source": None}, "`source` must be a text"),
        ({"started_at": "yesterday"}, "`started_at` must be a time in ISO 8601, not 'yesterday'"),
    ],
)
def test_options_no_journal_could_hold_are_refused_where_they_are_made(options, message):
    with pytest.raises(ValueError, match=message):
        SessionOptions(**options)


def test_options_have_the_types_of_the_journal():
    options = SessionOptions(
        seed=np.int64(3), caller="Ann" + HALF, inputs={"n": {2}}, source="a" + HALF
    )

    assert (options.caller, options.inputs, options.source) == ("Ann?", {"n": [2]}, "a?")
    assert type(options.seed) is int
