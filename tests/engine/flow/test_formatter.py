"""Formatting evens the layout and touches nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.flow.formatter import FormatError, format_text
from engine.flow.source import read_source

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "flows").rglob("*.yaml")) + sorted(
    (ROOT / "tests" / "diagnostics").rglob("*.yaml")
)


def lines(*texts: str) -> str:
    return "\n".join(texts) + "\n"


def test_levels_are_two_columns_deep_and_lists_stand_inside_their_key() -> None:
    text = lines("a:", "     b:", "     - x", "     -   k: 1", "         l: 2", "c: 3")

    assert format_text(text) == lines("a:", "  b:", "    - x", "    - k: 1", "      l: 2", "c: 3")


def test_blanks_around_signs_are_even() -> None:
    assert format_text("a:   {b:1 ,c : 2,  d: [ x,y ]}\n") == "a: {b:1, c: 2, d: [x, y]}\n"


def test_comments_move_with_what_they_stand_before() -> None:
    text = lines(
        "a:", "    # on b", "    b: 1 # beside b", "    # after b", "# on c", "c: {d: 1, # in d",
        "    e: 2}",
    )  # fmt: skip

    assert format_text(text) == lines(
        "a:", "  # on b", "  b: 1  # beside b", "  # after b", "# on c", "c: {d: 1,  # in d",
        "    e: 2}",
    )  # fmt: skip


def test_runs_of_empty_lines_become_one() -> None:
    assert format_text("\n\na: 1\n\n\n\n# c\n\n\nb: 2\n\n\n") == "a: 1\n\n# c\n\nb: 2\n"


def test_a_block_text_keeps_its_own_lines() -> None:
    text = lines("a: |", "      one", "", "        two  ", "      # three", "b: >-", " x", " y")

    assert format_text(text) == lines(
        "a: |", "  one", "", "    two  ", "  # three", "b: >-", "  x", "  y"
    )


def test_a_block_text_that_keeps_its_last_lines_keeps_them() -> None:
    text = "a: |+\n    one\n\n\n"

    assert read_source(format_text(text), "f").data == read_source(text, "f").data


def test_speech_inside_braces_gets_quotes() -> None:
    """Other YAML tools stop at a `?` there."""
    text = "a: {say: Well. Who is there?, to: bye}\nno_input: [Are you there?, Hello]\n"

    assert format_text(text) == (
        'a: {say: "Well. Who is there?", to: bye}\nno_input: ["Are you there?", Hello]\n'
    )


def test_single_quotes_become_double_ones_where_nothing_needs_an_escape() -> None:
    assert format_text("a: 'x'\nb: 'say \"x\"'\nc: 'it''s'\n") == (
        "a: \"x\"\nb: 'say \"x\"'\nc: 'it''s'\n"
    )


def test_line_breaks_of_other_systems_become_ours() -> None:
    assert format_text("\ufeffa: 1\r\nb: 2\r\n") == "a: 1\nb: 2\n"


def test_a_text_that_is_not_yaml_is_refused_with_the_finding() -> None:
    with pytest.raises(FormatError) as refused:
        format_text("a: 'x\nb: 2\n")

    assert [found.code for found in refused.value.findings] == ["TW001"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_real_files_stay_what_they_are(path: Path) -> None:
    holds(path.read_text(encoding="utf-8"))


def holds(text: str) -> None:
    """Whatever can be formatted means the same afterwards, and is not formatted twice."""
    try:
        result = format_text(text)
    except FormatError:
        return

    assert format_text(result) == result
    whole = text if text.endswith("\n") else text + "\n"
    assert repr(read_source(result, "f").data) == repr(read_source(whole, "f").data)
    assert "".join(result.split()).count("#") == "".join(text.split()).count("#")


words = st.sampled_from(
    ["a", "b c", "'q'", '"d"', "12", "Who is it?", "it''s", "no", "a#b", "&x y", "|\n  t\n\n   u",
     ">-\n t\n u", "{k: v}", "[a,b , c]", "{say: Hi there?, to: x}", "", "x\n   y",
     "{a: 1,\n  b: 2}"]
)  # fmt: skip


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Block maps and lists of uneven layout, with comments and empty lines between."""
    out: list[str] = []

    def filler(indent: int) -> None:
        for _ in range(draw(st.integers(0, 2))):
            out.append(draw(st.sampled_from(["", " " * indent + "# note", "   ", "# outer"])))

    def block(indent: int, depth: int) -> None:
        listed = draw(st.booleans())
        inside = indent + draw(st.integers(0 if listed and indent else 1, 4)) if depth else 0
        for index in range(draw(st.integers(1, 3))):
            filler(inside)
            head = " " * inside + ("-" if listed else f"k{index}:")
            if depth < 3 and draw(st.booleans()):
                out.append(head + draw(st.sampled_from(["", "  # beside"])))
                block(inside if depth else 0, depth + 1)
            else:
                value = draw(words).replace("\n", "\n" + " " * (inside + 1))
                out.append(head + " " * draw(st.integers(1, 3)) + value)

    block(0, 0)
    filler(0)
    return "\n".join(out) + draw(st.sampled_from(["", "\n", "\n\n"]))


@settings(max_examples=50)
@given(documents())
def test_any_layout_comes_out_even_and_unchanged(text: str) -> None:
    holds(text)


@given(st.text(alphabet="ab:-#{}[],'\"|>&*? \n\t!%@1", max_size=60))
def test_any_text_is_formatted_or_refused(text: str) -> None:
    holds(text)
