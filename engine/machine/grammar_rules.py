"""The words of values, as JSGF rules: what every grammar of a flow is made of.

English, in lower case, in words a recogniser's dictionary has. Rules are bodies of JSGF rules that
may refer to each other as `<name>`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from engine.flow.spoken import MONTHS, WEEKDAYS, cardinal, ordinal
from engine.machine.compiled import SlotSpec

_FIRST_NAMES = (
    "james john robert michael david william richard joseph thomas daniel mark paul steven andrew"
    " kevin brian peter george mary patricia jennifer linda elizabeth barbara susan jessica sarah"
    " karen lisa nancy anna ann emily laura maria julia helen alice emma kate"
)
_LAST_NAMES = (
    "smith johnson williams brown jones miller davis wilson anderson taylor thomas moore martin"
    " jackson thompson white harris clark lewis robinson walker young allen king wright scott hill"
    " green adams baker nelson carter mitchell roberts turner phillips campbell parker evans"
)


def _either(words: Iterable[str]) -> str:
    return " | ".join(words)


def _numbers(low: int, high: int) -> str:
    return _either(cardinal(number) for number in range(low, high + 1))


def _ordinals(low: int, high: int) -> str:
    return _either(ordinal(number) for number in range(low, high + 1))


SHARED: Final[Mapping[str, str]] = {
    "polite": "please | thank you",
    "lead": "yes | hello | hi | no | actually | sorry | i mean | i'd like | we need",
    "yes": _either(
        (
            "yes [please]",
            "yeah",
            "yep",
            "[yes] (that's | that is) (right | correct)",
            "correct",
            "sure",
            "okay",
            "please do",
            "go ahead",
            "sounds good",
            "that works",
        )
    ),
    "no": _either(
        (
            "no [thank you | thanks]",
            "nope",
            "[no] (that's | that is) (wrong | not right | not correct)",
            "not really",
            "please don't",
        )
    ),
    "count": _numbers(1, 20),
    "number": "[<tens>] <unit> | <teen> | <tens>",
    "unit": _numbers(1, 9),
    "teen": _numbers(10, 19),
    "tens": _either(cardinal(number) for number in range(20, 100, 10)),
    "hundreds": "[<unit> hundred [and]] <number> | <unit> hundred",
    "digit": f"oh | {_numbers(0, 9)}",
    "digits": "<piece>+",
    "phone": "<piece> <piece> <piece> <piece> <piece> <piece>+",
    "piece": "<digit> | (double | triple) <digit>",
    "weekday": _either(day.lower() for day in WEEKDAYS),
    "month": _either(month.lower() for month in MONTHS),
    "ordinal": f"{_ordinals(1, 20)} | twenty (<low_ordinal>) | thirtieth | thirty first",
    "low_ordinal": _ordinals(1, 9),
    "date": _either(
        (
            "today",
            "tonight",
            "tomorrow [morning | afternoon | evening | night]",
            "the day after tomorrow",
            "[this | next | this coming] <weekday> [morning | afternoon | evening | night]",
            "[<weekday>] the <ordinal> [of <month>]",
            "<month> <ordinal>",
            "in (a week | two weeks)",
        )
    ),
    "hour": _numbers(1, 12),
    "minute": "oh five | ten | fifteen | (twenty | thirty | forty | fifty) [five]",
    "half": "a m | p m | in the (morning | afternoon | evening)",
    "clock": _either(
        (
            "<hour> [<minute> | o'clock] [<half>]",
            "(half past | [a] quarter (to | past) | (five | ten | twenty) (to | past)) <hour>",
            "noon",
            "midnight",
        )
    ),
    "length": "<number> (minutes | hours | days) | an hour | half an hour | a day",
    "first_name": _either(_FIRST_NAMES.split()),
    "last_name": _either(_LAST_NAMES.split()),
    "letter": _either("abcdefghijklmnopqrstuvwxyz"),
    "figure": _numbers(0, 9),
    "spelled": "(<letter> | <figure>)+",
    "mailbox": "<mail_name> [(dot | underscore | dash) <mail_name>]",
    "mail_name": "<spelled> | <first_name> | <last_name>",
    "host": (
        "(<spelled> | example | gmail | yahoo | hotmail | outlook | mail) dot"
        " (com | org | net | info | <letter>+) [dot <letter> <letter>]"
    ),
    "email": "<mailbox> at <host>",
    "person": "<first_name> [<last_name>] | <last_name>",
    "people": "people | guests | persons | adults",
}
"""Rules every grammar may refer to."""

_BY_KIND: Final[Mapping[str, str]] = {
    "number": "<hundreds>",
    "date": "<date>",
    "time": "<clock>",
    "datetime": "<date> [at] <clock>",
    "duration": "<length>",
    "phone": "<phone>",
    "digits": "<digits>",
    "email": "<email>",
}
_PARTY: Final = frozenset("people persons guests guest adults party diners".split())  # noqa: SIM905


@functools.lru_cache(maxsize=4_096)
def phrase_words(text: str) -> str:
    """A phrase of the author as a recogniser hears it: words, numbers written out, no signs.

    Cached: the phrases of an intent stand in every state that hears it.
    """
    text = re.sub(r"\d+", lambda number: f" {cardinal(int(number[0]))} ", text.lower())
    text = text.replace("’", "'")  # noqa: RUF001
    words = re.sub(r"[^a-z']+", " ", text).split()
    return " ".join(word for word in (w.strip("'") for w in words) if word)


def value(spec: SlotSpec) -> str:
    """The words of a slot's values without anything around them; empty when there are none."""
    kind = spec.type.kind
    if kind == "list" and spec.type.item is not None:
        return _several(value(replace(spec, type=spec.type.item)))
    if kind == "integer":
        return _whole_number(spec)
    if kind in ("enum", "text") and (phrases := _phrases(spec)):
        return _either(phrases)
    if kind == "text" and _names_person(spec):
        return "<person>"
    return _BY_KIND.get(kind, "")


