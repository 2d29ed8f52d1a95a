"""How loud a block is. PURE."""

from __future__ import annotations

import math

import numpy as np

from media.frames import Samples

FLOOR_DBFS = -100.0
"""What silence measures: below the -96 dB that 16 bits can tell."""

_FULL_SCALE = 32768.0


def rms_dbfs(samples: Samples) -> float:
    """Return the root mean square in dB relative to full scale; `FLOOR_DBFS` for silence.

    A full-scale sine measures -3 dBFS.
    """
    if not len(samples):
        return FLOOR_DBFS
    wide = samples.astype(np.float64)
    rms = math.sqrt(float(wide @ wide) / len(samples)) / _FULL_SCALE
    return max(FLOOR_DBFS, 20 * math.log10(rms)) if rms > 0 else FLOOR_DBFS
