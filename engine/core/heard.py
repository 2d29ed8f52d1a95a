"""How much of a line the caller heard: played milliseconds to text. PURE.

With word times of the voice it is exact: a word was heard when its last sound was played. What the
times do not cover, because the voice tells of some words only or says them its own way, shares by
its characters what is left between the words that it tells of; times that are not in order, or of
no word of the text, are not believed at all. The cut falls on a word boundary, and where no sample
was played nothing was heard.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import TypeAlias

from engine.events import Millis, Word

MS_PER_CHARACTER = 80
"""How long a character takes while the length of a line is not yet known (it was cut before all of
its audio was made). Speech takes 60 to 70; slower, so that rather too little counts as heard."""

_WORD = re.compile(r"\S+")

_PIECE = re.compile(r"[^\W_]+")
"""What sounds of a word: its letters and digits."""

_Mark: TypeAlias = tuple[Millis, int]
"""At this instant of the line that place of its text is reached."""


def guessed_duration(text: str) -> Millis:
    """Return about how long a line takes to say; rather too long than too short."""
    return len(text) * MS_PER_CHARACTER


def heard_text(
    text: str,
    *,
    played: Millis,
    complete: bool,
    duration: Millis | None,
    words: tuple[Word, ...] = (),
) -> str:
    """Return the part of `text` that was heard: a prefix that ends on a word.

    Args:
        text: the line as it was ordered.
        played: milliseconds of it that went out.
        complete: it was played to its end.
        duration: milliseconds of the whole line, if known.
        words: when its words sound, if known.
    """
    if complete:
        return text
    if played <= 0:
        return ""
    marks = list(_marks(text, words)) if words and _in_order(words) else []
    whole = max(duration or guessed_duration(text), played, *(at for at, _ in marks))
    return _cut(text, _reached([*marks, (whole, len(text))], played))


def _in_order(words: tuple[Word, ...]) -> bool:
    """Whether these can be the times of words that are spoken one after the other."""
    begin, end = 0, 0
    for word in words:
        if word.start < begin or word.end < max(end, word.start):
            return False
        begin, end = word.start, word.end
    return True


def _marks(text: str, words: tuple[Word, ...]) -> Iterator[_Mark]:
    """Give the instants of the places in `text` that `words` tell of, in order."""
    said = [piece for word in words for piece in _pieces(word.text, word.start, word.end)]
    there = [(found.group().casefold(), *found.span()) for found in _PIECE.finditer(text)]
    whole = "".join(piece for piece, *_ in there)
    if whole.startswith("".join(piece for piece, *_ in said)):
        # A voice may merge words, or tell of parts of them: of syllables, or signs.
        places = [place for piece in there for place in range(*piece[1:])]
        if len(places) == len(whole):  # few letters are two when folded
            reached = 0
            for piece, start, end in said:
                yield start, places[reached]
                reached += len(piece)
                yield end, places[reached - 1] + 1
            return
    names = [piece for piece, *_ in there], [piece for piece, *_ in said]
    for at, other, size in SequenceMatcher(None, *names, autojunk=False).get_matching_blocks():
        for n in range(size):
            yield said[other + n][1], there[at + n][1]
            yield said[other + n][2], there[at + n][2]


def _pieces(word: str, start: Millis, end: Millis) -> Iterator[tuple[str, Millis, Millis]]:
    """Give the parts of a word of the voice, which may be several of the text: "New York"."""
    pieces = [piece.casefold() for piece in _PIECE.findall(word)]
    letters, before = sum(map(len, pieces)), 0
    for piece in pieces:
        begin = start + (end - start) * before // letters
        before += len(piece)
        yield piece, begin, start + (end - start) * before // letters


def _reached(marks: Iterable[_Mark], played: Millis) -> int:
    """Return the place that is reached after so much; between marks speech is taken as even."""
    then, place = 0, 0
    for at, there in marks:
        if at > played:
            return place + (there - place) * (played - then) // (at - then)
        then, place = max(then, at), there
    return place


def _cut(text: str, reached: int) -> str:
    """Return the words of `text` that end within its first `reached` characters.

    Closing punctuation makes no sound: a word is reached when its last letter is.
    """
    end = 0
    for match in _WORD.finditer(text):
        sounding = match.start() + len(match.group().rstrip(".,;:!?\"')")) or match.end()
        if sounding > reached:
            break
        end = match.end()
    return text[:end]
