from __future__ import annotations

import numpy as np
import pytest

from media.frames import silence
from media.levels import FLOOR_DBFS, rms_dbfs


def test_a_full_scale_sine_is_three_decibels_below_full_scale() -> None:
    sine = (np.sin(np.arange(4800) * 2 * np.pi / 48) * 32767).astype(np.int16)
    assert rms_dbfs(sine) == pytest.approx(-3.01, abs=0.01)


def test_the_loudest_square_does_not_overflow() -> None:
    assert rms_dbfs(np.full(960, -32768, dtype=np.int16)) == pytest.approx(0.0)


@pytest.mark.parametrize("samples", [silence(), silence(0)])
def test_silence_is_the_floor(samples: np.ndarray) -> None:
    assert rms_dbfs(samples) == FLOOR_DBFS
