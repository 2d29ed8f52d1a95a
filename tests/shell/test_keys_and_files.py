"""What a flow plays and presses, carried out in a room."""

from __future__ import annotations

from engine.events import ServiceFailed
from engine.flow.loader import load_text
from engine.machine.compiler import compile_loaded

FLOW = """\
turnwise: 1
flow: menu
start: press
handle:
  error: {say: "That did not work.", to: bye}
states:
  press: {enter: [%s], then: rest}
  rest: {timers: {t: 1s}, handle: {timer.t: {to: bye}}}
  bye: {say: "Goodbye.", end: hangup}
"""


def make(action):
    loaded = load_text(FLOW % action)
    assert loaded.flow is not None, loaded.diagnostics
    return compile_loaded(loaded)


def failures(call):
    return [s.cause for s in call.result.steps if isinstance(s.cause, ServiceFailed)]


def test_a_room_without_keys_tells_the_flow(run_call):
    call = run_call(make('{send_dtmf: "1#"}'))
    assert [f.service for f in failures(call)] == ["keys"]
    said = [item.text for item in call.result.history]
    assert said == ["That did not work.", "Goodbye."]


def test_a_missing_file_tells_the_flow(run_call):
    call = run_call(make("{play: no_such_file.wav}"))
    (failure,) = failures(call)
    assert failure.service == "tts"
    assert "no_such_file.wav" in failure.message
    assert [item.text for item in call.result.history] == ["That did not work.", "Goodbye."]
