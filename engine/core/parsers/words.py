"""The words of one utterance, in one spelling, and what a parser hands back."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from functools import lru_cache
from typing import Any, NamedTuple

from engine.core.parsers.numerals import is_number_word

MAX_WORDS = 300
"""Longer turns are cut: nobody answers a question with more, and matching is quadratic."""


class Strength(IntEnum):
    """How much the words themselves say what they are."""

    BARE = 1
    """Only the open question makes it this: "seven"."""
    LIKELY = 2
    """A weak carrier: "for four", "seven thirty"."""
    CLEAR = 3
    """It can hardly be anything else: "four people", "at half past seven", "tomorrow"."""


class Match(NamedTuple):
    """A value and the words `start` up to (not including) `end` that say it."""

    start: int
    end: int
    value: Any
    strength: Strength = Strength.CLEAR

    @property
    def size(self) -> int:
        """Number of words."""
        return self.end - self.start

    def overlaps(self, other: Match) -> bool:
        """True when both use a word."""
        return self.start < other.end and other.start < self.end


class Utterance(NamedTuple):
    """The words of one turn."""

    words: tuple[str, ...]
    """In lower case and one spelling; what parsers read."""
    written: tuple[str, ...]
    """The same words as they were written, without punctuation around them."""
    breaks: frozenset[int] = frozenset()
    """Words before which a comma or semicolon stood."""


_STRAIGHT = str.maketrans({"’": "'", "‘": "'", "`": "'", "–": "-", "—": "-", "−": "-"})  # noqa: RUF001
_EDGE = " .,!?;:\"'()[]{}<>…¿¡*"
_BREAK = re.compile(r"([\s,;!?…]+(?!(?<=\d,)\d{3}\b))")
_CLOCK = re.compile(r"(\d{1,2}(?:[:.]\d{2})?)(am|pm|a\.m|p\.m)", re.IGNORECASE)
_SPELLINGS = {"a.m": "am", "p.m": "pm", "oclock": "o'clock", "&": "and", "ok": "okay"}
_PAIRS = {("a", "m"): "am", ("p", "m"): "pm", ("o", "clock"): "o'clock"}
_PAIRS |= {("all", "right"): "alright"}
_RESPELLED = frozenset(_SPELLINGS) | {second for _, second in _PAIRS}
"""Without any of these every word stays as it is."""


def word_set(text: str) -> frozenset[str]:
    """The words of a list written as one text."""
    return frozenset(text.split())


def utterance(text: str) -> Utterance:
    """Cut a turn into words; punctuation goes, hyphenated numbers and "7pm" are parted."""
    plain = text.rstrip(" .?!")
    if _is_plain(plain):  # as most turns are: the same, in one go
        words = plain.lower().split()
        if _RESPELLED.isdisjoint(words):
            return Utterance(tuple(words[:MAX_WORDS]), tuple(plain.split()[:MAX_WORDS]))
    return _cut(text)


def _is_plain(text: str) -> bool:
    """Say whether only spaces part the words and nothing in them does: ASCII letters, "I'd".

    By methods of the text alone: the first pattern of a turn costs more than all of this.
    """
    letters = text.replace(" ", "")
    if "'" in letters:
        if "' " in text or " '" in text or "'" in (text[0], text[-1]):
            return False
        letters = letters.replace("'", "")
    return letters.isascii() and letters.isalpha()


def _cut(text: str) -> Utterance:
    words: list[str] = []
    written: list[str] = []
    breaks: list[int] = []
    after_comma = False
    pieces = _BREAK.split(_straight(text))  # with what stands between them, at every odd place
    for place, piece in enumerate(pieces):
        if place % 2:
            after_comma = after_comma or "," in piece or ";" in piece
            continue
        for part in _parts(piece.strip(_EDGE)):
            if after_comma:
                breaks.append(len(words))
                after_comma = False
            lower = part.lower()
            word = _SPELLINGS.get(lower, lower)
            if words and (joined := _PAIRS.get((words[-1], word))):
                words[-1] = joined
                written[-1] = f"{written[-1]} {part}"
            else:
                words.append(word)
                written.append(part)
    return Utterance(tuple(words[:MAX_WORDS]), tuple(written[:MAX_WORDS]), frozenset(breaks))


@lru_cache(maxsize=4096)
def phrase(text: str) -> tuple[str, ...]:
    """The words of an author's phrase, in the spelling `utterance` gives.

    Remembered, because every turn is compared with all phrases in scope. What callers say does not
    belong here: it would outlive their call.
    """
    return utterance(text).words


def phrases(text: str) -> tuple[tuple[str, ...], ...]:
    """The words of several phrases, written as one text with commas between them."""
    return tuple(phrase(part) for part in text.split(","))


def find_phrase(words: Sequence[str], wanted: Sequence[str]) -> Iterator[int]:
    """Every place where `wanted` stands in `words` as a whole."""
    if not wanted:
        return
    size, first = len(wanted), wanted[0]
    for start in range(len(words) - size + 1):
        if words[start] == first and tuple(words[start : start + size]) == tuple(wanted):
            yield start


class Phrases:
    """Phrases known beforehand; their sizes are filed under their first and their last word.

    At most places of a turn none of them can stand, and one look tells so.
    """

    __slots__ = ("_all", "_by_first", "_by_last")

    def __init__(self, phrases: Iterable[tuple[str, ...]]) -> None:
        self._all = frozenset(phrases)
        self._by_first: dict[str, dict[int, None]] = {}
        self._by_last: dict[str, dict[int, None]] = {}
        for wanted in sorted(self._all, key=len, reverse=True):
            self._by_first.setdefault(wanted[0], {})[len(wanted)] = None
            self._by_last.setdefault(wanted[-1], {})[len(wanted)] = None

    def starts(self, words: Sequence[str], index: int) -> int:
        """Length of the longest that stands at `index`; 0 when none does."""
        left = len(words) - index
        if left < 1:
            return 0
        for size in self._by_first.get(words[index], ()):
            if size <= left and tuple(words[index : index + size]) in self._all:
                return size
        return 0

    def ends(self, words: Sequence[str], end: int) -> int:
        """Length of the longest that ends just before `end`; 0 when none does."""
        if end < 1:
            return 0
        for size in self._by_last.get(words[end - 1], ()):
            if size <= end and tuple(words[end - size : end]) in self._all:
                return size
        return 0


def ends_with(words: Sequence[str], end: int, phrases: Iterable[Sequence[str]]) -> int:
    """Length of the longest of `phrases` that ends just before `end`; 0 when none does."""
    if end < 1:
        return 0
    found, last = 0, words[end - 1]
    for wanted in phrases:
        if not wanted or wanted[-1] != last:
            continue
        size = len(wanted)
        if found < size <= end and tuple(words[end - size : end]) == tuple(wanted):
            found = size
    return found


def _straight(text: str) -> str:
    """The text with its characters in one spelling."""
    if text.isascii():  # as it is for most of what a recogniser writes
        return text.replace("`", "'")
    return unicodedata.normalize("NFKC", text).translate(_STRAIGHT)


def _parts(piece: str) -> Sequence[str]:
    """A piece as words: "7pm" is two, "twenty-one" too; without characters it is none."""
    if piece.isalpha():  # as most are
        return (piece,)
    if clock := _CLOCK.fullmatch(piece):
        return clock.groups()
    parts = piece.split("-")
    numbers = len(parts) > 1 and all(is_number_word(part.lower()) for part in parts)
    return parts if numbers else (piece,) if piece else ()