def _several(item: str) -> str:
    """Up to four values in one breath."""
    return f"({item}){f' [[and] ({item})]' * 3}" if item else ""


def carriers(spec: SlotSpec) -> tuple[str, ...]:
    """What usually stands before the answer to a slot's question."""
    match spec.type.kind:
        case "integer" if _counts_people(spec):
            return ("for", "we are", "there will be", "a party of")
        case "date":
            return ("on", "for")
        case "time":
            return ("at", "around")
        case "phone" | "digits":
            return ("[and] my number is", "the number is", "it's", "it is")
        case "email":
            return ("my (e mail | address) is", "it's", "it is")
        case "text" if _names_person(spec):
            return ("my name is", "the name is", "it's", "it is", "this is", "under the name")
        case _:
            return ("it's", "it is")


def fixers(spec: SlotSpec) -> tuple[str, ...]:
    """What stands before a value among others, or before one that replaces an earlier one."""
    label = phrase_words(spec.name.replace("_", " "))
    change = f"change the {label} to"
    match spec.type.kind:
        case "integer" if _counts_people(spec):
            return ("for", "[and] make it")
        case "date" | "datetime":
            return ("[and] make it", change)
        case "time":
            return ("at", "[and] make it [at]", change)
        case "phone" | "digits":
            return ("[and] my number is", "the number is", change)
        case "text" if _names_person(spec):
            return ("my name is", "the name is", "under the name", change)
        case "enum":
            return ("[and] make it", change)
        case _:
            return (f"the {label} is", change)


def unmistakable(spec: SlotSpec) -> str:
    """Values that need no word before them among others; empty when there are none."""
    match spec.type.kind:
        case "integer" if _counts_people(spec):
            return f"{_size(spec)} (<people> | of us) | just me | a couple"
        case "date":
            return "[on] <date>"
        case "enum":
            return f"<slot_{spec.name}>"
        case _:
            return ""


def _whole_number(spec: SlotSpec) -> str:
    number = _size(spec)
    if not _counts_people(spec):
        words = phrase_words(spec.name.replace("_", " "))
        return f"{number} [{words}]" if words.endswith("s") else number
    return f"{number} [<people> [and <unit> (children | kids)] | of us] | just me | a couple"


def _size(spec: SlotSpec) -> str:
    high = spec.max if isinstance(spec.max, int) else 20
    return "<count>" if high <= 20 else "<number>" if high < 100 else "<hundreds>"


def _phrases(spec: SlotSpec) -> list[str]:
    values = {name: () for name in spec.type.values} | {**spec.words}  # noqa: C420
    texts = (text for name, others in values.items() for text in (name, *others))
    return [text for text in dict.fromkeys(phrase_words(text) for text in texts) if text]


def _counts_people(spec: SlotSpec) -> bool:
    words = set(phrase_words(f"{spec.name.replace('_', ' ')} {spec.about}").split())
    return not words.isdisjoint(_PARTY)


def _names_person(spec: SlotSpec) -> bool:
    return spec.name.split("_")[-1] == "name"
