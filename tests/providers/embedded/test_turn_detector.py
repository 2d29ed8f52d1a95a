"""Whole answers are told from halves by their words and by what was asked."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.embedded.turn_detector import TextTurnDetector, probability

WHOLE = [
    ("yes", ("yesno",)),
    ("no thank you", ("yesno",)),
    ("five five five one two three four five six seven", ("phone",)),
    ("double five double five one two three four five six", ("phone",)),
    ("555 123 4567", ("phone",)),
    ("tomorrow", ("date",)),
    ("on friday the twenty first of march", ("date",)),
    ("june third", ("date",)),
    ("half past eight", ("time",)),
    ("seven thirty p m", ("time",)),
    ("at 7:30", ("time",)),
    ("four of us", ("integer", "date", "time")),
    ("john smith", ("text",)),
    ("john at example dot com", ("email",)),
    ("two hours", ("duration",)),
    ("friday at seven p m", ("datetime",)),
    ("can i speak to a person please", ()),
    ("on friday at eight", ("integer", "date", "time")),
]
HALF = [
    ("", ("text",)),
    ("my name is", ("text",)),
    ("um", ("date",)),
    ("i would like a table for", ("integer",)),
    ("five five five", ("phone",)),
    ("five five five one two three", ("phone",)),
    ("the twenty", ("date",)),
    ("in march", ("date",)),
    ("half", ("time",)),
    ("seven p", ("time",)),
    ("john at example dot", ("email",)),
    ("john", ("email",)),
    ("friday", ("datetime",)),
    ("thirty", ("duration",)),
    ("no i", ("yesno",)),
]


@pytest.mark.parametrize(("text", "kinds"), WHOLE)
def test_whole_answers_are_likely_whole(text: str, kinds: tuple[str, ...]) -> None:
    assert probability(text, kinds) >= 0.65


@pytest.mark.parametrize(("text", "kinds"), HALF)
def test_halves_are_not(text: str, kinds: tuple[str, ...]) -> None:
    assert probability(text, kinds) < 0.5


def test_the_first_word_settles_yes_or_no_but_not_other_questions() -> None:
    assert probability("yes", ("yesno",)) > probability("yes", ())


def test_the_open_question_comes_first() -> None:
    """Seven digits may be a phone number on its way, and are surely a whole number."""
    digits = "one two three four five"

    assert (
        probability(digits, ("phone", "integer")) < 0.5 < probability(digits, ("integer", "phone"))
    )


@given(st.text(max_size=60), st.lists(st.sampled_from(["phone", "date", "time", "email", "?"])))
def test_any_text_has_a_probability(text: str, kinds: list[str]) -> None:
    assert 0.0 <= probability(text, kinds) <= 1.0


def test_the_provider_answers_with_the_rule() -> None:
    assert asyncio.run(TextTurnDetector().predict("yes", ["yesno"])) == probability(
        "yes", ["yesno"]
    )
