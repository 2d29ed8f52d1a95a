"""A source reads YAML 1.2 and knows where everything stands."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.flow.diagnostics import Path, Span
from engine.flow.scalars import read_plain
from engine.flow.source import MAX_BYTES, Source, read_source, walk


def read(text: str) -> Source:
    source = read_source(text, "f.yaml")
    assert source.findings == ()
    return source


def place(span: Span) -> tuple[int, int, int, int]:
    return span.line, span.column, span.end_line, span.end_column


# --- data -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("2026-05-01", "2026-05-01"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("+7", 7),
        ("-", "-"),
        (".", "."),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1e999", "1e999"),
        ("9" * 40, "9" * 40),
        ("+4930123456", 4930123456),
    ],
)
def test_plain_scalars_follow_the_core_schema(text: str, value: object) -> None:
    assert read_plain(text) == value
    assert type(read_plain(text)) is type(value)


def test_quoted_and_block_scalars_are_text() -> None:
    source = read("a: '5'\nb: \"true\"\nc: |\n  7\nd: !!str 8\n")
    assert source.data == {"a": "5", "b": "true", "c": "7\n", "d": "8"}


def test_keys_are_always_text() -> None:
    assert read("1: a\ntrue: b\nnull: c\n").data == {"1": "a", "true": "b", "null": "c"}


def test_maps_keep_the_order_of_the_file() -> None:
    assert list(read("z: 1\na: 2\nm: 3\n").data) == ["z", "a", "m"]


def test_aliases_repeat_their_value() -> None:
    assert read("a: &x {b: [1, 2]}\nc: *x\n").data == {"a": {"b": [1, 2]}, "c": {"b": [1, 2]}}


def test_merge_keys_bring_entries_and_own_keys_win() -> None:
    source = read("a: &x {p: 1, q: 2}\nb: &y {q: 3, r: 4}\nc:\n  <<: [*x, *y]\n  p: 0\n")
    assert source.data["c"] == {"p": 0, "q": 2, "r": 4}
    assert place(source.span(("c", "q"))) == (1, 17, 1, 18)


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    source = read("\ufeffa: 1\n")
    assert place(source.key_span(("a",))) == (1, 1, 1, 2)


def test_all_line_breaks_count() -> None:
    source = read("a: 1\r\nb: 2\rc: 3\n")
    assert [source.key_span((key,)).line for key in "abc"] == [1, 2, 3]
    assert source.line(2) == "b: 2"


# --- places ---------------------------------------------------------------------------------------


TEXT = """\
# a comment
states:
  ask:
    say: Hello, this is a
      folded text.
    then:
      - when: slots.a > 1
        to: bye
  bye: {say: "it's \\"over\\"", end: hangup}
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("states", "ask", "say"), (4, 10, 5, 19)),
        (("states", "ask", "then", 0, "to"), (8, 13, 8, 16)),
        (("states", "ask", "then", 0), (7, 9, 8, 16)),
        (("states", "bye"), (9, 8, 9, 43)),
        (("states", "bye", "say"), (9, 14, 9, 29)),
    ],
)
def test_values_know_both_their_ends(path: Path, expected: tuple[int, int, int, int]) -> None:
    assert place(read(TEXT).span(path)) == expected


def test_keys_know_their_place() -> None:
    assert place(read(TEXT).key_span(("states", "ask", "then"))) == (6, 5, 6, 9)


def test_a_path_that_is_not_there_gives_the_nearest_value_around_it() -> None:
    source = read(TEXT)
    assert source.span(("states", "bye", "then", 3)) == source.span(("states", "bye"))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("k: slots.a > 1", "a > 1"),
        ("k: 'slots.a == \"x\"'", '"x"'),
        ("k: 'it''s slots.b here'", "slots.b"),
        ('k: "a \\"quoted\\" word"', "word"),
        ("k: >-\n  one two\n  three slots.c four\n", "slots.c"),
        ("k: |\n  one\n  two slots.d\n", "slots.d"),
        ("k: !!str slots.e", "slots.e"),
        ("k: one\n  two slots.f", "slots.f"),
    ],
)
def test_a_part_of_a_text_is_found_in_the_file(text: str, part: str) -> None:
    source = read(text)
    value = source.data["k"]
    start = value.index(part)
    assert source.cut(source.inside(("k",), start, start + len(part))) == part


def test_a_part_of_something_that_is_no_text_is_the_whole_value() -> None:
    source = read("k: [1, 2]")
    assert source.inside(("k",), 0, 1) == source.span(("k",))


def test_walking_visits_outer_values_first() -> None:
    paths = [path for path, _ in walk({"a": [1, {"b": 2}]})]
    assert paths == [(), ("a",), ("a", 0), ("a", 1), ("a", 1, "b")]


# --- limits ---------------------------------------------------------------------------------------


def codes(text: str) -> list[str]:
    return [found.code for found in read_source(text, "f.yaml").findings]


def test_a_file_that_is_too_large_is_not_read() -> None:
    assert codes("a: " + "x" * MAX_BYTES) == ["TW003"]


def test_nesting_has_a_limit() -> None:
    assert codes("[" * 40 + "]" * 40) == []
    assert codes("[" * 41 + "]" * 41) == ["TW003"]
    assert codes("[" * 100_000) == ["TW003"]


def test_what_aliases_stand_for_has_a_limit() -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert codes("\n".join(lines)) == ["TW003"]


def test_many_small_aliases_are_fine() -> None:
    text = "a: &x {to: bye}\n" + "".join(f"k{n}: *x\n" for n in range(1_000))
    assert codes(text) == []


# --- any text -------------------------------------------------------------------------------------


def inside(span: Span, text: str) -> bool:
    """Whether a span lies inside a text."""
    source = Source(span.file, text)
    last = source.at(len(text))
    start, end = (span.line, span.column), (span.end_line, span.end_column)
    if not (1, 1) <= start <= end <= (last.end_line, last.end_column):
        return False
    return all(column <= len(source.line(line)) + 2 for line, column in (start, end))


YAML_PIECES = st.sampled_from(
    ["a", "b: ", ": ", "- ", "\n", "\n  ", "\n    ", "{", "}", "[", "]", ", ", "'", '"', "#", "&x ",
     "*x", "<<: ", "|", ">-", "!!str ", "!t ", "{{ x }}", "\t", "\r\n", "\r", "? ", "---\n", "%",
     "@", "`", "\\", "no", "010", "1.5", "é", "語", "\u200b", "\ufeff", "\x00", "\x85", "\u2028",
     "~", "=", "null", "😀", '"\\UFFFFFFFF"', '"\\ud83d"', "%YAML 1.2\n",
     "...\n", "!!int 'x'", "!<x>"]
)  # fmt: skip


@given(st.lists(YAML_PIECES, max_size=40).map("".join) | st.text(max_size=60))
def test_any_text_is_read_or_refused_and_every_span_lies_inside(text: str) -> None:
    source = read_source(text, "f.yaml")
    body = text.removeprefix("\ufeff")
    for found in source.findings:
        assert inside(found.span, body), found
        assert all(inside(other.span, body) for other in found.related), found
    if source.data is not None:
        for path, _ in walk(source.data):
            assert inside(source.span(path), body), path
            assert inside(source.key_span(path), body), path


@given(st.recursive(st.text(max_size=8) | st.integers(-5, 5) | st.booleans(), lambda inner: (
    st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3)
), max_leaves=8))  # fmt: skip
def test_json_reads_as_itself(value: Any) -> None:
    """JSON is YAML: every JSON document means the same to both."""
    import json

    text = json.dumps({"k": value})
    assert read_source(text, "f.yaml").data == {"k": value}
