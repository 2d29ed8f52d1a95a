"""Synthetic callers: what a voice program of this machine says, at 16 kHz, without edges."""

from __future__ import annotations

import functools
import shutil
import subprocess
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from media.resample import Resampler
from providers.embedded.tts_program import read_wav

Floats = npt.NDArray[np.float64]
Say = Callable[[str], Floats]


@functools.cache
def _spoken(voice: str, text: str) -> Floats:
    if voice.startswith("flite:"):
        command = ["flite", "-voice", voice.removeprefix("flite:"), "-t", text, "-o", "/dev/stdout"]
    else:
        command = ["espeak-ng", "--stdout", "-v", voice, text]
    wav = subprocess.run(command, check=True, capture_output=True, timeout=20).stdout
    rate, samples = read_wav(wav)
    audio = Resampler(rate, 16_000).feed(samples) if rate != 16_000 else samples
    loud = np.flatnonzero(np.abs(audio.astype(int)) > 300)
    speech = audio[loud[0] : loud[-1]].astype(float)
    return speech / np.abs(speech).max()


@pytest.fixture(scope="session")
def voices() -> list[Say]:
    """Voices of this machine, the best first; skips where there is none."""
    names = ["flite:slt", "flite:rms"] if shutil.which("flite") else []
    names += ["en-us+klatt", "en-us"] if shutil.which("espeak-ng") else []
    if not names:
        pytest.skip("no voice program here: install flite or espeak-ng")
    return [functools.partial(_spoken, name) for name in names]


@pytest.fixture(scope="session")
def caller(voices: list[Say]) -> Say:
    """The best voice of this machine."""
    return voices[0]
