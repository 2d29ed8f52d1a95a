"""Packets into their right order, without ever keeping the delay a loss has cost. PURE.

A speaker needs samples at a constant rate, so a jitter buffer before one delays everything by its
depth. A recogniser does not: what comes in order is handed on at once, with no delay at all. Only
behind a gap packets are held, for 20 ms at first: time enough for a packet that was overtaken. Then
the missing ones are declared lost, everything held goes out, and the delay is back at zero. (A
buffer of fixed depth that waits at a gap until it is full adds that wait to the rest of the call.)

A packet that arrives after it was declared lost shows that the wait was too short: it grows by
20 ms, to 60 at most, and shrinks again after ten quiet seconds.

Sequence numbers are 16 bit and wrap. Duplicates are dropped. A jump too far to be loss or
overtaking is a restart of the stream, believed when a second packet confirms it (RFC 3550, A.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

MIN_HOLD_SECONDS = 0.020
MAX_HOLD_SECONDS = 0.060
_HOLD_STEP = 0.020
_CALM_SECONDS = 10.0

# One second of 20 ms packets either way; farther is no loss and no overtaking.
_MAX_JUMP = 50

_MODULUS = 1 << 16


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet in its right place."""

    sequence: int
    timestamp: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Lost:
    """So many packets are missing before the next one, and will not be waited for."""

    packets: int


@dataclass(frozen=True, slots=True)
class Restarted:
    """The numbers begin anew: what follows has no relation to what came before."""


Item: TypeAlias = Packet | Lost | Restarted


def _ahead(sequence: int, of: int) -> int:
    """How far `sequence` is ahead of `of`, between -32768 and 32767, wrap-around counted."""
    return (sequence - of + _MODULUS // 2) % _MODULUS - _MODULUS // 2


class JitterBuffer:
    """See the module's text. Instants are seconds on any clock that never steps back."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._held: dict[int, Packet] = {}
        self._arrivals: dict[int, float] = {}
        self._held_until: float | None = None
        self._suspect: Packet | None = None
        self._given_up: dict[int, None] = {}
        self._hold = MIN_HOLD_SECONDS
        self._calm_since = 0.0
        self._ready: list[Item] = []
        self.lost = 0
        """Packets declared lost so far."""

    @property
    def hold(self) -> float:
        """Seconds a gap is waited for now."""
        return self._hold

    @property
    def next_deadline(self) -> float | None:
        """When `pop` will have something though nothing was pushed; None: never."""
        return self._held_until

    def push(self, sequence: int, timestamp: int, payload: bytes, now: float) -> None:
        """Take a packet as it arrives.

        Args:
            sequence: RTP sequence number, 0 to 65535.
            timestamp: RTP timestamp; handed on, not interpreted.
            payload: what it carries.
            now: its instant of arrival.
        """
        packet = Packet(sequence, timestamp, payload)
        if self._next is None:
            self._next = sequence
        ahead = _ahead(sequence, self._next)
        if abs(ahead) > _MAX_JUMP:
            self._judge_jump(packet)
            return
        self._suspect = None
        if ahead < 0:
            self._arrived_late(sequence, now)
        elif sequence not in self._held:
            self._held[sequence], self._arrivals[sequence] = packet, now
            self._release(now)

    def pop(self, now: float) -> list[Item]:
        """Return what is due, in order; losses stand where the packets are missing."""
        while self._held_until is not None and now >= self._held_until:
            self._give_up(now)
        ready, self._ready = self._ready, []
        return ready

    def _release(self, now: float) -> None:
        """Hand on what is in order; what stays is behind a gap, and each packet waits once."""
        while (packet := self._held.pop(self._expected, None)) is not None:
            self._ready.append(packet)
            self._next = (packet.sequence + 1) % _MODULUS
            del self._arrivals[packet.sequence]
        self._held_until = min(self._arrivals.values()) + self._hold if self._held else None
        if now - self._calm_since > _CALM_SECONDS:
            self._hold = max(MIN_HOLD_SECONDS, self._hold - _HOLD_STEP)
            self._calm_since = now

    def _give_up(self, now: float) -> None:
        """Declare lost what is missing before the first held packet, and go on behind it."""
        first = min(self._held, key=lambda sequence: _ahead(sequence, self._expected))
        missing = _ahead(first, self._expected)
        self.lost += missing
        self._ready.append(Lost(missing))
        self._remember((self._expected + step) % _MODULUS for step in range(missing))
        self._next = first
        self._release(now)

    def _remember(self, sequences: Iterable[int]) -> None:
        for sequence in sequences:
            self._given_up[sequence] = None
        while len(self._given_up) > _MAX_JUMP:
            del self._given_up[next(iter(self._given_up))]

    def _arrived_late(self, sequence: int, now: float) -> None:
        """A packet behind the front: a duplicate, or one that was given up too early."""
        if sequence in self._given_up:
            del self._given_up[sequence]
            self._hold = min(MAX_HOLD_SECONDS, self._hold + _HOLD_STEP)
            self._calm_since = now

    def _judge_jump(self, packet: Packet) -> None:
        """Restart at the second packet of a new count; a single stray one is dropped."""
        before, self._suspect = self._suspect, packet
        if before is None or _ahead(packet.sequence, before.sequence) != 1:
            return
        self._ready += [*self._in_order(), Restarted(), before, packet]
        self._held.clear()
        self._arrivals.clear()
        self._given_up.clear()
        self._held_until = self._suspect = None
        self._next = (packet.sequence + 1) % _MODULUS

    def _in_order(self) -> list[Packet]:
        expected = self._expected
        return sorted(self._held.values(), key=lambda packet: _ahead(packet.sequence, expected))

    @property
    def _expected(self) -> int:
        if self._next is None:
            raise RuntimeError("no packet was pushed yet")
        return self._next
