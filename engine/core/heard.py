"""How much of a line the caller heard: played milliseconds to text. PURE.

With word times of the voice it is exact: a word was heard when its last sound was played. Without
them the characters are taken as evenly spoken. Either way the cut falls on a word boundary, and
where no sample was played nothing was heard.
"""

from __future__ import annotations

import re

from engine.events import Millis, Word

MS_PER_CHARACTER = 80
"""How long a character takes while the length of a line is not yet known (it was cut before all of
its audio was made). Speech takes 60 to 70; slower, so that rather too little counts as heard."""

_WORD = re.compile(r"\S+")


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
    if words:
        return _by_words(text, played, words)
    whole = max(duration or guessed_duration(text), played)
    reached = len(text) * played // whole
    return _cut(text, reached)


def _by_words(text: str, played: Millis, words: tuple[Word, ...]) -> str:
    """Walk along the text word by word: a voice may spell or merge words its own way."""
    folded, end = text.casefold(), 0
    for word in words:
        if word.end > played:
            break
        found = folded.find(word.text.casefold().strip(".,;:!?"), end)
        if found >= 0:
            end = found + len(word.text.strip(".,;:!?"))
    return _cut(text, end)


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
