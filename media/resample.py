"""One sample rate into another, streaming: 48 kHz at the rooms, 16 kHz at the recognisers.

A polyphase filter in numpy. The ready-made resampler of PyAV is a filter graph that starts one
thread per core for each instance, so forty calls would bring hundreds of threads; here an instance
is a tail of a few milliseconds, and the coefficients are those of every stream of its rates.

A chunk is one product of matrices: a row of inputs gives a block of outputs. Only proportions that
would make a matrix too big (47,999 Hz into 48,000) look up the coefficients of each output.

Coefficients are whole multiples of 2**-24, so every product and every sum of them is exact in a
double: the samples are the same to the bit however the stream is cut, and in whatever order the
processor's library adds.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd

import numpy as np
import numpy.typing as npt

from media.frames import Samples, silence

_Floats = npt.NDArray[np.float64]

# Half the filter's length in samples of the slower rate. 16 with the window below: flat to 0.87 of
# the slower rate's Nyquist frequency and 70 dB down behind it, at a delay of 1 ms for 16 kHz.
_HALF_WIDTH = 16
_KAISER_BETA = 7.0
_CUTOFF = 0.94

_STEPS = 2.0**24
"""Steps of a coefficient: 24 bits, 15 of a sample and 10 of a sum are less than a double's 53."""

_BLOCK = 16
"""Outputs of a block at least: fewer make many rows, more make rows of mostly zeros."""

_MOST_CELLS = 65_536
"""Numbers in a matrix at most, half a megabyte: 22.05 kHz into 48 kHz has 57,280."""

_MOST_PRODUCTS = 200_000
"""Multiplications in one product: above 262,144 OpenBLAS wakes its threads, one per core, which
then spin for a while beside the calls of this process."""


