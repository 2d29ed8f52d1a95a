"""A small flow with a tool that reads, one that writes, a sub-flow, and a ladder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.testing.flow_tests.collect import collect
from engine.testing.flow_tests.runner import Outcome, run_case

FLOW = """\
turnwise: 1
flow: desk
start: ask
flows: {hours: ./hours.yaml}
slots:
  size: {type: integer, min: 1, max: 8, ask: "For how many?", invalid: Eight at most.}
  code: {type: text, ask: Which code?, sensitive: true}
intents:
  asks_hours: {means: asks when we open, words: [when do you open]}
tools:
  find: {use: "python:desk_tools.find", args: {size: integer}, returns: {status: [free, full]}}
  book: {use: "python:desk_tools.book", args: {size: integer}, effect: write}
listen:
  silence: 5s
  no_input: [Hello?]
  no_match: [Pardon?]
handle:
  intent.asks_hours: {call: hours}
  no_input: {to: bye}
  no_match: {to: human}
  error: {say: Sorry., to: bye}
  app.paid: {say: Thank you for paying., to: bye}
  timer.tired: {to: bye}
timers: {tired: 10m}
states:
  ask: {say: Welcome to the desk., collect: [size], then: check}
  check:
    run: find
    args: {size: slots.size}
    then:
      - when: result.status == "free"
        to: agree
      - say: All full.
        to: human
  agree:
    confirm: Shall I book for {{ slots.size }}?
    then:
      - when: answer
        to: book
      - to: bye
  book: {run: book, args: {size: slots.size}, then: bye}
  human:
    transfer: {to: desk, kind: cold}
    handle: {error.transfer: {say: Nobody is there., to: bye}}
  bye: {say: Goodbye., end: hangup}
"""

HOURS = """\
turnwise: 1
flow: hours
start: tell
states:
  tell: {say: From nine to five., then: done}
  done: {end: return}
"""

TOOLS = """\
def find(size: int) -> dict:
    return {"status": "free" if size < 5 else "full"}


def book(size: int) -> str:
    raise AssertionError("a test must never book")
"""

Play = Callable[[str], Outcome]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """The folder of the flow."""
    for name, text in (("desk.yaml", FLOW), ("hours.yaml", HOURS), ("desk_tools.py", TOOLS)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def play(desk: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Play one test, given as YAML, on the flow."""
    monkeypatch.setattr("sys.path", ["", *__import__("sys").path])
    monkeypatch.delitem(__import__("sys").modules, "desk_tools", raising=False)

    def run(text: str) -> Outcome:
        indented = "\n".join(f"    {line}" for line in text.splitlines())
        path = desk / "desk.tests.yaml"
        path.write_text(f"turnwise: 1\ntests:\n  one:\n{indented}\n", encoding="utf-8")
        found = collect([path])
        assert [str(problem) for problem in found.problems] == []
        return run_case(found.cases[0])

    return run
