"""Expectations are judged in order, or at their instant."""

import pytest

from engine.core.step import Deadline, Move, Note, States, Step
from engine.effects import CallTool, HangUp, Say
from engine.testing.expectations import unmet
from engine.testing.script import Expectation


def make_step(at, *effects, notes=(), dialog="ask", agent="IDLE", moves=()):
    return Step(
        seq=0,
        at=at,
        cause=Deadline(name="silence", at=at),
        moves=tuple(moves),
        notes=tuple(notes),
        effects=effects,
        states=States(user="IDLE", agent=agent, dialog=dialog),
    )


CALL = CallTool(call="t1", tool="find", use="x", args={"n": 1, "m": 2}, idempotency_key="k")
MOVE = Move(machine="agent", old="SPEAKING", new="LISTENING", because="interruption", at=500)
STEPS = [
    make_step(0, Say(utterance="a1.1", turn="a1", text="Hello there.")),
    make_step(
        500,
        notes=[Note(kind="interrupted"), Note(kind="turn", data={"text": "hi"})],
        agent="LISTENING",
        moves=[MOVE],
    ),
    make_step(900, CALL, dialog="work"),
    make_step(1500, HangUp(reason="flow"), dialog="bye"),
]


def judge(*wanted):
    return list(unmet([Expectation.model_validate(one) for one in wanted], STEPS))


@pytest.mark.parametrize(
    "wanted",
    [
        [{"says": "Hello there."}, {"hears": "hi"}, {"ended": "flow"}],
        [{"says": "/^Hello/"}, {"called": {"find": {"n": 1}}}],
        [{"interrupted": True}, {"called": {"find": {}}}],
        [{"dialog": "work"}, {"dialog": "bye"}],
        [{"at": 899, "dialog": "ask", "agent": "listening"}, {"at": "900ms", "dialog": "work"}],
        [{"at": 600, "agent": "listening", "because": "interruption"}],
    ],
)
def test_what_came_true_is_no_finding(wanted):
    assert judge(*wanted) == []


@pytest.mark.parametrize(
    ("wanted", "finding"),
    [
        ({"says": "Hello"}, "never came true: {'says': 'Hello'}"),
        ({"hears": "/bye/"}, "never came true: {'hears': '/bye/'}"),
        ({"called": {"find": {"n": 2}}}, "never came true: {'called': {'find': {'n': 2}}}"),
        ({"called": {"other": {}}}, "never came true: {'called': {'other': {}}}"),
        ({"ended": "caller_left"}, "never came true: {'ended': 'caller_left'}"),
        ({"at": 900, "dialog": "ask"}, "at 900 ms the dialog is work, not ask"),
        (
            {"at": 900, "agent": "idle", "because": "cough"},
            "at 900 ms the agent is there because of interruption, not cough",
        ),
    ],
)
def test_what_did_not_come_true_is_one_sentence(wanted, finding):
    assert judge(wanted) == [finding]


def test_order_matters():
    assert judge({"called": {"find": {}}}, {"says": "/Hello/"}) == [
        "never came true: {'says': '/Hello/'}"
    ]


def test_before_the_first_step_nothing_is_known():
    (finding,) = unmet([Expectation(at=10, dialog="ask")], [make_step(20)])

    assert finding.startswith("nothing happened until 10 ms")
