"""A stereo recording of a call: the agent on the left, everybody else on the right.

Both sides stand on one timeline, the clock's: what sounded together is side by side in the file.
Every half second what is settled goes to a thread that writes it, so the loop never waits for a
disk and a crash loses less than a second. A disk that fails ends the recording, not the call.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from media.audio_file import Columns, open_writer
from media.clock import Clock, LoopClock
from media.errors import AudioFileError
from media.frames import SAMPLE_RATE, Samples

AGENT, OTHERS = 0, 1
"""Channels of the recording."""

_PIECE = SAMPLE_RATE // 2
# A network that stalls for less than `media.incoming.STARVED_SECONDS` delivers what belongs before
# now; what is younger than this is not written yet. With a piece it stays below a second.
_SETTLED = SAMPLE_RATE * 45 // 100

# How far a block may be off its place by the clock and still follow the one before without a seam.
# The agent's blocks are sent as they are pulled; received ones are late and early with the network.
_AGENT_JITTER = SAMPLE_RATE * 8 // 100
_NETWORK_JITTER = SAMPLE_RATE

# A disk that is so many pieces behind has failed.
_MAX_PENDING = 60

_log = logging.getLogger(__name__)


def _log_error(error: AudioFileError) -> None:
    _log.error("the recording has ended: %s", error)


class StereoTimeline:
    """Two channels of samples by position, mixed where they meet. PURE.

    Positions count samples from the start; what was taken is settled, and what comes later for it
    is dropped.
    """

    def __init__(self) -> None:
        self._window: npt.NDArray[np.int32] = np.zeros((2 * _PIECE, 2), dtype=np.int32)
        self._start = 0
        self.end = 0
        """Position behind the last sample of either channel."""

    def add(self, channel: int, position: int, samples: Samples) -> None:
        """Mix samples in at a position."""
        late = max(0, self._start - position)
        samples, position = samples[late:], position + late
        if not len(samples):
            return
        first = position - self._start
        self._reserve(first + len(samples))
        self._window[first : first + len(samples), channel] += samples
        self.end = max(self.end, position + len(samples))

    def take(self, until: int) -> Columns:
        """Return everything before a position, clipped to 16 bits, silence where nothing was."""
        count = max(0, until - self._start)
        self._reserve(count)
        taken: Columns = np.clip(self._window[:count], -32768, 32767).astype(np.int16)
        rest = self._window[count:]
        self._window = np.concatenate([rest, np.zeros((count, 2), dtype=np.int32)])
        self._start += count
        return taken

    def _reserve(self, length: int) -> None:
        if length > len(self._window):
            more = np.zeros((max(length, 2 * len(self._window)) - len(self._window), 2), np.int32)
            self._window = np.concatenate([self._window, more])


class _Voice:
    """Where the next block of one speaker belongs."""

    def __init__(self, channel: int, jitter: int) -> None:
        self.channel = channel
        self._jitter = jitter
        self._next: int | None = None

    def place(self, position: int, length: int) -> int | None:
        """Return the position for a block that by the clock belongs at `position`.

        None: the speaker is so far ahead of the clock that there is no place for the block.
        """
        if self._next is None or position - self._next > self._jitter:
            self._next = max(0, position)
        if self._next - position > self._jitter:
            return None
        start, self._next = self._next, self._next + length
        return start


class Recorder:
    """Records one call into one file; nothing is recorded unless one is made.

    Give `agent_sent` to the outgoing track as its tap, and call `received` for whatever the room's
    listener hears.

    Args:
        path: the file, `.wav`, `.ogg` or `.opus`; its folder must exist.
        clock: the call's clock, the running loop's by default; position 0 is now.
        on_error: told once if the recording had to end; logged by default.

    Raises:
        AudioFileError: the file cannot be created.
    """

    def __init__(
        self,
        path: Path | str,
        clock: Clock | None = None,
        on_error: Callable[[AudioFileError], None] = _log_error,
    ) -> None:
        self._path, self._on_error = Path(path), on_error
        self._clock = clock or LoopClock()
        self._writer = open_writer(path, channels=2)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recorder")
        self._loop = asyncio.get_running_loop()
        self._origin = self._clock.monotonic()
        self._timeline = StereoTimeline()
        self._agent = _Voice(AGENT, _AGENT_JITTER)
        self._others: dict[str, _Voice] = {}
        self._settled = 0
        self._pending = 0
        self._failed = self._closed = False

    @property
    def started(self) -> float:
        """The clock's instant of the first sample, in seconds."""
        return self._origin

    def agent_sent(self, samples: Samples) -> None:
        """Take a block of the agent that goes out now."""
        self._add(self._agent, self._now(), samples)

    def received(self, speaker: str, samples: Samples, at: float) -> None:
        """Take samples of somebody else that end at the instant `at` (seconds)."""
        voice = self._others.setdefault(speaker, _Voice(OTHERS, _NETWORK_JITTER))
        end = round((at - self._origin) * SAMPLE_RATE)
        self._add(voice, end - len(samples), samples)

    async def aclose(self) -> None:
        """Write the rest and close the file. Idempotent."""
        if self._closed:
            return
        self._closed = True
        if not self._failed:
            self._submit(self._timeline.end)
        try:
            await self._loop.run_in_executor(self._thread, self._writer.close)
        except (OSError, ValueError) as error:
            self._fail(AudioFileError(f"{self._path} cannot be written: {error}"))
        self._thread.shutdown(wait=False)

    def _add(self, voice: _Voice, position: int, samples: Samples) -> None:
        if self._failed or self._closed:
            return
        start = voice.place(position, len(samples))
        if start is not None:
            self._timeline.add(voice.channel, start, samples)
        settled = self._now() - _SETTLED
        if settled - self._settled >= _PIECE:
            self._submit(settled)

    def _now(self) -> int:
        return round((self._clock.monotonic() - self._origin) * SAMPLE_RATE)

    def _submit(self, until: int) -> None:
        """Hand everything before a position to the thread that writes."""
        piece = self._timeline.take(until)
        self._settled = max(self._settled, until)
        self._pending += 1
        if self._pending > _MAX_PENDING:
            self._fail(AudioFileError(f"{self._path}: the disk does not keep up."))
            return
        written = self._loop.run_in_executor(self._thread, self._writer.write, piece)
        written.add_done_callback(self._written)

    def _written(self, done: asyncio.Future[None]) -> None:
        self._pending -= 1
        if not done.cancelled() and (error := done.exception()) is not None:
            self._fail(AudioFileError(f"{self._path} cannot be written: {error}"))

    def _fail(self, error: AudioFileError) -> None:
        if not self._failed:
            self._failed = True
            self._on_error(error)
