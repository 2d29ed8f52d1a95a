"""Times of day: "at seven", "half past eight", "quarter to seven", "seven thirty p m", "19:00".

An hour from one to eleven without "a m" or "p m" is ambiguous. The reading is, in this order:

1. what is said: "a m", "in the morning", "in the evening", "at night", "19:00", "07:30";
2. what the sentence says elsewhere: "tomorrow morning", "for breakfast", "for dinner", "tonight";
3. the afternoon or evening, unless only the morning lies within the slot's `min` and `max`.

Twelve alone is noon. The third rule is made for appointments and tables; an author who takes calls
about mornings gives the slot a `max`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Final, Literal

from engine.core.parsers.numerals import DIGITS, read_cardinal
from engine.core.parsers.words import Match, Phrases, Strength

Half = Literal["am", "pm", "night", ""]
"""Which half of the day was said; "night" is p m until midnight and a m after it."""

_HALVES: Final[dict[tuple[str, ...], Half]] = {
    ("am",): "am",
    ("pm",): "pm",
    ("in", "the", "morning"): "am",
    ("in", "the", "afternoon"): "pm",
    ("in", "the", "evening"): "pm",
    ("at", "night"): "night",
}
_HINTS: Final[dict[str, Half]] = {
    **dict.fromkeys(("morning", "breakfast", "brunch"), "am"),
    **dict.fromkeys(("afternoon", "evening", "dinner", "supper", "lunch"), "pm"),
    "tonight": "night",
}
_NAMED: Final = {
    ("twelve", "noon"): datetime.time(12),
    ("12", "noon"): datetime.time(12),
    ("noon",): datetime.time(12),
    ("midday",): datetime.time(12),
    ("twelve", "midnight"): datetime.time(0),
    ("midnight",): datetime.time(0),
}
_IN_HALVES: Final = Phrases(_HALVES)
_IN_NAMED: Final = Phrases(_NAMED)
_EXACT: Final = Phrases(
    (("at",), ("at", "around"), ("at", "about"), ("at", "exactly"), ("around", "about"))
)
_ROUGH: Final = Phrases((("around",), ("about",), ("by",), ("from",), ("towards",)))
_LOOSE: Final = Phrases((("for",), ("to",)))
_PAST, _TO = ("past", "after"), ("to", "till", "before", "of")
_WRITTEN = re.compile(r"(\d{1,2})[:.](\d{2})(?::\d{2})?")
_HOURS = frozenset(range(24))

Clock = tuple[int, int, int, Strength]
"""Hour as said, minute, index after it, and how clear it is."""


def find_times(
    words: Sequence[str],
    minimum: datetime.time | None = None,
    maximum: datetime.time | None = None,
) -> list[Match]:
    """Find times of day; `minimum` and `maximum` (inclusive) help to choose a m or p m."""
    found: list[Match] = []
    index = 0
    while index < len(words):
        match = _named(words, index) or _clock_time(words, index, minimum, maximum)
        if match:
            found.append(match)
        index = match.end if match else index + 1
    return found


def half_hinted(words: Sequence[str]) -> Half:
    """What the sentence as a whole says about the half of the day."""
    halves = {_HINTS[word] for word in words if word in _HINTS}
    return halves.pop() if len(halves) == 1 else ""


def _named(words: Sequence[str], index: int) -> Match | None:
    size = _IN_NAMED.starts(words, index)
    if not size:
        return None
    value = _NAMED[tuple(words[index : index + size])]
    return Match(index - _prefix(words, index)[0], index + size, value)


def _clock_time(
    words: Sequence[str],
    index: int,
    minimum: datetime.time | None,
    maximum: datetime.time | None,
) -> Match | None:
    clock = _spoken_fraction(words, index) or _digits(words, index) or _hour(words, index)
    if clock is None:
        return None
    hour, minute, end, strength = clock
    half: Half = ""
    if end < len(words) and words[end] == "o'clock":
        end, strength = end + 1, Strength.CLEAR
    if size := _IN_HALVES.starts(words, end):
        half = _HALVES[tuple(words[end : end + size])]
        end, strength = end + size, Strength.CLEAR
    elif end < len(words) and words[end] in ("sharp", "exactly") and strength > Strength.BARE:
        end += 1
    prefix, carried = _prefix(words, index)
    if strength is Strength.BARE and _is_count(words, index, end):
        return None
    value = _settle(hour, minute, half or half_hinted(words), words[index], minimum, maximum)
    return Match(index - prefix, end, value, max(strength, carried))


def _prefix(words: Sequence[str], index: int) -> tuple[int, Strength]:
    if size := _EXACT.ends(words, index):
        return size, Strength.CLEAR
    if size := _ROUGH.ends(words, index):
        return size, Strength.LIKELY
    return _LOOSE.ends(words, index), Strength.BARE


def _spoken_fraction(words: Sequence[str], index: int) -> Clock | None:
    """Read "half past eight", "half eight", "a quarter to seven", "ten minutes past six"."""
    start = index + (words[index] == "a")
    word = words[start] if start < len(words) else ""
    after = words[start + 1] if start + 1 < len(words) else ""
    if word == "half":
        skip = 2 if after in _PAST else 1
        hour = _plain_hour(words, start + skip)
        return (hour[0], 30, hour[1], Strength(skip + 1)) if hour else None
    if word == "quarter":
        minutes, end = 15, start + 1
    else:
        read = read_cardinal(words, start)
        if read is None or read[0] not in (5, 10, 15, 20, 25):
            return None
        minutes, end = read
        end += end < len(words) and words[end] == "minutes"
    relation = words[end] if end < len(words) else ""
    hour = _plain_hour(words, end + 1)
    if hour is None or relation not in (*_PAST, *_TO):
        return None
    if relation in _PAST:
        return hour[0], minutes, hour[1], Strength.CLEAR
    return (hour[0] - 1) % 24 or (12 if hour[0] == 1 else 0), 60 - minutes, hour[1], Strength.CLEAR


def _digits(words: Sequence[str], index: int) -> Clock | None:
    written = _WRITTEN.fullmatch(words[index])
    if written is None or int(written[1]) > 23 or int(written[2]) > 59:
        return None
    colon = ":" in words[index]
    strength = Strength.CLEAR if colon else Strength.LIKELY
    return int(written[1]), int(written[2]), index + 1, strength


def _hour(words: Sequence[str], index: int) -> Clock | None:
    """Read "seven", "seven thirty", "six oh five", "nineteen hundred"."""
    hundred = read_cardinal(words, index)
    if hundred and hundred[0] % 100 == 0 and 1000 <= hundred[0] <= 2300 and hundred[1] > index + 1:
        end = hundred[1] + (hundred[1] < len(words) and words[hundred[1]] == "hours")
        return hundred[0] // 100, 0, end, Strength.LIKELY
    hour = _plain_hour(words, index)
    if hour is None or (index and words[index - 1] in DIGITS):
        return None
    value, end = hour
    if end + 1 < len(words) and words[end] in ("oh", "o", "zero") and words[end + 1] in DIGITS:
        return value, int(DIGITS[words[end + 1]]), end + 2, Strength.LIKELY
    minute = read_cardinal(words, end)
    if minute and 10 <= minute[0] <= 59:
        return value, minute[0], minute[1], Strength.LIKELY
    if minute:  # "seven four": digits of something else
        return None
    return value, 0, end, Strength.BARE


def _plain_hour(words: Sequence[str], index: int) -> tuple[int, int] | None:
    read = read_cardinal(words, index)
    return read if read and read[0] in _HOURS else None


def _is_count(words: Sequence[str], index: int, end: int) -> bool:
    """Read "seven people": a lone hour followed by what looks like a thing counted."""
    after = words[end] if end < len(words) else ""
    return after in ("people", "of", "guests", "persons", "adults", "days", "weeks", "hours") or (
        after in ("minutes", "months", "kids", "children", "or")
    )


def _settle(
    hour: int,
    minute: int,
    half: Half,
    word: str,
    minimum: datetime.time | None,
    maximum: datetime.time | None,
) -> datetime.time:
    """Decide the half of the day, as the head of this file tells."""
    if hour == 0 or hour > 12 or (word.startswith("0") and not half):
        return datetime.time(hour, minute)
    morning = datetime.time(hour % 12, minute)
    evening = datetime.time(hour % 12 + 12, minute)
    match half:
        case "am":
            return morning
        case "pm":
            return evening
        case "night":
            return morning if hour == 12 or hour < 5 else evening
        case _:
            good = [t for t in (evening, morning) if _within(t, minimum, maximum)]
            return good[0] if good else evening


def _within(
    time: datetime.time, minimum: datetime.time | None, maximum: datetime.time | None
) -> bool:
    return (minimum is None or time >= minimum) and (maximum is None or time <= maximum)
