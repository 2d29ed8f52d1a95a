"""Opus as voice needs it: mono, 48 kHz, 20 ms, 32 kbit/s, without threads.

Encoding a frame takes about 60 us and decoding 25, so both run on the event loop: two thread hops
and a stereo encode at 96 kbit/s cost three times as much as the work itself.
"""

from __future__ import annotations

import fractions
import logging

import av
import numpy as np

from media.frames import FRAME_SAMPLES, SAMPLE_RATE, Samples

TIME_BASE = fractions.Fraction(1, SAMPLE_RATE)

BIT_RATE = 32_000
"""Bits per second: transparent for wideband speech in one channel (RFC 7587, 3.1.1)."""

_log = logging.getLogger(__name__)


class OpusEncoder:
    """One stream of 20 ms blocks into packets; every block gives its packet at once."""

    def __init__(self) -> None:
        codec = av.CodecContext.create("libopus", "w")
        if not isinstance(codec, av.AudioCodecContext):
            raise TypeError("libopus is no audio codec here")
        codec.bit_rate = BIT_RATE
        codec.format = av.AudioFormat("s16")
        codec.layout = av.AudioLayout("mono")
        codec.sample_rate = SAMPLE_RATE
        codec.time_base = TIME_BASE
        codec.thread_count = 1
        codec.options = {"application": "voip"}
        self._codec = codec
        self._position = 0

    def encode(self, block: Samples) -> bytes:
        """Return the packet of exactly 20 ms.

        Raises:
            ValueError: the block has another length.
        """
        if len(block) != FRAME_SAMPLES:
            raise ValueError(f"{FRAME_SAMPLES} samples expected, got {len(block)}")
        frame = av.AudioFrame.from_ndarray(block[np.newaxis, :], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts, frame.time_base = self._position, TIME_BASE
        self._position += FRAME_SAMPLES
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))


class OpusDecoder:
    """One stream of packets into samples; stereo is mixed down by the codec itself."""

    def __init__(self) -> None:
        self._codec = self._create()

    def decode(self, payload: bytes) -> Samples | None:
        """Return the samples of a packet; None for one that is not Opus."""
        if not payload:
            # An empty packet would put the codec into draining: it would refuse all that follow.
            return None
        try:
            frames = self._codec.decode(av.Packet(payload))
        except av.FFmpegError as error:
            _log.debug("an Opus packet of %d bytes was refused: %s", len(payload), error)
            self._codec = self._create()
            return None
        if not frames:
            return None
        blocks = [frame.to_ndarray().reshape(-1) for frame in frames]
        samples: Samples = np.concatenate(blocks).astype(np.int16, copy=False)
        return samples

    @staticmethod
    def _create() -> av.AudioCodecContext:
        codec = av.CodecContext.create("libopus", "r")
        if not isinstance(codec, av.AudioCodecContext):
            raise TypeError("libopus is no audio codec here")
        codec.format = av.AudioFormat("s16")
        codec.layout = av.AudioLayout("mono")
        codec.sample_rate = SAMPLE_RATE
        codec.thread_count = 1
        return codec
