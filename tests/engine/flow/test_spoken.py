"""How values are said."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from engine.flow.spoken import cardinal, ordinal, spell, spoken, summary

SAID: list[tuple[Any, str]] = [
    (None, ""),
    (True, "yes"),
    (False, "no"),
    (4, "4"),
    (-4, "minus 4"),
    (2.0, "2"),
    (2.5, "2.5"),
    ("Ann Williams", "Ann Williams"),
    ("gluten_free", "gluten free"),
    ("ann_w@example.com", "ann_w@example.com"),
    (datetime.date(2026, 5, 2), "Saturday the second of May"),
    (datetime.date(2026, 3, 21), "Saturday the twenty first of March"),
    (datetime.time(19), "seven p m"),
    (datetime.time(19, 30), "seven thirty p m"),
    (datetime.time(7, 5), "seven oh five a m"),
    (datetime.time(12), "noon"),
    (datetime.time(0), "midnight"),
    (datetime.time(0, 30), "twelve thirty a m"),
    (datetime.datetime(2026, 5, 2, 19), "Saturday the second of May at seven p m"),
    (datetime.timedelta(minutes=90), "1 hour and 30 minutes"),
    (datetime.timedelta(days=2), "2 days"),
    (datetime.timedelta(0), "0 seconds"),
    ([], ""),
    (["six", "seven"], "six and seven"),
    ([datetime.time(18), datetime.time(20, 30), "later"], "six p m, eight thirty p m and later"),
    ({"party_size": 5, "time": datetime.time(20)}, "party size 5 and time eight p m"),
]

SPELLED: list[tuple[Any, str]] = [
    (None, ""),
    ("", ""),
    ("7", "7"),
    ("1234", "1 2 3 4"),
    ("12345", "1 2 3, 4 5"),
    ("0301234567", "0 3 0, 1 2 3, 4 5 6 7"),
    ("+49 30 1234", "plus, 4 9, 3 0, 1 2 3 4"),
    ("030-123", "0 3 0, 1 2 3"),
    ("B17", "B, 1 7"),
    ("ann@x-y.de", "A N N, at, X, dash, Y, dot, D E"),
    (12345, "1 2 3, 4 5"),
]


@pytest.mark.parametrize(("value", "text"), SAID)
def test_values_are_said(value: Any, text: str) -> None:
    assert spoken(value) == text


@pytest.mark.parametrize(("value", "text"), SPELLED)
def test_values_are_spelled(value: Any, text: str) -> None:
    assert spell(value) == text


def test_a_summary_leaves_out_what_is_empty() -> None:
    slots = {"party_size": 4, "phone": None, "name": "Ann", "wishes": []}

    assert summary(slots) == "party size 4 and name Ann"


@pytest.mark.parametrize(("say", "form"), [(cardinal, "cardinal"), (ordinal, "ordinal")])
def test_small_numbers_are_said_as_the_library_says_them(
    say: Callable[[int], str], form: str
) -> None:
    said = [str(num2words(number, to=form)).replace("-", " ") for number in range(130)]
    assert [say(number) for number in range(130)] == said


def test_ordinals_have_no_hyphen() -> None:
    assert [ordinal(n) for n in (1, 12, 22, 31)] == [
        *("first", "twelfth", "twenty second", "thirty first"),
    ]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_any_value_is_said(value: Any) -> None:
    assert isinstance(spoken(value), str)
    assert isinstance(spell(value), str)


@given(st.text("0123456789", min_size=1, max_size=20))
def test_spelling_keeps_every_digit(digits: str) -> None:
    assert spell(digits).replace(" ", "").replace(",", "") == digits
