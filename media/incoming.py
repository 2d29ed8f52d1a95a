"""From RTP packets to samples that count time without holes.

Packets come as the network gives them. They are ordered (`media.jitter_buffer`), decoded, and laid
on one timeline by their timestamps; what is missing there is filled:

- behind a loss with the last 20 ms, fading: a hole in the middle of a vowel is no pause;
- where the sender sent nothing (it was stalled, or spoke telephone keys meanwhile), with silence.

When nothing comes at all for 400 ms, silence is given out in real time, so that whoever listens for
the end of speech finds it. Audio for that time, should it come after all, is given out as well: a
late word is better than a lost one, and a surplus is no hole.

When we ourselves were stalled, nothing was received because nobody read: what has arrived meanwhile
gets 100 ms to be read before silence stands in for it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from media.frames import FRAME_SECONDS, SAMPLE_RATE, Samples, silence
from media.jitter_buffer import Item, JitterBuffer, Lost, Packet, Restarted

STARVED_SECONDS = 0.4
"""How long nothing comes before silence is given out in its place."""

# A tick that comes so much too late was not called in time: we were stalled, not the sender.
_STALLED_SECONDS = 0.04
_READING_SECONDS = 0.1

# A jump of the timestamps by more than this, either way, is a new count and not a gap.
_MAX_GAP = 2 * SAMPLE_RATE

_TIMESTAMPS = 1 << 32

Decode = Callable[[bytes], Samples | None]
Deliver = Callable[[Samples, float], None]


def conceal(last: Samples, samples: int) -> Samples:
    """Return a stand-in for lost audio: the last block once more, fading out, then silence."""
    gap = silence(samples)
    count = min(len(last), samples)
    gap[:count] = (last[:count] * np.linspace(1.0, 0.0, count)).astype(np.int16)
    return gap


class IncomingAudio:
    """One received stream. Pure but for its callbacks; driven by `receive` and `tick`.

    Args:
        decode: makes samples of a payload; None for one that cannot be decoded.
        deliver: told samples and the instant (seconds) of their end.
    """

    def __init__(self, decode: Decode, deliver: Deliver) -> None:
        self._decode = decode
        self._deliver = deliver
        self._jitter = JitterBuffer()
        self._expected: int | None = None
        self._last = silence(0)
        self._lossy = False
        self._received_at = 0.0
        self._starved_at: float | None = None
        self._filled = 0

    @property
    def lost(self) -> int:
        """Packets that never came, or too late."""
        return self._jitter.lost

    @property
    def next_deadline(self) -> float | None:
        """When `tick` is due though nothing is received; None before the first packet."""
        held, starved = self._jitter.next_deadline, self._starved_at
        return min((at for at in (held, starved) if at is not None), default=None)

    def receive(self, sequence: int, timestamp: int, payload: bytes, now: float) -> None:
        """Take a packet; an empty payload keeps the count of packets and carries no audio."""
        self._received_at, self._starved_at = now, now + STARVED_SECONDS
        self._jitter.push(sequence, timestamp, payload, now)
        self._play(self._jitter.pop(now), now)

    def tick(self, now: float) -> None:
        """Give out what is due at `now`; harmless at any instant."""
        self._play(self._jitter.pop(now), now)
        late = 0.0 if self._starved_at is None or self._filled else now - self._starved_at
        if late > _STALLED_SECONDS:
            self._starved_at = now + _READING_SECONDS
        while self._starved_at is not None and now >= self._starved_at:
            # The first time all that was missed while waiting, then 20 ms at a time.
            owed = round((self._starved_at - self._received_at) * SAMPLE_RATE) - self._filled
            self._filled += owed
            self._starved_at += FRAME_SECONDS
            self._deliver(silence(owed), now)

    def _play(self, items: list[Item], now: float) -> None:
        for item in items:
            match item:
                case Lost():
                    self._lossy = True
                case Restarted():
                    self._expected = None
                case Packet(payload=payload, timestamp=timestamp) if payload:
                    self._place(timestamp, payload, now)

    def _place(self, timestamp: int, payload: bytes, now: float) -> None:
        """Decode a packet and lay it behind what was given out, the gap filled."""
        samples = self._decode(payload)
        if samples is None:
            self._lossy = True
            return
        gap = self._gap(timestamp)
        if gap:
            self._deliver(conceal(self._last, gap) if self._lossy else silence(gap), now)
        self._lossy, self._filled = False, 0
        self._expected = (timestamp + len(samples)) % _TIMESTAMPS
        self._last = samples
        self._deliver(samples, now)

    def _gap(self, timestamp: int) -> int:
        """Samples missing before `timestamp`, less those already filled.

        None are where the count is new (a jump too far either way) or goes back.
        """
        if self._expected is None:
            return 0
        ahead = (timestamp - self._expected + _TIMESTAMPS // 2) % _TIMESTAMPS - _TIMESTAMPS // 2
        return max(0, ahead - self._filled) if ahead <= _MAX_GAP else 0
