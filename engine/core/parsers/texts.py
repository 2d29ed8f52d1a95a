"""Free text with the phrases around it: "my name is john smith", "under the name williams please".

Free text has no form of its own, so it is what remains: after a carrier phrase that announces it,
or, when it was just asked for, the whole of an answer that is neither a question nor a refusal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from engine.core.parsers.numerals import is_number_word
from engine.core.parsers.words import (
    Match,
    Phrases,
    Strength,
    Utterance,
    phrase,
    word_set,
)

FILLERS: Final = word_set(
    "um umm uh er erm hm hmm mm well so like oh ah okay please thanks thank you hi hello hey just"
    " actually then yes yeah sure alright sorry good morning evening afternoon"
)
_NAME_CARRIERS: Final = Phrases(
    phrase(text)
    for text in (
        *("my name is", "the name is", "name is", "my name's", "the name's", "name's"),
        *("under the name of", "under the name", "in the name of", "on the name of", "under"),
        *("my last name is", "last name is", "my surname is", "surname is", "the last name is"),
        *("my first name is", "my full name is", "full name is", "call me", "on the name"),
        *("the booking is for", "for the name"),
    )
)
_WEAK_CARRIERS: Final = Phrases(
    phrase(text)
    for text in (
        *("it's", "it is", "this is", "i'm", "i am", "that's", "that is", "that would be"),
        *("it would be", "it will be", "its", "make it", "no it's", "no it is", "put", "for"),
        *("no", "no make it", "the answer is", "it's for", "it is for", "that's for"),
    )
)
_TRAILING = word_set(
    "please thanks thank you speaking here and also for at on with make it then instead by but"
    " is the"
)
_AFTER_AND = word_set("i i'd i'm we my the it it's make can could please also that's for")
_JOINTS = word_set("and plus")
_ARTICLES = word_set("a an the some my")
_BEFORE_ITEM = FILLERS | _ARTICLES | {"also"}
_ASKING = word_set("what what's when where where's who why how which whose")
_AUXILIARY = word_set(
    "are do does did is can could may will would have has should don't won't isn't"
)
_ASKED = word_set("i you we it there he she they the your this that a any my")
_REFUSING: Final = Phrases(
    phrase(text)
    for text in (
        *("i want", "i need", "i would like", "i'd like", "i'd rather", "i don't", "i do not"),
        *("i have", "we need", "we want", "let me", "tell me", "give me", "never mind", "hold on"),
        *("wait", "stop", "one moment", "one second", "excuse me", "repeat", "pardon", "say that"),
        *("come again", "hang on", "just a moment", "a moment", "no idea", "not sure", "nothing"),
        *("no", "nope", "nobody", "goodbye", "bye", "help", "cancel", "go back", "can't"),
        *("i can't", "i cannot", "i won't", "i will not", "actually i", "forget it", "speak"),
        *("maybe", "perhaps", "change", "correct", "wrong", "right", "you"),
    )
)
_NO_NAME = word_set(
    "not sure looking calling sorry the a an here trying going afraid just still wondering good"
    " fine ready at in on from your my no yes correct wrong right okay about to of too very so"
    " allergic interested happy coming what that it this there"
    " i we you he she they as same is was nothing none"
)
LONGEST_NAME: Final = 5
_NONE: Final = Phrases(())


@dataclass(frozen=True, slots=True)
class TextRules:
    """How one slot takes text."""

    carriers: Phrases = _NONE
    """Phrases that announce it, beside those every name has."""
    proper: bool = False
    """A name: a few words, with capitals."""
    open: bool = False
    """It was just asked for."""
    several: bool = False
    """It takes several texts: "bread, some milk and a box of eggs"."""


def find_text(said: Utterance, taken: Iterable[Match], rules: TextRules) -> Match | None:
    """Find the text meant for one slot among the words nobody has taken."""
    segments = list(_segments(said.words, taken))
    own, names = rules.carriers, _NAME_CARRIERS if rules.proper else _NONE
    for start, end in segments:
        words = said.words[:end]
        for place in range(start, end):
            size = max(own.starts(words, place), names.starts(words, place))
            if size and (match := _cut(said, place, place + size, end, rules, Strength.CLEAR)):
                return match
    if not rules.open:
        return None
    return next((match for segment in segments if (match := _bare(said, segment, rules))), None)


def capitalised(text: str) -> str:
    """Give the words of a name capitals, when it was written without any."""
    if text != text.lower():
        return text
    parts = text.split(" ")
    if len(parts) > 2 and all(len(part) == 1 for part in parts):  # spelled out
        parts = ["".join(parts)]
    return " ".join("'".join(bit.capitalize() for bit in part.split("'")) for part in parts)


def is_question(words: Sequence[str]) -> bool:
    """True when the words ask something instead of answering."""
    words = words[_fillers(words, 0, len(words)) :]
    if not words:
        return False
    if words[0] in _ASKING:
        return True
    return words[0] in _AUXILIARY and len(words) > 1 and words[1] in _ASKED


def _bare(said: Utterance, segment: tuple[int, int], rules: TextRules) -> Match | None:
    start, end = segment
    start = _fillers(said.words, start, end)
    weak = _WEAK_CARRIERS.starts(said.words[:end], start)
    rest = said.words[start:end]
    if weak:
        return _cut(said, start, start + weak, end, rules, Strength.LIKELY)
    if not rest or is_question(rest) or _REFUSING.starts(rest, 0):
        return None
    return _cut(said, start, start, end, rules, Strength.BARE)


def _cut(
    said: Utterance, place: int, start: int, end: int, rules: TextRules, strength: Strength
) -> Match | None:
    """The text from `start` on, without fillers and what follows it; None when nothing is left."""
    start = _fillers(said.words, start, end)
    stop = start
    while stop < end and not _goes_elsewhere(said.words, stop, end, rules):
        stop += 1
    while stop > start and said.words[stop - 1] in _TRAILING:
        stop -= 1
    parts = list(_items(said, start, stop)) if rules.several else [(start, stop)]
    if not parts or start == stop:
        return None
    if rules.proper and not all(_can_be_name(said.words[a:b]) for a, b in parts):
        return None
    texts = [" ".join(said.written[a:b]) for a, b in parts]
    texts = [capitalised(text) for text in texts] if rules.proper else texts
    return Match(place, stop, texts if rules.several else texts[0], strength)


def _items(said: Utterance, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Cut at "and" and at commas; without articles and fillers in front."""
    begin = start
    for index in range(start, stop + 1):
        joint = index < stop and said.words[index] in _JOINTS
        if index < stop and not joint and index not in said.breaks:
            continue
        while begin < index and said.words[begin] in _BEFORE_ITEM:
            begin += 1
        if begin < index:
            yield begin, index
        begin = index + joint


