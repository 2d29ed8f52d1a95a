"""Everything that is waited for has a limit, and passing it has an outcome: a row a deadline.

Each row is a call in which one thing never comes. What it says: when the deadline fires, which
error tells the cause, and what the caller hears, or what becomes of the call.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from engine.core.deadlines import ORDER
from engine.core.step import Deadline
from engine.effects import HangUp, ReportError, Say
from engine.events import ReplyDelta, ReplyStarted
from engine.flow.loader import check_text
from engine.machine.compiler import compile_loaded
from engine.testing.fuzz.caller import act
from engine.testing.fuzz.cases import Case, Turn
from engine.testing.fuzz.world import World

FLOW = """\
turnwise: 1
flow: waits
start: {start}
pipeline: {{llm: {{use: openai_compatible, model: any}}}}
slots:
  size: {{type: integer, ask: How many?}}
  code: {{type: digits, ask: Your code?, dtmf: {{min: 4, timeout: 2s}}}}
tools:
  look:
    use: python:shop.look
    timeout: 3s
    retry: {{times: 1, after: 500ms}}
    filler: {{after: 1s, say: [One moment.]}}
listen: {{silence: 6s, no_input: [Hello?], no_match: [Pardon?]}}
timers: {{tea: 4s}}
handle:
  no_input: {{to: END}}
  no_match: {{to: END}}
  timer.tea: {{log: tea, to: STAY}}
states:
  ask: {{collect: [size], then: END}}
  key: {{collect: [code], then: END}}
  talk: {{converse: Be nice., max_turns: 5, until: answer, then: END}}
  look: {{run: look, then: END}}
  desk:
    transfer: {{to: desk, kind: cold}}
    handle: {{error.transfer: {{say: Nobody is free., to: ask}}}}
  rest: {{listen: {{silence: 40m}}}}
"""
GONE_WRONG = "I am sorry, something went wrong. Please call again later. Goodbye."
AGAIN = "Sorry, I did not get that. Could you say it again?"


def types(text="blue elephants", after=2_000):
    return Turn(after=after, do="types", text=text)


def says(how, lasts=600):
    return Turn(after=2_000, do="speaks", text="four", lasts=lasts, how=how)


@dataclass(frozen=True)
class Row:
    """One deadline."""

    name: str
    start: str
    at: int
    """When it fires, in milliseconds."""
    turns: tuple[Turn, ...] = ()
    services: dict[str, str] = field(default_factory=dict)
    error: str = ""
    """Told outside; empty: it is no failure."""
    heard: str = ""
    """What is said because of it."""
    ended: str = ""
    """Why the call ends with it."""
    note: str = ""
    """What stands in the timeline."""


ROWS = [
    Row("understand", "ask", 3_500, (types(),), {"understanding 1": "never"}, "error.llm",
        "Pardon?"),
    Row("first_token", "talk", 4_000, (), {"talk 1": "silent"}, "error.llm",
        "Please go ahead, I am listening."),
    Row("token_gap", "talk", 0, (types(after=9_000),), {"talk 2": "hangs"}, "error.llm", AGAIN),
    Row("reply", "talk", 30_000, (), {"talk 1": "silent"}, "error.llm"),
    Row("tool", "look", 3_000, (), {"tool 1": "never"}),
    Row("retry", "look", 3_500, (), {"tool 1": "never", "tool 2": "never"}),
    Row("filler", "look", 1_000, (), {"tool 1": "never"}, heard="One moment."),
    Row("first_audio", "ask", 10_000, (), {"voice 1": "no audio"}, "error.tts", GONE_WRONG),
    Row("playout", "ask", 100 + 540 + 3_000, (), {"voice 1": "no end"}, "error.tts", GONE_WRONG),
    Row("transfer", "desk", 30_000, (), {"transfer 1": "never"}, "error.transfer",
        "Nobody is free."),
    Row("transcript", "ask", 4_600, (says("nothing"),), note="no_transcript"),
    Row("end_of_turn", "ask", 3_100, (says("final"),), {"detector 1": "never"}, note="turn"),
    Row("keys", "key", 4_000, (Turn(after=2_000, do="presses", text="12"),), heard="Pardon?"),
    Row("silence", "ask", 100 + 540 + 6_000, heard="Hello?"),
    Row("timer", "rest", 4_000, note="log"),
    Row("limit", "rest", 1_800_000, error="error.limit", heard=GONE_WRONG),
]  # fmt: skip


def play(row):
    """Live the row's call for as long as any deadline takes; return its steps and its world."""
    flow = compile_loaded(check_text(FLOW.format(start=row.start)))
    world = World(flow, Case(flow="x", seed=1, turns=row.turns, services=row.services))
    steps = []

    class Recorder:
        def step(self, step):
            steps.append(step)

        def rest(self): ...

        def end(self): ...

    world.checks = [Recorder()]
    world.begin()
    if row.name == "reply":  # it goes on and on, a little at a time
        world.later(100, lambda: world.happens(ReplyStarted(at=world.now, reply="r1")))
        for at in range(1_000, 40_000, 3_000):
            world.later(
                at, lambda: world.happens(ReplyDelta(at=world.now, reply="r1", text="And so on."))
            )
    for turn in row.turns:
        act(world, turn)
    world.run(world.now + (2_000_000 if row.name == "limit" else 45_000))
    return steps, world


def fired(row, steps):
    return next(
        step
        for step in steps
        if isinstance(step.cause, Deadline) and step.cause.name.partition(":")[0] == row.name
    )


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_what_never_comes_has_an_end(row):
    steps, world = play(row)
    step = fired(row, steps)

    if row.at:
        assert step.at == row.at
    errors = [effect.name for effect in step.effects if isinstance(effect, ReportError)]
    assert errors == ([row.error] if row.error else [])
    said = [effect.text for effect in step.effects if isinstance(effect, Say)]
    assert row.heard == "" or row.heard in said
    assert row.note == "" or row.note in [note.kind for note in step.notes]
    assert world.over is not None or row.name in ("timer",)


def test_a_tool_that_never_answers_is_tried_again_and_then_given_up():
    steps, _ = play(ROWS[5])
    last = [
        step
        for step in steps
        if isinstance(step.cause, Deadline) and step.cause.name.startswith("tool:")
    ][-1]

    assert last.at == 6_500
    assert [e.name for e in last.effects if isinstance(e, ReportError)] == ["error.timeout"]
    assert [e.text for e in last.effects if isinstance(e, Say)] == [GONE_WRONG]
    assert any(isinstance(e, HangUp) for step in steps for e in step.effects)


def test_no_deadline_is_left_out():
    """The others are tested where they belong: barge-in, long turns, requests, summaries."""
    elsewhere = {"interrupt", "false_alarm", "long_turn", "close", "gone", "summary"}

    assert {row.name for row in ROWS} | elsewhere == set(ORDER)
