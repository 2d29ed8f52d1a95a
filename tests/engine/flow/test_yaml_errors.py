"""Syntax errors are told in the author's words, whatever the parser stumbles over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.flow.source import read_source

ROOT = Path(__file__).parents[3]
TEXTS = [
    path.read_text(encoding="utf-8")
    for folder in ("flows", "tests/diagnostics/bad")
    for path in sorted((ROOT / folder).glob("*.yaml"))
    if path.stat().st_size < 3_000
]
JARGON = re.compile(
    r"while (scanning|parsing)|expected <|node content|block (end|collection)|flow (sequence|map)"
    r"|scalar|simple key|indicator|sequence entr|mapping|stream|token|but (got|found)"
)
SIGNS = "{}[],:?-#&*!|>'\"%@`\n\t \\"


def told(text: str) -> str:
    """What the first finding about the syntax says; empty for none."""
    for found in read_source(text, "x.yaml").findings:
        if found.code == "TW001":
            labels = [other.label for other in found.related]
            return "\n".join((found.message, found.label, found.help, *labels))
    return ""


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """A flow with a few signs of YAML put in, taken out or cut off."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        gone = draw(st.sampled_from((0, 0, 1, 3)))
        put = draw(st.text(alphabet=SIGNS, max_size=3))
        text = text[:at] + put + text[at + gone :]
    return text[: draw(st.integers(0, len(text)))] if draw(st.booleans()) else text


@given(spoilt())
def test_no_word_of_the_yaml_specification_reaches_the_author(text: str) -> None:
    """However a file is spoilt, the message is about what the author typed."""
    assert not JARGON.search(re.sub(r"`[^`]*`", "", told(text)))


@given(st.text(alphabet=SIGNS + "ab1", max_size=60))
def test_any_signs_are_told_about_in_plain_words(text: str) -> None:
    """Not only files that were flows once."""
    assert not JARGON.search(re.sub(r"`[^`]*`", "", told(text)))


@pytest.mark.parametrize("bracket", ["[a, b", "{a: 1, b: 2", '["a", {b: 1', "[\n  a,\n  b\n"])
def test_a_bracket_left_open_is_marked_where_it_was_opened(bracket: str) -> None:
    """The finding stands at the innermost bracket that is open, not at the end of the file."""
    text = f"turnwise: 1\nstates: {bracket}\n"
    found = read_source(text, "x.yaml").findings[0]
    innermost = max(text.rfind("["), text.rfind("{"))
    assert (found.code, found.message.endswith("is never closed")) == ("TW001", True)
    assert found.span == read_source(text, "x.yaml").at(innermost)


def test_a_quote_closed_lines_below_is_marked_where_it_was_opened() -> None:
    """The next quote of the file closes it, and the parser stumbles only behind that."""
    text = 'a: {say: "Hello, then: b}\nb: {say: "Bye"}\n'
    found = read_source(text, "x.yaml").findings[0]
    assert (found.span.line, found.span.column) == (1, 10)
    assert [(other.span.line, other.span.column) for other in found.related] == [(2, 10)]
