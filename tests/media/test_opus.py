from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.frames import FRAME_SAMPLES, Samples, silence
from media.levels import rms_dbfs
from media.opus import OpusDecoder, OpusEncoder


def sine(blocks: int, hertz: float = 440) -> Samples:
    time = np.arange(blocks * FRAME_SAMPLES) / 48_000
    return (np.sin(2 * np.pi * hertz * time) * 8000).astype(np.int16)


def test_every_block_gives_its_packet_at_once_and_its_samples_back() -> None:
    encoder, decoder, tone = OpusEncoder(), OpusDecoder(), sine(50)
    blocks = []
    for at in range(0, len(tone), FRAME_SAMPLES):
        packet = encoder.encode(tone[at : at + FRAME_SAMPLES])
        assert 0 < len(packet) < 400
        block = decoder.decode(packet)
        assert block is not None
        assert len(block) == FRAME_SAMPLES
        blocks.append(block)

    heard = np.concatenate(blocks)
    assert rms_dbfs(heard[4800:]) == pytest.approx(rms_dbfs(tone), abs=1.5)
    spectrum = np.abs(np.fft.rfft(heard[-24_000:].astype(float)))
    assert int(np.argmax(spectrum)) * 2 == 440


def test_a_block_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="960 samples"):
        OpusEncoder().encode(silence(480))


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=60))
def test_a_broken_packet_harms_no_later_one(payload: bytes) -> None:
    encoder, decoder = OpusEncoder(), OpusDecoder()
    decoder.decode(encoder.encode(silence()))
    decoder.decode(payload)
    after = decoder.decode(encoder.encode(silence()))
    assert after is not None
    assert len(after) == FRAME_SAMPLES
