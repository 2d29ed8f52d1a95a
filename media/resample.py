"""One sample rate into another, streaming: 48 kHz at the rooms, 16 kHz at the recognisers.

A polyphase filter in numpy. The ready-made resampler of PyAV is a filter graph that starts one
thread per core for each instance, so forty calls would bring hundreds of threads; here an instance
is one array of coefficients and a tail of a millisecond.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd

import numpy as np
import numpy.typing as npt

from media.frames import Samples, silence

_Floats = npt.NDArray[np.float32]

# Half the filter's length in samples of the slower rate. 16 with the window below: flat to 0.87 of
# the slower rate's Nyquist frequency and 70 dB down behind it, at a delay of 1 ms for 16 kHz.
_HALF_WIDTH = 16
_KAISER_BETA = 7.0
_CUTOFF = 0.94

_SIMPLE = 6
"""Rates in a proportion of up to this, as 48, 24, 16 and 8 kHz are, have few phases."""


@lru_cache(maxsize=16)
def _phases(up: int, down: int) -> _Floats:
    """Return the filter as one row of coefficients per phase, shape (up, taps per phase)."""
    slower = max(up, down)
    half = _HALF_WIDTH * slower
    position = np.arange(-half, half + 1)
    taps = np.sinc(position * _CUTOFF / slower) * np.kaiser(2 * half + 1, _KAISER_BETA)
    taps *= up / taps.sum()
    padded = np.zeros(-(-len(taps) // up) * up)
    padded[: len(taps)] = taps
    return np.ascontiguousarray(padded.reshape(-1, up).T[:, ::-1], dtype=np.float32)


class Resampler:
    """A stream of int16 mono samples at `source` Hz, given back at `target` Hz.

    The output is aligned with the input: sample k of it belongs to the instant k / target. It
    comes late by the filter's delay (1 ms at 16 kHz), which `flush` makes up for.
    """

    def __init__(self, source: int, target: int) -> None:
        divisor = gcd(source, target)
        self._up, self._down = target // divisor, source // divisor
        self._phases = _phases(self._up, self._down)
        self._delay = _HALF_WIDTH * max(self._up, self._down)
        self.reset()

    def reset(self) -> None:
        """Forget the stream so far; the next sample is the first of a new one."""
        width = self._phases.shape[1]
        self._tail: _Floats = np.zeros(width - 1, dtype=np.float32)
        self._taken = 0
        self._given = 0

    def feed(self, samples: Samples) -> Samples:
        """Take the next samples, return what they make certain (about as much time)."""
        if self._up == self._down:
            return samples
        self._taken += len(samples)
        window = np.concatenate([self._tail, samples.astype(np.float32)])
        output = self._filter(window)
        # a copy: a view would keep the whole window in memory, in every idle call
        self._tail = window[len(window) - len(self._tail) :].copy()
        return output

    def flush(self) -> Samples:
        """End the stream: return the rest, so that all of it lasts as long as the input did."""
        if self._up == self._down:
            return silence(0)
        total = -(-self._taken * self._up // self._down)
        rest = self.feed(silence(-(-self._delay // self._up) + 1))
        surplus = self._given - total
        self.reset()
        return rest[: len(rest) - surplus]

    def _filter(self, window: _Floats) -> Samples:
        """Compute every output sample whose inputs are all in `window`."""
        # On the grid of up * source Hz: input sample n stands at n * up, output sample k at
        # k * down, and the filter looks `delay` to either side of it.
        last = self._taken * self._up - 1 - self._delay
        count = last // self._down + 1 - self._given
        if count <= 0:
            return silence(0)
        first = self._given * self._down + self._delay
        self._given += count
        simple = max(self._up, self._down) <= _SIMPLE
        output = (self._by_phase if simple else self._by_sample)(window, first, count)
        rounded: Samples = np.clip(np.rint(output), -32768, 32767).astype(np.int16)
        return rounded

    def _by_phase(self, window: _Floats, first: int, count: int) -> _Floats:
        """Filter all samples of a phase together: each `up`-th output, `down` inputs apart."""
        output = np.empty(count, dtype=np.float32)
        width = self._phases.shape[1]
        for place in range(min(self._up, count)):
            newest, phase = divmod(first + place * self._down, self._up)
            begin = newest - (self._taken - len(window)) - width + 1
            part = output[place :: self._up]
            end = begin + (len(part) - 1) * self._down + width
            filtered = np.correlate(window[begin:end], self._phases[phase], "valid")
            part[:] = filtered[:: self._down]
        return output

    def _by_sample(self, window: _Floats, first: int, count: int) -> _Floats:
        """Look up each output's own inputs and coefficients: for rates with hundreds of phases."""
        grid = np.arange(count) * self._down + first
        width = self._phases.shape[1]
        newest = grid // self._up - (self._taken - len(window))
        frames = np.lib.stride_tricks.sliding_window_view(window, width)
        rows = frames[newest - width + 1]
        output: _Floats = np.einsum("ij,ij->i", rows, self._phases[grid % self._up])
        return output
