"""What a flow is handed in is, in a script and in a test, what a session would make of it."""

import datetime

import pytest
from ruamel.yaml import YAML

from engine.events import SessionStarted
from engine.flow.model import Flow
from engine.machine.compiler import compile_flow
from engine.testing.flow_tests.call import TextCall
from engine.testing.flow_tests.world import Mocks
from engine.testing.script import Script
from engine.testing.simulator import Simulator

FLOW = """
turnwise: 1
flow: note
start: talk
inputs: {note: {type: text, default: none}}
states: {talk: {say: "Note {{ inputs.note }}.", end: hangup}}
"""
INPUTS = {"note": datetime.date(2026, 5, 1)}  # a date without quotes, as YAML reads it


def scripted(flow):
    return Simulator(flow, Script(flow="note.yaml", inputs=INPUTS)).run()


def typed(flow):
    call = TextCall(flow, Mocks(flow, {}), inputs=INPUTS)
    call.start()
    call.rest()
    return call.steps


@pytest.mark.parametrize("play", [scripted, typed])
def test_a_date_is_a_text_where_a_text_is_wanted(play):
    flow = compile_flow(Flow.model_validate(YAML(typ="safe").load(FLOW)))

    steps = play(flow)

    (started,) = [s.cause for s in steps if isinstance(s.cause, SessionStarted)]
    assert started.inputs == {"note": "2026-05-01"}
    said = [getattr(effect, "text", "") for step in steps for effect in step.effects]
    assert "Note 2026-05-01." in said
