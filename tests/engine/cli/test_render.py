"""Findings are printed as compilers print them, whatever stands in the file."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.render import Summary, as_text, colours, summary_line
from engine.cli.snippets import MAX_WIDTH
from engine.flow.diagnostics import Diagnostic, Related
from engine.flow.source import Source


def lines(found: Diagnostic, source: Source) -> list[str]:
    return list(as_text(found, {source.file: source}))


def finding(source: Source, start: int, end: int, **more: object) -> Diagnostic:
    return Diagnostic(code="TW101", message="m", span=source.at(start, end), **more)  # type: ignore[arg-type]


def test_the_carets_stand_under_the_text() -> None:
    source = Source("f.yaml", "a: 1\nbc: def\n")
    found = finding(source, 9, 12, label="here", help="do this", notes=("note this",))
    assert lines(found, source) == [
        "error[TW101]: m",
        "  --> f.yaml:2:5",
        "    |",
        "  2 | bc: def",
        "    |     ^^^ here",
        "    |",
        "  = help: do this",
        "  = note: note this",
    ]


def test_related_places_stand_in_the_same_snippet() -> None:
    source = Source("f.yaml", "a: 1\nb: 2\nc: 3\na: 4\n")
    found = finding(source, 15, 16, help="h", related=(Related(source.at(0, 1), "first"),))
    assert lines(found, source)[2:-1] == [
        "    |",
        "  1 | a: 1",
        "    | - first",
        "...",
        "  4 | a: 4",
        "    | ^",
        "    |",
    ]


def test_related_places_in_another_file_stand_behind_it() -> None:
    source, other = Source("f.yaml", "a: 1\n"), Source("g.yaml", "b: 2\n")
    found = finding(source, 0, 1, help="h", related=(Related(other.at(0, 1), "there"),))
    text = list(as_text(found, {"f.yaml": source, "g.yaml": other}))
    assert "  ::: g.yaml:1:1" in text
    assert "    | - there" in text


def test_wide_characters_take_two_columns() -> None:
    source = Source("f.yaml", "語語: é\n")
    assert lines(finding(source, 4, 5), source)[4] == "    |       ^"


def test_a_span_of_many_lines_is_marked_to_the_end_of_its_first() -> None:
    source = Source("f.yaml", "k: abc\n  def\n")
    assert lines(finding(source, 3, 12, label="l"), source)[4] == "    |    ^^^ l"


def test_a_long_line_is_shown_around_its_mark() -> None:
    source = Source("f.yaml", "x" * 1_000 + "HERE" + "y" * 1_000)
    shown = lines(finding(source, 1_000, 1_004), source)
    assert len(shown[3]) <= MAX_WIDTH + 10
    column = shown[4].index("^")
    assert shown[3][column : column + 4] == "HERE"
    assert shown[4].count("^") == 4


def test_control_characters_reach_no_terminal() -> None:
    source = Source("f.yaml", "k: \x1b[31mred\x07\n")
    text = "\n".join(lines(finding(source, 3, 4), source))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "<U+001B>" in text


def test_a_finding_without_advice_names_its_page() -> None:
    source = Source("f.yaml", "a: 1\n")
    assert lines(finding(source, 0, 1), source)[-1] == "  = see:  turnwise explain TW101"


def test_a_path_is_shown_as_a_chain() -> None:
    source = Source("f.yaml", "a: 1\n")
    shown = lines(finding(source, 0, 1, help="h", path=("a", "b")), source)
    assert "  = path: a -> b" in shown


@given(st.text(max_size=80), st.integers(0, 90), st.integers(0, 90))
def test_any_text_and_place_can_be_printed(text: str, start: int, length: int) -> None:
    source = Source("f.yaml", text)
    shown = lines(finding(source, start, start + length, label="l"), source)
    assert all(line.isprintable() for line in shown)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert colours(Terminal())("error", "x") == "\x1b[1;31mx\x1b[0m"
    assert colours(io.StringIO())("error", "x") == "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert colours(Terminal())("error", "x") == "x"


def test_the_summary_counts_in_words() -> None:
    source = Source("f.yaml", "a: 1\n")
    summary = Summary(elapsed_ms=41, files=1, states=11)
    assert summary_line([], summary) == "No problems. 41 ms, 1 file, 11 states."
    found = finding(source, 0, 1)
    assert summary_line([found], summary) == "1 problem (1 error). 41 ms, 1 file, 11 states."
