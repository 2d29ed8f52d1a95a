"""A sentence comes in pieces, a short one first, and is the same as in one."""

import numpy as np
import pytest

from engine.pipeline.pieces import FIRST, MOST, pieces
from media.frames import SAMPLE_RATE
from media.resample import Resampler
from providers.base import SpeechChunk, WordTiming

WORDS = (WordTiming(text="well", start=0.0, end=0.3),)


class Voice:
    """Gives noise in chunks of these lengths, in samples."""

    def __init__(self, rate, lengths):
        self.sample_rate = rate
        noise = np.random.default_rng(1).integers(-9000, 9000, sum(lengths)).astype(np.int16)
        self.chunks = np.split(noise, np.cumsum(lengths)[:-1])
        self.closed = False

    async def synthesize(self, text):
        try:
            for chunk in self.chunks:
                yield SpeechChunk(samples=chunk, words=WORDS)
        finally:
            self.closed = True


def taken(on_bench, voice, most=None):
    async def body(_):
        found = []
        stream = pieces(voice, "Well.")
        async for piece in stream:
            found.append(piece)
            if len(found) == most:
                break
        await stream.aclose()
        return found

    return on_bench(body)


@pytest.mark.parametrize("rate", [22_050, 24_000, 48_000])
@pytest.mark.parametrize("lengths", [[30_000], [100, 0, 9_000, 3, 20_000]])
def test_pieces_are_the_samples_and_the_words_of_the_whole(on_bench, rate, lengths):
    voice = Voice(rate, lengths)
    found = taken(on_bench, voice)

    whole = Resampler(rate, SAMPLE_RATE)
    expected = [whole.feed(np.concatenate(voice.chunks)), whole.flush()]
    assert np.array_equal(np.concatenate([p.samples for p in found]), np.concatenate(expected))
    assert sum((piece.words for piece in found), ()) == WORDS * len(lengths)
    assert max(len(piece.samples) for piece in found) <= MOST * SAMPLE_RATE + 1


def test_the_first_piece_of_a_long_chunk_is_short(on_bench):
    first, second, *_ = taken(on_bench, Voice(24_000, [24_000]))
    assert 0 < len(first.samples) <= FIRST * SAMPLE_RATE < len(second.samples)


def test_who_stops_listening_stops_the_voice(on_bench):
    voice = Voice(24_000, [24_000, 24_000])
    taken(on_bench, voice, most=2)
    assert voice.closed
