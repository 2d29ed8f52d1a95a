from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.heard import guessed_duration, heard_text
from engine.events import Word

LINE = "One moment, please: I look it up."
WORDS = tuple(
    Word(text=text, start=start, end=start + 180)
    for start, text in enumerate(["One", "moment", "please", "I", "look", "it", "up"])
)
TIMED = tuple(Word(text=w.text, start=n * 200, end=n * 200 + 200) for n, w in enumerate(WORDS))


def test_a_complete_line_was_heard_whole():
    assert heard_text(LINE, played=0, complete=True, duration=None) == LINE


def test_of_a_line_that_was_never_played_nothing_was_heard():
    assert heard_text(LINE, played=0, complete=False, duration=1_000, words=TIMED) == ""


@pytest.mark.parametrize(
    ("played", "heard"),
    [
        (199, ""),
        (200, "One"),
        (399, "One"),
        (400, "One moment,"),
        (650, "One moment, please:"),
        (1_400, LINE),
    ],
)
def test_with_word_times_a_word_was_heard_when_its_last_sound_was(played, heard):
    assert heard_text(LINE, played=played, complete=False, duration=1_400, words=TIMED) == heard


def test_words_the_voice_says_its_own_way_are_passed_over():
    words = (
        Word(text="Doctor", start=0, end=300),
        Word(text="Smith,", start=300, end=600),
        Word(text="comes", start=600, end=900),
    )
    line = "Dr. Smith comes."

    assert heard_text(line, played=300, complete=False, duration=900, words=words) == ""
    assert heard_text(line, played=700, complete=False, duration=900, words=words) == "Dr. Smith"


def test_without_word_times_the_text_is_cut_in_proportion_at_a_word():
    line = "aaaa bbbb cccc dddd"

    assert heard_text(line, played=500, complete=False, duration=1_000) == "aaaa bbbb"
    assert heard_text(line, played=450, complete=False, duration=1_000) == "aaaa"
    assert heard_text(line, played=1_000, complete=False, duration=1_000) == line


def test_a_line_cut_before_it_was_made_is_measured_by_a_guess():
    assert heard_text("aaaa bbbb cccc", played=400, complete=False, duration=None) == "aaaa"
    assert guessed_duration("aaaa") == 320


@given(st.text(max_size=60), st.integers(0, 5_000), st.one_of(st.none(), st.integers(0, 5_000)))
def test_what_was_heard_is_a_prefix_that_ends_on_a_word(text, played, duration):
    heard = heard_text(text, played=played, complete=False, duration=duration)
    rest = text[len(heard) :]

    assert text.startswith(heard)
    assert not heard or not rest or rest[0].isspace()


@given(st.text(max_size=40), st.lists(st.integers(0, 3_000), min_size=2, max_size=2))
def test_more_played_is_never_less_heard(text, played):
    short, long = sorted(played)
    one, other = (heard_text(text, played=p, complete=False, duration=2_000) for p in (short, long))

    assert other.startswith(one)
