"""When each word of a spoken line sounds, from what a speech engine tells, or from its length.

A word is what stands between blanks in the text, punctuation included, so that the words of a line
joined by blanks are the line again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from providers.base import Samples, WordTiming

_WORD: Final = re.compile(r"\S+")
_SENTENCE_END: Final = re.compile(r"""(?<=[.!?])["')\]]*\s+(?=["'(\[]*[A-Z0-9])""")
_ABBREVIATION: Final = re.compile(r"\b(?:mr|mrs|ms|dr|st|no|prof)\.$", re.IGNORECASE)
_SILENCE: Final = 200
"""int16 amplitude; synthetic speech has no noise below it."""
_PAUSES: Final = {",": 4, ";": 5, ":": 5, ".": 6, "!": 6, "?": 6}
"""What a mark adds to the length of its word, in letters."""


def sentences(text: str) -> list[str]:
    """Cut a text into sentences that can be spoken one after the other."""
    pieces: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        piece = text[start : match.end()].strip()
        if not _ABBREVIATION.search(piece):
            pieces.append(piece)
            start = match.end()
    return [piece for piece in (*pieces, text[start:].strip()) if piece]


def voiced(samples: Samples, sample_rate: int) -> tuple[float, float]:
    """Return where sound begins and ends, in seconds; all of it where there is none."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _SILENCE)
    if not len(loud):
        return 0.0, len(samples) / sample_rate
    return float(loud[0]) / sample_rate, float(loud[-1] + 1) / sample_rate


def word_times(
    text: str, start: float, end: float, marks: Sequence[tuple[int, float]] = ()
) -> tuple[WordTiming, ...]:
    """Return the words of `text`, spoken from `start` to `end` (seconds).

    Args:
        text: one sentence or line.
        start: where its sound begins.
        end: where its sound ends.
        marks: (index of a character, second) as far as the engine tells; words without a mark are
            placed between their neighbours by their length.
    """
    found = list(_WORD.finditer(text))
    if not found:
        return ()
    lengths = [len(m[0]) + _PAUSES.get(m[0][-1], 0) + 1 for m in found]
    lengths[-1] = len(found[-1][0])  # the pause after the last word is not its own
    places = np.concatenate(([0.0], np.cumsum(lengths, dtype=float)))
    known: dict[int, float] = {0: start, len(found): end}
    for position, second in marks:
        for number, match in enumerate(found):
            if match.start() <= position < match.end() and number not in known:
                known[number] = second
    order = sorted(known)
    seconds = np.maximum.accumulate([min(max(known[n], start), end) for n in order])
    times = np.interp(places, places[order], seconds)
    return tuple(
        WordTiming(text=match[0], start=float(times[number]), end=float(times[number + 1]))
        for number, match in enumerate(found)
    )
