"""Several voices as one: nobody's samples stand between another's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pipeline.mixing import PATIENCE, Mixer


def block(value, samples=960):
    return np.full(samples, value, np.int16)


def test_one_alone_comes_out_as_he_went_in():
    mixer = Mixer()
    assert (mixer.feed("ann", block(7), 0.02) == 7).all()


def mixed(mixer, *fed):
    """Everything that goes out when these (who, value) come in, two every 20 ms."""
    out = [mixer.feed(who, block(value), 0.02 * (n // 2 + 1)) for n, (who, value) in enumerate(fed)]
    return np.concatenate(out)


def test_blocks_of_two_are_summed_sample_by_sample():
    out = mixed(Mixer(), *[("ann", 100), ("ben", 11)] * 4)
    assert (out[:960] == 100).all(), "he was alone when his first block came"
    assert (out[960:] == 111).all()
    assert len(out) == 4 * 960


@pytest.mark.parametrize(("value", "limit"), [(30_000, 32_767), (-30_000, -32_768)])
def test_a_sum_that_is_too_loud_is_clipped(value, limit):
    out = mixed(Mixer(), *[("ann", value), ("ben", value)] * 3)
    assert (out[960:] == limit).all()


def test_who_gives_nothing_is_not_waited_for():
    mixer = Mixer()
    mixer.feed("ann", block(1), 0.02)
    mixer.feed("ben", block(2), 0.02)
    late = 0.02 + PATIENCE + 0.02
    mixed = mixer.feed("ann", block(1), late)
    assert len(mixed) >= 960


def test_the_loudest_is_known_until_it_is_forgotten():
    mixer = Mixer()
    mixer.feed("ann", block(100), 0.02)
    mixer.feed("ben", block(3_000), 0.02)
    mixer.feed("ann", block(100), 0.04)
    mixer.feed("ben", block(3_000), 0.04)
    assert mixer.loudest == "ben"
    mixer.forget()
    mixer.left("ben")
    assert mixer.loudest == "ann"


@given(
    st.lists(
        st.tuples(st.sampled_from(["ann", "ben"]), st.integers(1, 2_000), st.integers(0, 100)),
        max_size=40,
    )
)
def test_what_goes_out_is_what_came_in(blocks):
    """The sum of all samples is kept, but for what still waits; ones are never clipped."""
    mixer, at, given_in, out = Mixer(), 0.0, 0, 0
    for who, size, pause in blocks:
        at += pause / 1000
        given_in += size
        out += int(mixer.feed(who, block(1, size), at).sum())
    waiting = sum(voice.waiting for voice in mixer._voices.values())
    assert out + waiting == given_in
