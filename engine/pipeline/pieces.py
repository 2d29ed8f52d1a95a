"""A sentence as a voice makes it, at the room's sample rate, piece by piece.

The first piece is short: a caller waits for it, and a whole line takes longer to convert. The
others are short enough that a voice far faster than real time does not keep the room waiting.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator

from media.frames import SAMPLE_RATE, Samples
from media.resample import Resampler
from providers.base import SpeechChunk, Synthesizer

FIRST = 0.04
"""Seconds of the first piece: two blocks. The room takes the second of them 20 ms after the first,
and by then the next piece is there, even where forty calls begin to speak at once."""

MOST = 0.1
"""Seconds of the others at most: 50 microseconds of work."""


async def pieces(tts: Synthesizer, sentence: str) -> AsyncGenerator[SpeechChunk, None]:
    """Synthesise one sentence at the room's sample rate, closing the work however it ends."""
    resampler = Resampler(tts.sample_rate, SAMPLE_RATE)
    size = round(FIRST * tts.sample_rate)
    chunks = tts.synthesize(sentence)
    try:
        async for chunk in chunks:
            words = chunk.words
            for part in _cut(chunk.samples, size, round(MOST * tts.sample_rate)):
                yield SpeechChunk(samples=resampler.feed(part), words=words)
                words, size = (), round(MOST * tts.sample_rate)
        yield SpeechChunk(samples=resampler.flush())
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()


def _cut(samples: Samples, first: int, most: int) -> Iterator[Samples]:
    """Cut a chunk; one that is empty is a piece too: it may tell of words."""
    yield samples[:first]
    for begin in range(first, len(samples), most):
        yield samples[begin : begin + most]
