"""A day with a time, a length of time, and e-mail addresses."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Final

from engine.core.parsers.dates import find_dates
from engine.core.parsers.numerals import read_cardinal
from engine.core.parsers.times import find_times
from engine.core.parsers.words import Match, Strength, starts_with

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
_MOST = 10_000
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SPOKEN_SIGNS = {"dot": ".", "point": ".", "underscore": "_", "dash": "-", "hyphen": "-"}
_PIECE = re.compile(r"[\w+-]+(?:\.[\w+-]+)*")


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
    """Find e-mail addresses, written or spoken: "john dot smith at example dot com"."""
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
    if size := starts_with(words, index, _FIXED):
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
    end, domain = at + 1, ""
    while end < len(words) and (piece := _domain_piece(words, end, domain)):
        domain += piece
        end += 1
    start, user = at, ""
    while start and (piece := _user_piece(words[start - 1], user)):
        user = piece + user
        start -= 1
    address = f"{user}@{domain.rstrip('.')}"
    return Match(start, end, address) if _ADDRESS.fullmatch(address) else None


def _domain_piece(words: Sequence[str], index: int, so_far: str) -> str:
    word = words[index]
    if word in _SPOKEN_SIGNS:
        return _SPOKEN_SIGNS[word] if so_far else ""
    whole = bool(so_far) and so_far[-1] not in ".-"
    return word if not whole and _PIECE.fullmatch(word) else ""


def _user_piece(word: str, so_far: str) -> str:
    if word in _SPOKEN_SIGNS:
        return _SPOKEN_SIGNS[word] if so_far and so_far[0] not in "._-" else ""
    joined = bool(so_far) and so_far[0] not in "._-"
    return word if not joined and _PIECE.fullmatch(word) else ""
