"""The one audio format inside Turnwise: int16 mono, 48 kHz at the rooms, cut into 20 ms blocks.

48 kHz because Opus and WebRTC run at it; 20 ms because that is one RTP packet of both. Recognisers
get 16 kHz at their own door (`media.resample`).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Samples: TypeAlias = npt.NDArray[np.int16]
"""int16 mono samples, shape (n,)."""

SAMPLE_RATE = 48_000
"""Hz, at every room."""

FRAME_SECONDS = 0.020
FRAME_SAMPLES = 960
"""Samples of one 20 ms block at `SAMPLE_RATE`."""


def silence(samples: int = FRAME_SAMPLES) -> Samples:
    """Return this many zero samples."""
    return np.zeros(samples, dtype=np.int16)


def to_millis(samples: int, sample_rate: int = SAMPLE_RATE) -> int:
    """Return the whole milliseconds in this many samples (rounded down)."""
    return samples * 1000 // sample_rate
