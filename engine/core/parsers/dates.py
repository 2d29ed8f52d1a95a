"""Days: "tomorrow", "next friday", "saturday the fifteenth", "june third", "2026-05-02".

The words are read here, the calendar is dateutil's: a weekday, a day and a month are constraints
of a recurrence rule, and the first day from `today` on that meets all of them is meant. So days in
the past roll forward, and "the thirty first" in a short month is the next month that has one.

Readings that need a decision:

- A bare weekday is the next such day after today ("friday" said on a Friday is in a week);
  "this friday" may be today.
- "next friday" is the Friday of the next calendar week (weeks begin on Monday).
- A weekday that contradicts its date ("saturday may third" in a year where that is a Sunday) is
  read as nothing at all, so that the caller is asked again.
- "5/6" is month and day, "6.5." is day and month; what cannot be a month is the day.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Final

from dateutil.relativedelta import MO, relativedelta
from dateutil.rrule import DAILY, rrule

from engine.core.parsers.numerals import (
    CARDINAL_WORDS,
    ORDINALS,
    read_cardinal,
    read_ordinal,
    read_year,
)
from engine.core.parsers.words import Match, Phrases, Strength
from engine.flow.spoken import MONTHS as MONTH_NAMES
from engine.flow.spoken import WEEKDAYS as WEEKDAY_NAMES

WEEKDAYS: Final = {name.lower(): number for number, name in enumerate(WEEKDAY_NAMES)}
MONTHS: Final = {name.lower(): number for number, name in enumerate(MONTH_NAMES, 1)}
_SHORT_WEEKDAYS: Final = {"mon": 0, "tue": 1, "tues": 1, "wed": 2, "weds": 2, "thu": 3, "fri": 4}
"""Without "sat" and "sun", which are words of their own."""
_SHORT_MONTHS = {name[:3]: number for name, number in MONTHS.items()} | {"sept": 9}
_DAY_PARTS = ("morning", "afternoon", "evening", "night", "lunchtime")
_NEAR: Final[dict[tuple[str, ...], int]] = {
    ("the", "day", "after", "tomorrow"): 2,
    ("day", "after", "tomorrow"): 2,
    ("tomorrow",): 1,
    ("tonight",): 0,
    ("today",): 0,
    **{("this", part): 0 for part in _DAY_PARTS},
}
_FEASTS: Final[dict[tuple[str, ...], tuple[int, int]]] = {
    ("christmas", "eve"): (12, 24),
    ("christmas", "day"): (12, 25),
    ("christmas",): (12, 25),
    ("boxing", "day"): (12, 26),
    ("new", "year's", "eve"): (12, 31),
    ("new", "years", "eve"): (12, 31),
    ("new", "year's", "day"): (1, 1),
    ("new", "years", "day"): (1, 1),
    ("valentine's", "day"): (2, 14),
    ("valentines", "day"): (2, 14),
    ("halloween",): (10, 31),
}
_IN_NEAR: Final = Phrases(_NEAR)
_IN_FEASTS: Final = Phrases(_FEASTS)
_THIS_OR_NEXT: Final = Phrases(
    (("this", "coming"), ("this", "next"), ("coming",), ("this",), ("the", "coming"), ("next",))
)
_BEFORE: Final = Phrases((("on",), ("for",), ("on", "the"), ("the",)))
_BEGIN: Final = frozenset(
    {
        *(words[0] for words in (*_NEAR, *_FEASTS)),
        *("in", "a", "this", "coming", "the", "next"),
        *(*WEEKDAYS, *_SHORT_WEEKDAYS, *MONTHS, *_SHORT_MONTHS),
        *(*CARDINAL_WORDS, *(words[0] for words in ORDINALS)),
    }
)
"""A day begins with one of these, or with a digit."""
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?")
_DOTS = re.compile(r"(\d{1,2})\.(\d{1,2})(?:\.(\d{4}|\d{2})?)?")
_HORIZON: Final = relativedelta(years=8)
"""Far enough for the next 29 February, even over a century that is no leap year."""

_FARTHEST: Final = 1000
"""Days, weeks or months ahead; more is no day anybody means, and would leave the calendar."""

Read = tuple[datetime.date | None, int, Strength]
"""The day (None: read and found impossible), the index after it, and how clear it is."""


def find_dates(words: Sequence[str], today: datetime.date) -> list[Match]:
    """Find days, counted from `today`. Days before today are not meant."""
    found: list[Match] = []
    index = 0
    while index < len(words):
        word = words[index]
        might = word in _BEGIN or word[:1].isdigit()
        read = _read(words, index, today) if might else None
        if read is None:
            index += 1
            continue
        day, end, strength = read
        start = index - _BEFORE.ends(words, index)
        if end < len(words) and words[end] in _DAY_PARTS:
            end += 1
        if day is not None:
            found.append(Match(start, end, day, strength))
        index = end
    return found


def _read(words: Sequence[str], index: int, today: datetime.date) -> Read | None:
    return (
        _near(words, index, today)
        or _ahead(words, index, today)
        or _weekday(words, index, today)
        or _day_of_month(words, index, today)
        or _written(words[index], index, today)
    )


def _near(words: Sequence[str], index: int, today: datetime.date) -> Read | None:
    if size := _IN_NEAR.starts(words, index):
        ahead = _NEAR[tuple(words[index : index + size])]
        return today + datetime.timedelta(days=ahead), index + size, Strength.CLEAR
    if size := _IN_FEASTS.starts(words, index):
        month, day = _FEASTS[tuple(words[index : index + size])]
        return _next(today, month=month, day=day), index + size, Strength.CLEAR
    return None


def _ahead(words: Sequence[str], index: int, today: datetime.date) -> Read | None:
    """Read "in two weeks", "a week from friday", "three days from now", "a week from today"."""
    start = index + (words[index] == "in")
    read = (1, start + 1) if _is(words, start, "a") else None
    count = read or read_cardinal(words, start)
    if count is None or count[1] >= len(words) or count[0] > _FARTHEST:
        return None
    unit = words[count[1]].removesuffix("s")
    if unit not in ("day", "week", "month"):
        return None
    end = count[1] + 1
    base = today
    if words[index] != "in":
        if end + 1 >= len(words) or words[end] not in ("from", "after", "on"):
            return None
        if words[end + 1] == "now":
            after: Read | None = (today, end + 2, Strength.CLEAR)
        else:
            after = _near(words, end + 1, today) or _weekday(words, end + 1, today)
        if after is None or after[0] is None:
            return None
        base, end = after[0], after[1]
    return base + relativedelta(**{f"{unit}s": count[0]}), end, Strength.CLEAR  # type: ignore[arg-type]


def _weekday(words: Sequence[str], index: int, today: datetime.date) -> Read | None:
    size = _THIS_OR_NEXT.starts(words, index)
    near = " ".join(words[index : index + size])
    name = words[index + size] if index + size < len(words) else ""
    weekday = WEEKDAYS.get(name, _SHORT_WEEKDAYS.get(name))
    if weekday is None:
        return None
    end = index + size + 1
    dated = _day_of_month(words, end + _is(words, end, "the"), today, weekday)
    if dated:
        return dated
    if near == "next" or tuple(words[end : end + 2]) == ("next", "week"):
        end += 0 if near == "next" else 2
        return (
            today
            + relativedelta(days=1, weekday=MO(1), weeks=0)
            + datetime.timedelta(days=weekday),
            end,
            Strength.CLEAR,
        )
    first = today if near in ("this", "this coming") else today + datetime.timedelta(days=1)
    day = first + datetime.timedelta(days=(weekday - first.weekday()) % 7)
    if _is(words, end, "week"):  # "friday week"
        return day + datetime.timedelta(days=7), end + 1, Strength.CLEAR
    return day, end, Strength.CLEAR


def _day_of_month(
    words: Sequence[str], index: int, today: datetime.date, weekday: int | None = None
) -> Read | None:
    """Read "the twenty first of march", "june third", "march 21 2027", "the third"."""
    month = _month(words, index)
    if month:
        after = index + 1 + _is(words, index + 1, "the")
        day = read_ordinal(words, after) or read_cardinal(words, after)
        if day is None or not 1 <= day[0] <= 31 or _is_time(words, day[1]):
            return None
        return _dated(words, day[1], today, month, day[0], weekday)
    day = read_ordinal(words, index)
    plain = day is None
    day = day or read_cardinal(words, index)
    if day is None or not 1 <= day[0] <= 31:
        return None
    end = day[1] + _is(words, day[1], "of")
    month = _month(words, end)
    if month:
        return _dated(words, end + 1, today, month, day[0], weekday)
    if plain or (words[index] == "second" and index and words[index - 1] in ("a", "one")):
        return None
    found = _next(today, day=day[0], weekday=weekday)
    carried = index > 0 and words[index - 1] == "the"
    strength = Strength.CLEAR if weekday is not None else Strength.LIKELY
    return found, day[1], strength if weekday is not None or carried else Strength.BARE


def _dated(
    words: Sequence[str],
    end: int,
    today: datetime.date,
    month: int,
    day: int,
    weekday: int | None,
) -> Read:
    year = read_year(words, end + _is(words, end, "in"))
    if year:
        return _exact(year[0], month, day, weekday), year[1], Strength.CLEAR
    found = _next(today, month=month, day=day)
    if found is not None and weekday is not None and found.weekday() != weekday:
        found = None
    return found, end, Strength.CLEAR


def _written(word: str, index: int, today: datetime.date) -> Read | None:
    if iso := _ISO.fullmatch(word):
        year, month, day = (int(part) for part in iso.groups())
        return _exact(year, month, day), index + 1, Strength.CLEAR
    if slashes := _SLASHES.fullmatch(word):
        month, day, written = int(slashes[1]), int(slashes[2]), slashes[3]
    elif (dots := _DOTS.fullmatch(word)) and (dots[3] or word.endswith(".")):
        day, month, written = int(dots[1]), int(dots[2]), dots[3]
    else:
        return None
    if month > 12:
        month, day = day, month
    if written:
        year = int(written) + (2000 if len(written) == 2 else 0)
        return _exact(year, month, day), index + 1, Strength.CLEAR
    return _next(today, month=month, day=day), index + 1, Strength.CLEAR


def _is(words: Sequence[str], index: int, word: str) -> bool:
    """True when `word` stands at `index`; counts as 1 where an optional word is skipped."""
    return index < len(words) and words[index] == word


def _month(words: Sequence[str], index: int) -> int:
    word = words[index] if index < len(words) else ""
    return MONTHS.get(word, _SHORT_MONTHS.get(word, 0))


def _is_time(words: Sequence[str], index: int) -> bool:
    """True when the number before `index` is an hour: "june seven thirty" names no day."""
    return index < len(words) and words[index] in ("o'clock", "am", "pm")


def _exact(year: int, month: int, day: int, weekday: int | None = None) -> datetime.date | None:
    try:
        found = datetime.date(year, month, day)
    except ValueError:
        return None
    return found if weekday in (None, found.weekday()) else None


def _next(
    today: datetime.date,
    *,
    day: int,
    month: int | None = None,
    weekday: int | None = None,
) -> datetime.date | None:
    """The first day from today on that meets all constraints; None when there is none."""
    rule = rrule(
        DAILY,
        dtstart=datetime.datetime.combine(today, datetime.time()),
        until=datetime.datetime.combine(today + _HORIZON, datetime.time()),
        bymonthday=day,
        bymonth=month,
        byweekday=weekday,
    )
    first = next(iter(rule), None)
    return first.date() if first else None
