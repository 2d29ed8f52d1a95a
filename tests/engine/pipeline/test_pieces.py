"""A sentence comes in pieces, a short one first, and is the same as in one."""

import numpy as np
import pytest

from engine.pipeline.pieces import FIRST, MOST, Pieces
from media.frames import SAMPLE_RATE
from media.resample import Resampler


def chunks(lengths):
    """Noise in chunks of these lengths, in samples."""
    noise = np.random.default_rng(1).integers(-9000, 9000, sum(lengths)).astype(np.int16)
    return np.split(noise, np.cumsum(lengths)[:-1])


def taken(pieces, sentence):
    return [piece for chunk in sentence for piece in pieces.of(chunk)] + [pieces.rest()]


@pytest.mark.parametrize("rate", [22_050, 24_000, 48_000])
@pytest.mark.parametrize("lengths", [[30_000], [100, 0, 9_000, 3, 20_000], [2_400, 960]])
def test_pieces_are_the_samples_of_the_whole(rate, lengths):
    sentence = chunks(lengths)
    found = taken(Pieces(rate), sentence)

    whole = Resampler(rate, SAMPLE_RATE)
    expected = [whole.feed(np.concatenate(sentence)), whole.flush()]
    assert np.array_equal(np.concatenate(found), np.concatenate(expected))
    assert max(map(len, found)) <= MOST * SAMPLE_RATE + 1


def test_the_first_piece_of_a_long_chunk_is_short():
    first, second, *_ = taken(Pieces(24_000), chunks([24_000]))
    assert 0 < len(first) <= FIRST * SAMPLE_RATE < len(second)


def test_a_chunk_without_samples_is_a_piece():
    assert [len(piece) for piece in Pieces(24_000).of(np.zeros(0, np.int16))] == [0]


def test_a_sentence_that_was_broken_off_leaves_nothing_in_the_next():
    pieces, sentence = Pieces(24_000), chunks([10_000, 5_000])
    expected = taken(Pieces(24_000), sentence)

    next(pieces.of(chunks([24_000])[0]))
    pieces.reset()
    found = taken(pieces, sentence)

    assert [len(piece) for piece in found] == [len(piece) for piece in expected]
    assert np.array_equal(np.concatenate(found), np.concatenate(expected))
