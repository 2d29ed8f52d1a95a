"""Findings are sorted, and suggest what the author meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.flow.codes import CODES
from engine.flow.diagnostics import (
    Diagnostic,
    Span,
    edit_distance,
    listing,
    nearest,
    sort_diagnostics,
)


def finding(line: int, code: str = "TW101", message: str = "m") -> Diagnostic:
    return Diagnostic(code=code, message=message, span=Span("f", line, 1, line, 2))


@pytest.mark.parametrize(
    ("word", "candidates", "meant"),
    [
        ("thne", ["then", "when"], "then"),
        ("aks", ["ask", "about"], "ask"),
        ("contcat", ["contact", "check"], "contact"),
        ("Party-Size", ["party_size"], "party_size"),
        ("book", ["book_table", "greet"], "book_table"),
        ("find_tabel", ["find_table", "find_menu"], "find_table"),
        ("xyz", ["abc"], None),
        ("colour", ["call", "flow"], None),
        ("a", [], None),
    ],
)
def test_the_nearest_name_is_found(word: str, candidates: list[str], meant: str | None) -> None:
    assert nearest(word, candidates) == meant


def test_of_equally_near_names_the_first_in_the_alphabet_is_named() -> None:
    assert nearest("cat", ["car", "bat"]) == nearest("cat", ["bat", "car"]) == "bat"


@given(st.text("abcd", max_size=8), st.text("abcd", max_size=8))
def test_distance_is_symmetric_and_zero_only_for_equal_words(left: str, right: str) -> None:
    distance = edit_distance(left, right, 20)
    assert distance == edit_distance(right, left, 20)
    assert (distance == 0) == (left == right)
    assert distance <= max(len(left), len(right))


def test_findings_are_sorted_by_place_and_twins_are_one() -> None:
    findings = [finding(3), finding(1), finding(3), finding(1, "TW001")]
    assert sort_diagnostics(findings) == (finding(1, "TW001"), finding(1), finding(3))


def test_lists_of_names_end_in_words() -> None:
    assert listing(["a"]) == "`a`"
    assert listing(["a", "b", "c"]) == "`a`, `b` or `c`"
    assert listing(["a", "b"], join="and") == "`a` and `b`"
    assert listing("abcdef", limit=3) == "`a`, `b`, `c` and 3 more"


def test_codes_and_names_are_unique() -> None:
    assert len({entry.name for entry in CODES.values()}) == len(CODES)
    assert list(CODES) == sorted(CODES)
