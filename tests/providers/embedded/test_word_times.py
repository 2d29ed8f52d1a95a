"""Sentences are cut where a speaker breathes, and every word gets its place in time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.embedded.word_times import sentences, voiced, word_times


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("Sure.", ["Sure."]),
        ("Is 7:30 p.m. okay? I have it.", ["Is 7:30 p.m. okay?", "I have it."]),
        ("Ask for Mr. Smith. Goodbye!", ["Ask for Mr. Smith.", "Goodbye!"]),
        ('He said "no." Then he left.', ['He said "no."', "Then he left."]),
        ("one two", ["one two"]),
    ],
)
def test_sentences(text: str, pieces: list[str]) -> None:
    assert sentences(text) == pieces


def test_words_follow_the_marks_and_fill_the_gaps_by_length() -> None:
    words = word_times("aa bb, cccc dd", 1.0, 3.0, [(0, 1.0), (7, 2.0)])

    assert [w.text for w in words] == ["aa", "bb,", "cccc", "dd"]
    assert (words[0].start, words[2].start, words[3].end) == (1.0, 2.0, 3.0)
    assert words[0].end < words[1].start + 1e-9 < 2.0
    assert words[1].end - words[1].start > words[0].end - words[0].start


def test_without_marks_a_pause_belongs_to_the_word_before_it() -> None:
    comma, _, plain = word_times("aa, bb cc", 0.0, 1.0)

    assert comma.end - comma.start > plain.end - plain.start


@given(
    st.text(alphabet="ab ,.", max_size=40),
    st.lists(st.tuples(st.integers(0, 45), st.floats(-1, 10)), max_size=6),
)
def test_words_are_in_order_inside_the_sound(text: str, marks: list[tuple[int, float]]) -> None:
    words = word_times(text, 0.5, 4.0, marks)

    assert " ".join(word.text for word in words) == " ".join(text.split())
    times = [t for word in words for t in (word.start, word.end)]
    assert times == sorted(times)
    assert all(0.5 <= t <= 4.0 for t in times)


def test_sound_is_found_between_silences() -> None:
    audio = np.concatenate((np.zeros(100), np.full(200, 5000), np.zeros(100))).astype(np.int16)

    assert voiced(audio, 1000) == (0.1, 0.3)
    assert voiced(np.zeros(500, np.int16), 1000) == (0.0, 0.5)
