"""A short way to write a flow down and to see which findings it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

from engine.flow.catalogue import Catalogue
from engine.flow.diagnostics import Diagnostic
from engine.flow.loader import check_text

Findings: TypeAlias = Callable[..., list[Diagnostic]]
Codes: TypeAlias = Callable[..., list[str]]

HEAD = """\
turnwise: 1
flow: example
start: ask
listen: {no_input: ["Are you there?"], no_match: ["Pardon?"]}
slots:
  size: {type: integer, min: 1, max: 12, ask: "For how many?"}
  name: {type: text, ask: "On what name?"}
  day: {type: date, ask: "When?", resets: [name]}
  seat: {type: [window, aisle], ask: "Window or aisle?"}
  wish: text?
vars: {count: {type: integer, default: 0}, note: text}
inputs: {place: {type: text, default: here}}
tools:
  find: {use: "python:x.find", timeout: 2s, args: {size: integer}, returns: {status: [free, full]}}
  book: {use: "python:x.book", timeout: 2s, effect: write}
handle: {no_input: bye, no_match: bye, error: bye}
states:
  bye: {say: Goodbye., end: hangup}
"""


@pytest.fixture
def findings() -> Findings:
    """States (and other keys, before a line `---`) to findings, those on unused names left out."""

    def find(states: str) -> list[Diagnostic]:
        top, _, inner = states.rpartition("---\n")
        lines = "".join(f"  {line}\n" for line in inner.strip("\n").split("\n"))
        result = check_text(HEAD + lines + top, "flow.yaml", Catalogue())
        return [found for found in result.diagnostics if found.code not in ("TW209", "TW005")]

    return find


@pytest.fixture
def codes(findings: Findings) -> Codes:
    """The same, codes only."""
    return lambda states: [found.code for found in findings(states)]
