"""Flows to compile, written as their authors write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from ruamel.yaml import YAML
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from engine.flow.model import Flow
from engine.machine.compiled import CompiledFlow
from engine.machine.compiler import compile_flow

HOURS = """
turnwise: 1
flow: opening_hours
start: tell
states:
  tell: {say: "We are open every day but Monday.", then: done}
  done: {end: return}
"""

TABLE = """
turnwise: 1
flow: book_table
version: 1.2.0
start: greet
flows: {hours: ./opening_hours.yaml}
inputs: {restaurant: {type: text, default: Luigi's}}
outputs: {booking_id: results.book.booking_id}
vars:
  attempts: {type: integer, default: 0}
  opens: {type: time, default: "18:00"}
pipeline:
  stt: {use: embedded}
  tts: [{use: cloud, voice: warm}, {use: embedded}]
interruptions:
  min_words: 2
  phrases: [stop, wait]
  false_alarm: {pause: 1500ms}
listen:
  silence: 6s
  no_input: [Are you still there?]
slots:
  party_size: {type: integer, min: 1, max: 12, about: guests, ask: For how many people?}
  date:
    type: date
    ask: For which day?
    check: value >= today()
    resets: [time]
  time: {type: time, min: "18:00", max: "22:30", ask: "At what time?"}
  seat: {type: [window_seat, bar], values: {bar: [at the bar, counter]}, ask: Where?, default: bar}
intents:
  wants_person: {means: asks for a human, words: [operator], not: [is the manager in], dtmf: "0"}
  asks_hours: {means: asks when it is open}
  go_back: {means: wants the question before, words: [backwards]}
tools:
  find_table:
    use: python:bistro.find_table
    args: {size: integer, date: date, time: time}
    returns: {status: [free, full], others: list(time)}
    timeout: 6s
    retry: {times: 1, after: 500ms}
    filler: {after: 800ms, say: [One moment.], every: 5s}
  book_table:
    use: python:bistro.book_table
    args: {size: integer}
    returns: {booking_id: text}
    effect: write
timers: {long_call: 8m}
handle:
  intent.wants_person: {to: human}
  intent.asks_hours: {call: hours}
  corrected:
    - when: changed("date") and results.check != null
      say: Okay.
      to: check
    - {to: STAY}
  no_input: {to: bye}
states:
  greet:
    say: Hello, this is {{ inputs.restaurant }}.
    interruptions: {allow: false}
    then: reserve
  reserve:
    start: inner
    enter: [{set: {vars.attempts: vars.attempts + 1}, log: again}]
    exit: [{clear: [vars.attempts]}]
    timers: {hurry: {after: 30s, every: 10s}}
    listen: {end_of_turn: {min: 1200ms}, no_input: [Hello?, Anyone there?]}
    interruptions: {thinking: {min_words: 1}}
    handle:
      intent.repeat_please: {to: REPEAT}
      no_input: {to: END}
    states:
      inner:
        states:
          details:
            collect: [party_size, date, time]
            handle: {error: {say: Oh., to: BACK}}
            then: reserve.check
      check:
        run: find_table
        args: {size: slots.party_size, date: slots.date, time: slots.time}
        then:
          - when: result.status == "free"
            to: agree
          - when: visits < 3
            say: Full.
            set: {party_size: 2, vars.attempts: "3"}
            clear: [time, slots.date]
            emit: app.full
            log: tried
            do: [{clear: [seat]}, {say: Again.}]
            to: reserve
          - to: human
      agree:
        confirm: "{{ slots.party_size }} people?"
        interruptions: {min_words: 4, false_alarm: {resume: false}}
        then: [{when: answer, to: book}, {to: details}]
      book: {run: book_table, args: {size: slots.party_size}, then: asks}
  asks: {call: hours, then: rest}
  rest:
    say: Anything else?
    listen: {accept: [dtmf]}
    handle: {dtmf.1: {to: RESUME}, timer: {to: bye}}
  human:
    transfer: {to: $FRONT_DESK, kind: warm, brief: "Wants {{ slots | summary }}"}
    handle: {error.transfer: {to: bye}}
  bye: {say: Goodbye., end: hangup}
"""


class MermaidExtension(SingleFileSnapshotExtension):
    """One readable file for each diagram."""

    _write_mode = WriteMode.TEXT
    file_extension = "mmd"


class JsonTextExtension(SingleFileSnapshotExtension):
    """One readable file for each compiled flow."""

    _write_mode = WriteMode.TEXT
    file_extension = "json"


class DotExtension(SingleFileSnapshotExtension):
    """One readable file for each graph."""

    _write_mode = WriteMode.TEXT
    file_extension = "dot"


@pytest.fixture
def mermaid(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(MermaidExtension)


@pytest.fixture
def json_text(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(JsonTextExtension)


@pytest.fixture
def dot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(DotExtension)


def model(text: str | Mapping[str, Any]) -> Flow:
    return Flow.model_validate(YAML(typ="safe").load(text) if isinstance(text, str) else text)


@pytest.fixture
def make_compiled() -> Callable[..., CompiledFlow]:
    """Compiles a flow given as text or as data."""
    return lambda text, **subflows: compile_flow(model(text), subflows)


@pytest.fixture
def make_small() -> Callable[..., CompiledFlow]:
    """Compiles a flow of these states, the first one being the start."""

    def make(states: Mapping[str, Any], **more: Any) -> CompiledFlow:
        data = {"turnwise": 1, "flow": "small", "start": next(iter(states)), "states": states}
        return compile_flow(model(data | more))

    return make


@pytest.fixture(scope="session")
def table() -> CompiledFlow:
    """A flow that uses everything the compiler lowers."""
    return compile_flow(model(TABLE), {"hours": model(HOURS)})


@pytest.fixture
def table_text() -> str:
    return TABLE


@pytest.fixture
def hours() -> Flow:
    return model(HOURS)
