"""The outgoing side of a WebRTC call: pulled, encoded and paced on the event loop."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from media import dtmf
from media.clock import Clock
from media.frames import FRAME_SAMPLES, Samples, silence
from media.opus import TIME_BASE, OpusEncoder
from media.pacing import Pacer

# RFC 4733, 2.6: keys are told apart by a pause; 60 ms is above every receiver's 40.
_PAUSE_BETWEEN_KEYS = 3

CATCH_UP = 3
"""Beats made good at once after a busy moment: every receiver takes 60 ms in one piece, and a
skipped beat would be a hole in a word."""

Pull = Callable[[], Samples]


class PacedTrack(MediaStreamTrack):
    """A track of ready Opus packets, one every 20 ms from the moment the call is connected.

    It gives packets and not frames, so aiortc neither encodes nor sees samples. Keys go out as
    telephone events in the sequence of the audio, which waits meanwhile. After a stall of more than
    `catch_up` beats the timestamps jump with the clock: the far side hears a pause, not everything
    at once.

    Args:
        clock: what paces it.
        pull: gives the next `FRAME_SAMPLES` samples.
        catch_up: how many beats of 20 ms may be made good at once.
    """

    kind = "audio"

    def __init__(self, clock: Clock, pull: Pull, catch_up: int = CATCH_UP) -> None:
        super().__init__()
        self._pacer = Pacer(clock, catch_up=catch_up)
        self._pull = pull
        self._encoder = OpusEncoder()
        self._position = -FRAME_SAMPLES
        self._keys: deque[list[bytes]] = deque()
        self._train: deque[bytes] = deque()
        self._train_began = 0
        self._codec: Any = None
        self._audio_type = 0
        self._event_type: int | None = None
        self.muted = False
        """True: silence goes out and nothing is pulled any more."""

    def negotiated(self, codec: Any, event_type: int | None) -> None:
        """Take the parameters that are stamped on packets.

        Args:
            codec: of the sender; its `payloadType` is read for each packet.
            event_type: payload type of telephone events at 48 kHz; None: not understood there.
        """
        self._codec, self._audio_type, self._event_type = codec, codec.payloadType, event_type

    def press(self, key: str) -> None:
        """Send a key: 100 ms of telephone event and a pause.

        Raises:
            ValueError: this is no telephone key.
            RuntimeError: the far side does not understand telephone events.
        """
        if self._event_type is None:
            raise RuntimeError("the far side does not understand telephone events")
        self._keys.append(dtmf.train(key))

    async def recv(self) -> av.Packet[Any]:
        """Wait for the next beat and return its packet."""
        if self.readyState != "live":
            raise MediaStreamError
        self._position += FRAME_SAMPLES * await self._pacer.wait()
        payload, timestamp = self._next_event() or (self._next_audio(), self._position)
        packet = av.Packet(payload)
        packet.pts, packet.time_base = timestamp, TIME_BASE
        return packet

    def _next_audio(self) -> bytes:
        if self._codec is not None:
            self._codec.payloadType = self._audio_type
        return self._encoder.encode(silence() if self.muted else self._pull())

    def _next_event(self) -> tuple[bytes, int] | None:
        """Return the next packet of a key and its timestamp, None when no key is to be sent."""
        if not self._train and self._keys:
            self._train.extend(self._keys.popleft() + [b""] * _PAUSE_BETWEEN_KEYS)
            self._train_began = self._position
        if not self._train:
            return None
        payload = self._train.popleft()
        if not payload:
            self._codec.payloadType = self._audio_type
            return self._encoder.encode(silence()), self._position
        self._codec.payloadType = self._event_type
        return payload, self._train_began
