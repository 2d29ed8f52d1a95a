"""Names of a flow with their exact places, also while it is being typed."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine.flow.completion import complete
from engine.flow.hover import hover
from engine.flow.source import read_source
from engine.flow.symbols import Kind, Symbols

ROOT = Path(__file__).parents[3]
BOOK = (ROOT / "flows" / "book_table.yaml").read_text(encoding="utf-8")

FLOW = """\
turnwise: 1
flow: f
start: group.one
slots: {size: {type: integer, resets: [size]}}
vars: {n: integer}
tools: {look: {use: "python:a.b", args: {size: integer}, returns: {ok: boolean}}}
timers: {long: 8m}
phrases: ["for {size}"]
handle:
  timer.long: {to: two}
  "invalid.size": {clear: [slots.size, n], to: STAY}
states:
  group:
    states:
      one: {run: look, args: {size: slots.size}, then: [{when: results.one.ok, to: group.two}]}
      two:
        say: >-
          It is {{ slots.size }}
          and {{ vars.n }}.
        enter: [{set: {vars.n: vars.n + 1}}]
        end: hangup
tests:
  t: {mock: {look: {ok: true}}, talk: [{user: x, heard: {slots: {size: 3}}}, {at: two}]}
"""


def lines(kind: Kind, name: str, text: str = FLOW) -> list[int]:
    return [mention.span.line for mention in Symbols(read_source(text, "f")).of(kind, name)]


def test_every_use_of_a_name_is_found() -> None:
    assert lines("slot", "size") == [4, 4, 8, 11, 11, 15, 18, 23]
    assert lines("variable", "n") == [5, 11, 19, 20, 20]
    assert lines("state", "two") == [10, 15, 16, 23]
    assert lines("state", "one") == [3, 15, 15]
    assert lines("state", "group") == [3, 13, 15]
    assert lines("tool", "look") == [6, 15, 23]
    assert lines("timer", "long") == [7, 10]


def test_a_mention_is_exactly_the_name() -> None:
    for text in (FLOW, BOOK):
        symbols = Symbols(read_source(text, "f"))
        assert all(symbols.source.cut(found.span) == found.name for found in symbols.mentions)


def test_names_are_found_in_a_flow_with_errors_and_half_an_expression() -> None:
    assert lines("slot", "size", FLOW.replace("slots.size }}", "slots.size + }}")) == (
        lines("slot", "size")
    )
    assert lines("state", "two", FLOW.replace("turnwise: 1", "turnwise: nine")) == (
        lines("state", "two")
    )


@given(st.data())
def test_an_editor_may_ask_about_any_place_of_any_text(data: st.DataObject) -> None:
    """Whatever was cut out or put in, hover and completion answer and do not fail."""
    start = data.draw(st.integers(0, len(BOOK)))
    end = data.draw(st.integers(start, min(len(BOOK), start + 80)))
    put = data.draw(st.text(alphabet="ab:.-{}[]'\"\n #|>&*", max_size=8))
    text = BOOK[:start] + put + BOOK[end:]
    symbols = Symbols(read_source(text, "f"))
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + data.draw(st.integers(0, 9)) + 1

    hover(symbols, line, column)
    complete(text, line, column, symbols)
