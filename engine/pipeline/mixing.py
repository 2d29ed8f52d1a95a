"""Several voices as one: aligned by when they came, summed, clipped. Linear in the samples.

Each participant has a queue of their own, and a block goes out as soon as everybody who is heard
has given one. Who has given nothing for `PATIENCE` is not waited for: the others go on without, and
what comes from them later is mixed from then on. So nobody's samples stand between another's.
"""

from __future__ import annotations

import numpy as np

from media.frames import Samples, silence

PATIENCE = 0.06
"""Seconds the others wait for somebody who gives no audio: three blocks."""


class _Voice:
    """What one participant has given and is not mixed yet."""

    __slots__ = ("blocks", "energy", "seen", "waiting")

    def __init__(self) -> None:
        self.blocks: list[Samples] = []
        self.waiting = 0
        self.seen = 0.0
        self.energy = 0.0

    def take(self, count: int) -> Samples:
        """Return `count` samples; silence where there are fewer."""
        whole = np.concatenate([*self.blocks, silence(max(0, count - self.waiting))])
        taken, rest = whole[:count], whole[count:]
        self.blocks, self.waiting = ([rest] if len(rest) else []), len(rest)
        self.energy += float(np.square(taken, dtype=np.float64).sum())
        return taken


class Mixer:
    """Mixes the participants of one call."""

    def __init__(self) -> None:
        self._voices: dict[str, _Voice] = {}

    @property
    def loudest(self) -> str:
        """Whoever was loudest since `forget`; the first of equals. Empty: nobody is there."""
        return max(self._voices, key=lambda name: self._voices[name].energy, default="")

    def forget(self) -> None:
        """Measure loudness anew."""
        for voice in self._voices.values():
            voice.energy = 0.0

    def feed(self, participant: str, samples: Samples, at: float) -> Samples:
        """Take audio of somebody; return what can be mixed now, perhaps nothing.

        Args:
            participant: whose it is.
            samples: the next ones.
            at: the clock's instant at which they came, in seconds.
        """
        voice = self._voices.setdefault(participant, _Voice())
        voice.blocks.append(samples)
        voice.waiting += len(samples)
        voice.seen = at
        live = [one for one in self._voices.values() if at - one.seen <= PATIENCE]
        count = min(one.waiting for one in live)
        if not count:
            return silence(0)
        total = sum(one.take(count).astype(np.int32) for one in self._voices.values())
        return np.clip(total, -32_768, 32_767).astype(np.int16)

    def left(self, participant: str) -> None:
        """Somebody is gone."""
        self._voices.pop(participant, None)
