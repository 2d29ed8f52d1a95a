"""A steady beat on an absolute schedule: it neither drifts, nor bursts after a stall."""

from __future__ import annotations

import asyncio

from media.clock import Clock
from media.frames import FRAME_SECONDS

# Sleeping to a due instant may wake a hair early: `loop.time()` has a resolution, and floats round.
_EARLY_SECONDS = 1e-6


class Pacer:
    """Beats every `interval` seconds, counted from the first `wait`.

    `sleep(interval)` in a loop drifts by 158 ms in ten seconds; a schedule of absolute instants
    does not, but after a stall it would let all missed beats come at once. Here a missed beat is
    skipped and counted, and the schedule keeps its grid.

    Args:
        clock: what it keeps.
        interval: seconds from beat to beat.
        catch_up: how many beats may be made good, one right after the other, when the loop was
            busy for a moment; a longer stall skips all it missed.
    """

    def __init__(self, clock: Clock, interval: float = FRAME_SECONDS, *, catch_up: int = 0) -> None:
        self._clock = clock
        self._interval = interval
        self._catch_up = catch_up
        self._origin: float | None = None
        self._beat = 0

    async def wait(self) -> int:
        """Wait for the next beat. The first comes at once.

        Returns:
            The beats since the last `wait`: 1, and more after a stall.
        """
        if self._origin is None:
            self._origin = self._clock.monotonic()
            return 1
        due = self._origin + (self._beat + 1) * self._interval
        await asyncio.sleep(max(0.0, due - self._clock.monotonic()))
        late = int((self._clock.monotonic() - due + _EARLY_SECONDS) / self._interval)
        beats = 1 + late if late > self._catch_up else 1
        self._beat += beats
        return beats
