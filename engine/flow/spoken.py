"""How values are said: the filters `spoken`, `spell` and `summary` of the flow language.

The text is made for voices first and for captions second: words where a voice would stumble
(dates, times), digits where every voice is right (plain numbers), and single characters with
commas where something is read out to be written down. English, independent of any locale; what is
said here is also understood by the parsers in `engine.core.parsers`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)

_UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth"}
_ORDINALS |= {"eight": "eighth", "nine": "ninth", "twelve": "twelfth"}

_SIGNS = {"+": "plus", "@": "at", ".": "dot", "_": "underscore", "/": "slash", "#": "hash"}
_SIGNS |= {"*": "star", "&": "and", ":": "colon", "=": "equals", "-": "dash"}
_IDENTIFIER = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")
_RUNS = re.compile(r"(?P<digits>[0-9]+)|(?P<letters>[^\W\d_]+)|(?P<sign>\S)")


def spoken(value: Any) -> str:
    """Say a value as a person would.

    Args:
        value: Any value of a slot, variable or result. `None` is said as nothing, a list as
            "A, B and C", a mapping as `summary`. Dates are said without their year.
    """
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return _number(value)
        case datetime.datetime():
            return f"{_date(value.date())} at {_time(value.time())}"
        case datetime.date():
            return _date(value)
        case datetime.time():
            return _time(value)
        case datetime.timedelta():
            return _duration(value)
        case Mapping():
            return summary(value)
        case list() | tuple() | set() | frozenset():
            return _enumeration([spoken(item) for item in value])
        case _:
            return _text(str(value))


def spell(value: Any) -> str:
    """Say a value character by character, in groups a listener can write down.

    Digits stand in threes, a last group has up to four: "0 3 0, 1 2 3, 4 5 6 7". Letters are
    capitals, so that a voice says their names: "B, 1 7". A hyphen, bracket or space only parts
    groups, unless it stands between letters ("dash").
    """
    if value is None:
        return ""
    text = str(value)
    groups: list[str] = []
    for run in _RUNS.finditer(text):
        if run["digits"]:
            groups += [" ".join(part) for part in _in_threes(run["digits"])]
        elif run["letters"]:
            groups.append(" ".join(run["letters"].upper()))
        elif _is_said(text, run.start()):
            groups.append(_SIGNS[run["sign"]])
    return ", ".join(groups)


def summary(values: Mapping[str, Any]) -> str:
    """Say named values: "party size 4, date Saturday the second of May and name Ann".

    Empty values are left out.
    """
    parts = [f"{_text(name)} {said}" for name, value in values.items() if (said := spoken(value))]
    return _enumeration(parts)


def ordinal(number: int) -> str:
    """Give the ordinal in words without a hyphen: 21 is "twenty first"."""
    if not 0 <= number < 100:
        return _words(number, "ordinal")
    head, space, last = cardinal(number).rpartition(" ")
    tens = last.endswith("y")
    return head + space + _ORDINALS.get(last, f"{last[:-1]}ieth" if tens else f"{last}th")


def cardinal(number: int) -> str:
    """Give the number in words without a hyphen: 45 is "forty five"."""
    if not 0 <= number < 100:
        return _words(number, "cardinal")
    if number < 20:
        return _UNITS[number]
    tens, unit = divmod(number, 10)
    return f"{_TENS[tens - 2]} {_UNITS[unit]}" if unit else _TENS[tens - 2]


def _words(number: int, form: str) -> str:
    from num2words import num2words  # all its languages; calls rarely say such numbers

    return str(num2words(number, lang="en", to=form)).replace("-", " ")


def _date(day: datetime.date) -> str:
    return f"{WEEKDAYS[day.weekday()]} the {ordinal(day.day)} of {MONTHS[day.month - 1]}"


def _time(time: datetime.time) -> str:
    if (time.hour, time.minute) in ((0, 0), (12, 0)):
        return "noon" if time.hour else "midnight"
    hour = cardinal((time.hour - 1) % 12 + 1)
    half = "a m" if time.hour < 12 else "p m"
    if not time.minute:
        return f"{hour} {half}"
    minute = f"oh {cardinal(time.minute)}" if time.minute < 10 else cardinal(time.minute)
    return f"{hour} {minute} {half}"


def _duration(length: datetime.timedelta) -> str:
    seconds = round(abs(length).total_seconds())
    parts: list[str] = []
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}{'s' if count > 1 else ''}")
    return _enumeration(parts) or "0 seconds"


def _number(number: int | float) -> str:
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    return f"minus {-number}" if number < 0 else str(number)


def _text(text: str) -> str:
    """Names such as `gluten_free` are said as words; other text is left alone."""
    return text.replace("_", " ") if _IDENTIFIER.fullmatch(text) else text


def _enumeration(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _in_threes(digits: str) -> list[str]:
    """Cut into groups of three; what would be a lone last digit joins the group before it."""
    cuts = list(range(0, len(digits), 3))
    if len(digits) % 3 == 1 and len(cuts) > 1:
        cuts.pop()
    return [digits[a:b] for a, b in zip(cuts, [*cuts[1:], len(digits)], strict=True)]


def _is_said(text: str, index: int) -> bool:
    """A sign is said when it carries meaning: a hyphen only between letters."""
    if text[index] != "-":
        return text[index] in _SIGNS
    before, after = text[:index][-1:], text[index + 1 :][:1]
    return before.isalpha() and after.isalpha()
