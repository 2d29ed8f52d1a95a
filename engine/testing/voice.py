"""A synthetic voice for callers: text to samples, through the embedded synthesiser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from media.frames import SAMPLE_RATE, Samples
from media.resample import Resampler
from providers import registry


async def speak(text: str, options: Mapping[str, Any] | None = None) -> Samples:
    """Return `text` spoken, int16 mono at 48 kHz.

    Args:
        text: what is said.
        options: of the synthesiser, as a flow writes them under `pipeline.tts`.

    Raises:
        providers.errors.ProviderError: no voice can run on this machine.
    """
    synthesizer = registry.make("tts", options or {})
    try:
        await synthesizer.open()
        chunks = [chunk.samples async for chunk in synthesizer.synthesize(text)]
    finally:
        await synthesizer.aclose()
    resampler = Resampler(synthesizer.sample_rate, SAMPLE_RATE)
    return np.concatenate([*(resampler.feed(chunk) for chunk in chunks), resampler.flush()])
