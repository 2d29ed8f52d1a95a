"""The typed parsers, one table each, relative to Friday the first of May 2026 at noon."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.parsers.choices import find_values
from engine.core.parsers.dates import find_dates
from engine.core.parsers.moments import find_datetimes, find_durations, find_emails
from engine.core.parsers.numbers import PEOPLE, find_integers, find_numbers
from engine.core.parsers.phones import find_digits, find_phones
from engine.core.parsers.slots import RELATIVE, find_slot
from engine.core.parsers.times import find_times
from engine.core.parsers.words import (
    MAX_WORDS,
    Match,
    Phrases,
    Strength,
    ends_with,
    phrase,
    utterance,
)
from engine.core.values import _READERS
from engine.flow.spoken import spell, spoken
from engine.machine.compiled import SlotSpec, SlotType

TODAY = datetime.date(2026, 5, 1)
NOW = datetime.datetime(2026, 5, 1, 12, 0)


def values(matches: list[Match]) -> list[Any]:
    return [match.value for match in matches]


def day(month: int, number: int, year: int = 2026) -> datetime.date:
    return datetime.date(year, month, number)


def at(hour: int, minute: int = 0) -> datetime.time:
    return datetime.time(hour, minute)


DATES: list[tuple[str, list[datetime.date]]] = [
    ("today", [day(5, 1)]),
    ("tonight", [day(5, 1)]),
    ("this evening", [day(5, 1)]),
    ("tomorrow", [day(5, 2)]),
    ("for tomorrow night", [day(5, 2)]),
    ("the day after tomorrow", [day(5, 3)]),
    ("saturday", [day(5, 2)]),
    ("on Sunday", [day(5, 3)]),
    ("this coming sunday", [day(5, 3)]),
    ("friday", [day(5, 8)]),
    ("this friday", [day(5, 1)]),
    ("next friday", [day(5, 8)]),
    ("next monday", [day(5, 4)]),
    ("next saturday", [day(5, 9)]),
    ("tuesday next week", [day(5, 5)]),
    ("monday week", [day(5, 11)]),
    ("a week from saturday", [day(5, 9)]),
    ("a week from today", [day(5, 8)]),
    ("in two weeks", [day(5, 15)]),
    ("in a week", [day(5, 8)]),
    ("in ten days", [day(5, 11)]),
    ("in a month", [day(6, 1)]),
    ("three days from now", [day(5, 4)]),
    ("saturday the fifteenth", [day(8, 15)]),
    ("friday the fifteenth", [day(5, 15)]),
    ("friday the 15th of may", [day(5, 15)]),
    ("saturday may second", [day(5, 2)]),
    ("saturday the third of may", []),  # that is a Sunday
    ("saturday may third", []),
    ("the twenty first of march", [day(3, 21, 2027)]),
    ("the 21st of March 2028", [day(3, 21, 2028)]),
    ("june third", [day(6, 3)]),
    ("June the 3rd", [day(6, 3)]),
    ("june 3, 2027", [day(6, 3, 2027)]),
    ("june third twenty twenty seven", [day(6, 3, 2027)]),
    ("third of june", [day(6, 3)]),
    ("3 june", [day(6, 3)]),
    ("may first", [day(5, 1)]),
    ("april thirtieth", [day(4, 30, 2027)]),
    ("february twenty ninth", [day(2, 29, 2028)]),
    ("february thirtieth", []),
    ("the third", [day(5, 3)]),
    ("on the thirty first", [day(5, 31)]),
    ("the twenty-first", [day(5, 21)]),
    ("2026-05-02", [day(5, 2)]),
    ("2026-02-31", []),
    ("5/6", [day(5, 6)]),
    ("25/12", [day(12, 25)]),
    ("12/24/2026", [day(12, 24)]),
    ("6.5.2026", [day(5, 6)]),
    ("christmas eve", [day(12, 24)]),
    ("new year's day", [day(1, 1, 2027)]),
    ("from saturday to the fifth", [day(5, 2), day(5, 5)]),
    ("may i have a table", []),
    ("next week", []),
    ("a week from saturday may third", []),
    ("in a thousand and one days", []),
    ("march", []),
    ("seven", []),
    ("june seven pm", []),
    ("in nine hundred million weeks", []),
    ("wait a second", []),
]

TIMES: list[tuple[str, list[datetime.time]]] = [
    ("seven", [at(19)]),
    ("at seven", [at(19)]),
    ("at eleven", [at(23)]),
    ("at twelve", [at(12)]),
    ("at one", [at(13)]),
    ("around nine o'clock in the evening", [at(21)]),
    ("nine o clock", [at(21)]),
    ("half past eight", [at(20, 30)]),
    ("half eight", [at(20, 30)]),
    ("quarter to seven", [at(18, 45)]),
    ("a quarter past six", [at(18, 15)]),
    ("quarter to one", [at(12, 45)]),
    ("ten to eight", [at(19, 50)]),
    ("twenty five minutes past six", [at(18, 25)]),
    ("six forty five", [at(18, 45)]),
    ("six forty-five", [at(18, 45)]),
    ("six oh five", [at(18, 5)]),
    ("seven thirty p m", [at(19, 30)]),
    ("seven thirty p.m.", [at(19, 30)]),
    ("seven thirty a m", [at(7, 30)]),
    ("ten in the morning", [at(10)]),
    ("tomorrow morning at ten", [at(10)]),
    ("breakfast at eight", [at(8)]),
    ("two in the afternoon", [at(14)]),
    ("twelve thirty a m", [at(0, 30)]),
    ("twelve thirty", [at(12, 30)]),
    ("twelve at night", [at(0)]),
    ("two at night", [at(2)]),
    ("ten at night", [at(22)]),
    ("noon", [at(12)]),
    ("at midnight", [at(0)]),
    ("19:00", [at(19)]),
    ("7:30", [at(19, 30)]),
    ("07:30", [at(7, 30)]),
    ("7:30 am", [at(7, 30)]),
    ("7pm", [at(19)]),
    ("7.30pm", [at(19, 30)]),
    ("at 20", [at(20)]),
    ("nineteen thirty", [at(19, 30)]),
    ("nineteen hundred hours", [at(19)]),
    ("between seven and eight", [at(19), at(20)]),
    ("seven thirty sharp", [at(19, 30)]),
    ("25:00", []),
    ("7:75", []),
    ("seven people", []),
    ("at the window", []),
]

COUNTS: list[tuple[str, list[int]]] = [
    ("four", [4]),
    ("four people", [4]),
    ("a party of twelve", [12]),
    ("just me", [1]),
    ("a couple", [2]),
    ("a couple of people", [2]),
    ("8 adults", [8]),
    ("twenty-two guests", [22]),
    ("one hundred and five people", [105]),
    ("1,200 people", [1200]),
    ("four hungry people", [4]),
    ("six of us", [6]),
    ("two adults and three kids", [5]),
    ("my wife and i", [2]),
    ("half a dozen people", [6]),
    ("both of us", [2]),
    ("at seven", []),
    ("seven thirty", []),
    ("seven o'clock", []),
    ("two weeks", []),
    ("half past eight", []),
    ("one moment", []),
    ("this one", []),
    ("five five five one two", []),
    ("nobody", []),
]

PHONES: list[tuple[str, list[str]]] = [
    ("zero seven nine one two six eight for three", ["079126843"]),
    ("five five five one two three four for two people", ["5551234"]),
    ("zero three zero one two three four five six seven", ["0301234567"]),
    ("oh three oh one two three four", ["0301234"]),
    ("five five five, one two, one two", ["5551212"]),
    ("double five triple two one one", ["5522211"]),
    ("oh three oh, twelve, thirty four, fifty six", ["030123456"]),
    ("plus four nine three oh one two three four five", ["+49301 2345".replace(" ", "")]),
    ("030/1234567", ["0301234567"]),
    ("+1 (555) 010-4477", ["+15550104477"]),
    ("555-0104", ["5550104"]),
    ("one two three", []),
    ("1234567890123456", []),
    ("2026-05-02", []),
    ("at seven thirty", []),
]


@pytest.mark.parametrize(("text", "expected"), DATES)
def test_dates_are_found(text: str, expected: list[datetime.date]) -> None:
    assert values(find_dates(phrase(text), TODAY)) == expected


@pytest.mark.parametrize(("text", "expected"), TIMES)
def test_times_are_found(text: str, expected: list[datetime.time]) -> None:
    assert values(find_times(phrase(text))) == expected


@pytest.mark.parametrize(("text", "expected"), COUNTS)
def test_counts_are_found(text: str, expected: list[int]) -> None:
    assert values(find_integers(phrase(text))) == expected


@pytest.mark.parametrize(("text", "expected"), PHONES)
def test_phone_numbers_are_found(text: str, expected: list[str]) -> None:
    assert values(find_phones(phrase(text))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("two point five", [2.5]),
        ("2.5", [2.5]),
        ("two and a half", [2.5]),
        ("three", [3.0]),
        ("point", []),
    ],
)
def test_numbers_are_found(text: str, expected: list[float]) -> None:
    assert values(find_numbers(phrase(text))) == expected


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("two hours and thirty minutes", [150]),
        ("half an hour", [30]),
        ("an hour and a half", [90]),
        ("ninety minutes", [90]),
        ("a day", [1440]),
        ("two people", []),
    ],
)
def test_lengths_of_time_are_found(text: str, minutes: list[int]) -> None:
    found = [match.value.total_seconds() / 60 for match in find_durations(phrase(text))]

    assert found == minutes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("john dot smith at example dot com", ["john.smith@example.com"]),
        ("my address is ann_w@example.co.uk", ["ann_w@example.co.uk"]),
        ("j o h n dot smith at example dot com", ["john.smith@example.com"]),
        ("my address is a n n one two at g m x dot d e", ["ann12@gmx.de"]),
        ("it is john w at example dot com", ["w@example.com"]),
        ("j underscore w at a b c dot co dot u k", ["j_w@abc.co.uk"]),
        ("at seven", []),
        ("ann at home", []),
    ],
)
def test_email_addresses_are_found(text: str, expected: list[str]) -> None:
    assert values(find_emails(phrase(text))) == expected


def test_a_day_and_a_time_together_are_a_moment() -> None:
    found = find_datetimes(phrase("tomorrow at half past seven please"), NOW)

    assert values(found) == [datetime.datetime(2026, 5, 2, 19, 30)]
    assert find_datetimes(phrase("tomorrow i have a train to catch at seven"), NOW) == []


def test_bounds_choose_the_half_of_the_day() -> None:
    opening = find_times(phrase("at nine"), at(8), at(17))
    dinner = find_times(phrase("at nine"), at(17), at(22))
    neither = find_times(phrase("at three"), at(8), at(12))

    assert values(opening) == [at(9)]
    assert values(dinner) == [at(21)]
    assert values(neither) == [at(15)]


def test_a_match_tells_its_words_and_how_clear_they_are() -> None:
    words = phrase("a table for four at seven")

    count = find_integers(words)[0]
    time = find_times(words[4:])[0]

    assert (count.start, count.end, count.strength) == (1, 4, Strength.CLEAR)
    assert (time.start, time.end, time.strength) == (0, 2, Strength.CLEAR)


def test_the_longest_phrase_of_an_enumeration_wins() -> None:
    options = {"seat": ("window",), "window_table": ("window table",)}

    assert values(find_values(phrase("a window table please"), options)) == ["window_table"]


def test_spelling_and_punctuation_do_not_matter() -> None:
    assert utterance("Yes, that’s right; at 7pm!").words == (  # noqa: RUF001
        *("yes", "that's", "right", "at", "7", "pm"),
    )


def test_endless_turns_are_cut() -> None:
    assert len(utterance("word " * 5000).words) == MAX_WORDS


@pytest.mark.parametrize("kind", sorted({*_READERS} - RELATIVE))
def test_only_values_of_relative_kinds_count_from_the_instant(kind: str) -> None:
    spec = SlotSpec(name="it", type=SlotType(kind=kind, values=("tomorrow",)))
    said = utterance("tomorrow, the day after tomorrow at seven, in two weeks, for four hours")
    nobody_knows: Any = None

    assert find_slot(spec, said, nobody_knows) == find_slot(spec, said, datetime.datetime.max)


_FEW = st.lists(st.sampled_from("abc"), max_size=5).map(tuple)


@given(_FEW, st.sets(_FEW.filter(bool), max_size=6), st.integers(0, 6))
def test_known_phrases_are_found_like_any_others(
    words: tuple[str, ...], known: set[tuple[str, ...]], place: int
) -> None:
    phrases = Phrases(known)
    standing = [len(one) for one in known if words[place : place + len(one)] == one]
    assert phrases.starts(words, place) == max(standing, default=0)
    if place <= len(words):
        before = [len(one) for one in known if words[:place][-len(one) :] == one]
        assert phrases.ends(words, place) == max(before, default=0)
        assert ends_with(words, place, known) == max(before, default=0)


@given(st.text(" abmocklrightI'47.?!,;-&", max_size=40))
def test_words_are_cut_alike_whether_or_not_anything_stands_among_them(text: str) -> None:
    """A line break parts words like a space, and is never among plain ones."""
    assert utterance(text) == utterance(f"\n{text}")


@given(st.dates(TODAY, TODAY + datetime.timedelta(days=364)))
def test_a_spoken_date_reads_back(date: datetime.date) -> None:
    assert values(find_dates(phrase(spoken(date)), TODAY)) == [date]


@given(st.dates(datetime.date(1970, 1, 1), datetime.date(2150, 1, 1)))
def test_an_iso_date_reads_back(date: datetime.date) -> None:
    assert values(find_dates(phrase(date.isoformat()), TODAY)) == [date]


@given(st.times().map(lambda time: time.replace(second=0, microsecond=0)))
def test_a_spoken_time_reads_back(time: datetime.time) -> None:
    assert values(find_times(phrase(spoken(time)))) == [time]


@given(st.integers(0, 999_999_999))
def test_a_spoken_number_reads_back(number: int) -> None:
    assert values(find_integers(phrase(spoken(number)), PEOPLE)) == [number]


@given(st.text("0123456789", min_size=7, max_size=15), st.booleans())
def test_a_spelled_phone_number_reads_back(digits: str, international: bool) -> None:
    number = f"+{digits}" if international else digits

    assert values(find_phones(phrase(spell(number)))) == [number]


@given(st.text(), st.dates(datetime.date(2000, 1, 1), datetime.date(2200, 1, 1)))
def test_any_text_is_parsed(text: str, today: datetime.date) -> None:
    words = phrase(text)
    now = datetime.datetime.combine(today, datetime.time(12))
    for matches in (
        find_dates(words, today),
        find_times(words),
        find_integers(words),
        find_numbers(words),
        find_digits(words),
        find_datetimes(words, now),
        find_durations(words),
        find_emails(words),
    ):
        assert all(0 <= match.start < match.end <= len(words) for match in matches)
        assert all(a.end <= b.start for a, b in zip(matches, matches[1:], strict=False))
