"""Reading numbers off a list of words: cardinals, ordinals, years."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from text_to_num import text2num

from engine.flow.spoken import ordinal

_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
_TEENS = "fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
CARDINAL_WORDS: Final = frozenset(f"{_UNITS} {_TEENS} {_TENS} hundred thousand million".split())
_ALONE: Final = {word: int(text2num(word, "en")) for word in CARDINAL_WORDS}
_GO_ON = CARDINAL_WORDS | {"and"}
DIGITS: Final = {word: str(digit) for digit, word in enumerate(_UNITS.split()[:10])}
ORDINALS: Final = {tuple(ordinal(day).split()): day for day in range(1, 32)}
_ORDINAL_WORDS = frozenset(word for words in ORDINALS for word in words)
_WRITTEN = re.compile(r"[0-9]{1,9}")
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3}){1,2}")
_WRITTEN_ORDINAL = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)")
_LONGEST = 12


def is_number_word(word: str) -> bool:
    """True for a word that is part of a cardinal or an ordinal up to "thirty first"."""
    return word in CARDINAL_WORDS or word in _ORDINAL_WORDS


def read_cardinal(words: Sequence[str], index: int) -> tuple[int, int] | None:
    """Read the longest cardinal at `index`.

    Returns:
        The number and the index after its last word, or `None`.
    """
    if index >= len(words):
        return None
    word = words[index]
    if word[:1].isdigit():
        if _WRITTEN.fullmatch(word):
            return int(word), index + 1
        if _GROUPED.fullmatch(word):
            return int(word.replace(",", "")), index + 1
    if word not in CARDINAL_WORDS:
        return None
    end, last = index + 1, min(len(words), index + _LONGEST)
    while end < last and words[end] in _GO_ON:
        end += 1
    if end == index + 1:  # as most are
        return _ALONE[word], end
    for stop in range(end, index, -1):
        try:
            return int(text2num(" ".join(words[index:stop]), "en")), stop
        except ValueError:  # "seven thirty" is no number; its first word is
            continue
    return None


def read_ordinal(words: Sequence[str], index: int) -> tuple[int, int] | None:
    """Read an ordinal from first to thirty first at `index`, like `read_cardinal`."""
    if index >= len(words):
        return None
    if written := _WRITTEN_ORDINAL.fullmatch(words[index]):
        number = int(written[1])
        return (number, index + 1) if 1 <= number <= 31 else None
    for size in (2, 1):
        number = ORDINALS.get(tuple(words[index : index + size]), 0)
        if number:
            return number, index + size
    return None


def read_year(words: Sequence[str], index: int) -> tuple[int, int] | None:
    """Read a year from 1900 to 2199 at `index`: "2027", "twenty twenty seven"."""
    first = read_cardinal(words, index)
    if first is None:
        return None
    if 1900 <= first[0] <= 2199:
        return first
    second = read_cardinal(words, first[1])
    if first[0] in (19, 20, 21) and second and 10 <= second[0] <= 99:
        return first[0] * 100 + second[0], second[1]
    return None
