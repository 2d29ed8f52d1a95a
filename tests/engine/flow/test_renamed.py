"""A key that was renamed keeps its meaning, is told once, and repaired (TW107).

The shipped language has no such key yet, so the table is given some.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.flow import renamed
from engine.flow.fixing import fix_text
from engine.flow.loader import LoadResult, check_file, check_text, load_text
from engine.flow.renamed import RENAMED, Renamed

TABLE = (
    Renamed(where=("**", "listen"), old="quiet", new="silence", since="1.4"),
    Renamed(where=("states", "**"), old="question", new="confirm", since="1.4"),
    Renamed(where=(), old="abilities", new="tools", since="2.0"),
    Renamed(where=("slots", "*"), old="prompt", new="ask", since="1.4"),
)
OLD = """\
turnwise: 1
flow: example
start: ask
listen: {quiet: 4s, no_input: ["Hello?"], no_match: ["Sorry?"]}
slots:
  name: {type: text, prompt: "Who are you?"}   # one line
abilities: {find: {use: "python:a.b"}}
handle: {error: {to: bye}, no_input: {to: bye}, no_match: {to: bye}}
states:
  ask: {collect: [name], then: group}
  group:
    start: agree
    states:
      agree:
        "question": Shall I look?
        listen: &patient
          quiet: 9s
        then: [{when: answer, to: look}, {to: again}]
      again: {question: "Really not?", listen: *patient, then: bye}
      look: {run: find, say: One moment., then: bye}
  bye: {say: Goodbye., end: hangup}
"""
NEW = (
    OLD.replace("quiet", "silence")
    .replace('"question"', "confirm")
    .replace("question", "confirm")
    .replace("abilities", "tools")
    .replace("prompt", "ask")
)


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renamed, "RENAMED", TABLE)


def told(result: LoadResult) -> list[tuple[str, int, str]]:
    return [(one.code, one.span.line, one.message) for one in result.diagnostics]


def test_the_shipped_table_is_sound() -> None:
    """A new name is a key of the language, an old one is not any more."""
    assert RENAMED == ()


def test_old_names_mean_what_the_new_ones_mean() -> None:
    old, new = load_text(OLD, "f.yaml"), load_text(NEW, "f.yaml")

    assert old.flow == new.flow
    assert old.flow is not None


def test_each_is_told_at_its_key_and_nothing_else_is() -> None:
    assert told(check_text(OLD, "f.yaml")) == [
        ("TW107", 4, "`quiet` is called `silence` since Turnwise 1.4"),
        ("TW107", 6, "`prompt` is called `ask` since Turnwise 1.4"),
        ("TW107", 7, "`abilities` is called `tools` since Turnwise 2.0"),
        ("TW107", 15, "`question` is called `confirm` since Turnwise 1.4"),
        ("TW107", 17, "`quiet` is called `silence` since Turnwise 1.4"),
        ("TW107", 19, "`question` is called `confirm` since Turnwise 1.4"),
    ]


def test_it_is_repaired_as_surely_meant_and_all_else_stays() -> None:
    fixed = fix_text(OLD, lambda text: check_text(text, "f.yaml"))

    assert fixed.text == NEW
    assert told(fixed.result) == []


@pytest.mark.parametrize(
    ("right", "wrong", "code", "place"),
    [
        ("quiet: 4s", "quiet: 4", "TW109", (4, 17)),
        ('{question: "Really', '{question: "{{ slots.nmae }}', "TW202", (19, 35)),
        ('Who are you?"', '", qq: 1', "TW101", (6, 34)),
    ],
)
def test_places_of_other_findings_are_right_under_an_old_name(
    right: str, wrong: str, code: str, place: tuple[int, int]
) -> None:
    assert right in OLD
    found = {one.code: one for one in check_text(OLD.replace(right, wrong), "f.yaml").diagnostics}
    assert (found[code].span.line, found[code].span.column) == place
    assert "TW107" in found


def test_where_the_new_name_stands_as_well_the_old_one_is_unknown() -> None:
    both = OLD.replace("quiet: 4s", "quiet: 4s, silence: 5s")

    first = check_text(both, "f.yaml").diagnostics[0]
    assert (first.code, first.span.line) == ("TW101", 4)


def test_a_key_of_the_same_name_elsewhere_is_another_one() -> None:
    elsewhere = OLD.replace("bye: {say:", "bye: {quiet: 5s, say:")

    found = [one for one in check_text(elsewhere, "f.yaml").diagnostics if one.is_error]
    assert [(one.code, one.span.line) for one in found] == [("TW101", 21)]


def test_fragments_are_read_alike(tmp_path: Path) -> None:
    (tmp_path / "part.yaml").write_text(
        "turnwise: 1\nfragment: part\nlisten:\n  quiet: 4s\nabilities: {}\n"
    )
    flow = OLD.replace("start: ask", "start: ask\ninclude: [part.yaml]")
    (tmp_path / "flow.yaml").write_text(flow)

    result = check_file(tmp_path / "flow.yaml")

    part = [(one.code, one.span.line) for one in result.diagnostics if "part" in one.span.file]
    assert part == [("TW107", 4), ("TW107", 5)]
    assert result.ok


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ((), (), True),
        ((), ("a",), False),
        (("a",), ("a",), True),
        (("*",), (), False),
        (("*", "b"), ("a", "b"), True),
        (("*", "b"), (0, "b"), True),
        (("**",), (), True),
        (("**", "b"), ("b",), True),
        (("**", "b"), ("a", 3, "b"), True),
        (("**", "b"), ("b", "c"), False),
        (("a", "**", "b"), ("a", "x", "y", "b"), True),
        (("a", "**", "b"), ("x", "b"), False),
    ],
)
def test_a_pattern_fits_paths(
    pattern: tuple[str, ...], path: tuple[str | int, ...], fits: bool
) -> None:
    assert renamed._matches(path, pattern) is fits
