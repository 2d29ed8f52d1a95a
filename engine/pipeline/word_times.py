"""When the words of a sentence sound. PURE.

Where a voice tells, it is believed, if its words begin one after the other and while the sentence
sounds; if it tells of some of them only, what the others share is `engine.core.heard`'s to say.
Where it does not tell, or is not believed, the words of each sentence share the length of that
sentence by their letters: pauses between sentences and slow sentences are then no longer counted as
words of others, and what was heard of a line that is cut is right to a word or so.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from engine.events import Millis, Word
from providers.base import WordTiming


def told(words: Sequence[WordTiming], base: Millis, end: Millis) -> list[Word]:
    """Return the words a voice has told, counted from the start of the line; none if unbelievable.

    Args:
        words: with their times in seconds from the start of the sentence.
        base: when the sentence begins.
        end: when it ends.
    """
    begun, over = 0.0, 0.0
    for word in words:
        inside = begun <= word.start <= (end - base) / 1000
        if not (inside and max(over, word.start) <= word.end < inf):
            return []
        begun, over = word.start, word.end
    return [
        Word(text=w.text, start=base + round(w.start * 1000), end=base + round(w.end * 1000))
        for w in words
    ]


def shared_out(sentence: str, start: Millis, end: Millis) -> list[Word]:
    """Return the words of a sentence that is spoken between two instants, by their letters."""
    words = sentence.split()
    letters = sum(map(len, words))
    found, before = [], 0
    for word in words:
        begins = start + (end - start) * before // letters
        before += len(word)
        found.append(Word(text=word, start=begins, end=start + (end - start) * before // letters))
    return found
