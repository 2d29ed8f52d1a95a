"""What counts as a word of what was heard, in any script. PURE.

Two questions are asked about words: whether a phrase stands in a text, as whole words, and how many
there are. Where words stand apart, a word is a run of letters, marks and digits, apostrophes
between them included. Chinese, Japanese, Thai, Lao, Khmer and Burmese leave no space between words;
there, as in the default segmentation of Unicode (UAX #29), each character stands for itself when
phrases are looked for. But a character is no word, so a run of them is counted by how many a word
takes on average.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from math import ceil

_UNSPACED = (
    (0x0E00, 0x0EFF, 4),  # Thai, Lao: consonants and vowels, marks not counted
    (0x1000, 0x109F, 4),  # Burmese
    (0x1780, 0x17FF, 4),  # Khmer
    (0x3005, 0x3007, 2),  # iteration mark, zero
    (0x3040, 0x30FF, 3),  # Hiragana, Katakana
    (0x31F0, 0x31FF, 3),  # Katakana extensions
    (0x3400, 0x4DBF, 2),  # Han: most words of Chinese are two characters
    (0x4E00, 0x9FFF, 2),
    (0xF900, 0xFAFF, 2),
    (0x20000, 0x3FFFF, 2),
)
"""Blocks of scripts without spaces, first and last code point, and characters to a word."""

_APOSTROPHES = "'\u2019"


@lru_cache(maxsize=1024)
def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text without case and punctuation; `uh-huh` is two.

    A character of a script without spaces is one of its own.
    """
    return tuple(
        part
        for word in _runs(text)
        for unspaced, run in groupby(_characters(word), lambda c: _per_word(c) > 0)
        for part in (run if unspaced else ["".join(run)])
    )


@lru_cache(maxsize=1024)
def word_count(text: str) -> int:
    """Return how many words a text has, about, where its script leaves no spaces between them."""
    count = 0
    for word in _runs(text):
        for unspaced, run in groupby(_characters(word), lambda c: _per_word(c) > 0):
            count += ceil(sum(1 / _per_word(c) for c in run)) if unspaced else 1
    return count


def _runs(text: str) -> Iterator[str]:
    """Yield what stands between spaces and punctuation, without case, in one spelling."""
    folded = unicodedata.normalize("NFC", text).casefold()
    last = len(folded) - 1
    run = ""
    for place, character in enumerate(folded):
        joins = character in _APOSTROPHES and run and place < last
        if joins and unicodedata.category(folded[place + 1])[0] in "LN":
            run += "'"
        elif unicodedata.category(character)[0] in ("LN" if not run else "LMN"):
            run += character
        elif run:
            yield run
            run = ""
    if run:
        yield run


def _characters(word: str) -> Iterator[str]:
    """Yield the characters of a word, each with the marks on it."""
    character = ""
    for part in word:
        if character and unicodedata.category(part)[0] == "M":
            character += part
            continue
        if character:
            yield character
        character = part
    if character:
        yield character


def _per_word(character: str) -> int:
    """Return how many such characters make a word; 0 where spaces stand between words."""
    point = ord(character[0])
    if point < _UNSPACED[0][0]:
        return 0
    return next((per for first, last, per in _UNSPACED if first <= point <= last), 0)
