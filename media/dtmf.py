"""Telephone keys in RTP: the telephone-event payload of RFC 4733. PURE.

A key is a train of packets with one RTP timestamp and a growing duration; the last one carries the
end flag and is sent three times. Any of them may be lost, so a key counts with the first packet of
its train that arrives.
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass

KEYS = "0123456789*#ABCD"
"""Telephone keys by their event code."""

_END = 0x80
_VOLUME_MASK = 0x3F
_LONGEST = 0xFFFF
_TIMESTAMPS = 1 << 32

# How many trains back a late copy of an end packet is still recognised as one.
_REMEMBERED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class TelephoneEvent:
    """One packet's payload."""

    code: int
    """Event code; 0 to 15 are the keys of `KEYS`, others are tones that are no keys."""
    end: bool
    duration: int
    """Since the start of the train, in ticks of the RTP clock."""
    volume: int = 10
    """Loudness as minus dBm0, 0 to 63; 10 is what browsers send."""


def encode(event: TelephoneEvent) -> bytes:
    """Return the four bytes of a payload."""
    flags = (_END if event.end else 0) | (event.volume & _VOLUME_MASK)
    return struct.pack("!BBH", event.code, flags, min(event.duration, _LONGEST))


def decode(payload: bytes) -> TelephoneEvent | None:
    """Return the event in a payload; None when it is too short to hold one."""
    if len(payload) < 4:
        return None
    code, flags, duration = struct.unpack_from("!BBH", payload)
    return TelephoneEvent(
        code=code, end=bool(flags & _END), duration=duration, volume=flags & _VOLUME_MASK
    )


def train(key: str, *, packets: int = 5, step: int = 960) -> list[bytes]:
    """Return the payloads that say one key: `packets` growing ones, the last three times.

    Args:
        key: one of `KEYS`.
        packets: length of the key in 20 ms packets; 5 is 100 ms.
        step: ticks of the RTP clock in one packet; 960 at 48 kHz.

    Raises:
        ValueError: this is no telephone key.
    """
    if len(key) != 1 or key not in KEYS:
        raise ValueError(f"{key!r} is no telephone key; they are {' '.join(KEYS)}")
    code = KEYS.index(key)
    payloads = [
        encode(TelephoneEvent(code=code, end=count == packets, duration=count * step))
        for count in range(1, packets + 1)
    ]
    return payloads + payloads[-1:] * 2


class KeyReceiver:
    """Finds the keys in the packets of one stream: each exactly once, as soon as possible."""

    def __init__(self) -> None:
        self._trains: deque[int] = deque(maxlen=_REMEMBERED)
        self._last: tuple[int, TelephoneEvent] | None = None

    def receive(self, timestamp: int, payload: bytes) -> str | None:
        """Take a packet; return the key if this packet is the first of a key's train."""
        event = decode(payload)
        if event is None or event.code >= len(KEYS):
            return None
        known = timestamp in self._trains or self._continues(timestamp, event)
        self._last = (timestamp, event)
        if timestamp not in self._trains:
            self._trains.append(timestamp)
        return None if known else KEYS[event.code]

    def _continues(self, timestamp: int, event: TelephoneEvent) -> bool:
        """A key longer than the duration field goes on in a new train (RFC 4733, 2.5.1.3)."""
        if self._last is None:
            return False
        before, last = self._last
        follows = (timestamp - before) % _TIMESTAMPS == last.duration
        return follows and not last.end and last.code == event.code and last.duration == _LONGEST
