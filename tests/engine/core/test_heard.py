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


def test_words_the_voice_says_its_own_way_share_what_is_left_between_the_others():
    words = (
        Word(text="Doctor", start=0, end=300),
        Word(text="Smith,", start=300, end=600),
        Word(text="comes", start=600, end=900),
    )
    line = "Dr. Smith comes."

    assert heard_text(line, played=299, complete=False, duration=900, words=words) == "Dr."
    assert heard_text(line, played=599, complete=False, duration=900, words=words) == "Dr."
    assert heard_text(line, played=700, complete=False, duration=900, words=words) == "Dr. Smith"


ANSWER = "Answer one two three four five."


def timed(text, length=300, begin=0):
    """Words as a voice tells of them, each `length` milliseconds long."""
    return tuple(
        Word(text=word, start=begin + n * length, end=begin + (n + 1) * length)
        for n, word in enumerate(text.split())
    )


@pytest.mark.parametrize(
    "words",
    [
        pytest.param((), id="none"),
        pytest.param(timed(ANSWER)[:1], id="the first"),
        pytest.param(timed(ANSWER)[:4], id="four"),
        pytest.param(timed(ANSWER)[2:3], id="one in the middle"),
        pytest.param(timed(ANSWER)[::2], id="every other"),
        pytest.param(timed(ANSWER), id="all"),
        pytest.param(timed("An swer one two three four five", 240), id="parts of words"),
        pytest.param(tuple(reversed(timed(ANSWER))), id="from the last to the first"),
        pytest.param(timed(" ".join(reversed(ANSWER.split()))[::-1]), id="of other words"),
        pytest.param(timed("... -- !"), id="of no words"),
    ],
)
def test_a_line_is_heard_as_far_as_it_was_played_whatever_the_voice_tells_of(words):
    def heard(played):
        return heard_text(ANSWER, played=played, complete=False, duration=1_800, words=words)

    assert heard(1_500) == "Answer one two three four"
    assert heard(20) == ""
    assert heard(1_800) == ANSWER


def test_a_word_that_comes_twice_is_that_of_the_words_around_it():
    """The `a` of `a m` is not the one before `table`."""
    line = "At 7am in the hall, a table."
    words = timed("at seven a m in the hall a table")

    def heard(played):
        return heard_text(line, played=played, complete=False, duration=2_700, words=words)

    assert heard(900) == "At"
    assert heard(1_500) == "At 7am in"
    assert heard(2_399) == "At 7am in the hall,"
    assert heard(2_400) == "At 7am in the hall, a"


def test_signs_without_spaces_between_them_are_counted_one_by_one():
    line = "你好世界。 再见。"
    words = timed("你 好 世 界 再 见")

    assert heard_text(line, played=1_199, complete=False, duration=1_800, words=words) == ""
    assert (
        heard_text(line, played=1_200, complete=False, duration=1_800, words=words) == "你好世界。"
    )


def test_several_words_told_as_one_share_its_length():
    line = "To New York then."
    words = (Word(text="To", start=0, end=200), Word(text="New York", start=200, end=900))

    assert heard_text(line, played=600, complete=False, duration=1_200, words=words) == "To New"


def test_letters_that_are_two_when_folded_keep_their_places():
    line = "Die Straße ist zu."
    words = timed("die strasse ist zu")

    assert heard_text(line, played=900, complete=False, duration=1_200, words=words) == (
        "Die Straße ist"
    )


times = st.lists(
    st.builds(
        Word,
        text=st.sampled_from(["answer", "ONE", "two three", "fo", "?", "zero", ""]),
        start=st.integers(-10, 2_000),
        end=st.integers(-10, 2_000),
    ),
    max_size=6,
).map(tuple)


@given(times, st.integers(0, 2_500), st.integers(0, 2_500))
def test_whatever_a_voice_tells_more_played_is_never_less_heard(words, one, other):
    short, long = (
        heard_text(ANSWER, played=played, complete=False, duration=1_800, words=words)
        for played in sorted((one, other))
    )

    assert ANSWER.startswith(long)
    assert long.startswith(short)


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