class _Filter:
    """What is the same for every stream from one rate to another.

    On the grid of up * source Hz input sample n stands at n * up, output sample k at k * down, and
    the filter looks `delay` to either side of it.
    """

    def __init__(self, up: int, down: int) -> None:
        self.up, self.down = up, down
        self.delay = _HALF_WIDTH * max(up, down)
        self._phases = _phases(up, down)
        self._width: int = self._phases.shape[1]
        cycles = -(-_BLOCK // up)
        self.block = cycles * up
        """Outputs of a row; 1 where each is computed by itself."""
        self._step = cycles * down
        """Inputs from row to row."""
        self._length = self.first_input(self.block - 1, 1) - self.first_input(0, 1) + self._width
        self._matrix: _Floats | None = None
        if self._length * self.block <= _MOST_CELLS:
            self._matrix = self._block_matrix()
            self._rows = max(1, _MOST_PRODUCTS // self._matrix.size)
        else:
            self.block = 1

    def first_input(self, output: int, block: int | None = None) -> int:
        """Return the first input that is needed to go on with this output."""
        begin = output - output % (block or self.block)
        return (begin * self.down + self.delay) // self.up - self._width + 1

    def certain(self, inputs: int) -> int:
        """Return how many outputs can be computed from so many inputs."""
        return max(0, (inputs * self.up - 1 - self.delay) // self.down + 1)

    def outputs(self, begin: int, end: int, tail: Samples, samples: Samples) -> Samples:
        """Compute these outputs of a stream.

        Args:
            begin: the first of them.
            end: the one behind the last.
            tail: the inputs from `first_input(begin)` on,
            samples: and those that follow.
        """
        # A caller waits, and what counts here are not the numbers, it is how much of numpy has to
        # be fetched: the fewer calls the better.
        if self._matrix is None:
            found = self._one_by_one(begin, end, np.concatenate((tail, samples)))
        else:
            skipped = begin % self.block
            rows = -(-(end - begin + skipped) // self.block)
            missing = (rows - 1) * self._step + self._length - len(tail) - len(samples)
            window = np.concatenate((tail, samples, silence(max(0, missing))))
            found = self._by_block(rows, window, self._matrix)[skipped : skipped + end - begin]
        rounded: Samples = np.rint(found, out=found).clip(-32768.0, 32767.0, found).astype(np.int16)
        return rounded

    def _by_block(self, rows: int, window: Samples, matrix: _Floats) -> _Floats:
        """Compute whole blocks, a row each."""
        # The rows overlap: numpy's `as_strided` says the same, and takes longer to say it.
        frames = np.ndarray((rows, self._length), np.int16, window, 0, (self._step * 2, 2))
        found: _Floats
        if rows <= self._rows:
            found = frames.astype(float).dot(matrix)
            return found.ravel()
        found = np.empty((rows, self.block))
        for at in range(0, rows, self._rows):
            part = slice(at, at + self._rows)
            np.dot(frames[part].astype(float), matrix, out=found[part])
        return found.ravel()

    def _one_by_one(self, begin: int, end: int, window: Samples) -> _Floats:
        """Look up each output's own inputs and coefficients."""
        grid = np.arange(begin, end) * self.down + self.delay
        first = grid // self.up - self._width + 1 - self.first_input(begin)
        rows = np.lib.stride_tricks.sliding_window_view(window, self._width)[first]
        found: _Floats = np.einsum("ij,ij->i", rows, self._phases[grid % self.up])
        return found

    def _block_matrix(self) -> _Floats:
        """Return the coefficients of a block: a column for each of its outputs."""
        matrix = np.zeros((self._length, self.block))
        for output in range(self.block):
            row = self.first_input(output, 1) - self.first_input(0)
            phase = (output * self.down + self.delay) % self.up
            matrix[row : row + self._width, output] = self._phases[phase]
        return matrix


@lru_cache(maxsize=16)
def _filter(up: int, down: int) -> _Filter:
    return _Filter(up, down)


def _phases(up: int, down: int) -> _Floats:
    """Return the filter as one row of coefficients per phase, shape (up, taps per phase)."""
    slower = max(up, down)
    half = _HALF_WIDTH * slower
    position = np.arange(-half, half + 1)
    taps = np.sinc(position * _CUTOFF / slower) * np.kaiser(2 * half + 1, _KAISER_BETA)
    taps *= up / taps.sum()
    padded = np.zeros(-(-len(taps) // up) * up)
    padded[: len(taps)] = np.rint(taps * _STEPS) / _STEPS
    return np.ascontiguousarray(padded.reshape(-1, up).T[:, ::-1])


class Resampler:
    """A stream of int16 mono samples at `source` Hz, given back at `target` Hz.

    The output is aligned with the input: sample k of it belongs to the instant k / target. It
    comes late by the filter's delay (1 ms at 16 kHz), which `flush` makes up for.
    """

    def __init__(self, source: int, target: int) -> None:
        divisor = gcd(source, target)
        self._filter = None
        if source != target:
            self._filter = _filter(target // divisor, source // divisor)
        self.reset()

    def reset(self) -> None:
        """Forget the stream so far; the next sample is the first of a new one."""
        self._taken = self._given = 0
        before = 0 if self._filter is None else -self._filter.first_input(0)
        self._tail = silence(before)
        """The inputs that are needed again; before the first one all was silent."""

    def feed(self, samples: Samples) -> Samples:
        """Take the next samples, return what they make certain (about as much time)."""
        kernel = self._filter
        if kernel is None:
            return samples
        self._taken += len(samples)
        begin, end = self._given, kernel.certain(self._taken)
        if end <= begin:
            self._tail = np.concatenate([self._tail, samples])
            return silence(0)
        found = kernel.outputs(begin, end, self._tail, samples)
        used = kernel.first_input(end) - kernel.first_input(begin)
        left = len(self._tail) + len(samples) - used
        # a copy: a view would keep the whole chunk in memory, in every idle call
        if left <= len(samples):
            self._tail = samples[len(samples) - left :].copy()
        else:
            self._tail = np.concatenate([self._tail[used:], samples])
        self._given = end
        return found

    def flush(self) -> Samples:
        """End the stream: return the rest, so that all of it lasts as long as the input did."""
        kernel = self._filter
        if kernel is None:
            return silence(0)
        total = -(-self._taken * kernel.up // kernel.down)
        rest = self.feed(silence(-(-kernel.delay // kernel.up) + 1))
        surplus = self._given - total
        self.reset()
        return rest[: len(rest) - surplus]