def _can_be_name(words: Sequence[str]) -> bool:
    if len(words) > LONGEST_NAME and not all(len(word) == 1 for word in words):
        return False
    if all(is_number_word(word) or word.isdecimal() for word in words):
        return False
    return words[0] not in _NO_NAME and not any(word in _ASKING for word in words)


def _goes_elsewhere(words: Sequence[str], index: int, end: int, rules: TextRules) -> bool:
    """Read "ann and i would like": what follows is another sentence."""
    after = words[index + 1] if index + 1 < end else ""
    away = after in _AFTER_AND and not (rules.several and after in _ARTICLES)
    return (words[index] == "and" and away) or words[index] in ("but", "because")


def _fillers(words: Sequence[str], start: int, end: int) -> int:
    while start < end and words[start] in FILLERS:
        start += 1
    return start


def _segments(words: Sequence[str], taken: Iterable[Match]) -> Iterator[tuple[int, int]]:
    """Stretches of words that nobody has taken."""
    used = {index for match in taken for index in range(match.start, match.end)}
    start: int | None = None
    for index in range(len(words) + 1):
        free = index < len(words) and index not in used
        if free and start is None:
            start = index
        elif not free and start is not None:
            yield start, index
            start = None


@lru_cache(maxsize=1024)
def label_carriers(label: tuple[str, ...]) -> Phrases:
    """Phrases that announce a slot by its name: "the reason is", "change the name to"."""
    links = (("is",), ("are",), ("to",), ("should", "be"), ("will", "be"))
    return Phrases((*label, *link) for link in links)
