"""A sentence as a voice makes it, at the room's sample rate, piece by piece.

The first piece is short: a caller waits for it, and a whole line takes longer to convert. The
others are short enough that a voice far faster than real time does not keep the room waiting.
"""

from __future__ import annotations

from collections.abc import Iterator

from media.frames import SAMPLE_RATE, Samples
from media.resample import Resampler

FIRST = 0.04
"""Seconds of the first piece: two blocks. The room takes the second of them 20 ms after the first,
and by then the next piece is there, even where forty calls begin to speak at once."""

MOST = 0.1
"""Seconds of the others at most: 50 microseconds of work."""


class Pieces:
    """The pieces of one sentence after the other; a caller waits for none of them to be set up.

    Args:
        rate: of the voice, Hz.
    """

    __slots__ = ("_first", "_most", "_resampler", "_size", "rate")

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._resampler = Resampler(rate, SAMPLE_RATE)
        self._first, self._most = round(FIRST * rate), round(MOST * rate)
        self._size = self._first

    def of(self, samples: Samples) -> Iterator[Samples]:
        """Convert the next chunk of a sentence; one that is empty is a piece too."""
        begin, end = 0, self._size
        self._size = self._most
        yield self._resampler.feed(samples[:end])
        while end < len(samples):
            begin, end = end, end + self._most
            yield self._resampler.feed(samples[begin:end])

    def rest(self) -> Samples:
        """Return the end of a sentence, of which there is no further chunk."""
        return self._resampler.flush()

    def reset(self) -> None:
        """Be ready for the next sentence, wherever this one stopped."""
        self._resampler.reset()
        self._size = self._first
