"""Whole numbers and numbers: "four", "a party of twelve", "just me", "two and a half".

How many is asked in every booking, so words for people are known here; other units come from the
slot's own name and description.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from typing import Final

from engine.core.parsers.numerals import CARDINAL_WORDS, DIGITS, read_cardinal
from engine.core.parsers.words import Match, Phrases, Strength, phrase, word_set

PEOPLE: Final = word_set(
    "people person persons guests guest adults adult pax diners diner folks friends guys ladies"
    " men women kids kid children child seats covers places heads us"
)
_OTHER_UNITS = word_set(
    "o'clock am pm day days week weeks month months year years hour hours minute minutes second"
    " seconds percent euros euro dollars dollar pounds january february march april may june july"
    " august september october november december past to till after"
)
_NOT_A_COUNT = word_set("moment sec more time thing things other question")
_COUNTED = Phrases(
    phrase(text)
    for text in (
        *("party of", "group of", "table for", "booking for", "reservation for", "place for"),
        *("there will be", "there'll be", "there are", "we are", "we're", "we will be"),
        *("we'll be", "it is for", "it's for", "that's for", "tables for"),
    )
)
_COUNTED_WEAKLY = Phrases(phrase(text) for text in ("for", "of us"))
_AND_ME = Phrases((me, link) for me in ("me", "myself", "i") for link in ("and", "plus"))
_ONE_ELSE = sorted(
    word_set("wife husband partner friend girlfriend boyfriend son daughter mother father mom dad")
)
_SET_PHRASES: Final = {
    **{phrase(text): 1 for text in ("just me", "only me", "just myself", "me alone", "by myself")},
    **{phrase(text): 1 for text in ("just for me", "only for me", "for me alone", "on my own")},
    **{phrase(text): 2 for text in ("a couple of people", "both of us", "a couple of us")},
    **{phrase(f"me and my {who}"): 2 for who in _ONE_ELSE},
    **{phrase(f"my {who} and {me}"): 2 for who in _ONE_ELSE for me in ("i", "me")},
}
_LOOSE_PHRASES: Final = {
    phrase("a couple"): 2,
    phrase("couple"): 2,
    phrase("a dozen"): 12,
    phrase("half a dozen"): 6,
    phrase("alone"): 1,
}
_IN_SET_PHRASES: Final = Phrases(_SET_PHRASES)
_IN_LOOSE_PHRASES: Final = Phrases(_LOOSE_PHRASES)
_BEGIN: Final = frozenset(words[0] for words in (*_SET_PHRASES, *_LOOSE_PHRASES))
"""None of them is a number, so that a word begins the one or the other, and most begin neither."""
_DECIMAL = re.compile(r"[0-9]{1,9}[.][0-9]{1,6}")


def find_integers(
    words: Sequence[str], units: Set[str] = PEOPLE, *, total: bool = True
) -> list[Match]:
    """Find counts.

    Args:
        words: The utterance.
        units: Words that make a number this count ("people", "nights"); a number with a known
            unit of another kind ("weeks", "o'clock") is left alone.
        total: Whether "two adults and one child" is one count of three.
    """
    found: list[Match] = []
    index = 0
    while index < len(words):
        word = words[index]
        match = None
        if word in _BEGIN:
            match = _set_phrase(words, index, units)
        elif word in CARDINAL_WORDS or word[:1].isdigit():
            match = _count(words, index, units)
        if match is None:
            index += 1
            continue
        if total and found and _adds_up(words, found[-1], match):
            before = found.pop()
            match = Match(before.start, match.end, before.value + match.value)
        found.append(match)
        index = match.end
    return found


def find_numbers(words: Sequence[str], units: Set[str] = frozenset()) -> list[Match]:
    """Find numbers that may have a fraction; values are floats."""
    found: list[Match] = []
    index = 0
    while index < len(words):
        match = _fraction(words, index, units)
        if match:
            found.append(match)
        index = match.end if match else index + 1
    return found


def _set_phrase(words: Sequence[str], index: int, units: Set[str]) -> Match | None:
    if "people" in units and (size := _IN_SET_PHRASES.starts(words, index)):
        return Match(index, index + size, _SET_PHRASES[tuple(words[index : index + size])])
    if size := _IN_LOOSE_PHRASES.starts(words, index):
        value = _LOOSE_PHRASES[tuple(words[index : index + size])]
        end = _unit_end(words, index + size, units)
        strength = Strength.CLEAR if end > index + size else _carried(words, index)[1]
        return Match(index - _carried(words, index)[0], end, value, strength)
    return None


def _count(words: Sequence[str], index: int, units: Set[str]) -> Match | None:
    read = read_cardinal(words, index)
    if read is None or _is_something_else(words, index, read[1], units):
        return None
    value, after = read
    carrier, strength = _carried(words, index)
    end = _unit_end(words, after, units)
    if end > after:
        strength = Strength.CLEAR
        if _AND_ME.ends(words, index):  # "me and three friends"
            carrier, value = 2, value + 1
    return Match(index - carrier, end, value, strength)


def _carried(words: Sequence[str], index: int) -> tuple[int, Strength]:
    """The size and strength of what stands before a count."""
    if size := _COUNTED.ends(words, index):
        return size, Strength.CLEAR
    if size := _COUNTED_WEAKLY.ends(words, index):
        return size, Strength.LIKELY
    return 0, Strength.BARE


def _unit_end(words: Sequence[str], index: int, units: Set[str]) -> int:
    """The index after the unit at `index`, or `index` when there is none."""
    if tuple(words[index : index + 2]) in (("of", "us"), ("of", "them")) and "people" in units:
        return index + 2
    for skip in (0, 1):  # "four hungry people"
        if index + skip < len(words) and _is_in(words[index + skip], units):
            plain = skip == 0 or not _is_known(words[index])
            return index + skip + 1 if plain else index
    return index


def _is_in(word: str, units: Set[str]) -> bool:
    """Say whether a word is a unit; "us" is one only after "of"."""
    return word != "us" and word in units


def _is_known(word: str) -> bool:
    return word in _OTHER_UNITS or word in {"and", "for", "at", "on", "or", "with", "the"}


def _is_something_else(words: Sequence[str], start: int, end: int, units: Set[str]) -> bool:
    """Part of a time, a date, a phone number or a turn of phrase."""
    after = words[end] if end < len(words) else ""
    before = words[start - 1] if start else ""
    if after not in units and (after in _OTHER_UNITS or _is_in(after, PEOPLE)):
        return True
    if after in ("oh", "point") or read_cardinal(words, end):
        return True
    if before in ("past", "half", "oh", "point", "at"):
        return True
    if before in DIGITS or before in ("double", "triple"):
        return True
    one = words[start] == "one" and end == start + 1
    return one and (
        before in ("the", "this", "that", "which", "no", "another") or after in _NOT_A_COUNT
    )


def _adds_up(words: Sequence[str], before: Match, match: Match) -> bool:
    """Read "two adults and two children": both have units and only "and" stands between."""
    between = tuple(words[before.end : match.start])
    clear = before.strength is match.strength is Strength.CLEAR
    return (
        clear
        and between in (("and",), ("plus",), ("with",))
        and words[before.end - 1] in PEOPLE
        and words[match.end - 1] in PEOPLE
        and words[match.start] not in ("we", "there", "it")
    )


def _fraction(words: Sequence[str], index: int, units: Set[str]) -> Match | None:
    if _DECIMAL.fullmatch(words[index]):
        return _with_unit(words, index, index + 1, float(words[index]), units)
    read = read_cardinal(words, index)
    if read is None:
        return None
    value, end = float(read[0]), read[1]
    if tuple(words[end : end + 3]) == ("and", "a", "half"):
        return _with_unit(words, index, end + 3, value + 0.5, units)
    if end < len(words) and words[end] == "point":
        stop = end + 1
        while stop < len(words) and words[stop] in DIGITS:
            stop += 1
        if stop > end + 1:
            places = "".join(DIGITS[word] for word in words[end + 1 : stop])
            return _with_unit(words, index, stop, float(f"{read[0]}.{places}"), units)
    return _with_unit(words, index, end, value, units)


def _with_unit(words: Sequence[str], start: int, end: int, value: float, units: Set[str]) -> Match:
    after = _unit_end(words, end, units)
    strength = Strength.CLEAR if after > end else Strength.BARE
    return Match(start, after, value, strength)
