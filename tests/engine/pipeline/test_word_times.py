"""Words share the length of their sentence; the same is heard wherever a line is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.heard import heard_text
from engine.events import Word
from engine.pipeline.word_times import shared_out, told
from providers.base import WordTiming

sentences = st.lists(
    st.sampled_from(["a", "well", "hello", "there,", "castle.", "rose"]), min_size=1
).map(" ".join)


@given(sentences, st.integers(0, 5_000), st.integers(1, 9_000))
def test_the_words_fill_the_sentence_without_a_gap(sentence, start, length):
    words = shared_out(sentence, start, start + length)

    assert [word.text for word in words] == sentence.split()
    assert [words[0].start, words[-1].end] == [start, start + length]
    assert all(one.end == other.start for one, other in zip(words, words[1:], strict=False))


@given(sentences, sentences, st.integers(1, 9_000), st.integers(1, 9_000), st.data())
def test_a_line_that_is_cut_in_its_second_sentence_was_heard_to_the_end_of_the_first(
    one, other, first, second, data
):
    words = shared_out(one, 0, first) + shared_out(other, first, first + second)
    played = data.draw(st.integers(first, first + second))
    text = f"{one} {other}"

    heard = heard_text(
        text, played=played, complete=False, duration=first + second, words=tuple(words)
    )

    assert heard.startswith(one)
    assert text.startswith(heard)


def test_what_a_voice_tells_is_counted_from_the_start_of_the_line():
    assert told([WordTiming(text="Hi", start=0.1, end=0.25)], 400, 900) == [
        Word(text="Hi", start=500, end=650)
    ]


@pytest.mark.parametrize(
    "times",
    [
        [(0.3, 0.6), (0.0, 0.3)],
        [(0.0, 0.5), (0.1, 0.4)],
        [(0.3, 0.2)],
        [(-0.1, 0.2)],
        [(0.0, 0.3), (300.0, 600.0)],
        [(float("nan"), 0.3)],
        [(0.0, float("inf"))],
    ],
)
def test_times_that_cannot_be_are_not_believed(times):
    words = [WordTiming(text="well", start=start, end=end) for start, end in times]

    assert told(words, 400, 1_400) == []


def test_of_no_words_nothing_is_told():
    assert shared_out("", 0, 100) == []
