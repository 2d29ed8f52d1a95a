"""A day with a time, a length of time, and e-mail addresses."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Final

from engine.core.parsers.dates import find_dates
from engine.core.parsers.numerals import read_cardinal
from engine.core.parsers.times import find_times
from engine.core.parsers.words import Match, Phrases, Strength

_UNITS: Final = {
    "second": datetime.timedelta(seconds=1),
    "minute": datetime.timedelta(minutes=1),
    "hour": datetime.timedelta(hours=1),
    "day": datetime.timedelta(days=1),
    "week": datetime.timedelta(weeks=1),
}
_HALF_HOUR = datetime.timedelta(minutes=30)
_FIXED: Final = {
    ("half", "an", "hour"): _HALF_HOUR,
    ("half", "a", "day"): datetime.timedelta(hours=12),
    ("a", "quarter", "of", "an", "hour"): datetime.timedelta(minutes=15),
    ("an", "hour", "and", "a", "half"): 3 * _HALF_HOUR,
    ("one", "hour", "and", "a", "half"): 3 * _HALF_HOUR,
}
_IN_FIXED: Final = Phrases(_FIXED)
_MOST = 10_000
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SPOKEN_SIGNS = {"dot": ".", "point": ".", "underscore": "_", "dash": "-", "hyphen": "-"}
_PIECE = re.compile(r"[\w+-]+(?:\.[\w+-]+)*")
_FIGURES: Final = {
    word: str(value)
    for value, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    )
}


def find_datetimes(words: Sequence[str], now: datetime.datetime) -> list[Match]:
    """Find days with a time: the two parts stand together, in either order."""
    times = find_times(words)
    found: list[Match] = []
    for day in find_dates(words, now.date()):
        for time in times:
            first, last = sorted((day, time), key=lambda match: match.start)
            if 0 <= last.start - first.end <= 1 and not first.overlaps(last):
                value = datetime.datetime.combine(day.value, time.value)
                found.append(Match(first.start, last.end, value))
                break
    return found


def find_durations(words: Sequence[str]) -> list[Match]:
    """Find lengths of time: "two hours and thirty minutes", "half an hour", "ninety minutes"."""
    found: list[Match] = []
    index = 0
    while index < len(words):
        match = _duration(words, index)
        if match is None:
            index += 1
            continue
        before = found[-1] if found else None
        if before and words[before.end : match.start] in (("and",), ("",), ()):
            found[-1] = Match(before.start, match.end, before.value + match.value)
        else:
            found.append(match)
        index = match.end
    return found


def find_emails(words: Sequence[str]) -> list[Match]:
    """Find e-mail addresses, written or spoken: "j o h n dot smith at example dot com"."""
    written = [
        Match(index, index + 1, word)
        for index, word in enumerate(words)
        if _ADDRESS.fullmatch(word)
    ]
    spoken = [
        match
        for index, word in enumerate(words)
        if word in ("at", "@") and (match := _spoken_address(words, index))
    ]
    return sorted(written + spoken, key=lambda match: match.start)


def _duration(words: Sequence[str], index: int) -> Match | None:
    if size := _IN_FIXED.starts(words, index):
        return Match(index, index + size, _FIXED[tuple(words[index : index + size])])
    article = words[index] in ("a", "an")
    read = (1, index + 1) if article else read_cardinal(words, index)
    if read is None or read[1] >= len(words) or read[0] > _MOST:
        return None
    unit = _UNITS.get(words[read[1]].removesuffix("s"))
    if unit is None:
        return None
    return Match(index, read[1] + 1, read[0] * unit, Strength.LIKELY if article else Strength.CLEAR)


def _spoken_address(words: Sequence[str], at: int) -> Match | None:
    end, domain, spelled = at + 1, "", False
    while end < len(words) and (piece := _piece(words[end], domain[-1:], spelled)):
        domain += piece
        spelled = _character(words[end]) != ""
        end += 1
    start, user, spelled = at, "", False
    while start and (piece := _piece(words[start - 1], user[:1], spelled)):
        user = piece + user
        spelled = _character(words[start - 1]) != ""
        start -= 1
    address = f"{user}@{domain.rstrip('.')}"
    return Match(start, end, address) if _ADDRESS.fullmatch(address) else None


def _piece(word: str, beside: str, spelled: bool) -> str:
    """What a word adds to one side of an address; empty: it is no part of it.

    Args:
        word: the next one.
        beside: the character it would stand at; empty: the `@`.
        spelled: that character was spelled, so that another one may follow it.
    """
    after_sign = beside in ("", ".", "_", "-")
    if word in _SPOKEN_SIGNS:
        return "" if after_sign else _SPOKEN_SIGNS[word]
    character = _character(word)
    if not after_sign:
        return character if spelled else ""
    return character or (word if _PIECE.fullmatch(word) else "")


def _character(word: str) -> str:
    """A letter or a figure that is said by itself; "p m" has become one word before."""
    if word in ("am", "pm"):
        return word
    return _FIGURES.get(word, word if len(word) == 1 and word.isalnum() else "")
