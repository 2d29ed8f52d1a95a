"""A room whose caller is a file: a recording in, what the agent says out.

Paced by the clock like every room. On a virtual one a call of minutes takes a moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from media.audio_file import AudioWriter, open_writer, read_audio
from media.clock import Clock, LoopClock
from media.frames import FRAME_SAMPLES, SAMPLE_RATE, Samples, silence
from media.pacing import Pacer
from media.room import AudioSource, Participant, RoomListener
from media.tasks import TaskOwner

_CALLER = Participant(id="caller")


class FileRoom:
    """A `media.room.Room` with one caller who says what is in a file, and then leaves.

    Args:
        heard: the caller's audio, any format PyAV reads.
        said: where the agent's audio goes, `.wav`, `.ogg` or `.opus`; None: nowhere.
        patience: seconds of silence the caller stays after the last sample of the file.
        clock: what paces it; the running loop's clock by default.

    Raises:
        AudioFileError: one of the files cannot be read or created.
    """

    channel = "files"

    def __init__(
        self,
        heard: Path | str,
        said: Path | str | None = None,
        *,
        patience: float = 5.0,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or LoopClock()
        audio = read_audio(heard)
        self._speech = np.concatenate([audio, silence(-len(audio) % FRAME_SAMPLES)])
        self._end = len(self._speech) + int(patience * SAMPLE_RATE)
        self._writer: AudioWriter | None = open_writer(said, channels=1) if said else None
        self._tasks = TaskOwner(self._failed)
        self._listener: RoomListener | None = None
        self._closed = False
        self.published: list[tuple[str, Mapping[str, Any]]] = []
        """What the agent published, as (topic, data)."""

    async def open(self, listener: RoomListener, source: AudioSource) -> None:
        """Enter; the caller is there at once and begins to speak.

        Raises:
            RuntimeError: the room was opened before.
        """
        if self._listener is not None:
            raise RuntimeError("a room is opened once")
        self._listener = listener
        listener.participant_joined(_CALLER)
        self._tasks.start(self._pace(listener, source), "file room")

    def publish(self, topic: str, data: Mapping[str, Any]) -> None:
        """Keep what a screen would show."""
        self.published.append((topic, data))

    async def close(self, reason: str) -> None:
        """Leave; the file is complete. Idempotent."""
        if self._closed:
            return
        self._closed = True
        await self._tasks.aclose()
        if self._writer is not None:
            self._writer.close()

    async def _pace(self, listener: RoomListener, source: AudioSource) -> None:
        pacer, position = Pacer(self._clock), 0
        while position < self._end:
            for _ in range(await pacer.wait()):
                block = self._block(position)
                position += FRAME_SAMPLES
                listener.audio_received(_CALLER, block, self._clock.monotonic())
                said = source.pull()
                if self._writer is not None:
                    self._writer.write(said[:, np.newaxis])
        listener.participant_left(_CALLER, "left", True)

    def _block(self, position: int) -> Samples:
        block = self._speech[position : position + FRAME_SAMPLES]
        return block if len(block) else silence()

    def _failed(self, error: BaseException) -> None:
        if self._listener is not None:
            self._listener.room_failed(f"the file room broke: {error!r}")
