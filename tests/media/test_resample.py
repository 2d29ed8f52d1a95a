from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.frames import Samples
from media.resample import Resampler

RATES = [
    (48_000, 16_000),
    (16_000, 48_000),
    (24_000, 48_000),
    (22_050, 48_000),
    (48_000, 8_000),
    (8_000, 48_000),
    (44_056, 48_000),  # in a proportion of 5507 to 6000: no matrix has room for it
]


def sine(rate: int, hertz: float, seconds: float = 0.5) -> Samples:
    time = np.arange(int(rate * seconds)) / rate
    return (np.sin(2 * np.pi * hertz * time) * 10_000).astype(np.int16)


def convert(samples: Samples, source: int, target: int, chunk: int = 960) -> Samples:
    resampler = Resampler(source, target)
    parts = [resampler.feed(samples[at : at + chunk]) for at in range(0, len(samples), chunk)]
    return np.concatenate([*parts, resampler.flush()])


@pytest.mark.parametrize(("source", "target"), RATES)
def test_a_tone_keeps_its_shape_its_place_and_its_length(source: int, target: int) -> None:
    output = convert(sine(source, 437), source, target)

    wanted = sine(target, 437)
    assert len(output) == len(wanted)
    middle = slice(target // 20, -target // 20)
    error = output[middle].astype(float) - wanted[middle]
    assert np.sqrt(np.mean(error**2)) < 7071 / 10 ** (55 / 20)


def test_what_the_lower_rate_cannot_carry_is_gone() -> None:
    """Else it would come back as an alias inside the speech band."""
    output = convert(sine(48_000, 9_000), 48_000, 16_000)
    assert np.abs(output[500:-500]).max() < 10


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(RATES),
    st.lists(st.integers(0, 1500), max_size=8),
)
def test_the_cut_into_chunks_does_not_matter(rates: tuple[int, int], chunks: list[int]) -> None:
    source, target = rates
    noise = np.random.default_rng(1).integers(-9000, 9000, sum(chunks)).astype(np.int16)
    resampler, parts, at = Resampler(source, target), [], 0
    for size in chunks:
        parts.append(resampler.feed(noise[at : at + size]))
        at += size
    parts.append(resampler.flush())

    whole = Resampler(source, target)
    expected = np.concatenate([whole.feed(noise), whole.flush()])

    assert np.array_equal(np.concatenate(parts), expected)
    assert len(expected) == -(-len(noise) * target // source)


def test_the_delay_at_16_khz_is_one_millisecond() -> None:
    assert len(Resampler(48_000, 16_000).feed(sine(48_000, 300, 0.02))) == 320 - 16


def test_loud_input_clips_instead_of_wrapping_round() -> None:
    square = np.where(np.arange(9600) // 480 % 2, 32767, -32768).astype(np.int16)
    output = convert(square, 48_000, 16_000)
    assert np.all(np.sign(output[80:3120:160]) == np.sign(output[90:3130:160]))


def test_equal_rates_pass_through() -> None:
    resampler = Resampler(48_000, 48_000)
    tone = sine(48_000, 300)
    assert resampler.feed(tone) is tone
    assert len(resampler.flush()) == 0


def test_a_flushed_resampler_begins_a_new_stream() -> None:
    resampler = Resampler(48_000, 16_000)
    first = np.concatenate([resampler.feed(sine(48_000, 300)), resampler.flush()])
    second = np.concatenate([resampler.feed(sine(48_000, 300)), resampler.flush()])
    assert np.array_equal(first, second)
