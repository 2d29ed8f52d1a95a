"""Patterns: the everyday part of regular expressions, as `re` reads it, in linear time."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.flow.patterns import MAX_TEXT, PatternError, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("abc", "abc", "abcd"),
        ("a.c", "axc", "a\nc"),
        ("a|bc|", "bc", "b"),
        ("(ab)+", "abab", "aba"),
        ("(?:ab)*c?", "ababc", "abcc"),
        (r"\d{2,3}", "123", "1"),
        (r"\d{2,}", "12345", "1"),
        (r"\d{2}", "12", "123"),
        (r"[a-c\d-]+", "a-1", "d"),
        ("[^a-c]", "d", "a"),
        ("[]x]", "]", "y"),
        (r"\w+\s\W", "a_1 !", "a !!"),
        (r"\D\S", "ab", "1b"),
        (r"a\.b\\", "a.b\\", "axb\\"),
        (r"\n\t", "\n\t", "nt"),
        ("a{0}b", "b", "ab"),
        ("", "", "a"),
        ("(a*)*", "aaa", "b"),
        ("ü+", "üü", "u"),
    ],
)
def test_matches_the_whole_text(pattern, good, bad):
    compiled = compile_pattern(pattern)
    assert compiled.matches(good)
    assert not compiled.matches(bad)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(a", "without"),
        ("a)", "without"),
        ("[a", "too early"),
        ("a\\", "too early"),
        ("*a", "nothing to repeat"),
        ("a**", "after a repetition"),
        ("a{2", "must be followed"),
        ("a{x}", "must be followed"),
        ("a{3,2}", "not a range"),
        ("[z-a]", "not a range"),
        (r"\1", "not understood"),
        (r"\b", "not understood"),
        ("(?=a)", "only understood"),
        ("^a$", "not needed"),
        ("a{999}", "too large"),
        ("((((a{20}){20}){20}){20})", "too large"),
        ("(" * 40 + ")" * 40, "nested too deep"),
        ("((){99}){99}", "too large"),
    ],
)
def test_refused_with_a_reason(pattern, why):
    with pytest.raises(PatternError, match=why):
        compile_pattern(pattern)


def test_very_long_texts_do_not_match():
    assert compile_pattern("a*").matches("a" * MAX_TEXT)
    assert not compile_pattern("a*").matches("a" * (MAX_TEXT + 1))


_PIECES = st.recursive(
    st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", "(?:)"]),
    lambda inner: (
        st.builds("({}|{})".format, inner, inner)
        | st.builds("{}{}".format, inner, inner)
        | st.builds("({}){}".format, inner, st.sampled_from(["*", "+", "?", "{1,2}", "{0,1}"]))
    ),
    max_leaves=5,
)


@given(_PIECES, st.text("ab1", max_size=6))
def test_agrees_with_re(pattern, text):
    assert compile_pattern(pattern).matches(text) == bool(re.fullmatch(pattern, text))


@given(st.text(max_size=40))
def test_any_text_is_a_pattern_or_a_pattern_error(pattern):
    with contextlib.suppress(PatternError):
        compile_pattern(pattern).matches("aaaa")
