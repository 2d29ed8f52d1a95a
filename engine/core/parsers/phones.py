"""Digits read out: phone numbers and codes, "oh three oh, double five, one twenty three"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from engine.core.parsers.numerals import CARDINAL_WORDS, DIGITS, read_cardinal
from engine.core.parsers.words import Match, Phrases, Strength, phrase

_SPOKEN: Final = DIGITS | {"oh": "0", "o": "0", "nought": "0", "naught": "0"}
_TIMES: Final = {"double": 2, "triple": 3, "treble": 3}
_WRITTEN = re.compile(r"\+?[0-9]+(?:[-./()]+[0-9]+)*")
_DATE_OR_CLOCK = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[:.]\d{2}|\d{1,2}[./]\d{1,2}[./]?\d*")
_HOMOPHONES: Final = {"for": "4", "to": "2", "too": "2", "ate": "8", "won": "1"}
"""Between two digits read one by one these are digits: recognisers cannot hear the difference."""
_COUNTED = frozenset({"people", "guests", "persons", "adults", "of"})
"""After "for two" these make it a party, not a digit."""
_BETWEEN = frozenset({"dash", "hyphen", "space", "um", "uh", "and", "then", "area", "code"})
_CARRIERS: Final = Phrases(
    phrase(text)
    for text in (
        *("my number is", "the number is", "my phone number is", "the phone number is", "it's"),
        *("it is", "phone number is", "number is", "call me on", "call me back on", "that's"),
        *("reach me on", "call me at", "reach me at", "you can call me on", "number"),
        *("you can reach me on", "you can reach me at", "my mobile is", "my cell is"),
    )
)
SHORTEST_PHONE: Final = 7
LONGEST_PHONE: Final = 15
"""ITU-T E.164 allows fifteen digits; local numbers below seven are extensions."""


def find_phones(words: Sequence[str]) -> list[Match]:
    """Find phone numbers of 7 to 15 digits; values are digits, after a "+" where it was said."""
    return [
        match
        for match in find_digits(words)
        if SHORTEST_PHONE <= len(match.value.removeprefix("+")) <= LONGEST_PHONE
    ]


def find_digits(words: Sequence[str]) -> list[Match]:
    """Find runs of digits of any length; long ones (from four on) are clear."""
    found: list[Match] = []
    index = 0
    while index < len(words):
        end, digits = _run(words, index)
        if not digits.strip("+"):
            index += 1
            continue
        carrier = _CARRIERS.ends(words, index)
        strength = Strength.CLEAR if len(digits) > 3 else Strength.BARE
        found.append(Match(index - carrier, end, digits, strength))
        index = end
    return found


def _run(words: Sequence[str], index: int) -> tuple[int, str]:
    """The longest run of digits at `index`: the index after it and the digits."""
    digits = ""
    if words[index] == "plus":
        digits, index = "+", index + 1
    end = index
    while index < len(words):
        piece = _piece(words, index)
        if piece is not None:
            digits += piece[0]
            index = end = piece[1]
        elif words[index] in _BETWEEN and digits:
            index += 1
        else:
            break
    return end, digits


def _piece(words: Sequence[str], index: int) -> tuple[str, int] | None:
    word = words[index]
    if word in _SPOKEN:
        return _SPOKEN[word], index + 1
    if word in _TIMES and index + 1 < len(words) and words[index + 1] in _SPOKEN | {}:
        return _SPOKEN[words[index + 1]] * _TIMES[word], index + 2
    if _WRITTEN.fullmatch(word) and not _DATE_OR_CLOCK.fullmatch(word):
        return ("+" if word[0] == "+" else "") + re.sub(r"\D", "", word), index + 1
    if word in CARDINAL_WORDS and (read := read_cardinal(words, index)):
        return str(read[0]), read[1]
    if word in _HOMOPHONES and _between_digits(words, index):
        return _HOMOPHONES[word], index + 1
    return None


def _between_digits(words: Sequence[str], index: int) -> bool:
    if not 0 < index < len(words) - 1 or not _COUNTED.isdisjoint(words[index + 2 : index + 3]):
        return False
    return words[index - 1] in _SPOKEN and words[index + 1] in _SPOKEN
